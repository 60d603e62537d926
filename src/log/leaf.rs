//! Leaf format v1 (docs/LEAF.md): the bytes that an event's hash covers. Fixed from the first
//! migration; trees may come later, the bytes never change.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::types::Timestamp;

/// What a leaf commits to: no position and no queue number, so one leaf serves both parties.
pub struct Leaf<'a> {
    pub id: Uuid,
    pub kind: &'a str,
    pub at: Timestamp,
    pub acting: &'a str,
    pub detainer: Option<Uuid>,
    pub subjects: &'a Map<String, Value>,
    pub data: &'a Map<String, Value>,
}

/// The canonical bytes: a version line, then each field as a 4-byte big-endian length and its
/// bytes. Objects are JSON with keys in byte order and no white space (RFC 8785 for the values
/// that we use: texts, whole numbers, truth values, null, lists and objects).
pub fn canonical(leaf: &Leaf<'_>) -> Vec<u8> {
    let mut bytes = b"sallyport leaf v1\n".to_vec();
    let mut field = |value: &[u8]| {
        bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
        bytes.extend_from_slice(value);
    };
    field(leaf.id.as_bytes());
    field(leaf.kind.as_bytes());
    field(&leaf.at.timestamp_micros().to_be_bytes());
    field(leaf.acting.as_bytes());
    field(leaf.detainer.as_ref().map_or(&[][..], |id| id.as_bytes()));
    field(sorted(&Value::Object(leaf.subjects.clone())).as_bytes());
    field(sorted(&Value::Object(leaf.data.clone())).as_bytes());
    bytes
}

/// `SHA-256(0x00 ‖ canonical bytes)`: the leaf prefix of RFC 6962.
pub fn hash(leaf: &Leaf<'_>) -> [u8; 32] {
    Sha256::new()
        .chain_update([0])
        .chain_update(canonical(leaf))
        .finalize()
        .into()
}

/// `SHA-256(salt ‖ row)` in hexadecimal: commits to a personal row without showing it. When the
/// salt is erased with the row, the log still verifies.
pub fn row_hash(salt: &[u8], row: &impl serde::Serialize) -> String {
    let row = serde_json::to_value(row).expect("our own rows serialise");
    hex::encode(
        Sha256::new()
            .chain_update(salt)
            .chain_update(sorted(&row).as_bytes())
            .finalize(),
    )
}

/// Canonical JSON text.
pub fn sorted(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<_> = object.keys().collect();
            keys.sort_unstable();
            let fields: Vec<String> = keys
                .into_iter()
                .map(|key| format!("{}:{}", Value::from(key.as_str()), sorted(&object[key])))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(sorted).collect::<Vec<_>>().join(",")
        ),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A golden value: if this test fails, format v1 has been changed, and must not be.
    #[test]
    fn the_bytes_of_version_one_never_change() {
        let subjects = json!({"notification": "n", "booking": "b"});
        let data = json!({"kind": "scheduled", "n": 1, "list": [true, null]});
        let leaf = Leaf {
            id: Uuid::from_u128(0x0193_5f00_0000_7000_8000_0000_0000_0001),
            kind: "detainer.received",
            at: Timestamp::from_timestamp_micros(1_764_000_000_000_001).unwrap(),
            acting: "office:SND",
            detainer: Some(Uuid::from_u128(7)),
            subjects: subjects.as_object().unwrap(),
            data: data.as_object().unwrap(),
        };
        assert_eq!(
            sorted(&data),
            r#"{"kind":"scheduled","list":[true,null],"n":1}"#
        );
        assert_eq!(
            canonical(&leaf).len(),
            18 + 7 * 4 + 16 + 17 + 8 + 10 + 16 + 34 + 45
        );
        assert_eq!(hex::encode(hash(&leaf)), GOLDEN);
    }

    const GOLDEN: &str = "343de7a8942a90e89bc44e20c014d99e877310011e50a00f2aa7986a4c19dfaf";
}
