//! `/sign-in`: the one page that needs nobody. The side is found by the address alone.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::demo_accounts::{ACCOUNTS, PASSWORD};
use super::forms::ErrorItem;
use super::visitor::{self, Posted, SESSION, bare, see_other, set_cookie, show};
use super::{ErrorSummary, Layout, TextField, words};
use crate::app::App;
use crate::db::scope::Access;
use crate::http::problem::Slug;
use crate::http::source::Source;
use crate::http::{Caller, Problem, Query};
use crate::identity::{accounts, sessions};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    pub layout: Layout,
    pub errors: ErrorSummary,
    pub email: TextField,
    pub password: TextField,
    /// Where to go afterwards: a path of ours.
    pub next: Option<String>,
    /// The demonstration's accounts, in demo mode only.
    pub demo_accounts: Vec<DemoAccount>,
}

pub struct DemoAccount {
    pub who: String,
    pub email: String,
    pub password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInQuery {
    next: Option<String>,
}

fn page(app: &App, email: &str, next: Option<String>, failed: bool) -> SignInPage {
    let mut layout = bare("Sign in");
    layout.demo = app.demo;
    let errors = if failed {
        ErrorSummary {
            heading: Some("Not signed in".to_owned()),
            items: vec![ErrorItem {
                field: Some("email".to_owned()),
                text: "The e-mail address or the password is wrong, or too many tries have closed this account for a quarter of an hour.".to_owned(),
            }],
        }
    } else {
        ErrorSummary::default()
    };
    let demo_accounts = if app.demo { ACCOUNTS } else { &[] };
    SignInPage {
        layout,
        errors,
        email: TextField::new("email", "email", "E-mail address")
            .kind("email")
            .required()
            .autocomplete("username")
            .value(email),
        password: TextField::new("password", "password", "Password")
            .kind("password")
            .required()
            .autocomplete("current-password"),
        next,
        demo_accounts: demo_accounts
            .iter()
            .map(|account| DemoAccount {
                who: match account.place {
                    Some(place) => format!("{}, {place}", words::role(account.role)),
                    None => words::role(account.role).to_owned(),
                },
                email: account.email.to_owned(),
                password: PASSWORD.to_owned(),
            })
            .collect(),
    }
}

/// `GET /sign-in`
pub async fn get(
    State(app): State<App>,
    Query(query): Query<SignInQuery>,
) -> Result<Response, Problem> {
    let next = query.next.filter(|next| is_ours(next));
    show(StatusCode::OK, &page(&app, "", next, false))
}

/// `POST /sign-in`
pub async fn post(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, fields, _) = visitor::fields(request).await?;
    let headers: &HeaderMap = &parts.headers;
    let next = Some(fields.get("next").to_owned()).filter(|next| is_ours(next));
    let email = fields.get("email");
    let source = Source::of(parts.extensions.get(), headers, &app.trusted_proxies);
    let began = app.clock.now();
    app.sign_ins.begin(source, began).map_err(too_many)?;
    let signed_in = accounts::sign_in(&app, email, fields.get("password")).await;
    // An outage is nobody's failure either.
    if !matches!(signed_in, Ok(None)) {
        app.sign_ins.succeeded(source, began);
    }
    let Some(session) = signed_in? else {
        app.sign_ins.failed(source, began);
        return show(
            StatusCode::UNPROCESSABLE_ENTITY,
            &page(&app, email, next, true),
        );
    };
    let mut response = see_other(next.as_deref().unwrap_or("/"));
    response.headers_mut().append(
        header::SET_COOKIE,
        set_cookie(&app, headers, SESSION, &session.cookie, None),
    );
    Ok(response)
}

/// Too many failures from one place: which accounts they were aimed at makes no difference.
fn too_many(wait: chrono::Duration) -> Problem {
    let seconds = wait.num_seconds().max(0) as u64 + 1;
    let mut problem = Problem::new(
        Slug::RateLimited,
        "Too many sign-ins from this address have failed. Wait a quarter of an hour, or sign in from elsewhere.",
    );
    problem
        .headers
        .push((header::RETRY_AFTER, HeaderValue::from(seconds)));
    problem
}

/// `POST /sign-out`: ends the session in the database, not only in the browser.
pub async fn post_sign_out(State(app): State<App>, posted: Posted) -> Result<Response, Problem> {
    let mut tx = posted.visitor.open(&app, Access::Write).await?;
    sessions::end(&mut tx, app.clock.now()).await?;
    tx.commit().await?;
    Ok(posted.forget_session(&app, "/sign-in"))
}

/// A path of this service: no other host, no trick of slashes.
fn is_ours(next: &str) -> bool {
    next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_paths_of_ours_are_gone_to() {
        assert!(is_ours("/detainers?status=pending"));
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
        ] {
            assert!(!is_ours(bad), "{bad}");
        }
    }
}
