//! `/detainers/{id}/hold` and `/detainers/{id}/hold/end`: holding a person past release, and
//! ending it.

use axum::response::Response;

use super::fact_names;
use super::step::{self, Opened};
use crate::app::App;
use crate::custodian::holds::{AuthorityKind, EndReason, api, start, store};
use crate::custodian::{assessments, bookings};
use crate::dashboard::visitor::show;
use crate::dashboard::{Body, Posted, StepPage, Typed, Visitor, time};
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::policy::Act;
use crate::types::Role;
use crate::types::ids::DetainerId;

const START: &str = "hold";
const END: &str = "hold-end";

/// What the list of reasons sends for the reviewer's own words.
const OWN: &str = "own";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/hold`
pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields)
        .texts(&["authority.kind", "authority.reference"])
        .flags(&["tell_office"])
        .local("otherwise_releasable_at", posted.frame.zone)
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::started(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}#hold"), "hold-started")),
        Err(problem) => {
            let typed = Typed::refused(START, posted.fields.clone(), problem);
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
    let (mut tx, opened) = step::open(app, visitor, id, &[Role::Reviewer]).await?;
    let Opened { frame, case, paper } = &opened;
    let assessed = assessments::of_case(&mut tx, app, case, paper, app.clock.now()).await?;
    let booking = match case.booking {
        None => None,
        Some(booking) => bookings::store::by_id(&mut tx, booking.as_uuid()).await?,
    };
    let once = start::not_extended(&mut tx, case).await;
    tx.rollback().await?;
    let law = assessed.of(Act::HoldPastRelease);
    let barred = start::may_start(case, paper, &assessed)
        .and(once)
        .err()
        .map(|problem| match problem.slug {
            Slug::PolicyProhibits => format!("The law prohibits it. {}", law.because.join(" ")),
            Slug::PolicyIndeterminate if !case.claim_open => fact_names::unsettled(law),
            _ => problem.detail,
        });
    let mut consequences = vec![
        "A person who would be free stays locked up, on the authority that you name here. An \
         administrative warrant (I-200, I-205) is none."
            .to_owned(),
        "The clock starts when the person was otherwise releasable, not when this form is sent. \
         The shortest limit that applies governs; nobody can extend it, and at its deadline the \
         hold ends by itself."
            .to_owned(),
    ];
    consequences.extend(law.because.iter().cloned());
    if !law.citations.is_empty() {
        consequences.push(format!("The law: {}.", law.citations.join(", ")));
    }
    let releasable = booking
        .and_then(|booking| booking.otherwise_releasable_at)
        .or(case.release_expected_at)
        .map_or_else(String::new, |at| time::local(at, frame.zone));
    let fields = typed.form(START);
    let kinds: Vec<(&str, &str)> = std::iter::once(("", "Choose"))
        .chain(
            AuthorityKind::ALL
                .iter()
                .map(|kind| (kind.as_str(), authority(*kind))),
        )
        .collect();
    let page = StepPage {
        consequences,
        grave: true,
        barred,
        fields: vec![
            fields
                .select("authority.kind", "Authority for the hold", &kinds, "")
                .required()
                .into(),
            fields
                .text("authority.reference", "Its number or section", "")
                .hint("Such as the number of the warrant. Stays in this agency.")
                .required()
                .into(),
            fields
                .local(
                    "otherwise_releasable_at",
                    "Otherwise releasable",
                    &releasable,
                    frame.zone,
                )
                .hint(format!(
                    "When the local basis of custody ends or ended, in the facility's time, {}.",
                    frame.zone
                ))
                .required()
                .into(),
            fields.check("tell_office", "Tell the office", false).into(),
        ],
        learns: opened.learns(Some(
            "that a hold runs, since when, until when and by which limit, if you tell it; without \
             the check mark nothing leaves this agency"
                .to_owned(),
        )),
        ..opened.page(typed, "Start a hold", "hold", "Start the hold")
    };
    show(typed.status(), &page)
}

/// What a hold rests on, in words.
pub fn authority(kind: AuthorityKind) -> &'static str {
    match kind {
        AuthorityKind::JudicialWarrant => "a judge's warrant",
        AuthorityKind::StateStatute => "a state statute",
        AuthorityKind::MagistrateOrder => "a magistrate's order",
        AuthorityKind::Agreement287g => "an agreement under 8 U.S.C. 1357(g)",
    }
}

pub async fn get_end(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    end_page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/hold/end`
pub async fn post_end(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let reason = match posted.fields.get("reason") {
        OWN => posted.fields.get("reason_own"),
        code => code,
    };
    let request = Body::new(&posted.fields)
        .value("reason", reason.into())
        .local("ended_at", posted.frame.zone)
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::ended(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}#hold"), "hold-ended")),
        Err(problem) => {
            let typed = Typed::refused(END, posted.fields.clone(), problem);
            end_page(app, &posted.visitor, id, &typed).await
        }
    }
}

async fn end_page(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, opened) = step::open(app, visitor, id, &[Role::Reviewer]).await?;
    let running = store::running(&mut tx, id).await?;
    tx.rollback().await?;
    let frame = &opened.frame;
    let mut consequences = Vec::new();
    if let Some(hold) = &running {
        consequences.push(format!(
            "The hold began {} and ends by itself {}.",
            time::absolute(hold.started_at, frame.zone),
            time::absolute(hold.deadline_at, frame.zone)
        ));
        consequences.push("It ends at once, and this one cannot be taken up again.".to_owned());
        if hold.notification_id.is_some() {
            consequences.push(
                "The office was told of this hold. That it ended is not told with this form."
                    .to_owned(),
            );
        }
    }
    let fields = typed.form(END);
    let page = StepPage {
        consequences,
        barred: running
            .is_none()
            .then(|| "No hold runs on this request, so there is none to end.".to_owned()),
        fields: vec![
            fields
                .local(
                    "ended_at",
                    "Ended",
                    &time::local(frame.now, frame.zone),
                    frame.zone,
                )
                .required()
                .into(),
            fields
                .select(
                    "reason",
                    "Why",
                    &[
                        (EndReason::Released.as_str(), "The person was released"),
                        (OWN, "Another reason, in the words below"),
                    ],
                    EndReason::Released.as_str(),
                )
                .required()
                .into(),
            fields
                .text("reason_own", "The other reason", "")
                .hint("Only for another reason. Stays in this agency.")
                .into(),
        ],
        ..opened.page(typed, "End the hold", "hold/end", "End the hold")
    };
    show(typed.status(), &page)
}
