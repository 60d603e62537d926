//! `/agencies`: the registry of agencies, for its operator. Places, no person.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::forms::{SelectField, TextField};
use super::pieces::EmptyNote;
use super::visitor::show;
use super::{
    Body, Chip, Field, Frame, Layout, Learns, Link, Posted, Shape, StepPage, Tone, Typed, Visitor,
    forms, step as steps, words,
};
use crate::app::App;
use crate::db::ScopedTx;
use crate::exchange::detainer::filter::percent;
use crate::http::{Problem, Tagged, cursor};
use crate::registry::agencies::{self, AgencyBody, AgencyFilter, AgencyKind};
use crate::registry::register;
use crate::types::Role;

const FORM: &str = "agency";
const ROWS: i64 = 50;

#[derive(Template)]
#[template(path = "admin/agencies.html")]
pub struct AgenciesPage {
    pub layout: Layout,
    pub summary: String,
    pub q: TextField,
    pub state: TextField,
    pub connected: SelectField,
    pub rows: Vec<AgencyLine>,
    pub note: EmptyNote,
    pub first: Option<String>,
    pub next: Option<String>,
}

pub struct AgencyLine {
    pub name: String,
    pub ori: String,
    pub href: String,
    pub kind: String,
    pub jurisdiction: String,
    pub zone: String,
    pub account: Chip,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgenciesQuery {
    pub q: Option<String>,
    pub state: Option<String>,
    pub connected: Option<String>,
    pub cursor: Option<String>,
}

/// `GET /agencies`
pub async fn get_list(
    app: &App,
    visitor: &Visitor,
    query: AgenciesQuery,
) -> Result<Response, Problem> {
    let given = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default().trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let (q, state) = (given(&query.q), given(&query.state));
    // Another word than these two is no filter: the form offers no other.
    let connected = query
        .connected
        .as_deref()
        .and_then(|word| word.parse().ok());
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(&[Role::SystemAdmin])?;
    let scope = format!("agencies page {q:?} {state:?} {connected:?}");
    let after = query
        .cursor
        .as_deref()
        .map(|text| cursor::read(&app.vault, &scope, text))
        .transpose()?
        .map(|place| place.after);
    let filter = AgencyFilter {
        q: q.as_deref(),
        state: state.as_deref(),
        connected,
        jurisdiction: None,
    };
    let mut found = agencies::list(tx.conn(), filter, after.as_deref(), ROWS + 1).await?;
    let (registered, with_account) = agencies::counts(tx.conn(), None).await?;
    tx.rollback().await?;
    let more = found.len() as i64 > ROWS;
    found.truncate(ROWS as usize);
    let mut address = "/agencies?".to_owned();
    for (name, value) in [
        ("q", q.as_deref()),
        ("state", state.as_deref()),
        (
            "connected",
            connected.map(|yes: bool| if yes { "true" } else { "false" }),
        ),
    ] {
        if let Some(value) = value {
            address = format!("{address}{name}={}&", percent(value));
        }
    }
    let next = found.last().filter(|_| more).map(|last| {
        let place = cursor::Place {
            after: last.ori.clone(),
            id: uuid::Uuid::nil(),
        };
        format!(
            "{address}cursor={}",
            cursor::write(&app.vault, &scope, &place)
        )
    });
    let page = AgenciesPage {
        layout: frame.layout("Agencies"),
        summary: format!("{registered} registered, {with_account} with an account here"),
        q: TextField::new("agencies-q", "q", "Name or ORI").value(q.unwrap_or_default()),
        state: TextField::new("agencies-state", "state", "State (two letters)")
            .value(state.unwrap_or_default()),
        connected: SelectField::new(
            "agencies-connected",
            "connected",
            "Account",
            forms::choices(
                &[
                    ("", "Any"),
                    ("true", "Connected"),
                    ("false", "Not connected"),
                ],
                connected.map_or("", |yes| if yes { "true" } else { "false" }),
            ),
        ),
        rows: found.into_iter().map(line).collect(),
        note: EmptyNote {
            why: "No agency fits.".to_owned(),
            what: "Register one, or read a list in: sallyport import agencies FILE.".to_owned(),
            link: Some(Link::new("All agencies", "/agencies")),
        },
        first: after.map(|_| address.trim_end_matches(['?', '&']).to_owned()),
        next,
    };
    show(StatusCode::OK, &page)
}

fn line(agency: agencies::Agency) -> AgencyLine {
    AgencyLine {
        href: format!("/agencies/{}", agency.ori),
        account: if agency.connected {
            Chip::new(Shape::Done, Tone::Good, "Connected")
        } else {
            Chip::new(Shape::Phone, Tone::Careful, "Send by other means")
        },
        name: agency.name,
        ori: agency.ori,
        kind: words::plain(&agency.kind),
        jurisdiction: agency.jurisdiction,
        zone: agency.time_zone,
    }
}

/// `GET /agencies/new`
pub async fn get_new(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    new_page(app, visitor, &Typed::default()).await
}

/// `POST /agencies`
pub async fn post_new(app: &App, posted: Posted) -> Result<Response, Problem> {
    let request = body(&posted).texts(&["ori", "place"]).read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            register::registered(tx, app, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, "/agencies", "agency-registered")),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            new_page(app, &posted.visitor, &typed).await
        }
    }
}

