//! What has to be known of BER (X.690) before lber may read a message: how long it is, and that it is not so deep that reading
//! it would use up the stack. And short ways to write what LDAP is made of.

use lber::common::TagClass;
use lber::structure::{PL, StructureTag};

/// How deep a message may be.
const MAX_DEPTH: usize = 40;
/// How many bytes a length may have.
const MAX_LENGTH_BYTES: usize = 4;

/// How many further bytes tell the length of a message that begins with these two. None when it is no LDAP message.
pub(super) fn bytes_of_length(start: &[u8]) -> Option<usize> {
    let [0x30, length] = start else { return None };
    let long = usize::from(length.checked_sub(0x80).unwrap_or(0));
    // 0x80 alone is the indefinite length, which LDAP does not have.
    (*length != 0x80 && long <= MAX_LENGTH_BYTES).then_some(long)
}

/// The length of what follows a tag and its length.
pub(super) fn length(start: &[u8]) -> Option<usize> {
    match start.get(1..)? {
        [] => None,
        [short] if *short < 0x80 => Some(usize::from(*short)),
        [_, long @ ..] => Some(long.iter().fold(0, |all, byte| (all << 8) | usize::from(*byte))),
    }
}

/// Reads a whole message.
pub(super) fn read(bytes: &[u8]) -> Option<StructureTag> {
    if !shallow(bytes) {
        return None;
    }
    match lber::parse::parse_tag(bytes) {
        Ok(([], tag)) => Some(tag),
        _ => None,
    }
}

/// Whether nothing in the message is too deep, nor longer than what it is in.
fn shallow(bytes: &[u8]) -> bool {
    let mut ends = vec![bytes.len()];
    let mut at = 0;
    while let Some(end) = ends.last().copied() {
        if at == end {
            ends.pop();
            continue;
        }
        let Some([tag, length, rest @ ..]) = bytes.get(at..end) else { return false };
        let long = usize::from(length.checked_sub(0x80).unwrap_or(0));
        if *length == 0x80 || long > MAX_LENGTH_BYTES || tag & 0x1f == 0x1f {
            return false;
        }
        let Some(number) = rest.get(..long) else { return false };
        let length = match long {
            0 => usize::from(*length),
            _ => number.iter().fold(0, |all, byte| (all << 8) | usize::from(*byte)),
        };
        let start = at + 2 + long;
        let Some(inner) = start.checked_add(length).filter(|inner| *inner <= end) else { return false };
        if tag & 0x20 == 0 {
            at = inner;
        } else if ends.len() > MAX_DEPTH {
            return false;
        } else {
            at = start;
            ends.push(inner);
        }
    }
    true
}

/// A sequence, or what has another tag and is built like one.
pub(super) fn built(class: TagClass, id: u64, parts: Vec<StructureTag>) -> StructureTag {
    StructureTag { class, id, payload: PL::C(parts) }
}

/// A text.
pub(super) fn octets(bytes: &[u8]) -> StructureTag {
    StructureTag { class: TagClass::Universal, id: 4, payload: PL::P(bytes.to_vec()) }
}

/// A whole number, or an element of an enumeration.
pub(super) fn number(id: u64, number: i32) -> StructureTag {
    let bytes = number.to_be_bytes();
    // As short as it can be: a byte goes when the sign of the next one says the same.
    let redundant = |pair: &&[u8]| {
        matches!(pair, [0, next] if *next < 0x80) || matches!(pair, [0xff, next] if *next >= 0x80)
    };
    let skip = bytes.windows(2).take_while(redundant).count();
    StructureTag {
        class: TagClass::Universal,
        id,
        payload: PL::P(bytes.iter().skip(skip).copied().collect()),
    }
}

/// The parts of what is built.
pub(super) fn parts(tag: StructureTag) -> Option<Vec<StructureTag>> {
    tag.expect_constructed()
}

/// The text of what is one.
pub(super) fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(tag.expect_primitive()?).ok()
}

/// The whole number of what is one.
pub(super) fn whole(tag: StructureTag) -> Option<i64> {
    let bytes = tag.expect_primitive()?;
    let negative = *bytes.first()? >= 0x80;
    (bytes.len() <= 8)
        .then(|| bytes.iter().fold(if negative { -1 } else { 0 }, |all, byte| (all << 8) | i64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::{bytes_of_length, length, number, read, shallow, whole};

    #[test]
    fn a_length_is_short_or_long_but_never_endless() {
        assert_eq!(bytes_of_length(&[0x30, 0x05]), Some(0));
        assert_eq!(bytes_of_length(&[0x30, 0x82]), Some(2));
        for wrong in [[0x31, 0x05], [0x30, 0x80], [0x30, 0x85], [0x47, 0x45]] {
            assert_eq!(bytes_of_length(&wrong), None, "{wrong:?}");
        }
        assert_eq!(length(&[0x30, 0x05]), Some(5));
        assert_eq!(length(&[0x30, 0x82, 0x01, 0x02]), Some(258));
    }

    #[test]
    fn what_is_deep_or_longer_than_what_holds_it_is_not_read() {
        let nested = |depth: usize| {
            let mut bytes = Vec::new();
            for _ in 0..depth {
                let length = u8::try_from(bytes.len()).expect("a short one");
                bytes.splice(0..0, [0x30, length]);
            }
            bytes
        };
        assert!(read(&nested(30)).is_some());
        assert!(read(&nested(60)).is_none());
        let deep: Vec<u8> = [0x30, 0x84, 0x00, 0x00, 0xff, 0xff].repeat(10_000);
        assert!(!shallow(&deep));
        for wrong in
            [&[0x30][..], &[0x30, 3, 4, 2, 0], &[0x30, 0x80, 0, 0], &[0x3f, 1, 0], &[0x30, 0x82, 1], &[4, 5]]
        {
            assert!(read(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_short_as_they_can_be_and_read_again() {
        for value in [0, 1, 127, 128, 255, 256, 65_535, i32::MAX, -1, -128, -129, i32::MIN] {
            let tag = number(2, value);
            assert_eq!(whole(tag), Some(i64::from(value)), "{value}");
        }
        assert_eq!(number(2, 128).expect_primitive(), Some(vec![0, 128]));
        assert_eq!(number(2, -128).expect_primitive(), Some(vec![128]));
    }
}
