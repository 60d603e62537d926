//! Matching from both ends. A notice or a booking looks for requests; a request, once its
//! reader runs, looks for bookings. Each is idempotent, so whichever commits later sees the
//! other. Callers hold the locks of the case files.

use uuid::Uuid;

use super::matching::{self, Basis};
use super::state::{self, State, Statement};
use super::store::{self, NoticeRow};
use crate::app::App;
use crate::custodian::bookings::{self, Booking, Keys};
use crate::custodian::detainers::{CaseFile, case_file};
use crate::custodian::determinations;
use crate::custodian::holds::EndReason;
use crate::custodian::holds::end::end_running;
use crate::custodian::matches::store::{self as matches, Found, Word};
use crate::custodian::outcomes;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::Status;
use crate::http::Problem;
use crate::log::{Event, leaf};
use crate::types::ids::{BookingId, DetainerId, MatchId};

/// Links a booking to the pending requests about its person, and carries its notices to them.
pub async fn link_booking(
    tx: &mut ScopedTx<'_>,
    app: &App,
    booking: &Booking,
) -> Result<Vec<Event>, Problem> {
    let ids = store::cases_about(tx, booking).await?;
    let mut events = Vec::new();
    if ids.is_empty() {
        return Ok(events);
    }
    let keys = bookings::store::keys_of(tx, booking.person_id).await?;
    let cases = case_file::lock_all(tx, &ids).await?;
    // In a later statement than the locks: what another writer recorded while we waited is seen,
    // or its state would be overwritten with an older one.
    let notices = store::of_booking(tx, booking.id).await?;
    for case in cases {
        if may_be_about(tx, &case, booking).await? {
            events.extend(attach(tx, app, case, booking, &keys, &notices).await?);
        }
    }
    Ok(events)
}

/// Links a request to the latest booking of its person, and looks at that booking's notices.
pub async fn link_case(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: CaseFile,
) -> Result<Vec<Event>, Problem> {
    for booking in stays(tx, &case).await? {
        let keys = bookings::store::keys_of(tx, booking.person_id).await?;
        if matching::basis(&case, &booking, &keys).is_some() {
            let notices = store::of_booking(tx, booking.id).await?;
            return attach(tx, app, case, &booking, &keys, &notices).await;
        }
    }
    let mut events = Vec::new();
    if let (None, Some(born)) = (case.booking, case.date_of_birth) {
        for booking in bookings::store::born_on(tx, born).await? {
            let keys = bookings::store::keys_of(tx, booking.person_id).await?;
            if matching::is_candidate(&case, &booking, &keys) {
                events.extend(found(tx, app, &case, &booking, Basis::Candidate).await?.1);
            }
        }
    }
    Ok(events)
}

