//! Names of entries (RFC 4514): `uid=demo,ou=users,dc=novarig`.

use std::fmt;
use std::str::FromStr;

/// A name: attributes and values from the entry up to the root. Two names are the same whatever the case of their letters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dn(Vec<(String, String)>);

/// A text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoDn;

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        let same = |(mine, theirs): (&(String, String), &(String, String))| {
            mine.0 == theirs.0 && mine.1.to_lowercase() == theirs.1.to_lowercase()
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }
}

impl Eq for Dn {}

impl Dn {
    /// The name of what is directly below this.
    pub(crate) fn child(&self, attribute: &str, value: &str) -> Self {
        let first = (attribute.to_owned(), value.to_owned());
        Self(std::iter::once(first).chain(self.0.iter().cloned()).collect())
    }

    /// The name of what this is directly below. None for the root.
    pub(crate) fn parent(&self) -> Option<Self> {
        self.0.split_first().map(|(_, rest)| Self(rest.to_vec()))
    }

    /// The attribute, in lower case, and the value that tell it from its siblings.
    pub(crate) fn first(&self) -> Option<(&str, &str)> {
        self.0.first().map(|(attribute, value)| (attribute.as_str(), value.as_str()))
    }

    /// Whether it is this or anywhere below it.
    pub(crate) fn is_within(&self, base: &Self) -> bool {
        let above = self.0.len().checked_sub(base.0.len()).and_then(|skip| self.0.get(skip..));
        above.is_some_and(|above| Self(above.to_vec()) == *base)
    }

    /// How many parts it has.
    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (attribute, value)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{attribute}=")?;
            let last = value.chars().count().saturating_sub(1);
            for (at, letter) in value.chars().enumerate() {
                let special = matches!(letter, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=')
                    || (at == 0 && matches!(letter, ' ' | '#'))
                    || (at == last && letter == ' ');
                match letter {
                    '\0' => write!(f, "\\00")?,
                    letter if special => write!(f, "\\{letter}")?,
                    letter => write!(f, "{letter}")?,
                }
            }
        }
        Ok(())
    }
}

impl FromStr for Dn {
    type Err = NoDn;

    fn from_str(text: &str) -> Result<Self, NoDn> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut parts = Vec::new();
        let mut bytes = text.bytes().peekable();
        loop {
            let mut attribute = Vec::new();
            loop {
                match bytes.next().ok_or(NoDn)? {
                    b'=' => break,
                    byte => attribute.push(byte),
                }
            }
            let attribute = String::from_utf8(attribute).map_err(|_| NoDn)?.trim().to_lowercase();
            let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            if attribute.is_empty() || !attribute.bytes().all(named) {
                return Err(NoDn);
            }
            let (mut value, mut kept) = (Vec::new(), 0);
            let ended = loop {
                match bytes.next() {
                    None => break true,
                    Some(b',' | b';') => break false,
                    // Names of several attributes, quoted ones, and ones in hexadecimal are not among the entries here.
                    Some(b'+' | b'"' | b'<' | b'>') => return Err(NoDn),
                    Some(b'\\') => {
                        value.push(escaped(&mut bytes)?);
                        kept = value.len();
                    }
                    Some(b' ') if value.is_empty() => {}
                    Some(byte) => {
                        value.push(byte);
                        if byte != b' ' {
                            kept = value.len();
                        }
                    }
                }
            };
            value.truncate(kept);
            let value = String::from_utf8(value).map_err(|_| NoDn)?;
            if value.is_empty() {
                return Err(NoDn);
            }
            parts.push((attribute, value));
            if ended {
                return Ok(Self(parts));
            }
        }
    }
}

/// What follows a backslash: a letter, or two hexadecimal digits.
fn escaped(bytes: &mut impl Iterator<Item = u8>) -> Result<u8, NoDn> {
    let first = bytes.next().ok_or(NoDn)?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match digit(first) {
        None => Ok(first),
        Some(high) => Ok(high << 4 | digit(bytes.next().ok_or(NoDn)?).ok_or(NoDn)?),
    }
}

#[cfg(test)]
mod tests {
    use super::Dn;

    fn dn(text: &str) -> Dn {
        text.parse().expect("a name")
    }

    #[test]
    fn names_are_read_and_written_with_what_has_to_be_escaped() {
        for text in [
            "uid=demo,ou=users,dc=novarig",
            r"cn=a\,b\=c\\,dc=novarig",
            r"cn=\ x\ ,dc=n",
            "cn=größe,dc=n",
            "",
        ] {
            assert_eq!(dn(text).to_string(), text);
        }
        assert_eq!(dn(r"UID=De\6d\C3\b6 , OU = Users").to_string(), "uid=Demö,ou=Users");
        assert_eq!(dn("UID=Demo,OU=USERS"), dn("uid=demo,ou=users"));
        assert_ne!(dn("uid=demo,ou=users"), dn("uid=demo"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "demo",
            "uid=",
            "=demo",
            "uid=a,",
            "uid=a,,ou=b",
            "uid=a+cn=b",
            r"uid=a\",
            r"uid=\4",
            "u d=a",
            r"uid=\ff",
        ] {
            assert!(text.parse::<Dn>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_is_within_itself_and_those_above_it() {
        let demo = dn("uid=demo,ou=users,dc=novarig");
        assert!(demo.is_within(&demo) && demo.is_within(&dn("DC=novarig")) && demo.is_within(&Dn::default()));
        assert!(
            !demo.is_within(&dn("uid=x,uid=demo,ou=users,dc=novarig")) && !demo.is_within(&dn("dc=other"))
        );
        assert_eq!(demo.parent(), Some(dn("ou=users,dc=novarig")));
        assert_eq!(dn("ou=users,dc=novarig").child("uid", "demo"), demo);
    }
}
