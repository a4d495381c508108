//! The key of the digests.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;

const KEY_BYTES: usize = 32;

/// The block of SHA-256.
const BLOCK_BYTES: usize = 64;

/// How much of each digest is kept. Nobody can aim at a digest without the key, which is made after the values are
/// there, so half of SHA-256 is plenty.
const DIGEST_BYTES: usize = 16;

/// The random key of one plan's digests (HMAC-SHA-256).
///
/// Without it a digest tells nothing about a value, however few values are possible; with it a password of four digits
/// is found at once. So it belongs where the plan file is, and as well protected: it never goes into the document of
/// the [`ApprovedChanges`](super::ApprovedChanges), which may be seen by whoever may see the plan's addresses.
///
/// `Debug` shows nothing. Serialised, it is 64 hexadecimal digits.
#[derive(Clone)]
pub struct DigestKey([u8; KEY_BYTES]);

impl DigestKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// [`DigestKeyError::NoRandomness`], when the system has none to give.
    pub fn random() -> Result<Self, DigestKeyError> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| DigestKeyError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// The key as text, to keep it.
    pub fn to_secret(&self) -> SecretString {
        hexadecimal(&self.0).into()
    }

    /// The key that was kept.
    ///
    /// # Errors
    ///
    /// [`DigestKeyError::NoKey`], when the text is none.
    pub fn from_secret(text: &SecretString) -> Result<Self, DigestKeyError> {
        let text = text.expose_secret().as_bytes();
        if text.len() != KEY_BYTES * 2 {
            return Err(DigestKeyError::NoKey);
        }
        let mut bytes = [0; KEY_BYTES];
        for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = std::str::from_utf8(digits)
                .ok()
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or(DigestKeyError::NoKey)?;
        }
        Ok(Self(bytes))
    }

    /// A digest that is begun.
    pub(super) fn digest(&self) -> KeyedDigest {
        // HMAC fills a key that is shorter than a block with zeros (RFC 2104); a whole block is taken without a check.
        let mut block = [0; BLOCK_BYTES];
        block[..KEY_BYTES].copy_from_slice(&self.0);
        KeyedDigest(Hmac::new(&block.into()))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DigestKey(..)")
    }
}

impl Serialize for DigestKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.to_secret().expose_secret())
    }
}

impl<'de> Deserialize<'de> for DigestKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretString::from(String::deserialize(deserializer)?);
        Self::from_secret(&text).map_err(serde::de::Error::custom)
    }
}

/// Why there is no key. No variant holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestKeyError {
    /// The system has no random numbers to give.
    #[error("the system gives no random numbers")]
    NoRandomness,
    /// The text is not 64 hexadecimal digits.
    #[error("it is not a key of 64 hexadecimal digits")]
    NoKey,
}

/// A digest under a key.
pub(super) struct KeyedDigest(Hmac<Sha256>);

impl KeyedDigest {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Bytes with their length before them, so that no two sequences of them are alike.
    pub(super) fn update_part(&mut self, bytes: &[u8]) {
        self.update(&(bytes.len() as u64).to_be_bytes());
        self.update(bytes);
    }

    pub(super) fn finish(self) -> String {
        hexadecimal(&self.0.finalize().into_bytes()[..DIGEST_BYTES])
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_and_is_not_shown() {
        let key = DigestKey::random().unwrap();
        let again = DigestKey::from_secret(&key.to_secret()).unwrap();
        assert!(key.0 == again.0 && key.0 != DigestKey::random().unwrap().0);
        let kept = serde_json::to_string(&key).unwrap();
        assert!(serde_json::from_str::<DigestKey>(&kept).unwrap().0 == key.0);
        assert_eq!(format!("{key:?}"), "DigestKey(..)");
        for text in ["", "00", &"+1".repeat(32), &"é".repeat(32), &"0".repeat(65)] {
            let text = SecretString::from(text.to_owned());
            assert_eq!(
                DigestKey::from_secret(&text).unwrap_err(),
                DigestKeyError::NoKey
            );
        }
    }

    #[test]
    fn it_is_hmac_sha_256() {
        // As `openssl dgst -sha256 -mac HMAC -macopt hexkey:00...00` computes it.
        let mut digest = DigestKey([0; KEY_BYTES]).digest();
        digest.update(b"abc");
        assert_eq!(digest.finish(), "fd7adb152c05ef80dccf50a1fa4c05d5");
    }
}
