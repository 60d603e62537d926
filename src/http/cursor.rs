//! Opaque signed cursors, bound to the tenant and the filter: a foreign or altered one is 400.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, Slug};
use crate::db::vault::Vault;

/// The place after which a page goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The sort value of the last row, as text.
    pub after: String,
    /// The id of the last row.
    pub id: uuid::Uuid,
}

impl Place {
    /// In a list by id.
    pub fn of(id: uuid::Uuid) -> Self {
        Self {
            after: String::new(),
            id,
        }
    }

    /// In a list by name or code, which no two rows share.
    pub fn by_name(after: String) -> Self {
        Self {
            after,
            id: uuid::Uuid::nil(),
        }
    }
}

/// Where a page begins: behind the place of the query's cursor, if there is one.
///
/// # Errors
/// As `read`.
pub fn after(vault: &Vault, scope: &str, cursor: Option<&str>) -> Result<Option<Place>, Problem> {
    cursor.map(|text| read(vault, scope, text)).transpose()
}

/// Takes away the row too many, which shows that there is a next page, and writes its cursor.
pub fn next<T>(
    vault: &Vault,
    scope: &str,
    rows: &mut Vec<T>,
    limit: i64,
    place: impl Fn(&T) -> Place,
) -> Option<String> {
    if rows.len() as i64 <= limit {
        return None;
    }
    rows.truncate(limit as usize);
    rows.last().map(|last| write(vault, scope, &place(last)))
}

/// Writes the cursor for a place in the list that `scope` (party and filter) describes.
pub fn write(vault: &Vault, scope: &str, place: &Place) -> String {
    let body = serde_json::to_vec(place).expect("a place serialises");
    let tag = vault.tag(&format!("cursor {scope}"), &body);
    URL_SAFE_NO_PAD.encode([tag, body].concat())
}

/// Reads a cursor of the same scope.
///
/// # Errors
/// 400 for one that was altered or belongs to another caller or filter.
pub fn read(vault: &Vault, scope: &str, cursor: &str) -> Result<Place, Problem> {
    let refuse = || {
        Problem::new(
            Slug::InvalidRequest,
            "The cursor is not one of this list. Start again without it.",
        )
        .with_error("?cursor", "cursor")
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refuse())?;
    if bytes.len() < 16 {
        return Err(refuse());
    }
    let (tag, body) = bytes.split_at(16);
    if !bool::from(subtle::ConstantTimeEq::ct_eq(
        tag,
        vault.tag(&format!("cursor {scope}"), body).as_slice(),
    )) {
        return Err(refuse());
    }
    serde_json::from_slice(body).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_serves_its_own_list_only() {
        let vault = Vault::from_hex(&"0c".repeat(32)).unwrap();
        let place = Place {
            after: "2026-11-20".into(),
            id: uuid::Uuid::nil(),
        };
        let cursor = write(&vault, "office:SND pending", &place);
        assert_eq!(read(&vault, "office:SND pending", &cursor).unwrap(), place);
        assert!(read(&vault, "office:LOS pending", &cursor).is_err());
        assert!(read(&vault, "office:SND pending", &format!("A{}", &cursor[1..])).is_err());
        assert!(read(&vault, "office:SND pending", "!").is_err());
    }
}
