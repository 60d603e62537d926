//! Identifiers at rest: AES-256-GCM with a key id in front, and one deployment-wide blind index
//! (HMAC-SHA-256) that answers equality and nothing else.

use std::path::Path;
use std::sync::Arc;

use aes_gcm::KeyInit as _;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::{Digest, Sha256};

use super::StoreError;
use crate::types::ids;

const KEY_VERSION: u8 = 1;

/// The data key. Cheap to clone; never printed.
#[derive(Clone)]
pub struct Vault {
    cipher: Arc<Aes256Gcm>,
    index_key: [u8; 32],
}

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the data key must be 64 hexadecimal digits (32 bytes)")]
    Malformed,
    #[error("the data key file {0}: {1}")]
    File(String, std::io::Error),
}

impl Vault {
    /// From 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, VaultError> {
        let bytes: [u8; 32] = hex::decode(text.trim())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(VaultError::Malformed)?;
        let derive = |purpose: &str| -> [u8; 32] {
            Sha256::new()
                .chain_update(bytes)
                .chain_update(purpose.as_bytes())
                .finalize()
                .into()
        };
        let sealing = derive("sallyport sealing v1");
        Ok(Self {
            cipher: Arc::new(Aes256Gcm::new(&Key::<Aes256Gcm>::from(sealing))),
            index_key: derive("sallyport blind index v1"),
        })
    }

    /// Reads the key file; the private default makes one, readable by its owner alone.
    pub fn open_or_create(path: &Path) -> Result<Self, VaultError> {
        let failed = |error| VaultError::File(path.display().to_string(), error);
        if !path.exists() {
            let mut bytes = [0u8; 32];
            ids::fill(&mut bytes);
            write_private(path, &hex::encode(bytes)).map_err(failed)?;
        }
        Self::from_hex(&std::fs::read_to_string(path).map_err(failed)?)
    }

    /// Seals `plain`; `purpose` (the column) is bound to it, so that values cannot be moved.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0u8; 12];
        ids::fill(&mut nonce);
        let sealed = self
            .cipher
            .encrypt(
                &Nonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: purpose.as_bytes(),
                },
            )
            .expect("AES-GCM takes any message of this size");
        [&[KEY_VERSION][..], &nonce, &sealed].concat()
    }

    /// Opens what `seal` made for the same purpose.
    ///
    /// # Errors
    /// `Unreadable` when the value was made with another key or for another purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let unreadable = || StoreError::Unreadable(format!("{purpose} is sealed with another key"));
        if sealed.len() < 13 || sealed[0] != KEY_VERSION {
            return Err(unreadable());
        }
        let nonce: [u8; 12] = sealed[1..13].try_into().map_err(|_| unreadable())?;
        self.cipher
            .decrypt(
                &Nonce::from(nonce),
                Payload {
                    msg: &sealed[13..],
                    aad: purpose.as_bytes(),
                },
            )
            .map_err(|_| unreadable())
    }

    pub fn open_text(&self, purpose: &str, sealed: &[u8]) -> Result<String, StoreError> {
        String::from_utf8(self.open(purpose, sealed)?)
            .map_err(|_| StoreError::Unreadable(format!("{purpose} is not text")))
    }

    /// The blind index of an identifier of one kind: equal values, equal index, across parties.
    pub fn index(&self, kind: &str, value: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.index_key)
            .expect("HMAC takes a key of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        mac.finalize().into_bytes()[..16].to_vec()
    }

    /// A tag that only this deployment can make (cursors).
    pub fn tag(&self, purpose: &str, message: &[u8]) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.index_key)
            .expect("HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(message);
        mac.finalize().into_bytes()[..16].to_vec()
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_for_its_own_purpose_only() {
        let vault = Vault::from_hex(&"ab".repeat(32)).unwrap();
        let sealed = vault.seal("a_number", b"A012345678");
        assert_eq!(vault.open("a_number", &sealed).unwrap(), b"A012345678");
        assert!(vault.open("fbi_number", &sealed).is_err());
        assert_ne!(
            sealed,
            vault.seal("a_number", b"A012345678"),
            "equal values are not told by their seal"
        );
        assert_eq!(vault.index("a_number", "A1"), vault.index("a_number", "A1"));
        assert_ne!(
            vault.index("a_number", "A1"),
            vault.index("fbi_number", "A1")
        );
    }
}
