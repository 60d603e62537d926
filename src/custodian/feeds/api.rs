//! `/v1/feeds`: the custodian's side only.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::NAME;
use super::store::{self, Feed};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::request::Complaints;
use crate::http::once::read_json;
use crate::http::query::path;
use crate::http::{Caller, Id, Problem, Query, Tagged, cursor};
use crate::identity::Custodian;
use crate::log::{self, Event};
use crate::registry::api::{PageQuery, limit};
use crate::types::Timestamp;

/// A feed and its health.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FeedBody {
    pub name: String,
    /// When it was heard from last: a heartbeat, or something that it sent.
    pub last_at: Timestamp,
    pub expected_every_minutes: Option<i32>,
    /// Not heard from for more than three times the expected interval.
    pub silent: bool,
    /// Release notices that named it, and rows of its files.
    pub rows: i64,
    /// Rows of its files that were refused.
    pub rejects: i64,
    /// Messages that came again under one `source_message_id` with other content.
    pub conflicts: i64,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct FeedList {
    pub items: Vec<FeedBody>,
    pub next: Option<String>,
}

/// A heartbeat.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expected_every_minutes": 1440}))]
pub struct HeartbeatRequest {
    /// Absent: as before. Null: it comes as it comes, and no silence is an alarm.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 525600)]
    pub expected_every_minutes: Option<Option<i32>>,
}

/// A field that is there, null or not, apart from one that is absent.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<i32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl FeedBody {
    fn new(feed: Feed, now: Timestamp) -> Self {
        Self {
            silent: feed.is_silent(now),
            name: feed.name,
            last_at: feed.last_at,
            expected_every_minutes: feed.expected_every_minutes,
            rows: feed.rows,
            rejects: feed.rejects,
            conflicts: feed.conflicts,
        }
    }
}

/// `GET /v1/feeds`: by name.
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let limit = limit(query.limit.as_deref())?;
    let scope = format!("{} feeds", tx.actor().party());
    let after =
        cursor::after(&app.vault, &scope, query.cursor.as_deref())?.map(|place| place.after);
    let mut feeds = store::list(&mut tx, after.as_deref(), limit + 1).await?;
    tx.rollback().await?;
    let next = cursor::next(&app.vault, &scope, &mut feeds, limit, |last| {
        cursor::Place::by_name(last.name.clone())
    });
    let now = app.clock.now();
    let items = feeds
        .into_iter()
        .map(|feed| FeedBody::new(feed, now))
        .collect();
    let body = FeedList {
        items,
        next: next.clone(),
    };
    let path = path("/v1/feeds", &[("limit", &query.limit)]);
    Ok(Tagged::page(&path, &body, next).unless_known(&headers))
}

/// `PUT /v1/feeds/{name}`: a heartbeat. It needs no precondition: the latest sign of life counts.
pub async fn put(
    State(app): State<App>,
    caller: Custodian,
    Id(name): Id<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (_, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    tx.require(DESK)?;
    let body = heartbeat(&mut tx, &app, &name, sent?).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(Tagged::ok(&body).into_response())
}

/// Hears from a feed. Only a new interval is an event: who may set one may also quieten the alarm.
pub async fn heartbeat(
    tx: &mut ScopedTx<'_>,
    app: &App,
    name: &str,
    request: HeartbeatRequest,
) -> Result<FeedBody, Problem> {
    let mut complaints = Complaints::default();
    complaints.text("/name", name, NAME);
    let expected = request.expected_every_minutes;
    if expected
        .flatten()
        .is_some_and(|minutes| !(1..=525_600).contains(&minutes))
    {
        complaints.add(
            "/expected_every_minutes",
            "range",
            "A whole number of minutes from 1 to 525600 (a year) is expected.",
        );
    }
    complaints.finish()?;
    let now = app.clock.now();
    let (mut feed, opened) = store::open(tx, name, now).await?;
    let before = feed.expected_every_minutes;
    feed.expected_every_minutes = expected.unwrap_or(before);
    feed.last_at = feed.last_at.max(now);
    feed.silent_from = feed
        .expected_every_minutes
        .map(|minutes| feed.last_at + chrono::Duration::minutes(3 * i64::from(minutes)));
    store::heard(tx, &feed).await?;
    if opened || feed.expected_every_minutes != before {
        let event = Event::new("feed.set", now, tx.actor())
            .subject("feed", feed.id)
            .data("expected_every_minutes", feed.expected_every_minutes);
        log::append(tx, vec![event]).await?;
    }
    Ok(FeedBody::new(feed, now))
}
