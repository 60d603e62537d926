//! `/policies/what-if`: a made-up case, asked of the rules of a place on a day. Pure and public.

use axum::extract::{Request, State};
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::layout;
use crate::app::App;
use crate::dashboard::visitor::{self, show};
use crate::dashboard::what_if::{self, Answered, Asked, FORM, WhatIfPage};
use crate::dashboard::working::Working;
use crate::dashboard::{Field, Fields, Link, Typed, Visitor};
use crate::http::{Problem, Query, json as body};
use crate::law::evaluate::EvaluateRequest;
use crate::policy::place::chain;
use crate::policy::rule::KINDS;
use crate::registry::jurisdictions;

/// Where the form begins.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatIfQuery {
    jurisdiction: Option<String>,
    agency_kind: Option<String>,
    on: Option<String>,
}

pub async fn get(
    State(app): State<App>,
    visitor: Result<Visitor, Problem>,
    Query(q): Query<WhatIfQuery>,
) -> Result<Response, Problem> {
    page(&app, visitor, &q, &Typed::default(), None).await
}

/// The facts come in the body and are forgotten with the answer.
pub async fn post(
    State(app): State<App>,
    visitor: Result<Visitor, Problem>,
    request: Request,
) -> Result<Response, Problem> {
    let (_, fields, _) = visitor::fields(request).await?;
    let asked = what_if::read(&fields);
    let (typed, answered) = match answer(&app, &fields, &asked).await {
        Ok(answered) => (Typed::kept(FORM, fields), Some(answered)),
        Err(problem) => (Typed::refused(FORM, fields, asked.complaint(problem)), None),
    };
    page(&app, visitor, &WhatIfQuery::default(), &typed, answered).await
}

async fn answer(app: &App, fields: &Fields, asked: &Asked) -> Result<Answered, Problem> {
    let text = |name: &str| match fields.get(name) {
        "" => Value::Null,
        text => text.into(),
    };
    let on: NaiveDate = fields.get("on").parse().map_err(|_| {
        Problem::field(
            "/on",
            "date",
            "The day of the decision: a date is expected.",
        )
    })?;
    let agency = text("agency");
    // A place that is typed in is meant, whatever the list says.
    let (field, jurisdiction) = match fields.get("elsewhere") {
        "" => ("/jurisdiction", fields.get("jurisdiction")),
        typed => ("/elsewhere", typed),
    };
    let place = match agency {
        Value::Null => json!({
            "jurisdiction": jurisdiction.to_lowercase(), "agency_kind": fields.get("agency_kind"),
        }),
        _ => Value::Null,
    };
    let named = |mut problem: Problem| {
        for error in &mut problem.errors {
            let place = error.pointer.trim_start_matches("/place");
            error.pointer = match place {
                "/jurisdiction" => field.to_owned(),
                other => other.to_owned(),
            };
        }
        problem
    };
    // Noon of that day by UTC is that day from Samoa to Guam.
    let mut request: EvaluateRequest = body::read(json!({
        "agency": agency, "place": place, "at": format!("{on}T12:00:00Z"), "facts": asked.facts,
    }))
    .map_err(named)?;
    request.check()?;
    request.facts.more_convictions = asked.more_convictions;
    let (place, on, positions) = match &request.agency {
        Some(ori) => {
            let mut conn = app.pools.worker.acquire().await?;
            request.standing(&mut conn, ori).await?
        }
        None => request.place().map_err(named)?,
    };
    let book = app.law.book();
    let answer = request.answer(&book, &place, on, &positions);
    let working = Working::read(serde_json::to_value(&answer).map_err(Problem::internal)?)?;
    Ok(Answered::new(&working, None))
}

async fn page(
    app: &App,
    visitor: Result<Visitor, Problem>,
    q: &WhatIfQuery,
    typed: &Typed,
    answered: Option<Answered>,
) -> Result<Response, Problem> {
    let book = app.law.book();
    let mut known: Vec<String> = book
        .rules
        .iter()
        .map(|rule| rule.text.jurisdiction.clone())
        .collect();
    known.sort_by_key(|id| super::order(id));
    known.dedup();
    let mut conn = app.pools.worker.acquire().await?;
    let names = jurisdictions::names(&mut conn, &known).await?;
    drop(conn);
    let form = typed.form(FORM);
    let kinds: Vec<(&str, String)> = KINDS
        .iter()
        .map(|kind| (*kind, crate::dashboard::words::plain(kind)))
        .collect();
    let kinds: Vec<(&str, &str)> = kinds
        .iter()
        .map(|(kind, label)| (*kind, label.as_str()))
        .collect();
    let today = app.clock.now().date_naive().to_string();
    let jurisdiction = q
        .jurisdiction
        .as_deref()
        .filter(|id| chain(id).is_some())
        .unwrap_or_default();
    let mut places = vec![("", "Choose, or type one below")];
    places.extend(
        known
            .iter()
            .map(|id| (id.as_str(), names.get(id).unwrap_or(id).as_str())),
    );
    let has_rules = known.iter().any(|id| id == jurisdiction);
    let (listed, elsewhere) = match has_rules {
        true => (jurisdiction, ""),
        false => ("", jurisdiction),
    };
    let place: Vec<Field> = vec![
        form.select("jurisdiction", "A place with rules of its own", &places, listed)
            .into(),
        form.text("elsewhere", "Or another place", elsewhere)
            .hint("us-ca for a state, the five digits of a county, the seven of a city that has a rule.")
            .into(),
        form.select(
            "agency_kind",
            "Kind of agency",
            &kinds,
            q.agency_kind.as_deref().unwrap_or("jail"),
        )
        .into(),
        form.text("agency", "Or an agency that is registered here", "")
            .hint("Its ORI; its place and its adopted positions then count. Leave it empty with a place.")
            .into(),
        form.text("on", "Day of the decision", q.on.as_deref().unwrap_or(&today))
            .kind("date")
            .required()
            .into(),
    ];
    let page = WhatIfPage {
        layout: layout(app, visitor, "What if …".to_owned()).await,
        back: Link::new("All rules", "/policies"),
        about: vec![
            "A made-up case, asked of the rules that are loaded. Nothing is stored, and the answer is nobody's \
             decision. Put no real person's facts in here."
                .to_owned(),
        ],
        errors: typed.summary(),
        answered,
        action: "/policies/what-if".to_owned(),
        tokens: None,
        place,
        groups: what_if::groups(typed, &Value::Null, false),
    };
    show(typed.status(), &page)
}
