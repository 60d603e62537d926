//! A page of a party's own notifications.

use serde::Deserialize;

use super::{NotificationBody, NotificationList, list};
use crate::app::App;
use crate::db::ScopedTx;
use crate::http::cursor::{self, Place};
use crate::http::{Problem, Tagged, query};
use crate::registry::api::limit;
use crate::types::Timestamp;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NotificationQuery {
    /// `queued`, `sent`, `delivered`, `acknowledged`, `failed`, `withdrawn`.
    pub status: Option<String>,
    /// Of one request.
    pub detainer: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// The caller's notifications, the newest told first.
pub async fn page(
    tx: &mut ScopedTx<'_>,
    app: &App,
    q: &NotificationQuery,
) -> Result<Tagged, Problem> {
    let limit = limit(q.limit.as_deref())?;
    let detainer = q
        .detainer
        .as_deref()
        .map(|text| {
            text.parse()
                .map_err(|_| query::bad("detainer", "a UUID is expected"))
        })
        .transpose()?;
    let scope = format!(
        "{} notifications {:?} {:?}",
        tx.actor().party(),
        q.status,
        q.detainer
    );
    let after = match &q.cursor {
        None => None,
        Some(text) => {
            let place = cursor::read(&app.vault, &scope, text)?;
            let at: Timestamp = place
                .after
                .parse()
                .map_err(|_| query::bad("cursor", "unreadable"))?;
            Some((at, place.id))
        }
    };
    let mut rows = list(tx, q.status.as_deref(), detainer, after, limit + 1).await?;
    let next = cursor::next(&app.vault, &scope, &mut rows, limit, |last| Place {
        after: crate::log::append::instant(last.told_at),
        id: last.id,
    });
    let path = query::path(
        "/v1/notifications",
        &[
            ("status", &q.status),
            ("detainer", &q.detainer),
            ("limit", &q.limit),
        ],
    );
    let items = rows.into_iter().map(NotificationBody::from).collect();
    Ok(Tagged::page(
        &path,
        &NotificationList {
            items,
            next: next.clone(),
        },
        next,
    ))
}
