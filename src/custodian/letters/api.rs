//! `GET …/letters/{kind}?lang=`: the custodian's side only.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::sheet::{self, SheetError};
use super::words::{Asked, Case, Served, Told, write};
use super::{Language, LetterKind};
use crate::app::App;
use crate::custodian::detainers::{case_file, papers};
use crate::custodian::determinations::store as determinations;
use crate::dashboard::time;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::IllegalTransition;
use crate::exchange::notification;
use crate::http::path::Ids;
use crate::http::problem::Slug;
use crate::http::{Caller, Problem, Query, Tagged, query};
use crate::identity::Custodian;
use crate::policy::Act;
use crate::types::ids::DetainerId;
use crate::types::name;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LetterQuery {
    /// `en` (when absent), `es`, `zh` (simplified characters), `tl`, `vi` or `ko`. A translation
    /// that no translator has checked says so: `zh`, `tl`, `vi`, `ko`.
    pub lang: Option<String>,
}

pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Ids(id, kind): Ids<DetainerId, LetterKind>,
    Query(q): Query<LetterQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&app, &caller, (id, kind), q, &headers).await
}

/// The letter, for whoever presents a key or a session of the custodian's side.
pub async fn answer(
    app: &App,
    caller: &impl Caller,
    (id, kind): (DetainerId, LetterKind),
    q: LetterQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let language = match q.lang.as_deref() {
        None => Language::English,
        Some(text) => Language::parse(text)
            .ok_or_else(|| query::bad("lang", "en, es, zh, tl, vi or ko is expected"))?,
    };
    let mut tx = caller.open(app, Access::Read).await?;
    let case = gathered(&mut tx, app, id).await?;
    tx.rollback().await?;
    let letter = write(kind, language, &case).ok_or_else(|| match kind {
        LetterKind::ServiceCertificate => Problem::new(
            Slug::NotServed,
            "No service is recorded, so there is nothing to certify.",
        ),
        _ => Problem::illegal_transition(IllegalTransition {
            action: "this letter",
            state: "not told of to the office".to_owned(),
            mend: "the office has been told of no release, so there is no notice to copy",
        }),
    })?;
    let body = sheet::set(&letter, language).map_err(|error| match error {
        SheetError::NoFonts => query::bad(
            "lang",
            "this service was built without the fonts of its letters; `make assets` before the build adds them",
        ),
        error => Problem::internal(error),
    })?;
    let letter = Tagged {
        body,
        ..Tagged::ok(&())
    };
    let mut response = letter.unless_known(headers);
    if response.status() == StatusCode::OK {
        let name = format!("inline; filename=\"{kind}-{id}.pdf\"");
        let name = HeaderValue::from_str(&name).map_err(Problem::internal)?;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/pdf"),
        );
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// What the letters of a request say, as the record stands.
async fn gathered(tx: &mut ScopedTx<'_>, app: &App, id: DetainerId) -> Result<Case, Problem> {
    case_file::get(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let paper = papers::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let made = determinations::of_detainer(tx, id).await?;
    let told = notification::list(tx, None, Some(id), None, 200).await?;
    // The agency's own record: the office need not have been told of the service.
    let service = case_file::service(tx, id).await?;
    let agency = tx.actor().agency.clone().ok_or_else(Problem::not_found)?;
    let zone = time::zone(&agency.time_zone);
    let complies = |act: Act| {
        made.iter()
            .rev()
            .find(|made| made.act == act.as_str())
            .map(|made| made.decision == "comply")
    };
    let act = |act: Act, asked: bool| Asked {
        asked,
        complies: complies(act),
    };
    let asks = paper.asks;
    let subject = &paper.subject;
    Ok(Case {
        agency: agency.name,
        ori: agency.code,
        office: format!("{} ({})", paper.office_name, paper.office),
        person: name::display(
            &subject.family_name,
            subject.given_name.as_deref(),
            subject.additional_names.as_deref(),
        ),
        booking_number: subject.booking_number.clone(),
        form: paper.form.to_string(),
        issued_on: time::day(paper.issued_on),
        acts: [
            act(Act::NotifyRelease, asks.notify),
            act(Act::HoldPastRelease, asks.hold),
            act(Act::TransferCustody, asks.transfer),
            act(Act::AllowInterview, asks.interview),
        ],
        told: told
            .iter()
            .filter(|told| told.about == "release")
            .find_map(|told| {
                Some(Told {
                    at: time::absolute(told.told_at, zone),
                    effective_at: time::absolute(told.effective_at?, zone),
                    cancelled: told.kind.as_deref() == Some("cancelled"),
                })
            }),
        service: service.map(|service| Served {
            at: time::absolute(service.served_at, zone),
            method: service
                .method_other
                .unwrap_or_else(|| service.method.to_string().replace('_', " ")),
            language: service.language,
            officer: service.officer,
        }),
        today: time::day(app.clock.now().with_timezone(&zone).date_naive()),
    })
}