/// Is this the stay that a request is about, if the two belong together at all? Of a person who
/// was here more than once it is the latest: a late word about an earlier stay takes no request.
pub async fn may_be_about(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    booking: &Booking,
) -> Result<bool, StoreError> {
    if case.booking.is_some() {
        return Ok(true);
    }
    for stay in stays(tx, case).await? {
        if stay.id == booking.id {
            return Ok(true);
        }
        let keys = bookings::store::keys_of(tx, stay.person_id).await?;
        if matching::basis(case, &stay, &keys).is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The bookings that a request may be about, the latest first.
async fn stays(tx: &mut ScopedTx<'_>, case: &CaseFile) -> Result<Vec<Booking>, StoreError> {
    let paper = Keys {
        a_number: case.a_number_index.clone(),
        fbi_number: case.fbi_number_index.clone(),
        state_id: case.state_id_index.clone(),
    };
    bookings::store::candidates(tx, &paper, case.booking_number.as_deref()).await
}

/// A request that names a stay which ended so many days before it was issued came too late for
/// it; beyond that the number has probably been given again.
const LATE_DAYS: i64 = 30;

/// A stay that was over, as far as the jail had recorded, before the request came: it says
/// nothing of where the person is now, and closes nothing. But a request that names it by its
/// number is about it, and came too late.
fn was_over(case: &CaseFile, booking: &Booking, notices: &[NoticeRow], state: &State) -> bool {
    let Some(released_at) = state.released_at else {
        return false;
    };
    let named = case.booking_number.as_deref() == Some(&booking.booking_number)
        && case.issued_on - released_at.date_naive() <= chrono::Duration::days(LATE_DAYS);
    !named
        && notices
            .iter()
            .filter(|notice| notice.kind().ends_custody())
            .all(|notice| notice.recorded_at < case.opened_at)
}

/// Looks at one pair: records that it was found, and joins the two where that is enough.
async fn attach(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: CaseFile,
    booking: &Booking,
    person: &Keys,
    notices: &[NoticeRow],
) -> Result<Vec<Event>, Problem> {
    if matches!(case.status, Status::Cancelled | Status::Superseded) {
        return Ok(Vec::new());
    }
    let Some(basis) = matching::basis(&case, booking, person) else {
        return match matching::is_candidate(&case, booking, person) {
            true => Ok(found(tx, app, &case, booking, Basis::Candidate).await?.1),
            false => Ok(Vec::new()),
        };
    };
    if case.booking.is_none() && was_over(&case, booking, notices, &now_of(notices)) {
        return Ok(Vec::new());
    }
    let (known, mut events) = found(tx, app, &case, booking, basis).await?;
    match known {
        // A person's word stands against matching.
        Found::Decided { same_person: false } => return Ok(events),
        // A candidate whom an identifier has since settled.
        Found::Open => {
            let now = app.clock.now();
            let word = Word {
                same_person: true,
                note: None,
                by: None,
                salt: &[],
                at: now,
            };
            let id = MatchId::new(now).as_uuid();
            let id = matches::say(tx, id, case.id, booking.id, &word).await?;
            events.push(decided(tx, id, case.id, booking.id, &word));
        }
        _ => {}
    }
    events.extend(join(tx, app, case, booking, basis, notices).await?);
    Ok(events)
}

/// Records a pair, with the event of its being found the first time.
async fn found(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    booking: &Booking,
    basis: Basis,
) -> Result<(Found, Vec<Event>), StoreError> {
    let now = app.clock.now();
    let id = MatchId::new(now).as_uuid();
    let known = matches::find(tx, id, case.id, booking.id, basis, now).await?;
    let events = match known {
        Found::New => vec![
            Event::new("match.found", now, tx.actor())
                .detainer(case.id)
                .subject("match", id)
                .subject("booking", booking.id)
                .data("match", basis.as_str()),
        ],
        _ => Vec::new(),
    };
    Ok((known, events))
}

/// `match.decided`, the agency's own.
pub fn decided(
    tx: &ScopedTx<'_>,
    id: Uuid,
    detainer: DetainerId,
    booking: Uuid,
    word: &Word<'_>,
) -> Event {
    Event::new("match.decided", word.at, tx.actor())
        .detainer(detainer)
        .subject("match", id)
        .subject("booking", booking)
        .data("same_person", word.same_person)
        .data("row_hash", leaf::row_hash(word.salt, &(word.note, word.by)))
}

fn now_of(notices: &[NoticeRow]) -> State {
    let statements: Vec<Statement> = notices.iter().map(NoticeRow::statement).collect();
    state::current(&statements)
}

/// Joins a request to a booking: brings the case's state up to date, and opens what waits for a
/// decision. The caller holds the case file's lock.
pub async fn join(
    tx: &mut ScopedTx<'_>,
    app: &App,
    mut case: CaseFile,
    booking: &Booking,
    basis: Basis,
    notices: &[NoticeRow],
) -> Result<Vec<Event>, Problem> {
    let now = app.clock.now();
    let state = now_of(notices);
    let was_linked = case.booking.is_some();
    let mut events = Vec::new();
    let status = if state.released_at.is_some() {
        Status::Closed
    } else if case.status == Status::Closed && outcomes::latest(tx, case.id).await?.is_none() {
        // A return, or a correction, opens again what a release had closed; what the agency's own
        // outcome has closed stays closed.
        Status::Pending
    } else {
        case.status
    };
    let moved = !was_linked
        || case.status != status
        || (case.release_expected_at, case.released_at)
            != (state.release_expected_at, state.released_at);
    if moved {
        case.booking = Some(BookingId::from(booking.id));
        case.release_expected_at = state.release_expected_at;
        case.released_at = state.released_at;
        case.status = status;
        if let Some(released_at) = state.released_at {
            // The person is gone: a hold that ran has ended with that.
            events.extend(end_running(tx, &mut case, EndReason::Released, released_at, now).await?);
        }
        case_file::save(tx, &case).await?;
    }
    for notice in notices.iter().filter(|notice| notice.current) {
        match store::review_of(tx, case.id, notice.id).await? {
            None => {
                events.extend(determinations::assess::open(tx, app, &case, notice, basis).await?);
            }
            // Settled when the request was taken off this booking, to which it comes back.
            Some(review) if !was_linked => store::reopen(tx, review.id, now).await?,
            Some(_) => {}
        }
    }
    Ok(events)
}
