//! Microversions (`nova/api/openstack/api_version_request.py`).

use super::refusal::Refusal;
use axum::http::HeaderMap;
use std::fmt;

/// A microversion `2.minor` that this service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2.{}", self.0)
    }
}

impl Version {
    pub(super) const MIN: Self = Self(1);
    pub(super) const MAX: Self = Self(104);

    /// Whether this is `2.minor` or newer.
    pub(super) fn since(self, minor: u32) -> bool {
        self.0 >= minor
    }

    /// The version a request asks for; the oldest if it asks for none. The newer header wins.
    pub(super) fn requested(headers: &HeaderMap) -> Result<Self, Refusal> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let in_list = text("openstack-api-version").into_iter().flat_map(|value| value.split(','));
        let mut named = in_list.filter_map(|entry| {
            let (service, version) = entry.trim().split_once(char::is_whitespace)?;
            service.eq_ignore_ascii_case("compute").then(|| version.trim())
        });
        match named.next_back().or_else(|| text("x-openstack-nova-api-version").map(str::trim)) {
            None => Ok(Self::MIN),
            Some("latest") => Ok(Self::MAX),
            Some(text) => Self::parse(text),
        }
    }

    /// Reads a microversion such as `2.53`.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let number = |part: &str| -> Option<u32> {
            let plain = part == "0" || !part.starts_with('0');
            (plain && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok()).flatten()
        };
        let read = text.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
        let (major, minor) = read.ok_or_else(|| {
            Refusal::bad_request(format!(
                "API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum."
            ))
        })?;
        if major == 2 && (Self::MIN.0..=Self::MAX.0).contains(&minor) {
            return Ok(Self(minor));
        }
        let (min, max) = (Self::MIN, Self::MAX);
        let message =
            format!("Version {text} is not supported by the API. Minimum is {min} and maximum is {max}.");
        Err(Refusal::new(406, message))
    }
}

#[cfg(test)]
mod tests {
    use super::Version;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    fn requested(headers: &[(&'static str, &'static str)]) -> Result<String, u16> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Version::requested(&headers).map(|version| version.to_string()).map_err(|refusal| refusal.code())
    }

    #[test]
    fn the_newer_header_wins_and_the_oldest_version_is_the_default() {
        assert_eq!(requested(&[]), Ok("2.1".to_owned()));
        assert_eq!(requested(&[("x-openstack-nova-api-version", "2.53")]), Ok("2.53".to_owned()));
        let both = [
            ("x-openstack-nova-api-version", "2.53"),
            ("openstack-api-version", "placement 1.2, compute latest"),
        ];
        assert_eq!(requested(&both), Ok("2.104".to_owned()));
        assert_eq!(requested(&[("openstack-api-version", "placement 1.2")]), Ok("2.1".to_owned()));
    }

    #[test]
    fn what_is_no_version_is_400_and_what_is_not_served_406() {
        for text in ["2", "2.x", "2.01", "2.1.1", "-2.1", ""] {
            assert_eq!(Version::parse(text).map_err(|refusal| refusal.code()), Err(400), "{text}");
        }
        for text in ["2.0", "2.105", "3.1"] {
            assert_eq!(Version::parse(text).map_err(|refusal| refusal.code()), Err(406), "{text}");
        }
    }
}
