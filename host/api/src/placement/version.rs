//! Microversions of the API (`placement/microversion.py`, and the library microversion-parse).

use axum::http::HeaderMap;
use std::fmt;

/// The header that asks for a microversion and says which one was served.
pub(crate) const VERSION_HEADER: &str = "openstack-api-version";

/// The service's name in that header.
const SERVICE: &str = "placement";

/// A microversion `1.minor` that this service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// Why a request's microversion cannot be served.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VersionError {
    /// It is no version at all.
    #[error("Invalid microversion: invalid version string: {0}")]
    Malformed(String),
    /// There is no such version.
    #[error("Invalid microversion: Unacceptable version header: {0}")]
    Unacceptable(String),
}

impl Version {
    pub(crate) const MIN: Self = Self(0);
    pub(crate) const MAX: Self = Self(39);

    /// Whether this is `1.minor` or newer.
    pub(crate) fn since(self, minor: u32) -> bool {
        self.0 >= minor
    }

    /// The version a request asks for: the last one it names for this service, or the oldest if it names none.
    pub(crate) fn requested(headers: &HeaderMap) -> Result<Self, VersionError> {
        let values = headers.get_all(VERSION_HEADER).iter().filter_map(|value| value.to_str().ok());
        let mut named = values.flat_map(|value| value.split(',')).filter_map(|entry| {
            let (service, version) = entry.trim().split_once(char::is_whitespace)?;
            service.eq_ignore_ascii_case(SERVICE).then(|| version.trim())
        });
        match named.next_back() {
            None => Ok(Self::MIN),
            Some("latest") => Ok(Self::MAX),
            Some(text) => Self::parse(text),
        }
    }

    fn parse(text: &str) -> Result<Self, VersionError> {
        let malformed = || VersionError::Malformed(text.to_string());
        let (major, minor) = text.split_once('.').ok_or_else(malformed)?;
        let major: u32 = major.trim().parse().map_err(|_| malformed())?;
        let minor: u32 = minor.trim().parse().map_err(|_| malformed())?;
        if major == 1 && minor <= Self::MAX.0 {
            Ok(Self(minor))
        } else {
            Err(VersionError::Unacceptable(text.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{VERSION_HEADER, Version, VersionError};
    use axum::http::{HeaderMap, HeaderValue};

    fn requested(values: &[&'static str]) -> Result<Version, VersionError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(VERSION_HEADER, HeaderValue::from_static(value));
        }
        Version::requested(&headers)
    }

    #[test]
    fn the_last_entry_for_placement_wins_and_none_means_the_oldest() {
        assert_eq!(requested(&[]), Ok(Version(0)));
        assert_eq!(requested(&["compute 2.90"]), Ok(Version(0)));
        assert_eq!(requested(&["placement 1.3, compute 2.1, placement 1.5"]), Ok(Version(5)));
        assert_eq!(requested(&["placement 1.3", "PLACEMENT 1.4"]), Ok(Version(4)));
        assert_eq!(requested(&["placement latest"]), Ok(Version(39)));
    }

    #[test]
    fn what_is_no_version_differs_from_what_is_not_served() {
        for bad in ["placement pony", "placement 1.2.3", "placement 1.x"] {
            assert!(matches!(requested(&[bad]), Err(VersionError::Malformed(_))), "{bad}");
        }
        for bad in ["placement 0.5", "placement 1.40", "placement 2.1"] {
            assert!(matches!(requested(&[bad]), Err(VersionError::Unacceptable(_))), "{bad}");
        }
    }
}
