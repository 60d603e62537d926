//! The booking behind a request, its charges, and what was recorded of the release.

use crate::custodian::bookings::store as bookings;
use crate::custodian::detainers::CaseFile;
use crate::custodian::release_notices::store as notices;
use crate::dashboard::{Chip, Frame, Shape, Tone, When, time, words};
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::policy::Disposition;

pub struct BookingPanel {
    /// The page that asks what their history is opened for.
    pub person_href: String,
    pub number: String,
    pub booked: Option<When>,
    pub releasable: Option<When>,
    /// "local charge".
    pub basis: String,
    pub held_past_release: String,
    pub charges: Vec<ChargeLine>,
}

pub struct ChargeLine {
    /// "PC 459, second degree, felony (CA)".
    pub offense: String,
    /// "charge, not a conviction" or "convicted 24 Nov 2012".
    pub standing: String,
    pub conviction: bool,
    pub charged_on: String,
}

pub struct NoticeLine {
    pub kind: String,
    pub effective: When,
    pub basis: String,
    pub recorded: When,
    /// "current", "replaced".
    pub state: String,
    /// "withheld: prohibited", "told to SND", "waits for a reviewer".
    pub action: Chip,
}

pub async fn booking(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    reviews: &[notices::Review],
    frame: &Frame,
) -> Result<(Option<BookingPanel>, Vec<NoticeLine>), Problem> {
    let Some(linked) = case.booking else {
        return Ok((None, Vec::new()));
    };
    let Some(booking) = bookings::by_id(tx, linked.as_uuid()).await? else {
        return Ok((None, Vec::new()));
    };
    let charges = bookings::charges(tx, booking.id).await?;
    let known = notices::of_booking(tx, booking.id).await?;
    let held = match (booking.otherwise_releasable_at, booking.released_at) {
        (Some(releasable), Some(released)) => {
            format!("{} min", (released - releasable).num_minutes().max(0))
        }
        (None, _) => "unknown until the local basis ends".to_owned(),
        (_, None) => "unknown until the release".to_owned(),
    };
    let panel = BookingPanel {
        person_href: format!("/persons/{}", booking.person_id),
        number: booking.booking_number.clone(),
        booked: booking.booked_at.map(|at| frame.when(at)),
        releasable: booking.otherwise_releasable_at.map(|at| frame.when(at)),
        basis: booking
            .custody_basis
            .as_deref()
            .map_or_else(|| "unknown".to_owned(), words::plain),
        held_past_release: held,
        charges: charges
            .iter()
            .map(|charge| {
                let parts: Vec<&str> = [&charge.statute, &charge.description, &charge.level]
                    .into_iter()
                    .flatten()
                    .map(String::as_str)
                    .collect();
                let mut offense = parts.join(", ");
                if offense.is_empty() {
                    offense = "unknown offense".to_owned();
                }
                if let Some(state) = &charge.state {
                    offense.push_str(&format!(" ({state})"));
                }
                // What the feed calls a disposition is no proof of a conviction.
                let standing = match &charge.disposition {
                    Some(disposition) => {
                        format!("charge, not a conviction; reported as: {disposition}")
                    }
                    None => "charge, not a conviction".to_owned(),
                };
                ChargeLine {
                    offense,
                    standing,
                    conviction: false,
                    charged_on: charge
                        .charged_on
                        .map_or_else(|| "unknown".to_owned(), time::day),
                }
            })
            .collect(),
    };
    let lines = known
        .iter()
        .rev()
        .map(|notice| NoticeLine {
            kind: words::release_kind(&notice.kind),
            effective: frame.when(notice.effective_at),
            basis: notice
                .release_basis
                .as_deref()
                .map_or_else(|| "reason unknown".to_owned(), words::plain),
            recorded: frame.when(notice.recorded_at),
            state: if notice.current {
                "current"
            } else {
                "replaced"
            }
            .to_owned(),
            action: followed(
                reviews
                    .iter()
                    .find(|review| review.release_notice_id == notice.id),
            ),
        })
        .collect();
    Ok((Some(panel), lines))
}

/// What followed a notice for this request.
fn followed(review: Option<&notices::Review>) -> Chip {
    match review {
        None => Chip::new(Shape::Open, Tone::Plain, "No decision on it"),
        Some(review) => match review.action.as_str() {
            "notified" => Chip::new(Shape::Done, Tone::Good, "Told to the office"),
            "withheld" if review.disposition == Disposition::Prohibited.as_str() => {
                Chip::new(Shape::Barred, Tone::Grave, "Withheld: prohibited")
            }
            "withheld" => Chip::new(Shape::Done, Tone::Plain, "Withheld"),
            _ => Chip::new(Shape::Clock, Tone::Careful, "Waits for a reviewer"),
        },
    }
}
