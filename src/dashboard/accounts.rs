//! `/accounts`: who may sign in. A reviewer keeps the accounts of its agency, the operator all.

use askama::Template;
use axum::http::HeaderMap;
use axum::response::Response;
use uuid::Uuid;

use super::visitor::show;
use super::{
    Chip, ErrorSummary, Field, Layout, Posted, Shape, Tokens, Tone, Typed, Visitor, When, words,
};
use crate::app::App;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::problem::Slug;
use crate::http::{Caller, Problem};
use crate::identity::invitations::{self, Member, NewMember, side_of};
use crate::log::{self, Event};
use crate::registry::{agencies, jurisdictions, offices};
use crate::types::{Role, Side};

const FORM: &str = "invite";

#[derive(Template)]
#[template(path = "accounts.html")]
pub struct AccountsPage {
    pub layout: Layout,
    pub summary: String,
    pub errors: ErrorSummary,
    /// Just made; shown this once.
    pub link: Option<FreshLink>,
    pub rows: Vec<AccountRow>,
    pub tokens: Tokens,
    pub fields: Vec<Field>,
}

pub struct FreshLink {
    pub who: String,
    pub url: String,
    pub until: When,
}

pub struct AccountRow {
    pub name: String,
    pub email: String,
    pub role: String,
    pub place: Option<String>,
    pub state: Chip,
    pub since: When,
    /// None for one's own account.
    pub acts: Option<AccountActs>,
}

pub struct AccountActs {
    pub id: Uuid,
    pub tokens: Tokens,
    /// "New link".
    pub link: &'static str,
    /// The button opens the account again.
    pub opens: bool,
}

fn may_manage(tx: &ScopedTx<'_>) -> Result<(), Problem> {
    tx.require(&[Role::Reviewer, Role::SystemAdmin])
}

/// The roles that one may invite, with what names their place.
fn roles(side: Side) -> &'static [Role] {
    match side {
        Side::Custodian => &[Role::Submitter, Role::Reviewer],
        _ => Role::ALL,
    }
}

pub async fn get(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    page(app, visitor, &Typed::default(), None).await
}

async fn page(
    app: &App,
    visitor: &Visitor,
    typed: &Typed,
    fresh: Option<(String, String)>,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    may_manage(&tx)?;
    let now = app.clock.now();
    let members = invitations::members(tx.conn(), now).await?;
    tx.rollback().await?;
    let in_a_week = now + chrono::Duration::days(7);
    let rows: Vec<AccountRow> = members
        .iter()
        .map(|member| AccountRow {
            name: member.name.clone(),
            email: member.email.clone(),
            role: Role::parse(&member.role).map_or("", words::role).to_owned(),
            place: member.place.clone(),
            state: state(member),
            since: frame.when(member.disabled_at.unwrap_or(member.created_at)),
            acts: (!member.own).then(|| AccountActs {
                id: member.id,
                tokens: frame.tokens(),
                link: if member.joined {
                    "New password link"
                } else {
                    "New link"
                },
                opens: member.disabled_at.is_some(),
            }),
        })
        .collect();
    let side = frame.actor.side;
    let form = typed.form(FORM);
    let named: Vec<(&str, &str)> = std::iter::once(("", "Choose a role"))
        .chain(
            roles(side)
                .iter()
                .map(|role| (role.as_str(), words::role(*role))),
        )
        .collect();
    let mut fields: Vec<Field> = vec![
        form.text("name", "Name", "").required().into(),
        form.text("email", "E-mail address", "")
            .kind("email")
            .required()
            .into(),
        form.select("role", "Role", &named, "").required().into(),
    ];
    if side == Side::Operator {
        fields.push(
            form.text("place", "Place", "")
                .hint("ORI of the agency, code of the office, or id of the jurisdiction; none for an operator")
                .into(),
        );
    }
    let page = AccountsPage {
        layout: frame.layout("Accounts"),
        summary: format!("{} may sign in here or are invited.", rows.len()),
        errors: typed.summary(),
        link: fresh.map(|(who, url)| FreshLink {
            who,
            url,
            until: frame.when(in_a_week),
        }),
        rows,
        tokens: frame.tokens(),
        fields,
    };
    show(typed.status(), &page)
}

fn state(member: &Member) -> Chip {
    let (tone, shape, text) = if member.disabled_at.is_some() {
        (Tone::Plain, Shape::Barred, "Closed")
    } else if member.joined {
        (Tone::Good, Shape::Done, "May sign in")
    } else if member.invited_until.is_some() {
        (Tone::Calm, Shape::Open, "Invited")
    } else {
        (Tone::Careful, Shape::Unknown, "The link has expired")
    };
    Chip::new(shape, tone, text)
}

/// `POST /accounts`
pub async fn post(app: &App, posted: Posted, headers: &HeaderMap) -> Result<Response, Problem> {
    match invite(app, &posted).await {
        Ok((who, path)) => {
            let fresh = Some((who, address(app, headers, &path)));
            page(app, &posted.visitor, &Typed::default(), fresh).await
        }
        Err(problem) if problem.slug == Slug::Forbidden => Err(problem),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, &typed, None).await
        }
    }
}

