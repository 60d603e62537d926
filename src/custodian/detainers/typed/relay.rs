//! Passing a request on to the next agency. The one writes into the other's letter box; the copy
//! becomes the receiving agency's own paper by a reader of the event, in that agency's scope.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{letter_box, store as typed};
use crate::app::App;
use crate::custodian::detainers::case_file::{self, CaseFile, Origin};
use crate::custodian::detainers::papers;
use crate::db::ScopedTx;
use crate::exchange::detainer::model::{Asks, Basis, Form, Subject, Warrant};
use crate::exchange::detainer::store::NewPaper;
use crate::exchange::detainer::{IllegalTransition, Paper, Status};
use crate::http::{Id, Once, Problem, Tagged};
use crate::identity::Custodian;
use crate::log::{self, Event, leaf};
use crate::registry::{agencies, offices};
use crate::types::ids::{self, DetainerId};
use crate::types::ori::Ori;
use crate::types::{Role, Timestamp};

/// `POST …/relay`
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelayRequest {
    /// ORI of the agency that takes the person over.
    #[schema(value_type = String, example = "CA0300000")]
    pub to_custodian: Ori,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RelayBody {
    /// Of the relay, not of the copy.
    pub id: Uuid,
    pub to_custodian: String,
    pub relayed_at: Timestamp,
}

pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    once: Once<RelayRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        relayed(tx, &app, id, request).await
    })
    .await
}

/// Passes a request on, for API and page alike.
pub async fn relayed(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<RelayRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let body = relay(tx, app, case, request?.to_custodian).await?;
    Ok(Tagged::created(&body, format!("/v1/detainers/{id}")))
}

/// What is passed on: what the office wrote, nothing that this agency knows besides.
#[derive(Serialize, Deserialize)]
struct Content {
    /// The request as the office knows it, where it does.
    original: Option<Uuid>,
    office: String,
    issuing_office: String,
    form: Form,
    form_revision: Option<String>,
    issued_on: chrono::NaiveDate,
    family_name: String,
    given_name: Option<String>,
    additional_names: Option<String>,
    date_of_birth: Option<chrono::NaiveDate>,
    sex: Option<String>,
    citizenship: Option<String>,
    a_number: Option<String>,
    fbi_number: Option<String>,
    state_id: Option<String>,
    asks: Asks,
    basis: Basis,
    warrants: Vec<Warrant>,
    victim_or_witness: bool,
}

const SEAL: &str = "relayed paper";

