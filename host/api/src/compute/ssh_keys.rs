//! Making SSH key pairs for users who ask for one without a public key, up to 2.91 (`nova/crypto.py, generate_key_pair`).
//! Nova makes RSA keys; these are Ed25519, which the same clients take.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_compact::{KeyPair, Seed};

const ALGORITHM: &str = "ssh-ed25519";
/// What an OpenSSH private key begins with.
const MAGIC: &[u8] = b"openssh-key-v1\0";
/// Letters in a line of the encoded key.
const LINE: usize = 70;
/// The private part is filled up to a multiple of so many bytes.
const BLOCK: usize = 8;

/// A new key pair, both halves as files hold them.
pub(super) struct SshKeyPair {
    /// One line.
    pub(super) public: String,
    /// In OpenSSH's own format, without a passphrase.
    pub(super) private: String,
}

/// Makes a key pair out of what the system offers as random. None when it offers nothing.
pub(super) fn generate() -> Option<SshKeyPair> {
    let mut seed = [0; 32];
    let mut check = [0; 4];
    getrandom::fill(&mut seed).ok()?;
    getrandom::fill(&mut check).ok()?;
    Some(of_seed(seed, check))
}

fn of_seed(seed: [u8; 32], check: [u8; 4]) -> SshKeyPair {
    const COMMENT: &str = "Generated-by-Nova";
    let pair = KeyPair::from_seed(Seed::new(seed));
    let mut public = Vec::new();
    put(&mut public, ALGORITHM.as_bytes());
    put(&mut public, pair.pk.as_ref());
    let mut secret = [check, check].concat();
    put(&mut secret, ALGORITHM.as_bytes());
    put(&mut secret, pair.pk.as_ref());
    put(&mut secret, pair.sk.as_ref());
    put(&mut secret, COMMENT.as_bytes());
    secret.extend((1..).take((BLOCK - secret.len() % BLOCK) % BLOCK));
    let mut whole = MAGIC.to_vec();
    // Neither cipher nor key derivation, and one key.
    put(&mut whole, b"none");
    put(&mut whole, b"none");
    put(&mut whole, b"");
    whole.extend(1_u32.to_be_bytes());
    put(&mut whole, &public);
    put(&mut whole, &secret);
    let encoded = STANDARD.encode(whole);
    let mut private = String::from("-----BEGIN OPENSSH PRIVATE KEY-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, left) = rest.split_at(rest.len().min(LINE));
        private.push_str(line);
        private.push('\n');
        rest = left;
    }
    private.push_str("-----END OPENSSH PRIVATE KEY-----\n");
    SshKeyPair { public: format!("{ALGORITHM} {} {COMMENT}", STANDARD.encode(public)), private }
}

/// Appends bytes with their length before them.
fn put(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::{generate, of_seed};

    #[test]
    fn a_key_is_what_openssh_makes_of_the_same_seed() {
        // The first test vector of RFC 8032: its public key is d75a980182b10ab7…
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
            0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let pair = of_seed(seed, [1, 2, 3, 4]);
        let expected = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea \
                        Generated-by-Nova";
        assert_eq!(pair.public, expected);
        assert!(pair.private.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE"));
        assert!(pair.private.lines().all(|line| line.len() <= 70));
    }

    #[test]
    fn two_keys_differ() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one.public, other.public);
    }
}
