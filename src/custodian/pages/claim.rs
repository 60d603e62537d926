//! `/detainers/{id}/citizenship-claims`: that a person claims citizenship or a status, and what
//! came of it.

use axum::response::Response;

use super::step::{self, Opened};
use crate::app::App;
use crate::custodian::claims::store::{self, Claim};
use crate::custodian::claims::{ClaimKind, ClaimResult, api};
use crate::custodian::detainers::api::{self as detainers, DESK};
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, Field, Frame, Posted, StepPage, Typed, Visitor, step as steps, time, words,
};
use crate::http::{Problem, Tagged};
use crate::types::ids::{ClaimId, DetainerId};

const MAKE: &str = "claim";
const RESOLVE: &str = "claim-result";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/citizenship-claims`
pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields)
        .texts(&["kind", "proof"])
        .local("claimed_at", posted.frame.zone)
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::made(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}"), "claimed")),
        Err(problem) => {
            let typed = Typed::refused(MAKE, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, &typed).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (tx, opened) = step::open(app, visitor, id, DESK).await?;
    tx.rollback().await?;
    let Opened { frame, case, .. } = &opened;
    let kinds: Vec<(&str, &str)> = std::iter::once(("", "Choose"))
        .chain(ClaimKind::ALL.iter().map(|one| (one.as_str(), kind(*one))))
        .collect();
    let mut consequences = vec![
        "Cooperation on this request pauses until the claim is resolved: no standing decision decides, and nobody \
         can comply with an act or start a hold."
            .to_owned(),
        "What was told before is not called back, and a hold that runs goes on until somebody ends it."
            .to_owned(),
    ];
    if case.claim_open {
        consequences.push("A claim is open on this request already.".to_owned());
    }
    let fields = typed.form(MAKE);
    let page = StepPage {
        consequences,
        grave: true,
        fields: vec![
            fields
                .select("kind", "The person claims to be", &kinds, "")
                .required()
                .into(),
            fields
                .local(
                    "claimed_at",
                    "Claimed",
                    &time::local(frame.now, frame.zone),
                    frame.zone,
                )
                .required()
                .into(),
            fields
                .area("proof", "What the person showed or said")
                .hint("Stays in this agency.")
                .into(),
        ],
        ..opened.page(
            typed,
            "Record a claim of citizenship",
            "citizenship-claims",
            "Record the claim",
        )
    };
    show(typed.status(), &page)
}

pub async fn get_one(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    claim: ClaimId,
) -> Result<Response, Problem> {
    one(app, visitor, id, claim, &Typed::default()).await
}

/// `POST /detainers/{id}/citizenship-claims/{claim}`
pub async fn post_one(
    app: &App,
    posted: Posted,
    id: DetainerId,
    claim: ClaimId,
) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields)
        .texts(&["result", "source"])
        .local("resolved_at", posted.frame.zone)
        .read();
    let headers = steps::if_match(&posted.fields);
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::resolved(tx, app, id, claim, &headers, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}"), "claim-resolved")),
        Err(problem) => {
            let problem = steps::reworded(problem);
            let typed = Typed::refused(RESOLVE, posted.fields.clone(), problem);
            one(app, &posted.visitor, id, claim, &typed).await
        }
    }
}

async fn one(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    claim: ClaimId,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, opened) = step::open(app, visitor, id, DESK).await?;
    let claims = store::of_detainer(&mut tx, id).await?;
    let etag = Tagged::ok(&detainers::body(&mut tx, app, id).await?).etag();
    tx.rollback().await?;
    let found = claims
        .iter()
        .find(|found| found.id == claim.as_uuid())
        .ok_or_else(Problem::not_found)?;
    let frame = &opened.frame;
    let others = claims
        .iter()
        .filter(|other| other.id != found.id && other.result.is_none())
        .count();
    let mut consequences = vec![
        "Confirmed counts as proof of citizenship or status on file: the rules then say what follows, such as an \
         exemption from every duty to cooperate."
            .to_owned(),
        "It cannot be changed afterwards; a new claim can always be made.".to_owned(),
    ];
    consequences.push(match others {
        0 => "Cooperation is no longer paused once this claim is resolved.".to_owned(),
        1 => "Cooperation stays paused: another claim is open.".to_owned(),
        more => format!("Cooperation stays paused: {more} other claims are open."),
    });
    let results: Vec<(&str, &str)> = std::iter::once(("", "Choose"))
        .chain(
            ClaimResult::ALL
                .iter()
                .map(|one| (one.as_str(), result(*one))),
        )
        .collect();
    let fields = typed.form(RESOLVE);
    let page = StepPage {
        about: vec![opened.about(), line(found, frame)],
        consequences,
        grave: true,
        barred: found
            .result
            .as_ref()
            .map(|_| "This claim has been resolved already. A new claim can be made.".to_owned()),
        fields: vec![
            Field::tag(etag),
            fields
                .select("result", "The claim is", &results, "")
                .required()
                .into(),
            fields
                .local(
                    "resolved_at",
                    "Resolved",
                    &time::local(frame.now, frame.zone),
                    frame.zone,
                )
                .required()
                .into(),
            fields
                .text("source", "Who or what settled it", "")
                .hint("Such as a birth certificate. Stays in this agency.")
                .required()
                .into(),
        ],
        ..opened.page(
            typed,
            "Resolve the claim",
            &format!("citizenship-claims/{claim}"),
            "Resolve the claim",
        )
    };
    show(typed.status(), &page)
}

fn kind(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::UsCitizen => "a U.S. citizen",
        ClaimKind::DerivedCitizen => "a U.S. citizen through a parent",
        ClaimKind::LawfulPermanentResident => "a lawful permanent resident",
        ClaimKind::OtherStatus => "of another lawful status",
    }
}

fn result(result: ClaimResult) -> &'static str {
    match result {
        ClaimResult::Confirmed => "Confirmed",
        ClaimResult::NotConfirmed => "Not confirmed",
        ClaimResult::Withdrawn => "Withdrawn by the person",
    }
}

/// "Claims to be a U.S. citizen, 25 Nov 2026 08:00 PST; recorded by B. Clerk. Open." For the
/// record's page too.
pub fn line(claim: &Claim, frame: &Frame) -> String {
    let of = claim
        .kind
        .parse::<ClaimKind>()
        .map_or_else(|_| words::plain(&claim.kind), |one| kind(one).to_owned());
    let mut text = format!(
        "Claims to be {of}, {}; recorded by {}.",
        time::absolute(claim.claimed_at, frame.zone),
        claim.recorded_by
    );
    match (&claim.result, claim.resolved_at) {
        (Some(word), Some(at)) => {
            let word = word
                .parse::<ClaimResult>()
                .map_or_else(|_| words::plain(word), |one| result(one).to_owned());
            text.push_str(&format!(
                " {word} {}, by {}.",
                time::absolute(at, frame.zone),
                claim.source.as_deref().unwrap_or("an unknown source")
            ));
        }
        _ => text.push_str(" Open."),
    }
    text
}