#[tracing::instrument(name = "detainers.relay", skip_all, fields(detainer.id = %case.id))]
pub async fn relay(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: CaseFile,
    to: Ori,
) -> Result<RelayBody, Problem> {
    let now = app.clock.now();
    let receiving = agencies::by_ori(tx.conn(), to.as_str())
        .await?
        .filter(|agency| Some(agency.id) != tx.actor().agency_id())
        .ok_or_else(|| {
            Problem::field(
                "/to_custodian",
                "unknown",
                "to_custodian names no other registered agency.",
            )
        })?;
    // In a later statement than the lock of the case: a cancellation that came first is seen.
    let paper = papers::get(tx, &app.vault, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    // What was passed on stays passed on when the person has left: a closed case can be relayed.
    let withdrawn = matches!(case.status, Status::Cancelled | Status::Superseded);
    if withdrawn {
        return Err(Problem::illegal_transition(IllegalTransition {
            action: "relay",
            state: case.status.to_string(),
            mend: "only a request that stands can be passed on",
        }));
    }
    paper
        .can_be_told("relay")
        .map_err(Problem::illegal_transition)?;
    let id = ids::new_v7(now);
    let paper_id = ids::random();
    let salt = ids::salt();
    let by = tx.actor().name.clone();
    if !letter_box::insert(tx, id, case.id, receiving.id, paper_id, now, &by, &salt).await? {
        return Err(Problem::illegal_transition(format!(
            "The request has been passed on to {} already.",
            receiving.ori
        )));
    }
    let original = case.crossed_at.map(|_| case.id.as_uuid());
    let content = serde_json::to_vec(&content(&paper, original)).map_err(Problem::internal)?;
    let sealed = app.vault.seal(SEAL, &content);
    letter_box::post(tx, receiving.id, id, paper_id, &sealed, now).await?;
    let event = Event::new("detainer.relayed", now, tx.actor())
        .detainer(case.id)
        .subject("relay", id)
        .data("to_custodian", receiving.ori.as_str())
        .data("row_hash", leaf::row_hash(&salt, &by));
    log::append(tx, vec![event]).await?;
    Ok(RelayBody {
        id,
        to_custodian: receiving.ori,
        relayed_at: now,
    })
}

fn content(paper: &Paper, original: Option<Uuid>) -> Content {
    let subject = paper.subject.clone();
    Content {
        original,
        office: paper.office.clone(),
        issuing_office: paper.issuing_office.clone(),
        form: paper.form,
        form_revision: paper.form_revision.clone(),
        issued_on: paper.issued_on,
        family_name: subject.family_name,
        given_name: subject.given_name,
        additional_names: subject.additional_names,
        date_of_birth: subject.date_of_birth,
        sex: subject.sex,
        citizenship: subject.citizenship,
        a_number: subject.a_number.map(|number| number.reveal().to_owned()),
        fbi_number: subject.fbi_number,
        state_id: subject.state_id,
        asks: paper.asks,
        basis: paper.basis,
        warrants: paper
            .warrants
            .iter()
            .cloned()
            .map(|warrant| Warrant {
                copy_present: None,
                ..warrant
            })
            .collect(),
        victim_or_witness: paper.victim_or_witness,
    }
}

/// Takes a relayed paper out of the letter box, in the receiving agency's scope. Idempotent: the
/// copy's id was given when it was posted.
pub async fn receive(
    tx: &mut ScopedTx<'_>,
    app: &App,
    relay: Uuid,
    withdrawn: bool,
) -> Result<Option<DetainerId>, Problem> {
    let now = app.clock.now();
    let agency = tx.agency_id();
    let Some((id, sealed)) = letter_box::take(tx, relay).await? else {
        return Ok(None);
    };
    if case_file::get(tx, id).await?.is_some() {
        return Ok(Some(id));
    }
    let text = app.vault.open_text(SEAL, &sealed)?;
    let content: Content = serde_json::from_str(&text).map_err(Problem::internal)?;
    let office = offices::by_code(tx.conn(), &content.office)
        .await?
        .ok_or_else(Problem::not_found)?;
    let issuing = offices::by_code(tx.conn(), &content.issuing_office)
        .await?
        .ok_or_else(Problem::not_found)?;
    let own = tx.actor().agency.clone().ok_or_else(Problem::not_found)?;
    let paper = NewPaper {
        id,
        agency_id: agency,
        office_id: office.id,
        issuing_office_id: issuing.id,
        form: content.form,
        form_revision: content.form_revision,
        issued_on: content.issued_on,
        subject: Subject {
            family_name: content.family_name,
            given_name: content.given_name,
            additional_names: content.additional_names,
            date_of_birth: content.date_of_birth,
            sex: content.sex,
            citizenship: content.citizenship,
            a_number: content.a_number.and_then(|text| text.parse().ok()),
            fbi_number: content.fbi_number,
            state_id: content.state_id,
            booking_number: None,
        },
        asks: content.asks,
        basis: content.basis,
        warrants: content.warrants,
        victim_or_witness: content.victim_or_witness,
        received_at: now,
        channel: "relay",
        source_id: None,
        salt: ids::salt(),
        created_at: now,
        origin: "custodian",
        supersedes: None,
        duplicate_of: None,
        relayed_from: content.original,
    };
    typed::insert(tx, &app.vault, &paper, Origin::Relay, "relay").await?;
    let mut events = vec![paper.received(tx, &own.code, &office.code)];
    if withdrawn && let Some(mut case) = case_file::lock(tx, id).await? {
        case.status = Status::Cancelled;
        case_file::save(tx, &case).await?;
        events.push(Event::new("detainer.cancelled", now, tx.actor()).detainer(id));
    }
    log::append(tx, events).await?;
    Ok(Some(id))
}
