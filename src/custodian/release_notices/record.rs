//! Recording a release notice: never blocked by a request, by the law or by a decision.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::store::{self, NewNotice, NoticeRow};
use super::{NoticeKind, ReleaseBasis, link, state};
use crate::app::App;
use crate::custodian::bookings::upsert::PersonRequest;
use crate::custodian::bookings::versions::{self, Version};
use crate::custodian::bookings::{self, Booking};
use crate::db::ScopedTx;
use crate::db::vault::Vault;
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::log::{self, Event, Receipt, leaf};
use crate::types::Timestamp;
use crate::types::ids::{BookingId, ReleaseNoticeId};
use crate::types::ori::Ori;

/// `POST /v1/release-notices`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "booking_number": "26-001234", "kind": "scheduled", "effective_at": "2027-01-10T08:00:00-08:00",
    "release_basis": "sentence_complete", "subject": {"family_name": "Example", "given_name": "Ana", "date_of_birth": "1990-02-03", "a_number": "A012345678"}
}))]
pub struct NoticeRequest {
    #[schema(value_type = Option<String>)]
    pub agency: Option<Ori>,
    pub booking_number: String,
    pub kind: NoticeKind,
    /// When the release is expected, or happened. With an offset.
    pub effective_at: Timestamp,
    pub release_basis: Option<ReleaseBasis>,
    pub subject: PersonRequest,
    pub release_information_public: Option<PublicInformation>,
    pub supersedes: Option<Uuid>,
    pub source_message_id: Option<String>,
    pub feed: Option<String>,
    pub note: Option<String>,
}

/// Evidence that the release date is known to everybody.
#[derive(Debug, Clone, Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicInformation {
    pub url: String,
    pub captured_at: Timestamp,
}

/// What recording did.
pub enum Recorded {
    New(NoticeRow, Receipt),
    /// The same message had come before.
    Known(NoticeRow),
}

impl NoticeRequest {
    pub fn check(&self, own: &str, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        if self.agency.as_ref().is_some_and(|ori| ori.as_str() != own) {
            complaints.add(
                "/agency",
                "scope",
                format!("This key writes notices of {own}."),
            );
        }
        complaints.text("/booking_number", &self.booking_number, 60);
        self.subject.check(&mut complaints, now.date_naive());
        complaints.optional_text("/source_message_id", self.source_message_id.as_deref(), 200);
        complaints.optional_text("/feed", self.feed.as_deref(), 100);
        complaints.optional_text("/note", self.note.as_deref(), 4000);
        if let Some(public) = &self.release_information_public
            && (public.url.len() > 2000
                || !(public.url.starts_with("https://") || public.url.starts_with("http://")))
        {
            complaints.add(
                "/release_information_public/url",
                "format",
                "An http or https address is expected.",
            );
        }
        if self.effective_at > now + chrono::Duration::days(3653) {
            complaints.add(
                "/effective_at",
                "range",
                "effective_at lies more than ten years ahead.",
            );
        }
        if self.effective_at.timestamp() < 315_532_800 {
            complaints.add("/effective_at", "range", "effective_at lies before 1980.");
        }
        complaints.finish()
    }

    /// Equal after parsing, absent = null.
    pub fn content_hash(&self, vault: &Vault) -> Vec<u8> {
        let content = serde_json::json!({
            "booking_number": self.booking_number,
            "kind": self.kind,
            "effective_at": log::append::instant(self.effective_at),
            "release_basis": self.release_basis,
            "subject": self.subject,
            "public": self.release_information_public.as_ref().map(|p| (p.url.as_str(), log::append::instant(p.captured_at))),
            "supersedes": self.supersedes,
            "feed": self.feed,
            "note": self.note,
        });
        vault.tag("notice content", &Sha256::digest(leaf::sorted(&content)))
    }
}

