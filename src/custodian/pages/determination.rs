//! `/detainers/{id}/determinations/new?act=`: a person decides, with the law beside the form.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use super::detainer::acts::{ActPanel, act_panel};
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::{case_file, papers};
use crate::custodian::determinations::{Decision, ReasonCode, api, store};
use crate::custodian::release_notices::store as notices;
use crate::dashboard::forms::Choice;
use crate::dashboard::visitor::show;
use crate::dashboard::working::Working;
use crate::dashboard::{
    Body, ErrorSummary, Layout, Learns, Person, Posted, RadioField, SelectField, TextArea, Tokens,
    Typed, Visitor, When, time, words,
};
use crate::http::{Problem, query};
use crate::policy::{Act, Disposition};
use crate::types::Role;
use crate::types::ids::DetainerId;

#[derive(Template)]
#[template(path = "custodian/determination.html")]
pub struct DeterminationPage {
    pub layout: Layout,
    /// `/detainers/{id}`.
    pub base: String,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    pub person: Person,
    /// "I-247A of 20 Nov 2026, from SND".
    pub paper: String,
    /// "Notify the office of the release?"
    pub question: String,
    /// Hidden field `act`.
    pub act: String,
    /// Hidden field `notice`: the release notice that is decided on.
    pub notice: Option<String>,
    /// "Release expected" with its time, or why there is none.
    pub about: String,
    pub about_at: Option<When>,
    pub due: Option<When>,
    pub panel: ActPanel,
    /// Comply is not offered: why, with citation. The law prohibits it, or a fact or claim is open.
    pub barred: Option<String>,
    /// Declining departs from a duty: what that means, and that a note is needed.
    pub departs: Option<String>,
    /// `decision`; absent choices are barred ones.
    pub decision: RadioField,
    pub reason_code: SelectField,
    pub note: TextArea,
    pub if_comply: Learns,
    pub if_decline: Learns,
    /// The duties that follow from complying.
    pub duties: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideQuery {
    pub act: Option<String>,
}

const FORM: &str = "decide";

pub async fn get(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    query: DecideQuery,
) -> Result<Response, Problem> {
    let act = query.act.as_deref().unwrap_or("notify_release");
    page(app, visitor, id, act, &Typed::default()).await
}

/// `POST /detainers/{id}/determinations`
pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields)
        .texts(&["act", "decision", "reason_code", "note", "notice"])
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::determined(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(response) => {
            let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
                .await
                .map_err(Problem::internal)?;
            let made: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let flash = if made["notification"].is_string() {
                "told"
            } else {
                "decided"
            };
            Ok(posted.done(app, &format!("/detainers/{id}"), flash))
        }
        Err(problem) => {
            let act = posted.fields.get("act").to_owned();
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, &act, &typed).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    act: &str,
    typed: &Typed,
) -> Result<Response, Problem> {
    let act = Act::parse(act).ok_or_else(|| query::bad("act", "an act such as notify_release"))?;
    let (mut tx, frame) = visitor.enter(app).await?;
    let case = case_file::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let made = store::of_detainer(&mut tx, id).await?;
    // The newest notice that waits is what the decision is about.
    let review = if act == Act::NotifyRelease {
        notices::open_reviews(&mut tx, id).await?.pop()
    } else {
        None
    };
    let notice = match &review {
        Some(review) => notices::get(&mut tx, review.release_notice_id).await?,
        None => None,
    };
    let now = app.clock.now();
    let assessment = assessments::of_case(&mut tx, app, &case, &paper, now).await?;
    let working = Working::read(assessments::explained(&mut tx, app, &case, &paper, now).await?)?;
    tx.rollback().await?;
    let assessed = assessment.of(act).clone();
    let barred = match assessed.disposition {
        _ if case.claim_open => Some(
            "A claim of citizenship or status is open on this request; resolve it first."
                .to_owned(),
        ),
        Disposition::Prohibited => Some(assessed.because.join(" ")),
        Disposition::Indeterminate => Some(super::fact_names::unsettled(&assessed)),
        _ => None,
    };
    let departs = (assessed.disposition == Disposition::Required)
        .then(|| "The law requires this act: declining it needs a note that says why.".to_owned());
    let told = notice.as_ref().map(|notice| {
        format!(
            "{}, {}",
            words::release_kind(&notice.kind).to_lowercase(),
            time::absolute(notice.effective_at, frame.zone)
        )
    });
    let office = format!("The office {}", paper.office);
    let nothing = || Learns {
        who: office.clone(),
        what: None,
        stays_in: "this agency".to_owned(),
    };
    let mut choices = Vec::new();
    if barred.is_none() {
        choices.push(Choice::new(Decision::Comply.as_str(), "Comply"));
    }
    choices.push(Choice::new(Decision::Decline.as_str(), "Decline"));
    let reasons: Vec<(&str, String)> = ReasonCode::ALL
        .iter()
        .map(|code| (code.as_str(), words::plain(code.as_str())))
        .collect();
    let reasons: Vec<(&str, &str)> = std::iter::once(("", "Choose a reason"))
        .chain(reasons.iter().map(|(code, label)| (*code, label.as_str())))
        .collect();
    let fields = typed.form(FORM);
    let question = match act {
        Act::NotifyRelease => "Notify the office of the release?",
        Act::HoldPastRelease => "Hold the person past the release?",
        Act::TransferCustody => "Transfer custody to the office?",
        Act::AllowInterview => "Allow the office an interview?",
    };
    let (about, about_at) = match &notice {
        Some(notice) => (
            words::release_kind(&notice.kind),
            Some(frame.when(notice.effective_at)),
        ),
        None if act == Act::NotifyRelease => (
            "No release waits for a decision. A decision made now covers the notices that come."
                .to_owned(),
            None,
        ),
        None => (String::new(), None),
    };
    let page = DeterminationPage {
        layout: frame.layout(question),
        base: format!("/detainers/{id}"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        person: words::person(&paper.subject),
        paper: format!(
            "{} of {}, from {}",
            paper.form,
            time::day(paper.issued_on),
            paper.office
        ),
        question: question.to_owned(),
        act: act.to_string(),
        notice: notice.as_ref().map(|notice| notice.id.to_string()),
        about,
        about_at,
        due: review
            .and_then(|review| review.due_at)
            .map(|due| frame.when(due)),
        panel: act_panel(
            act,
            (&assessment, &working),
            &paper,
            &made,
            &case,
            &frame,
            false,
        ),
        barred,
        departs,
        decision: fields
            .radio("decision", "This agency decides to", choices, "")
            .required(),
        reason_code: fields
            .select("reason_code", "Reason", &reasons, "")
            .required(),
        note: fields
            .area("note", "Note")
            .hint("Stays in this agency. It is part of the record of the decision."),
        if_comply: Learns {
            what: match act {
                Act::NotifyRelease => {
                    Some(told.unwrap_or_else(|| "each release notice from now on".to_owned()))
                }
                _ => None,
            },
            ..nothing()
        },
        if_decline: nothing(),
        duties: Vec::new(),
    };
    show(typed.status(), &page)
}
