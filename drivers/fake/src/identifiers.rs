//! Identifiers that are drawn, and those that follow from a name (RFC 9562).

use novarig_driver_sdk::random;

/// Version 4: 122 random bits.
pub(crate) fn random_uuid() -> String {
    let bits = u128::from(random::next_u64()) << 64 | u128::from(random::next_u64());
    text(bits, 4)
}

/// Version 5 in the namespace of DNS names.
pub(crate) fn uuid_of_name(name: &str) -> String {
    const DNS: u128 = 0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8;
    let mut message = DNS.to_be_bytes().to_vec();
    message.extend_from_slice(name.as_bytes());
    let hash = sha1(&message);
    let mut bits = 0;
    for byte in &hash[..16] {
        bits = bits << 8 | u128::from(*byte);
    }
    text(bits, 5)
}

/// With the version, and the variant of the RFC, in their places.
fn text(bits: u128, version: u128) -> String {
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | version << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// SHA-1 (FIPS 180-4), which the version prescribes; not to keep anything safe.
fn sha1(message: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words = [0_u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        for index in 16..80 {
            words[index] =
                (words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (index, word) in words.iter().enumerate() {
            let (mix, constant) = match index {
                0..20 => (b & c | !b & d, 0x5a82_7999),
                20..40 => (b ^ c ^ d, 0x6ed9_eba1),
                40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let next =
                a.rotate_left(5).wrapping_add(mix).wrapping_add(e).wrapping_add(constant).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (sum, value) in state.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(value);
        }
    }
    let mut hash = [0; 20];
    for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::{random_uuid, uuid_of_name};

    #[test]
    fn identifiers_are_those_of_the_rfc() {
        // RFC 9562, appendix A.4.
        assert_eq!(uuid_of_name("www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
        let random = random_uuid();
        assert_eq!((random.len(), &random[14..15]), (36, "4"));
    }
}
