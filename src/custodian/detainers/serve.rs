//! Recording that a copy was served on the person: the form takes effect only then.

use super::case_file::{self, CaseFile};
use super::papers;
use crate::app::App;
use crate::custodian::duties;
use crate::db::ScopedTx;
use crate::exchange::detainer::model::Service;
use crate::exchange::detainer::{Paper, store};
use crate::http::Problem;
use crate::log::{self, Event};
use crate::types::ids::DetainerId;

pub struct Serve {
    pub id: DetainerId,
    pub service: Service,
    /// Told to the office? With `false` its view does not move.
    pub tell_office: bool,
}

#[tracing::instrument(name = "detainers.serve", skip_all, fields(detainer.id = %id))]
pub async fn serve(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: CaseFile,
    Serve {
        id,
        service,
        tell_office,
    }: Serve,
) -> Result<(Paper, CaseFile), Problem> {
    let now = app.clock.now();
    let case = case
        .serve(service.served_at)
        .map_err(Problem::illegal_transition)?;
    let paper = papers::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    paper
        .can_be_told("service")
        .map_err(Problem::illegal_transition)?;
    if tell_office {
        case.must_have_crossed("telling of the service")
            .map_err(Problem::illegal_transition)?;
    }
    case_file::save_service(tx, id, &service).await?;
    let owed = duties::copy_served(tx, id, &service, now).await?;
    let event = Event::new("detainer.served", now, tx.actor())
        .detainer(id)
        .data("method", service.method.as_str())
        .instant("served_at", service.served_at);
    let event = if tell_office {
        let withdrawn = store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
        if withdrawn.is_some() {
            return Err(Problem::illegal_transition(
                "The office has withdrawn or replaced this request; nothing more is told under it.",
            ));
        }
        store::set_served(tx, id, &service).await?;
        event.also_for_office(paper.office_id)
    } else {
        event
    };
    let mut events = vec![event];
    events.extend(owed);
    log::append(tx, events).await?;
    Ok((
        Paper {
            service: Some(service),
            ..paper
        },
        case,
    ))
}
