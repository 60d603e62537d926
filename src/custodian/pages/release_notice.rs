//! `/release-notices/new`: a booking number first, then what will follow, then the record.
//! It never blocks: a release can always be recorded.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::bookings::store as bookings;
use crate::custodian::detainers::{case_file, papers};
use crate::custodian::determinations::store as determinations;
use crate::custodian::release_notices::record::NoticeRequest;
use crate::custodian::release_notices::store::NoticeRow;
use crate::custodian::release_notices::{NoticeKind, ReleaseBasis, api, link, matching, store};
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, Chip, ErrorSummary, Frame, Layout, Learns, Person, Posted, SelectField, TextArea,
    TextField, Tokens, Typed, Visitor, time, words,
};
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::filter::percent;
use crate::exchange::detainer::{Paper, Status};
use crate::http::{Caller, Problem};
use crate::policy::{ActAssessment, Disposition};

#[derive(Template)]
#[template(path = "custodian/release_notice.html")]
pub struct ReleaseNoticePage {
    pub layout: Layout,
    /// Step one: `GET /release-notices/new?booking_number=`.
    pub booking_number: TextField,
    /// Step two, once a number was given.
    pub form: Option<ReleaseNoticeForm>,
}

/// `POST /release-notices`.
pub struct ReleaseNoticeForm {
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    /// Hidden field `booking_number`.
    pub booking_number: String,
    /// None: no booking has this number; the notice opens one, and the fields of `stranger` are asked.
    pub person: Option<Person>,
    pub stranger: Option<StrangerFields>,
    /// "booked 18 Nov 2026 21:40 PST · local charge".
    pub booking: String,
    /// The current notice that this one will replace.
    pub replaces: Option<String>,
    pub kind: SelectField,
    pub effective_at: TextField,
    pub release_basis: SelectField,
    pub public_url: TextField,
    pub note: TextArea,
    /// One line for each pending request of this person here.
    pub preview: Vec<PreviewLine>,
    /// Candidates by name and birth date that a person must look at.
    pub candidates: Vec<String>,
}

pub struct StrangerFields {
    pub family_name: TextField,
    pub given_name: TextField,
    pub date_of_birth: TextField,
    pub a_number: TextField,
}

/// "Before you send": one request, what the law says and what will happen.
pub struct PreviewLine {
    /// "I-247A of 20 Nov 2026, SND".
    pub request: String,
    pub href: String,
    /// "same booking", "same A-number".
    pub matched: String,
    pub disposition: Chip,
    pub citation: String,
    pub draft: bool,
    pub learns: Learns,
    /// "Waits for a reviewer of this agency until 24 Nov 2026 20:00 PST" or
    /// "Sent at once by the standing decision of 1 Nov 2026, signed by …".
    pub then: String,
}

/// `GET /release-notices/new?booking_number=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNoticeQuery {
    pub booking_number: Option<String>,
}

pub async fn get(app: &App, visitor: &Visitor, query: NewNoticeQuery) -> Result<Response, Problem> {
    page(
        app,
        visitor,
        query.booking_number.as_deref(),
        &Typed::default(),
    )
    .await
}

/// `POST /release-notices`
pub async fn post(app: &App, posted: Posted) -> Result<Response, Problem> {
    let number = posted.fields.get("booking_number").to_owned();
    let request = request(app, &posted, &number).await;
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::recorded(tx, app, request).await
        })
        .await;
    match answer {
        Ok(response) => {
            let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
                .await
                .map_err(Problem::internal)?;
            let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let matches = body["matches"].as_array().map_or(&[][..], Vec::as_slice);
            Ok(match matches {
                [] => posted.done(
                    app,
                    &format!("/bookings?booking_number={}", percent(&number)),
                    "noticed-none",
                ),
                [one] => posted.done(
                    app,
                    &format!(
                        "/detainers/{}",
                        one["detainer"].as_str().unwrap_or_default()
                    ),
                    "noticed",
                ),
                _ => posted.done(app, "/", "noticed"),
            })
        }
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, Some(&number), &typed).await
        }
    }
}

const FORM: &str = "notice";

