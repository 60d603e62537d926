//! Secrets of keys and sessions: made here, stored as hashes.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::types::{Side, ids};

const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// `n` random lower-case letters and digits (5.17 bits each).
pub fn random_text(n: usize) -> String {
    let mut text = String::with_capacity(n);
    let mut bytes = [0u8; 64];
    while text.len() < n {
        ids::fill(&mut bytes);
        // 252 = 7 × 36: larger bytes would make the first letters likelier.
        text.extend(
            bytes
                .iter()
                .filter(|b| **b < 252)
                .map(|b| ALPHABET[usize::from(b % 36)] as char)
                .take(n - text.len()),
        );
    }
    text
}

/// A credential's public id: its side's letter and 15 random characters.
pub fn credential_id(side: Side) -> String {
    format!("{}{}", side.letter(), random_text(15))
}

/// Is it the shape of a credential's id? Also what makes it safe inside a `set local`.
pub fn is_credential_id(id: &str) -> bool {
    id.len() == 16
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && id.chars().next().and_then(Side::from_letter).is_some()
}

/// Hash at rest. The secrets are random, so a slow hash would protect nothing more.
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Compares in constant time.
pub fn matches(secret: &str, stored: &[u8]) -> bool {
    hash(secret).ct_eq(stored).into()
}