async fn invite(app: &App, posted: &Posted) -> Result<(String, String), Problem> {
    let now = app.clock.now();
    let mut tx = posted.visitor.open(app, Access::Write).await?;
    may_manage(&tx)?;
    let member = member(&mut tx, posted).await?;
    let account = invitations::open(tx.conn(), &member, now)
        .await?
        .ok_or_else(|| {
            Problem::field(
                "/email",
                "taken",
                "This address has an account already. Make a new link for it instead.",
            )
        })?;
    let by = tx.actor().name.clone();
    let side = side_of(member.role);
    let path = invitations::invite(tx.conn(), account, side, &by, now).await?;
    let event = Event::new("account.invited", now, tx.actor())
        .subject("account", account)
        .data("role", member.role.as_str());
    log::append(&mut tx, vec![event]).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok((member.name, path))
}

/// What the form says, in the caller's scope.
async fn member(tx: &mut ScopedTx<'_>, posted: &Posted) -> Result<NewMember, Problem> {
    let fields = &posted.fields;
    let side = tx.actor().side;
    let role = Role::parse(fields.get("role"))
        .filter(|role| roles(side).contains(role))
        .ok_or_else(|| Problem::field("/role", "missing", "Choose a role."))?;
    let (name, email, place) = (fields.get("name"), fields.get("email"), fields.get("place"));
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Problem::field(
            "/name",
            "length",
            "A name is needed, of at most 200 characters.",
        ));
    }
    let shaped = email
        .split_once('@')
        .is_some_and(|(before, after)| !before.is_empty() && after.contains('.'));
    if !shaped || email.len() > 200 || email.contains(char::is_whitespace) {
        return Err(Problem::field(
            "/email",
            "format",
            "An e-mail address is needed.",
        ));
    }
    let mut member = NewMember {
        role,
        agency_id: tx.actor().agency_id(),
        office_id: None,
        jurisdiction: None,
        email: email.to_owned(),
        name: name.to_owned(),
    };
    if side == Side::Operator {
        let unknown = |what: &str| {
            Problem::field(
                "/place",
                "unknown",
                format!("No {what} is registered under that."),
            )
        };
        match (side_of(role), place) {
            (Side::Operator, "") => {}
            (Side::Operator, _) => {
                return Err(Problem::field(
                    "/place",
                    "scope",
                    "An operator has no place; leave it empty.",
                ));
            }
            (Side::Custodian, ori) => {
                let agency = agencies::by_ori(tx.conn(), ori).await?;
                member.agency_id = Some(agency.ok_or_else(|| unknown("agency"))?.id);
            }
            (Side::Office, code) => {
                let office = offices::by_code(tx.conn(), code).await?;
                member.office_id = Some(office.ok_or_else(|| unknown("office"))?.id);
            }
            (Side::Oversight, id) => {
                if id == "us" || !jurisdictions::exists(tx.conn(), id).await? {
                    return Err(unknown("jurisdiction below the nation"));
                }
                member.jurisdiction = Some(id.to_owned());
            }
        }
    }
    Ok(member)
}

/// `POST /accounts/{id}/invitation`
pub async fn post_invitation(
    app: &App,
    posted: Posted,
    id: Uuid,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let mut tx = posted.visitor.open(app, Access::Write).await?;
    may_manage(&tx)?;
    let member = managed(&mut tx, id, app).await?;
    let side = member
        .side
        .chars()
        .next()
        .and_then(Side::from_letter)
        .ok_or_else(Problem::not_found)?;
    let by = tx.actor().name.clone();
    let path = invitations::invite(tx.conn(), id, side, &by, now).await?;
    let event = Event::new("account.invited", now, tx.actor())
        .subject("account", id)
        .data("role", member.role.as_str());
    log::append(&mut tx, vec![event]).await?;
    tx.commit().await?;
    app.hub.committed();
    let fresh = Some((member.name, address(app, headers, &path)));
    page(app, &posted.visitor, &Typed::default(), fresh).await
}

/// `POST /accounts/{id}/state`
pub async fn post_state(app: &App, posted: Posted, id: Uuid) -> Result<Response, Problem> {
    let now = app.clock.now();
    let opens = posted.fields.flag("open");
    let mut tx = posted.visitor.open(app, Access::Write).await?;
    may_manage(&tx)?;
    managed(&mut tx, id, app).await?;
    invitations::set_disabled(tx.conn(), id, (!opens).then_some(now)).await?;
    let event = Event::new("account.changed", now, tx.actor())
        .subject("account", id)
        .data("open", opens);
    log::append(&mut tx, vec![event]).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(posted.done(app, "/accounts", "account"))
}

/// An account that the caller manages, and not its own: nobody locks itself out.
async fn managed(tx: &mut ScopedTx<'_>, id: Uuid, app: &App) -> Result<Member, Problem> {
    let member = invitations::member(tx.conn(), id, app.clock.now())
        .await?
        .ok_or_else(Problem::not_found)?;
    if member.own {
        return Err(Problem::forbidden(
            "Somebody else has to change your own account.",
        ));
    }
    Ok(member)
}

/// The whole address of a link, as the browser reached us.
fn address(app: &App, headers: &HeaderMap, path: &str) -> String {
    let host = headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let scheme = if app.https { "https" } else { "http" };
    format!("{scheme}://{host}{path}")
}