/// The command's body: of a known booking, the person and the plan that it replaces are filled in.
async fn request(app: &App, posted: &Posted, number: &str) -> Result<NoticeRequest, Problem> {
    let mut tx = posted.visitor.open(app, Access::Read).await?;
    let booking = bookings::latest(&mut tx, number).await?;
    let fields = &posted.fields;
    let mut body = Body::new(fields)
        .texts(&["booking_number", "kind", "release_basis", "note"])
        .local("effective_at", posted.frame.zone);
    if let Some(booking) = &booking {
        let person = bookings::person(&mut tx, &app.vault, booking.person_id).await?;
        body = body.value("subject", serde_json::to_value(&person).unwrap_or_default());
        let known = store::of_booking(&mut tx, booking.id).await?;
        let kind = NoticeKind::parse(fields.get("kind"));
        if let Some(plan) = kind.and_then(|kind| replaced_by(kind, &known)) {
            body = body.value("supersedes", plan.id.to_string().into());
        }
    } else {
        body = body.texts(&[
            "subject.family_name",
            "subject.given_name",
            "subject.date_of_birth",
            "subject.a_number",
        ]);
        if fields.get("subject.family_name").is_empty() {
            body = body.value("subject.family_name", "".into());
        }
    }
    tx.rollback().await?;
    if !fields.get("public_url").is_empty() {
        body = body.value(
            "release_information_public",
            serde_json::json!({"url": fields.get("public_url"), "captured_at": posted.frame.now}),
        );
    }
    body.read()
}

/// A new plan, or its calling off, replaces the plan that stands; what has happened replaces
/// nothing, since it outranks every plan.
fn replaced_by(kind: NoticeKind, known: &[NoticeRow]) -> Option<&NoticeRow> {
    use NoticeKind::{Cancelled, Immediate, Rescheduled, Scheduled};
    if !matches!(kind, Scheduled | Rescheduled | Immediate | Cancelled) {
        return None;
    }
    known.iter().rev().find(|notice| {
        notice.current
            && matches!(
                notice.kind(),
                Scheduled | Rescheduled | Immediate | Cancelled
            )
    })
}

async fn page(
    app: &App,
    visitor: &Visitor,
    number: Option<&str>,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let form = match number.map(str::trim).filter(|number| !number.is_empty()) {
        None => None,
        Some(number) => Some(second_step(app, &mut tx, &frame, number, typed).await?),
    };
    tx.rollback().await?;
    let page = ReleaseNoticePage {
        layout: frame.layout("Record a release notice"),
        booking_number: TextField::new("booking_number", "booking_number", "Booking number")
            .required()
            .hint("A number that is not known here opens a booking.")
            .value(number.unwrap_or_default()),
        form,
    };
    show(typed.status(), &page)
}

