//! How duties come to be: from what the law says when something happens, and by service.

use uuid::Uuid;

use super::store::{self, NewDuty, Statement};
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::{CaseFile, papers};
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::model::Service;
use crate::http::Problem;
use crate::log::{Event, leaf};
use crate::policy::Assessment;
use crate::types::Timestamp;
use crate::types::ids::{DetainerId, DutyId, salt};

/// Hours that the agency gives itself where the law says only `promptly`: its target, not law.
const TARGET_HOURS: i64 = 24;

/// Something on which a rule may attach duties.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// As rules name it, such as `request_received`.
    on: &'static str,
    /// What it happened to, where it can happen again.
    id: Option<Uuid>,
    /// From when a rule's hours count.
    at: Timestamp,
    /// When the time is up, whatever the rule says.
    by: Option<Timestamp>,
}

impl Occasion {
    pub fn new(on: &'static str, at: Timestamp) -> Self {
        Self {
            on,
            id: None,
            at,
            by: None,
        }
    }

    pub fn name(&self) -> &'static str {
        self.on
    }

    /// Of this record: each has its duties.
    pub fn of(self, id: Uuid) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    /// To be done by then.
    pub fn by(self, at: Timestamp) -> Self {
        Self {
            by: Some(at),
            ..self
        }
    }
}

/// Creates the duties that the law attaches to what has happened, once for each recipient and
/// occasion. The caller holds the case file's lock and appends the events.
pub async fn arise(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    occasions: &[Occasion],
) -> Result<Vec<Event>, Problem> {
    let now = app.clock.now();
    if occasions.is_empty() {
        return Ok(Vec::new());
    }
    let paper = papers::get(tx, &app.vault, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let assessed = assessments::of_case(tx, app, case, &paper, now).await?;
    let mut events = Vec::new();
    for occasion in occasions {
        if occasion.on == "interview_requested" && !paper.asks.interview {
            continue;
        }
        events.extend(create(tx, case.id, &assessed, occasion, now).await?);
    }
    Ok(events)
}

async fn create(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    assessed: &Assessment,
    occasion: &Occasion,
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    for named in assessed
        .duties
        .iter()
        .filter(|named| named.on == occasion.on)
    {
        for recipient in &named.to {
            let duty = NewDuty {
                id: DutyId::new(now),
                detainer,
                duty: named.duty,
                recipient,
                occasion: occasion.id,
                due_at: occasion
                    .by
                    .or_else(|| due(named.within.as_deref(), occasion.at)),
                citation: Some(&named.cite),
                at: now,
            };
            if store::insert(tx, &duty).await? {
                events.push(created(tx, &duty));
            }
        }
    }
    Ok(events)
}

/// `24 hours`, `2 days`, `48 hours of arrival`, `promptly`; anything else names no instant.
fn due(within: Option<&str>, from: Timestamp) -> Option<Timestamp> {
    let within = within?.trim().to_lowercase();
    if within == "promptly" {
        return Some(from + chrono::Duration::hours(TARGET_HOURS));
    }
    let number: i64 = within
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .ok()
        .filter(|number| *number <= 3660)?;
    let unit = within
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .trim_start_matches(['_', ' '])
        .split(' ')
        .next()?;
    match unit.trim_end_matches('s') {
        "hour" | "h" => Some(from + chrono::Duration::hours(number)),
        "day" | "d" => Some(from + chrono::Duration::days(number)),
        _ => None,
    }
}

/// The copy of the request that is owed to the person (form I-247A takes effect only with it): a
/// service finishes that duty, and creates it where nothing had before.
pub async fn copy_served(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    service: &Service,
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let duty = NewDuty {
        id: DutyId::new(now),
        detainer,
        duty: "service_copy",
        recipient: "person",
        occasion: None,
        due_at: None,
        citation: Some("Form I-247A"),
        at: now,
    };
    let mut events = Vec::new();
    if store::insert(tx, &duty).await? {
        events.push(created(tx, &duty));
    }
    let id = store::find(tx, detainer, duty.duty, duty.recipient).await?;
    let evidence = match &service.language {
        Some(language) => format!("served: {} ({language})", service.method),
        None => format!("served: {}", service.method),
    };
    let done = Statement {
        done_at: Some(service.served_at),
        evidence: Some(evidence),
    };
    events.push(state(tx, detainer, id, &done, now).await?);
    Ok(events)
}

/// A claim of citizenship or status is to be looked into, whatever the rules of the place say: a
/// claim creates that duty, and its resolution finishes it.
pub async fn verification(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    resolved_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let duty = NewDuty {
        id: DutyId::new(now),
        detainer,
        duty: "verify_status",
        recipient: "agency",
        occasion: None,
        due_at: Some(now + chrono::Duration::hours(TARGET_HOURS)),
        citation: None,
        at: now,
    };
    let mut events = Vec::new();
    let new = store::insert(tx, &duty).await?;
    if new {
        events.push(created(tx, &duty));
    }
    // A second claim opens what the end of the first had finished.
    if !new || resolved_at.is_some() {
        let id = store::find(tx, detainer, duty.duty, duty.recipient).await?;
        let statement = Statement {
            done_at: resolved_at,
            evidence: resolved_at.map(|_| "the claim was resolved".to_owned()),
        };
        events.push(state(tx, detainer, id, &statement, now).await?);
    }
    Ok(events)
}

/// Records what is said of a duty's being done: the latest word counts.
pub async fn state(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    duty: Uuid,
    statement: &Statement,
    now: Timestamp,
) -> Result<Event, StoreError> {
    let (salt, by) = (salt(), tx.actor().name.clone());
    store::state(tx, duty, statement, &by, &salt, now).await?;
    Ok(Event::new("duty.done", now, tx.actor())
        .detainer(detainer)
        .subject("duty", duty)
        .data(
            "done_at",
            statement.done_at.map(crate::log::append::instant),
        )
        .data(
            "row_hash",
            leaf::row_hash(&salt, &(&statement.evidence, &by)),
        ))
}

fn created(tx: &ScopedTx<'_>, duty: &NewDuty<'_>) -> Event {
    Event::new("duty.created", duty.at, tx.actor())
        .detainer(duty.detainer)
        .subject("duty", duty.id.as_uuid())
        .data("duty", duty.duty)
        .data("to", duty.recipient)
        .data("due_at", duty.due_at.map(crate::log::append::instant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_time_is_read_from_the_rules_words() {
        let now: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        for (within, hours) in [
            (Some("promptly"), Some(24)),
            (Some("48 hours"), Some(48)),
            (Some("2_days"), Some(48)),
            (Some("48 hours of arrival"), Some(48)),
            (Some("before release"), None),
            (None, None),
        ] {
            let expected = hours.map(|hours| now + chrono::Duration::hours(hours));
            assert_eq!(due(within, now), expected, "{within:?}");
        }
    }
}
