//! What a feed says of a booking: new, changed or the same as before.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::store::Content;
use super::versions::Version;
use super::{Booking, CustodyBasis, Keys, store};
use crate::app::App;
use crate::custodian::release_notices::link;
use crate::db::ScopedTx;
use crate::db::vault::Vault;
use crate::exchange::detainer::request::{Complaints, check_birth};
use crate::http::Problem;
use crate::log::{self, Event, leaf};
use crate::types::Timestamp;
use crate::types::a_number::ANumber;
use crate::types::ids::BookingId;
use crate::types::ori::Ori;

/// `PUT /v1/bookings/{booking_number}`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "booked_at": "2025-11-19T22:10:00-08:00", "subject": {"family_name": "Example", "given_name": "Ana", "date_of_birth": "1990-02-03", "a_number": "A012345678"},
    "charges": [{"statute": "PC 459", "state": "CA", "level": "misdemeanor"}], "custody_basis": "local_charge"
}))]
pub struct BookingRequest {
    #[schema(value_type = Option<String>)]
    pub agency: Option<Ori>,
    pub booked_at: Timestamp,
    /// When the local basis of custody ended: a fact, whatever was held afterwards.
    pub otherwise_releasable_at: Option<Timestamp>,
    pub subject: PersonRequest,
    #[serde(default)]
    pub charges: Vec<ChargeRequest>,
    pub custody_basis: Option<CustodyBasis>,
}

#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonRequest {
    pub family_name: String,
    pub given_name: Option<String>,
    pub additional_names: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
    pub sex: Option<String>,
    pub citizenship: Option<String>,
    pub a_number: Option<String>,
    pub fbi_number: Option<String>,
    pub state_id: Option<String>,
}

/// A charge is not a conviction.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChargeRequest {
    pub statute: Option<String>,
    pub state: Option<String>,
    pub description: Option<String>,
    pub level: Option<String>,
    pub charged_on: Option<NaiveDate>,
    pub disposition: Option<String>,
    pub disposition_on: Option<NaiveDate>,
}

/// What an upsert did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    New,
    Changed,
    Unchanged,
}

impl PersonRequest {
    pub fn check(&self, complaints: &mut Complaints, today: NaiveDate) {
        complaints.text("/subject/family_name", &self.family_name, 300);
        for (pointer, value, max) in [
            ("/subject/given_name", &self.given_name, 300),
            ("/subject/additional_names", &self.additional_names, 300),
            ("/subject/sex", &self.sex, 20),
            ("/subject/citizenship", &self.citizenship, 60),
            ("/subject/fbi_number", &self.fbi_number, 9),
            ("/subject/state_id", &self.state_id, 20),
        ] {
            complaints.optional_text(pointer, value.as_deref(), max);
        }
        if let Some(text) = &self.a_number
            && let Err(error) = text.parse::<ANumber>()
        {
            complaints.add("/subject/a_number", "format", error.to_string());
        }
        check_birth(complaints, self.date_of_birth, today);
    }

    /// Each strong identifier in its normal form.
    pub fn identifiers(&self) -> Vec<(&'static str, String)> {
        let upper =
            |text: &Option<String>| text.as_ref().map(|text| text.trim().to_ascii_uppercase());
        let a_number = self
            .a_number
            .as_ref()
            .and_then(|text| text.parse::<ANumber>().ok())
            .map(|n| n.reveal().to_owned());
        [
            ("a_number", a_number),
            ("fbi_number", upper(&self.fbi_number)),
            ("state_id", upper(&self.state_id)),
        ]
        .into_iter()
        .filter_map(|(kind, value)| Some((kind, value?)))
        .collect()
    }

    pub fn keys(&self, vault: &Vault) -> Keys {
        let mut keys = Keys::default();
        for (kind, value) in self.identifiers() {
            let index = Some(vault.index(kind, &value));
            match kind {
                "a_number" => keys.a_number = index,
                "fbi_number" => keys.fbi_number = index,
                _ => keys.state_id = index,
            }
        }
        keys
    }
}