async fn second_step(
    app: &App,
    tx: &mut ScopedTx<'_>,
    frame: &Frame,
    number: &str,
    typed: &Typed,
) -> Result<ReleaseNoticeForm, Problem> {
    let fields = typed.form(FORM);
    let booking = bookings::latest(tx, number).await?;
    let (mut person, mut stranger, mut replaces) = (None, None, None);
    let (mut preview, mut candidates) = (Vec::new(), Vec::new());
    let about = match &booking {
        None => {
            stranger = Some(StrangerFields {
                family_name: fields
                    .text("subject.family_name", "Family name", "")
                    .required(),
                given_name: fields.text("subject.given_name", "Given name", ""),
                date_of_birth: fields
                    .text("subject.date_of_birth", "Birth date", "")
                    .kind("date"),
                a_number: fields.text("subject.a_number", "A-number", ""),
            });
            candidates.push(
                "No booking has this number yet: the requests about this person are looked for when the notice is recorded, by the number, and by the A-number if you enter it."
                    .to_owned(),
            );
            "unknown: no booking has this number. The notice opens one.".to_owned()
        }
        Some(booking) => {
            let who = bookings::person(tx, &app.vault, booking.person_id).await?;
            person = Some(super::person(&who));
            let known = store::of_booking(tx, booking.id).await?;
            replaces = replaced_by(NoticeKind::Scheduled, &known).map(|plan| {
                format!(
                    "Stands now: {}, {}. A new plan replaces it.",
                    words::release_kind(&plan.kind).to_lowercase(),
                    time::absolute(plan.effective_at, frame.zone)
                )
            });
            let keys = bookings::keys_of(tx, booking.person_id).await?;
            let ids = store::cases_about(tx, booking).await?;
            let papers = papers::by_ids(tx, &app.vault, &ids).await?;
            for case in case_file::by_ids(tx, &ids).await? {
                let Some(basis) = matching::basis(&case, booking, &keys) else {
                    continue;
                };
                if !link::may_be_about(tx, &case, booking).await? {
                    continue;
                }
                let Some(paper) = papers.iter().find(|paper| paper.id == case.id) else {
                    continue;
                };
                if matches!(case.status, Status::Cancelled | Status::Superseded) {
                    continue;
                }
                let decided = determinations::latest_notify_decision(tx, case.id).await?;
                let assessed = assessments::of_case(tx, app, &case, paper, app.clock.now()).await?;
                preview.push(preview_line(
                    paper,
                    &assessed.notify_release,
                    basis,
                    decided.as_deref(),
                ));
            }
            let booked = booking.booked_at.map_or_else(
                || "time of booking unknown until the jail's system sends it".to_owned(),
                |at| format!("booked {}", time::absolute(at, frame.zone)),
            );
            let basis = booking
                .custody_basis
                .as_deref()
                .map_or_else(|| "basis of custody unknown".to_owned(), words::plain);
            format!("{booked} · {basis}")
        }
    };
    let kinds: Vec<(&str, String)> = NoticeKind::ALL
        .iter()
        .map(|kind| (kind.as_str(), words::release_kind(kind.as_str())))
        .collect();
    let kinds: Vec<(&str, &str)> = kinds
        .iter()
        .map(|(value, label)| (*value, label.as_str()))
        .collect();
    let bases: Vec<(&str, String)> = ReleaseBasis::ALL
        .iter()
        .map(|basis| (basis.as_str(), words::plain(basis.as_str())))
        .collect();
    let bases: Vec<(&str, &str)> = std::iter::once(("", "unknown"))
        .chain(bases.iter().map(|(value, label)| (*value, label.as_str())))
        .collect();
    Ok(ReleaseNoticeForm {
        tokens: frame.tokens(),
        errors: typed.summary(),
        booking_number: number.to_owned(),
        person,
        stranger,
        booking: about,
        replaces,
        kind: fields
            .select("kind", "What happens", &kinds, "scheduled")
            .required(),
        effective_at: fields
            .local("effective_at", "When", "", frame.zone)
            .required(),
        release_basis: fields.select("release_basis", "Why", &bases, ""),
        public_url: fields
            .text("public_url", "Where the public can read it", "")
            .kind("url")
            .hint("The address of a page that already shows this release to everybody."),
        note: fields.area("note", "Note").hint("Stays in this agency."),
        preview,
        candidates,
    })
}

fn preview_line(
    paper: &Paper,
    assessed: &ActAssessment,
    basis: matching::Basis,
    decided: Option<&str>,
) -> PreviewLine {
    let office = format!("The office {}", paper.office);
    let told = "the kind and the time of this release, nothing of the booking".to_owned();
    let (what, then) = match (assessed.disposition, decided) {
        (Disposition::Prohibited, _) => (
            None,
            "Recorded and withheld: the law prohibits telling.".to_owned(),
        ),
        (Disposition::Permitted | Disposition::Required, Some("comply")) => (
            Some(told),
            "Sent at once: this agency has decided to notify this office of this release."
                .to_owned(),
        ),
        _ => (
            None,
            "Waits for a reviewer of this agency, at most 24 h (the agency's target) and until the release."
                .to_owned(),
        ),
    };
    PreviewLine {
        request: format!(
            "{} of {}, {}",
            paper.form,
            time::day(paper.issued_on),
            paper.office
        ),
        href: format!("/detainers/{}", paper.id),
        matched: match basis {
            matching::Basis::Booking => "same booking",
            matching::Basis::Identifier => "same identifier",
            matching::Basis::Candidate => "name and birth date",
        }
        .to_owned(),
        disposition: words::disposition(assessed.disposition),
        citation: assessed.citations.join(", "),
        draft: false,
        learns: Learns {
            who: office,
            what,
            stays_in: "this agency".to_owned(),
        },
        then,
    }
}
