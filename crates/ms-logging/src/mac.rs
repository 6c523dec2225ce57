//! HMAC-SHA-256 under keys of any length.

use hmac::digest::Key;
use hmac::{Hmac, KeyInit as _};
use sha2::{Digest as _, Sha256};

pub(crate) type Mac = Hmac<Sha256>;

/// Takes a key that is longer than a block by its hash, as the standard does. Nothing can fail, so nothing can be left
/// without a key.
pub(crate) fn keyed(secret: &[u8]) -> Mac {
    let mut key = Key::<Mac>::default();
    let digest = Sha256::digest(secret);
    let secret = if secret.len() > key.len() { digest.as_slice() } else { secret };
    key.iter_mut().zip(secret).for_each(|(byte, secret)| *byte = *secret);
    Mac::new(&key)
}

#[cfg(test)]
mod tests {
    use hmac::Mac as _;

    use super::keyed;

    /// Test cases 2 and 6 of RFC 4231: a short key, and one longer than a block.
    #[test]
    fn keys_of_all_lengths_agree_with_the_standard() {
        let hex = |key: &[u8], text: &str| {
            let tag = keyed(key).chain_update(text).finalize().into_bytes();
            tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        assert_eq!(
            hex(b"Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(&[0xaa; 131], "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
