//! API keys: `sp_<key id>_<secret>`, whose last six characters are a checksum, so that scanners
//! can tell a leaked key from a random text.

use sha2::{Digest, Sha256};

use super::secret;
use crate::types::Side;

const SECRET: usize = 32;
const CHECKSUM: usize = 6;

/// A new key: its id, the whole text (shown once) and the hash to store.
pub struct NewKey {
    pub id: String,
    pub text: String,
    pub secret_hash: Vec<u8>,
}

pub fn generate(side: Side) -> NewKey {
    let id = secret::credential_id(side);
    let body = secret::random_text(SECRET);
    let whole = format!("{body}{}", checksum(&id, &body));
    NewKey {
        text: format!("sp_{id}_{whole}"),
        secret_hash: secret::hash(&whole),
        id,
    }
}

/// Reads a key's text into its id and secret; `None` when its shape or checksum is wrong.
pub fn parse(text: &str) -> Option<(String, String)> {
    let (id, whole) = text.strip_prefix("sp_")?.split_once('_')?;
    let well_formed =
        secret::is_credential_id(id) && whole.len() == SECRET + CHECKSUM && whole.is_ascii();
    if !well_formed || checksum(id, &whole[..SECRET]) != whole[SECRET..] {
        return None;
    }
    Some((id.to_owned(), whole.to_owned()))
}

fn checksum(id: &str, body: &str) -> String {
    let digest = Sha256::digest(format!("{id}_{body}").as_bytes());
    digest
        .iter()
        .take(CHECKSUM)
        .map(|byte| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[usize::from(byte % 36)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_a_changed_one_does_not() {
        let key = generate(Side::Office);
        let (id, secret) = parse(&key.text).unwrap();
        assert_eq!(id, key.id);
        assert!(id.starts_with('o'));
        assert!(secret::matches(&secret, &key.secret_hash));
        let last = if key.text.ends_with('a') { 'b' } else { 'a' };
        assert!(parse(&format!("{}{last}", &key.text[..key.text.len() - 1])).is_none());
        assert!(parse("sp_x_y").is_none());
    }
}
