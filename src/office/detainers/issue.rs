//! Lodging a request with a custodian.

use crate::app::App;
use crate::db::ScopedTx;
use crate::exchange::detainer::request::DetainerRequest;
use crate::exchange::detainer::store::{self, NewPaper};
use crate::exchange::detainer::{Paper, model::Channel};
use crate::http::Problem;
use crate::log::{self, Event, leaf};
use crate::registry::{agencies, offices};
use crate::types::ids::{self, DetainerId};

#[tracing::instrument(name = "detainers.issue", skip_all, fields(form = %request.form))]
pub async fn issue(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: DetainerRequest,
) -> Result<Paper, Problem> {
    let now = app.clock.now();
    request.check(now)?;
    let own = tx.actor().office.clone().ok_or_else(Problem::not_found)?;
    if request.office != own.code {
        return Err(Problem::field(
            "/office",
            "scope",
            format!("A liaison lodges requests of its own office, {}.", own.code),
        ));
    }
    let agency = agencies::by_ori(tx.conn(), request.custodian.as_str())
        .await?
        .ok_or_else(|| {
            Problem::field(
                "/custodian",
                "unknown",
                "No agency is registered under this ORI.",
            )
        })?;
    let issuing_office_id = match &request.issuing_office {
        None => own.id,
        Some(code) => {
            offices::by_code(tx.conn(), code)
                .await?
                .ok_or_else(|| {
                    Problem::field(
                        "/issuing_office",
                        "unknown",
                        "No office is registered under this code.",
                    )
                })?
                .id
        }
    };
    let id = DetainerId::new(now);
    let salt = ids::salt();
    let subject = request.subject.subject();
    let row_hash = leaf::row_hash(
        &salt,
        &(
            (
                &subject.family_name,
                &subject.given_name,
                &subject.additional_names,
                subject.date_of_birth,
            ),
            (
                subject.a_number.as_ref().map(|n| n.reveal().to_owned()),
                &subject.fbi_number,
                &subject.state_id,
            ),
        ),
    );
    let paper = NewPaper {
        id,
        agency_id: agency.id,
        office_id: own.id,
        issuing_office_id,
        form: request.form,
        form_revision: request.form_revision,
        issued_on: request.issued_on,
        subject,
        asks: request.asks,
        basis: request.basis,
        warrants: request.warrants,
        victim_or_witness: request.victim_or_witness,
        received_at: request.received_at.unwrap_or(now),
        channel: request.channel.unwrap_or(Channel::Api).as_str(),
        source_id: request.source_id,
        salt,
        created_at: now,
    };
    store::insert(tx, &app.vault, &paper).await?;
    let event = Event::new("detainer.received", now, tx.actor())
        .also_for_agency(agency.id)
        .detainer(id)
        .data("form", paper.form.as_str())
        .data("issued_on", paper.issued_on.to_string())
        .data("custodian", agency.ori.as_str())
        .data("office", own.code.as_str())
        .data("row_hash", row_hash);
    let read = store::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    log::append(tx, vec![event]).await?;
    Ok(read)
}
