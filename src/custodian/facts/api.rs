//! `…/facts`: the custodian's side only.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::known::{RequestFacts, known};
use super::state::{Source, state};
use super::{model, store};
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::api::DESK;
use crate::custodian::detainers::{CaseFile, case_file, papers};
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::Paper;
use crate::http::once::read_json;
use crate::http::{Caller, Id, Problem, Tagged, etag};
use crate::identity::Custodian;
use crate::log;
use crate::types::ids::DetainerId;

/// Every fact by its name, null where it is unknown; `stated` says who stated each, and when.
/// `charges` and `convictions` carry their `source`: `stated` or `booking`.
#[derive(utoipa::ToSchema)]
#[schema(value_type = Object)]
pub struct FactsBody(#[allow(dead_code)] Map<String, Value>);

/// A merge patch of the facts; null takes one back to unknown.
#[derive(utoipa::ToSchema)]
#[schema(value_type = Object)]
pub struct FactsPatch(#[allow(dead_code)] Map<String, Value>);

/// `GET …/facts`
pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let case = case_file::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let body = body(&mut tx, &app, &case, &paper).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// `PATCH …/facts`: a merge patch, under the ETag of the facts.
pub async fn patch(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, patch) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    let answer = patched(&mut tx, &app, id, &headers, patch).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(answer.into_response())
}

/// States facts under the precondition, for API and page alike.
pub async fn patched(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    headers: &HeaderMap,
    patch: Result<Map<String, Value>, Problem>,
) -> Result<Tagged, Problem> {
    // Locked before the tag is compared: of two writers who read the same state, one is told.
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(DESK)?;
    let patch = patch?;
    let paper = papers::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let before = body(tx, app, &case, &paper).await?;
    etag::require_match(headers, &Tagged::ok(&before).etag())?;
    let now = app.clock.now();
    let events = state(tx, &paper, &patch, Source::Stated, now).await?;
    let after = body(tx, app, &case, &paper).await?;
    log::append(tx, events).await?;
    Ok(Tagged::ok(&after))
}

/// The facts as the jail sees them.
pub async fn body(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    paper: &Paper,
) -> Result<Value, Problem> {
    let today = assessments::today(tx, app.clock.now());
    let stated = store::latest(tx, &[case.id.as_uuid()])
        .await?
        .remove(&case.id.as_uuid())
        .unwrap_or_default();
    let booking = match case.booking {
        None => None,
        Some(booking) => store::of_bookings(tx, &[booking.as_uuid()])
            .await?
            .remove(&booking.as_uuid()),
    };
    let known = known(
        &RequestFacts::of(paper, case),
        &stated,
        booking.as_ref(),
        today,
    );
    let mut body = Map::new();
    body.insert("detainer".to_owned(), known.facts["detainer"].clone());
    for name in model::names() {
        let value = known.facts.get(name).cloned().unwrap_or_default();
        body.insert(name.to_owned(), value);
    }
    for (name, of_booking) in [
        ("charges", &known.booking_charges),
        ("convictions", &known.booking_convictions),
    ] {
        if let Some(Value::Array(items)) = body.get_mut(name) {
            let first_of_booking = items.len() - of_booking.len().min(items.len());
            for (at, item) in items.iter_mut().enumerate() {
                let source = if at < first_of_booking {
                    "stated"
                } else {
                    "booking"
                };
                item["source"] = json!(source);
            }
        }
    }
    let who: Map<String, Value> = stated
        .iter()
        .filter(|fact| fact.value.is_some())
        .map(|fact| {
            let who = json!({"stated_at": fact.stated_at, "stated_by": fact.stated_by, "source": fact.source});
            (fact.name.clone(), who)
        })
        .collect();
    body.insert("stated".to_owned(), Value::Object(who));
    Ok(Value::Object(body))
}
