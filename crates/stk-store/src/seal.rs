//! Encryption with a passphrase, in the age format.

use age::scrypt::{Identity, Recipient};
use age::{DecryptError, EncryptError};
use bytes::Bytes;
use secrecy::SecretString;

/// How much work guessing a passphrase is: scrypt's N is 2 to this power, which takes 128 MiB and some tenths of a
/// second. age's own default is measured on the machine that encrypts, and may be more than the one that decrypts
/// accepts.
const WORK: u8 = 17;

/// The most that is accepted, for files that another program wrote.
const MOST_WORK: u8 = 20;

/// Why something could not be encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The passphrase is another one.
    #[error("the passphrase is not the one that the plan was encrypted with")]
    WrongPassphrase,
    /// It is no age file, or was damaged.
    #[error("it cannot be decrypted")]
    Decrypt(#[source] DecryptError),
    /// It could not be encrypted.
    #[error("it could not be encrypted")]
    Encrypt(#[source] EncryptError),
}

pub(crate) fn seal(bytes: &[u8], passphrase: &SecretString) -> Result<Bytes, SealError> {
    let mut recipient = Recipient::new(passphrase.clone());
    recipient.set_work_factor(WORK);
    let sealed = age::encrypt(&recipient, bytes).map_err(SealError::Encrypt)?;
    Ok(sealed.into())
}

pub(crate) fn open(sealed: &[u8], passphrase: &SecretString) -> Result<Bytes, SealError> {
    let mut identity = Identity::new(passphrase.clone());
    identity.set_max_work_factor(MOST_WORK);
    match age::decrypt(&identity, sealed) {
        Ok(bytes) => Ok(bytes.into()),
        // A wrong passphrase opens no stanza of the header; what follows the header is only read with the right one.
        Err(
            DecryptError::DecryptionFailed
            | DecryptError::NoMatchingKeys
            | DecryptError::KeyDecryptionFailed,
        ) => Err(SealError::WrongPassphrase),
        Err(error) => Err(SealError::Decrypt(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_passphrase_alone() {
        let passphrase = SecretString::from("correct horse battery staple");
        let plan: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let sealed = seal(&plan, &passphrase).unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        assert_eq!(open(&sealed, &passphrase).unwrap(), plan);

        let why = |sealed: &[u8], passphrase: &str| {
            open(sealed, &passphrase.to_owned().into())
                .unwrap_err()
                .to_string()
        };
        let mut damaged = sealed.to_vec();
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        insta::assert_snapshot!(
            [
                why(&sealed, "another"),
                why(&damaged, "correct horse battery staple"),
                why(&sealed[..sealed.len() / 2], "correct horse battery staple"),
                why(b"PK no age file", "correct horse battery staple"),
            ]
            .join("\n"),
            @"
        the passphrase is not the one that the plan was encrypted with
        it cannot be decrypted
        it cannot be decrypted
        it cannot be decrypted
        "
        );
    }
}