impl BookingRequest {
    pub fn check(&self, booking_number: &str, own: &str, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.text("/booking_number", booking_number, 60);
        if self.agency.as_ref().is_some_and(|ori| ori.as_str() != own) {
            complaints.add(
                "/agency",
                "scope",
                format!("This key writes bookings of {own}."),
            );
        }
        self.subject.check(&mut complaints, now.date_naive());
        let earliest = 315_532_800; // 1980
        if self.booked_at.timestamp() < earliest || self.booked_at > now + chrono::Duration::days(1)
        {
            complaints.add(
                "/booked_at",
                "range",
                "booked_at must lie between 1980 and now.",
            );
        }
        if let Some(at) = self.otherwise_releasable_at
            && (at < self.booked_at || at > now + chrono::Duration::days(3653))
        {
            complaints.add(
                "/otherwise_releasable_at",
                "range",
                "otherwise_releasable_at must lie between booked_at and ten years ahead.",
            );
        }
        if self.charges.len() > 200 {
            complaints.add("/charges", "length", "At most 200 charges.");
        }
        for (at, charge) in self.charges.iter().enumerate() {
            for (field, value, max) in [
                ("statute", &charge.statute, 60),
                ("state", &charge.state, 20),
                ("description", &charge.description, 500),
                ("level", &charge.level, 40),
                ("disposition", &charge.disposition, 200),
            ] {
                complaints.optional_text(&format!("/charges/{at}/{field}"), value.as_deref(), max);
            }
        }
        complaints.finish()
    }

    /// A hash that is equal when nothing of the statement has changed.
    pub fn content_hash(&self, vault: &Vault) -> Vec<u8> {
        let content = serde_json::json!({
            "booked_at": log::append::instant(self.booked_at),
            "otherwise_releasable_at": self.otherwise_releasable_at.map(log::append::instant),
            "subject": self.subject,
            "charges": self.charges,
            "custody_basis": self.custody_basis,
        });
        // Keyed, since a bare hash of a person's data could be guessed from outside.
        vault.tag("booking content", &Sha256::digest(leaf::sorted(&content)))
    }
}

/// Records what the feed says. `booked_on` is the date in the facility's zone.
pub async fn upsert(
    tx: &mut ScopedTx<'_>,
    app: &App,
    booking_number: &str,
    request: &BookingRequest,
) -> Result<(Booking, Change), Problem> {
    let now = app.clock.now();
    let zone: chrono_tz::Tz = tx
        .actor()
        .agency
        .as_ref()
        .and_then(|agency| agency.time_zone.parse().ok())
        .unwrap_or(chrono_tz::UTC);
    let booked_on = request.booked_at.with_timezone(&zone).date_naive();
    let content_hash = request.content_hash(&app.vault);
    // The same number on another day is another booking; one that a notice opened waits for its date.
    let mut same = store::on_date(tx, booking_number, booked_on).await?;
    if same.is_none() {
        store::lock_number(tx, booking_number).await?;
        same = store::on_date(tx, booking_number, booked_on).await?;
    }
    if let Some(booking) = &same
        && booking.content_hash.as_deref() == Some(&content_hash)
    {
        return Ok((booking.clone(), Change::Unchanged));
    }
    let (id, change) = match &same {
        Some(booking) => {
            store::update_person(tx, &app.vault, booking.person_id, &request.subject).await?;
            (booking.id, Change::Changed)
        }
        None => {
            let (person, _) = store::person_for(tx, &app.vault, &request.subject, now).await?;
            let id = BookingId::new(now).as_uuid();
            store::insert(
                tx,
                id,
                booking_number,
                person,
                Some((request.booked_at, booked_on)),
                now,
            )
            .await?;
            (id, Change::New)
        }
    };
    let kept = Version::of_feed(request, &app.vault);
    let event = Event::new("booking.changed", now, tx.actor())
        .subject("booking", id)
        .data("content_hash", hex::encode(&content_hash))
        .data("row_hash", kept.row_hash());
    let content = Content {
        booked: (request.booked_at, booked_on),
        otherwise_releasable_at: request.otherwise_releasable_at,
        custody_basis: request.custody_basis.map(CustodyBasis::as_str),
        content_hash: &content_hash,
        version: &kept,
        event: event.id.as_uuid(),
        at: now,
    };
    let version = store::update(tx, id, &content).await?;
    store::replace_charges(tx, id, &request.charges).await?;
    let booking = store::by_id(tx, id).await?.ok_or_else(Problem::not_found)?;
    let mut events = link::link_booking(tx, app, &booking).await?;
    events.insert(0, event.data("version", version));
    log::append(tx, events).await?;
    Ok((booking, change))
}