#[tracing::instrument(name = "release_notices.record", skip_all, fields(kind = %request.kind))]
pub async fn record(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: &NoticeRequest,
) -> Result<Recorded, Problem> {
    let now = app.clock.now();
    let content_hash = request.content_hash(&app.vault);
    if let Some(source) = &request.source_message_id
        && let Some(known) = store::by_source(tx, source).await?
    {
        return same_message(known, &content_hash);
    }
    let (booking, opened) = booking_for(tx, app, request, now).await?;
    if booking
        .booked_at
        .is_some_and(|booked| request.effective_at < booked)
    {
        return Err(Problem::field(
            "/effective_at",
            "before_booking",
            "effective_at lies before the booking.",
        ));
    }
    if let Some(superseded) = request.supersedes {
        let earlier = store::get(tx, superseded).await?;
        if earlier.is_none_or(|earlier| earlier.booking_id != booking.id) {
            return Err(Problem::field(
                "/supersedes",
                "unknown",
                "supersedes names no notice of this booking.",
            ));
        }
    }
    let id = ReleaseNoticeId::new(now);
    let event = recorded(tx, id, booking.id, request, &content_hash, now);
    if opened {
        let said = Version::of_notice(&request.subject, &app.vault);
        versions::keep(tx, booking.id, &said, event.id.as_uuid(), now).await?;
    }
    let by = tx.actor().name.clone();
    let notice = NewNotice {
        id,
        booking: &booking,
        request,
        content_hash: &content_hash,
        event: event.id.as_uuid(),
        by: &by,
        at: now,
    };
    let Some(recorded) = store::insert(tx, &notice).await? else {
        // Another copy of the message, under another key, committed between our look and our insert.
        let source = request.source_message_id.as_deref().unwrap_or_default();
        let known = store::by_source(tx, source)
            .await?
            .ok_or_else(Problem::unavailable)?;
        return same_message(known, &content_hash);
    };
    if request.kind.ends_custody()
        || matches!(request.kind, NoticeKind::Returned | NoticeKind::Correction)
        || request.supersedes.is_some()
        || booking.released_at.is_some()
    {
        // Two statements of one moment: the later one sees the earlier, or it would be lost here.
        bookings::store::lock(tx, booking.id).await?;
        let statements: Vec<_> = store::of_booking(tx, booking.id)
            .await?
            .iter()
            .map(NoticeRow::statement)
            .collect();
        bookings::store::set_released(tx, booking.id, state::current(&statements).released_at)
            .await?;
    }
    let mut events = link::link_booking(tx, app, &booking).await?;
    events.insert(0, event);
    let receipt = log::append(tx, events).await?.swap_remove(0);
    Ok(Recorded::New(recorded, receipt))
}

/// `release_notice.recorded`, the agency's own.
pub fn recorded(
    tx: &ScopedTx<'_>,
    id: ReleaseNoticeId,
    booking: Uuid,
    request: &NoticeRequest,
    content_hash: &[u8],
    at: Timestamp,
) -> Event {
    Event::new("release_notice.recorded", at, tx.actor())
        .subject("release_notice", id.as_uuid())
        .subject("booking", booking)
        .data("kind", request.kind.as_str())
        .instant("effective_at", request.effective_at)
        .data("content_hash", hex::encode(content_hash))
}

fn same_message(known: NoticeRow, content_hash: &[u8]) -> Result<Recorded, Problem> {
    if known.content_hash == content_hash {
        return Ok(Recorded::Known(known));
    }
    Err(Problem::new(
        Slug::Conflict,
        "Another notice of this agency carries the same source_message_id with other content.",
    )
    .with_error("/source_message_id", "conflict"))
}

/// The latest booking of the number; an unknown number opens one, whose date a feed fills in
/// later. Two notices for one unknown number open one.
async fn booking_for(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: &NoticeRequest,
    now: Timestamp,
) -> Result<(Booking, bool), Problem> {
    let mut known = bookings::store::latest(tx, &request.booking_number).await?;
    if known.is_none() {
        bookings::store::lock_number(tx, &request.booking_number).await?;
        known = bookings::store::latest(tx, &request.booking_number).await?;
    }
    if let Some(booking) = known {
        // What the notice adds to the same custody; it never contradicts what is there.
        bookings::store::fill_identifiers(tx, &app.vault, booking.person_id, &request.subject)
            .await?;
        return Ok((booking, false));
    }
    let (person, _) = bookings::store::person_for(tx, &app.vault, &request.subject, now).await?;
    let id = BookingId::new(now).as_uuid();
    bookings::store::insert(tx, id, &request.booking_number, person, None, now).await?;
    let booking = bookings::store::by_id(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok((booking, true))
}