/// `GET /agencies/{ori}`
pub async fn get(app: &App, visitor: &Visitor, ori: &str) -> Result<Response, Problem> {
    page(app, visitor, ori, &Typed::default()).await
}

/// `POST /agencies/{ori}`
pub async fn post(app: &App, posted: Posted, ori: &str) -> Result<Response, Problem> {
    let place = posted.fields.get("place");
    // An emptied field clears it.
    let place = match place {
        "" => Value::Null,
        place => place.into(),
    };
    let request = body(&posted).value("place", place).read();
    let headers = steps::if_match(&posted.fields);
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            register::changed(tx, app, &headers, ori, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/agencies/{ori}"), "agency-changed")),
        Err(problem) => {
            let problem = steps::reworded(problem);
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, ori, &typed).await
        }
    }
}

fn body(posted: &Posted) -> Body<'_> {
    Body::new(&posted.fields)
        .texts(&["name", "kind", "jurisdiction", "time_zone"])
        .flags(&["connected"])
}

async fn operator(app: &App, visitor: &Visitor) -> Result<(ScopedTx<'static>, Frame), Problem> {
    let (tx, frame) = visitor.enter(app).await?;
    tx.require(&[Role::SystemAdmin])?;
    Ok((tx, frame))
}

async fn new_page(app: &App, visitor: &Visitor, typed: &Typed) -> Result<Response, Problem> {
    let (tx, frame) = operator(app, visitor).await?;
    tx.rollback().await?;
    let blank = AgencyBody {
        ori: String::new(),
        name: String::new(),
        kind: String::new(),
        jurisdiction: String::new(),
        time_zone: String::new(),
        place: None,
        connected: true,
    };
    let mut fields = vec![
        typed
            .form(FORM)
            .text("ori", "ORI", "")
            .hint("Nine letters and digits. Mind O and 0: nobody mends them.")
            .required()
            .into(),
    ];
    fields.extend(rest(typed, &blank));
    let page = StepPage {
        action: "/agencies".to_owned(),
        fields,
        consequences: vec![
            "Requests can name it as their custodian from now on. Its people get accounts by invitation."
                .to_owned(),
        ],
        ..step(&frame, typed, "Register an agency", "Register it")
    };
    show(typed.status(), &page)
}

async fn page(app: &App, visitor: &Visitor, ori: &str, typed: &Typed) -> Result<Response, Problem> {
    let (mut tx, frame) = operator(app, visitor).await?;
    let found = agencies::by_ori(tx.conn(), ori)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.rollback().await?;
    let agency = AgencyBody::from(found);
    let mut fields = vec![Field::tag(Tagged::ok(&agency).etag())];
    fields.extend(rest(typed, &agency));
    let page = StepPage {
        about: vec![format!("ORI {}, which never changes", agency.ori)],
        action: format!("/agencies/{}", agency.ori),
        fields,
        consequences: vec![
            "Kind and jurisdiction say which law is asked: a change counts from the next assessment on. \
             The time zone is that of every clock there."
                .to_owned(),
        ],
        ..step(&frame, typed, &agency.name, "Record the change")
    };
    show(typed.status(), &page)
}

/// All but the ORI.
fn rest(typed: &Typed, agency: &AgencyBody) -> Vec<Field> {
    let fields = typed.form(FORM);
    let labels: Vec<(&str, String)> = AgencyKind::ALL
        .iter()
        .map(|kind| (kind.as_str(), words::plain(kind.as_str())))
        .collect();
    let kinds: Vec<(&str, &str)> = std::iter::once(("", "Choose a kind"))
        .chain(labels.iter().map(|(code, label)| (*code, label.as_str())))
        .collect();
    vec![
        fields.text("name", "Name", &agency.name).required().into(),
        fields
            .select("kind", "Kind", &kinds, &agency.kind)
            .required()
            .into(),
        fields
            .text("jurisdiction", "Jurisdiction", &agency.jurisdiction)
            .hint("Whose rules hold there: a county's five digits (06073), a city's seven, or a state (us-ca).")
            .required()
            .into(),
        fields
            .text("time_zone", "Time zone", &agency.time_zone)
            .hint("An IANA name, such as America/Los_Angeles.")
            .required()
            .into(),
        fields
            .text("place", "Place", agency.place.as_deref().unwrap_or_default())
            .hint("As people call it; may be empty.")
            .into(),
        fields
            .check("connected", "It has an account here", agency.connected)
            .into(),
    ]
}

fn step(frame: &Frame, typed: &Typed, title: &str, button: &str) -> StepPage {
    StepPage {
        layout: frame.layout(title),
        back: Link::new("Back to the agencies", "/agencies"),
        errors: typed.summary(),
        tokens: frame.tokens(),
        person: None,
        about: Vec::new(),
        consequences: Vec::new(),
        grave: false,
        barred: None,
        action: String::new(),
        fields: Vec::new(),
        learns: Learns {
            who: "Everybody with an account here".to_owned(),
            what: Some("the agency's entry in the registry".to_owned()),
            stays_in: "the registry".to_owned(),
        },
        button: button.to_owned(),
    }
}
