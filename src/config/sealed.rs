//! The client secret at rest: encrypted and authenticated with a key that the operator keeps
//! elsewhere.
//!
//! The form is `v1:` and the base64 of a random nonce (12 bytes), the ciphertext and its tag (16
//! bytes), by ChaCha20-Poly1305 (RFC 8439). The tenant and the client are authenticated along with
//! it, so that a value does not open when it is copied beside other ids. Must not know where the key
//! is kept, nor where the value is.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use thiserror::Error;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// What a value of the form above begins with.
const VERSION: &str = "v1:";

/// A client secret could not be encrypted or decrypted.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SealError {
    /// A text is no key.
    #[error("a key is 32 bytes in base64")]
    KeyForm,
    /// A text is no encrypted value, or one of another version.
    #[error("expected `v1:` and base64, as init writes it")]
    ValueForm,
    /// The value was encrypted with another key or for other ids, or it was changed.
    #[error("the value was encrypted with another key, for other ids, or was changed since")]
    NotOpened,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness,
}

/// A key of 32 bytes; never printed.
pub struct SealingKey(SecretBox<[u8; KEY_BYTES]>);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey")
    }
}

/// Whose secret it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFor {
    /// `optimizer.tenant_id`.
    pub tenant_id: String,
    /// `optimizer.client_id`.
    pub client_id: String,
}

impl SealedFor {
    /// What is authenticated with the secret: each id with its length, so that no two pairs are alike.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"aco-stream client secret".to_vec();
        for id in [&self.tenant_id, &self.client_id] {
            bytes.extend(format!("\n{}:{id}", id.len()).bytes());
        }
        bytes
    }
}

impl SealingKey {
    /// A new random key.
    ///
    /// # Errors
    /// The system gave no random bytes.
    pub fn generate() -> Result<Self, SealError> {
        let mut key = Box::new([0; KEY_BYTES]);
        SystemRandom::new().fill(key.as_mut_slice()).map_err(|_cause| SealError::NoRandomness)?;
        Ok(Self(SecretBox::new(key)))
    }

    /// The key that a text holds: 32 bytes in base64, and white space around it.
    ///
    /// # Errors
    /// It holds none.
    pub fn parse(text: &SecretString) -> Result<Self, SealError> {
        let bytes = BASE64.decode(text.expose_secret().trim());
        let bytes = bytes.map_err(|_cause| SealError::KeyForm)?;
        let key = <[u8; KEY_BYTES]>::try_from(bytes).map_err(|_cause| SealError::KeyForm)?;
        Ok(Self(SecretBox::new(Box::new(key))))
    }

    /// The key as text, to be kept by the operator.
    pub fn to_text(&self) -> SecretString {
        SecretString::from(BASE64.encode(self.0.expose_secret()))
    }

    /// Encrypts a client secret. Two calls never give the same value.
    ///
    /// # Errors
    /// The system gave no random bytes.
    pub fn seal(&self, secret: &SecretString, of: &SealedFor) -> Result<String, SealError> {
        let failed = |_cause| SealError::NoRandomness;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(failed)?;
        let text = secret.expose_secret().as_bytes();
        // Room for the tag: growing would leave the secret behind in the memory it had.
        let mut sealed = Vec::with_capacity(text.len() + CHACHA20_POLY1305.tag_len());
        sealed.extend_from_slice(text);
        self.cipher()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(of.bytes()),
                &mut sealed,
            )
            .map_err(failed)?;
        Ok(format!("{VERSION}{}", BASE64.encode([nonce.as_slice(), sealed.as_slice()].concat())))
    }

    /// Decrypts a client secret.
    ///
    /// # Errors
    /// The text is no encrypted value, or the key or the ids are not those it was made with.
    pub fn open(&self, value: &str, of: &SealedFor) -> Result<SecretString, SealError> {
        let bytes = value.trim().strip_prefix(VERSION).ok_or(SealError::ValueForm)?;
        let bytes = BASE64.decode(bytes).map_err(|_cause| SealError::ValueForm)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(SealError::ValueForm)?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.cipher()?.open_in_place(nonce, Aad::from(of.bytes()), &mut sealed);
        let opened = opened.map_err(|_cause| SealError::NotOpened)?;
        let text = std::str::from_utf8(opened).map_err(|_cause| SealError::NotOpened)?;
        Ok(SecretString::from(text))
    }

    fn cipher(&self) -> Result<LessSafeKey, SealError> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, self.0.expose_secret());
        key.map(LessSafeKey::new).map_err(|_cause| SealError::KeyForm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose() -> SealedFor {
        SealedFor { tenant_id: "tenant".into(), client_id: "client".into() }
    }

    #[test]
    fn secret_is_opened_by_its_key_for_its_ids_and_by_no_other() {
        let key = SealingKey::generate().unwrap();
        let sealed = key.seal(&"p8e-s3cret ✓".into(), &whose()).unwrap();
        assert_eq!(key.open(&sealed, &whose()).unwrap().expose_secret(), "p8e-s3cret ✓");

        let other = SealingKey::generate().unwrap();
        assert_eq!(other.open(&sealed, &whose()).unwrap_err(), SealError::NotOpened);
        for of in [
            SealedFor { tenant_id: "other".into(), ..whose() },
            SealedFor { client_id: "other".into(), ..whose() },
            SealedFor { tenant_id: "tenan".into(), client_id: "tclient".into() },
        ] {
            assert_eq!(key.open(&sealed, &of).unwrap_err(), SealError::NotOpened, "{of:?}");
        }
    }

    #[test]
    fn value_hides_the_secret_and_never_repeats() {
        let key = SealingKey::generate().unwrap();
        let values = [(); 2].map(|()| key.seal(&"p8e-s3cret".into(), &whose()).unwrap());
        assert_ne!(values[0], values[1]);
        let bytes = BASE64.decode(values[0].strip_prefix("v1:").unwrap()).unwrap();
        assert_eq!(bytes.len(), NONCE_LEN + "p8e-s3cret".len() + 16);
        assert!(!String::from_utf8_lossy(&bytes).contains("s3cret"));
    }

    #[test]
    fn changed_value_is_not_opened() {
        let key = SealingKey::generate().unwrap();
        let sealed = key.seal(&"p8e-s3cret".into(), &whose()).unwrap();
        let bytes = BASE64.decode(sealed.strip_prefix("v1:").unwrap()).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = format!("v1:{}", BASE64.encode(changed));
            assert_eq!(key.open(&changed, &whose()).unwrap_err(), SealError::NotOpened, "{place}");
        }
        for odd in ["", "v2:AAAA", "v1:AAAA", "v1:*", "p8e-s3cret"] {
            assert_eq!(key.open(odd, &whose()).unwrap_err(), SealError::ValueForm, "{odd}");
        }
    }

    #[test]
    fn key_is_read_back_from_its_text_and_is_not_printed() {
        let key = SealingKey::generate().unwrap();
        let text = format!("{}\n", key.to_text().expose_secret());
        let again = SealingKey::parse(&text.clone().into()).unwrap();
        let sealed = key.seal(&"p8e-s3cret".into(), &whose()).unwrap();
        assert!(again.open(&sealed, &whose()).is_ok());
        assert!(!format!("{key:?}").contains(text.trim()));
        for odd in ["", "c2hvcnQ=", "no key", "AAAA"] {
            assert_eq!(SealingKey::parse(&odd.into()).unwrap_err(), SealError::KeyForm, "{odd}");
        }
    }
}
