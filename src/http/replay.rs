//! May a caller still read the record that a stored answer is about? A replay asks first, so that
//! what has been erased, or has left the caller's scope, does not come back out of the store.

use uuid::Uuid;

use crate::db::{ScopedTx, StoreError};
use crate::types::Side;

/// The kind and id of the record that an answer is about: the new record's address, or the path
/// that the request went to.
pub fn record<'a>(route: &'a str, location: Option<&'a str>) -> Option<(&'a str, Uuid)> {
    let path = route.split_once(' ').map_or(route, |(_, path)| path);
    [location.unwrap_or_default(), path]
        .into_iter()
        .find_map(|path| {
            let mut parts = path.trim_start_matches('/').split('/').peekable();
            if parts.peek() == Some(&"v1") {
                parts.next();
            }
            Some((parts.next()?, parts.next()?.parse().ok()?))
        })
}

/// In the caller's own scope, so that row security answers with the query.
pub async fn readable(tx: &mut ScopedTx<'_>, (kind, id): (&str, Uuid)) -> Result<bool, StoreError> {
    let found = match (tx.actor().side, kind) {
        (Side::Custodian, "detainers") => {
            let agency = tx.agency_id();
            sqlx::query_scalar!(
                r#"select exists (select from custodian.case_file where agency_id = $1 and id = $2) as "found!""#,
                agency,
                id
            )
            .fetch_one(tx.conn())
            .await?
        }
        (Side::Office, "detainers") => {
            let office = tx.office_id();
            sqlx::query_scalar!(
                r#"select exists (select from exchange.detainer where office_id = $1 and id = $2) as "found!""#,
                office,
                id
            )
            .fetch_one(tx.conn())
            .await?
        }
        (Side::Custodian, "release-notices") => {
            let agency = tx.agency_id();
            sqlx::query_scalar!(
                r#"select exists (select from custodian.release_notice where agency_id = $1 and id = $2) as "found!""#,
                agency,
                id
            )
            .fetch_one(tx.conn())
            .await?
        }
        (Side::Custodian, "notifications") => {
            let agency = tx.agency_id();
            sqlx::query_scalar!(
                r#"select exists (select from exchange.notification where agency_id = $1 and id = $2) as "found!""#,
                agency,
                id
            )
            .fetch_one(tx.conn())
            .await?
        }
        (Side::Office, "notifications") => {
            let office = tx.office_id();
            sqlx::query_scalar!(
                r#"select exists (select from exchange.notification where office_id = $1 and id = $2) as "found!""#,
                office,
                id
            )
            .fetch_one(tx.conn())
            .await?
        }
        // The registry is for everybody, and keys are the caller's to manage or not by role.
        _ => true,
    };
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::record;

    #[test]
    fn the_new_records_address_comes_before_the_path() {
        let (a, b) = (
            "018f0000-0000-7000-8000-000000000001",
            "018f0000-0000-7000-8000-000000000002",
        );
        let of = |route: &str, location: Option<&str>| {
            record(route, location).map(|(kind, id)| (kind.to_owned(), id.to_string()))
        };
        assert_eq!(
            of("POST /v1/detainers", Some(&format!("/v1/detainers/{a}"))),
            Some(("detainers".to_owned(), a.to_owned()))
        );
        assert_eq!(
            of(&format!("POST /detainers/{b}/service"), None),
            Some(("detainers".to_owned(), b.to_owned()))
        );
        assert_eq!(
            of("POST /v1/agencies", Some("/v1/agencies/CA0370000")),
            None
        );
    }
}
