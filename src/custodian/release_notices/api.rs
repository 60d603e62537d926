//! `/v1/release-notices`: the custodian's side only; the notification is the liaison's copy.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::record::{NoticeRequest, PublicInformation, Recorded, record};
use super::store::{self, NoticeRow};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::feeds::refused;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::query::path;
use crate::http::{Caller, Id, Once, Problem, Query, Tagged, cursor};
use crate::identity::Custodian;
use crate::log::Receipt;
use crate::registry::api::limit;
use crate::types::Timestamp;
use crate::types::ids::{EventId, ReleaseNoticeId};

/// A recorded notice and what follows from it for each request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeBody {
    pub id: Uuid,
    pub agency: String,
    pub booking: Uuid,
    pub booking_number: String,
    pub kind: String,
    pub effective_at: Timestamp,
    pub release_basis: Option<String>,
    pub release_information_public: Option<PublicInformation>,
    pub supersedes: Option<Uuid>,
    pub source_message_id: Option<String>,
    pub feed: Option<String>,
    pub note: Option<String>,
    pub recorded_at: Timestamp,
    /// Not superseded by a later notice.
    pub current: bool,
    pub matches: Vec<MatchBody>,
    pub receipt: Receipt,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MatchBody {
    pub detainer: Uuid,
    /// `booking`, `identifier` or `candidate`.
    #[serde(rename = "match")]
    pub basis: String,
    pub notify_release: NotifyBody,
    /// `withheld`, `queued` or `notified`.
    pub action: String,
    pub notification: Option<Uuid>,
    pub due_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NotifyBody {
    pub disposition: String,
    pub citations: Vec<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct NoticeList {
    pub items: Vec<NoticeBody>,
    pub next: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeQuery {
    pub booking_number: Option<String>,
    pub kind: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// The JSON of a notice.
pub async fn body(tx: &mut ScopedTx<'_>, notice: NoticeRow) -> Result<NoticeBody, Problem> {
    let receipt = Receipt {
        event: EventId::from(notice.event_id),
        leaf_hash: store::leaf_hash(tx, notice.event_id).await?,
    };
    body_with(tx, notice, receipt).await
}

async fn body_with(
    tx: &mut ScopedTx<'_>,
    notice: NoticeRow,
    receipt: Receipt,
) -> Result<NoticeBody, Problem> {
    let matches = store::reviews_of_notice(tx, notice.id)
        .await?
        .into_iter()
        .map(|review| MatchBody {
            detainer: review.detainer_id,
            basis: review.basis,
            notify_release: NotifyBody {
                disposition: review.disposition,
                citations: review.assessment["citations"]
                    .as_array()
                    .map(|list| {
                        list.iter()
                            .filter_map(|cite| cite.as_str().map(str::to_owned))
                            .collect()
                    })
                    .unwrap_or_default(),
            },
            action: review.action,
            notification: review.notification_id,
            due_at: review.due_at,
        })
        .collect();
    Ok(NoticeBody {
        id: notice.id,
        agency: tx
            .actor()
            .agency
            .as_ref()
            .map(|agency| agency.code.clone())
            .unwrap_or_default(),
        booking: notice.booking_id,
        booking_number: notice.booking_number,
        kind: notice.kind,
        effective_at: notice.effective_at,
        release_basis: notice.release_basis,
        release_information_public: notice
            .public_url
            .zip(notice.public_captured_at)
            .map(|(url, captured_at)| PublicInformation { url, captured_at }),
        supersedes: notice.supersedes,
        source_message_id: notice.source_message_id,
        feed: notice.feed,
        note: notice.note,
        recorded_at: notice.recorded_at,
        current: notice.current,
        matches,
        receipt,
    })
}

/// `POST /v1/release-notices`
pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    once: Once<NoticeRequest>,
) -> Result<Response, Problem> {
    let answer = once
        .run(&app, &caller, async |tx, request| {
            recorded(tx, &app, request).await
        })
        .await;
    if let Err(problem) = &answer {
        refused::keep(&app, &caller, problem).await?;
    }
    answer
}

/// Records a notice, for API and page alike.
pub async fn recorded(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: Result<NoticeRequest, Problem>,
) -> Result<Tagged, Problem> {
    tx.require(DESK)?;
    let request = request?;
    let own = tx
        .actor()
        .agency
        .as_ref()
        .map(|agency| agency.code.clone())
        .unwrap_or_default();
    request.check(&own, app.clock.now())?;
    match record(tx, app, &request).await? {
        Recorded::New(notice, receipt) => {
            let location = format!("/v1/release-notices/{}", notice.id);
            let body = body_with(tx, notice, receipt).await?;
            Ok(Tagged::created(&body, location))
        }
        Recorded::Known(notice) => Ok(Tagged::ok(&body(tx, notice).await?)),
    }
}

/// `GET /v1/release-notices/{id}`
pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<ReleaseNoticeId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let notice = store::get(&mut tx, id.as_uuid())
        .await?
        .ok_or_else(Problem::not_found)?;
    let body = body(&mut tx, notice).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// `GET /v1/release-notices`
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Query(query): Query<NoticeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let limit = limit(query.limit.as_deref())?;
    let scope = format!(
        "{} notices {:?} {:?}",
        tx.actor().party(),
        query.booking_number,
        query.kind
    );
    let after = cursor::after(&app.vault, &scope, query.cursor.as_deref())?;
    let mut rows = store::list(
        &mut tx,
        query.booking_number.as_deref(),
        query.kind.as_deref(),
        after.map(|place| place.id),
        limit + 1,
    )
    .await?;
    let next = cursor::next(&app.vault, &scope, &mut rows, limit, |last| {
        cursor::Place::of(last.id)
    });
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(body(&mut tx, row).await?);
    }
    tx.rollback().await?;
    Ok(Tagged::page(
        &path(
            "/v1/release-notices",
            &[
                ("booking_number", &query.booking_number),
                ("kind", &query.kind),
                ("limit", &query.limit),
            ],
        ),
        &NoticeList {
            items,
            next: next.clone(),
        },
        next,
    )
    .unless_known(&headers))
}
