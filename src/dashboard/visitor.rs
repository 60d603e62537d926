//! Who is looking at a page: the session cookie, the form token, and the frame that every page is
//! put into. Pages never read a bearer key; the API never reads a cookie.

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::typed::Fields;
use super::{Flash, Layout, NavItem, Place, SearchBox, Tokens, When, assets, flash, time};
use crate::app::App;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::filter::percent;
use crate::http::once::{BODY_LIMIT, read_body};
use crate::http::problem::Slug;
use crate::http::{Caller, Once, Problem};
use crate::identity::{Presented, secret, sessions};
use crate::types::{Actor, Role, Side, Timestamp};

pub const SESSION: &str = "sp_session";
const FLASH: &str = "sp_flash";
/// `seen_at` is written at most this often.
const TOUCH_SECONDS: i64 = 60;

/// A cookie of the request, by name.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(n, value)| (n == name).then_some(value))
}

/// A `Set-Cookie` of ours. It travels only over TLS, but on the machine itself and in the demo.
pub fn set_cookie(
    app: &App,
    headers: &HeaderMap,
    name: &str,
    value: &str,
    max_age: Option<u32>,
) -> HeaderValue {
    let host = host(headers);
    let name_only = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) {
            name
        } else {
            host
        }
    });
    let local = app.demo || matches!(name_only, "localhost" | "127.0.0.1" | "[::1]");
    let mut text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Some(seconds) = max_age {
        text.push_str(&format!("; Max-Age={seconds}"));
    }
    if !local {
        text.push_str("; Secure");
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

fn host(headers: &HeaderMap) -> &str {
    headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Around every page: refuses forms that another site sends, sends strangers to the sign-in.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() == Method::POST && !same_origin(request.headers()) {
        return Problem::forbidden(
            "This form was not sent by a page of this service. Open the page here and send it again.",
        )
        .into_response();
    }
    let back = (request.method() == Method::GET)
        .then(|| request.uri().path_and_query().map(ToString::to_string))
        .flatten()
        .filter(|path| path != "/");
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    if response
        .extensions()
        .get::<Problem>()
        .is_some_and(|problem| problem.slug == Slug::Unauthenticated)
    {
        let place = back.map_or_else(
            || "/sign-in".to_owned(),
            |path| format!("/sign-in?next={}", percent(&path)),
        );
        response = see_other(&place);
    }
    let html = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    if html
        && cookie(&headers, FLASH).is_some()
        && !response.headers().contains_key(header::SET_COOKIE)
    {
        let cleared = set_cookie(&app, &headers, FLASH, "", Some(0));
        response.headers_mut().append(header::SET_COOKIE, cleared);
    }
    // Without a referrer, a browser that sends no Sec-Fetch-Site would give `Origin: null`.
    response.headers_mut().insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Did one of our own pages send it? The browser says so in a header that scripts cannot set.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority == host(headers)),
        (None, None) => false,
    }
}

/// 303 to a page.
pub fn see_other(place: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(place) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// A page with its status.
pub fn show(status: StatusCode, page: &impl askama::Template) -> Result<Response, Problem> {
    let text = page.render().map_err(Problem::internal)?;
    Ok((status, Html(text)).into_response())
}

/// The session that a request's cookie names; nothing is believed before `enter` opens it.
#[derive(Clone)]
pub struct Visitor {
    presented: Presented,
    path: String,
    flash: Option<&'static str>,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value = cookie(&parts.headers, SESSION).ok_or_else(Problem::unauthenticated)?;
        Ok(Self {
            presented: Presented::from_session_cookie(value)?,
            path: parts.uri.path().to_owned(),
            flash: cookie(&parts.headers, FLASH).and_then(flash::text),
        })
    }
}

impl Caller for Visitor {
    fn credential(&self) -> &str {
        self.presented.credential()
    }
    async fn open(&self, app: &App, access: Access) -> Result<ScopedTx<'static>, Problem> {
        self.presented.open(app, access).await
    }
}

impl Visitor {
    pub fn side(&self) -> Side {
        self.presented.side
    }

    /// Opens the session for a page: a transaction that reads, and the page's frame.
    pub async fn enter(&self, app: &App) -> Result<(ScopedTx<'static>, Frame), Problem> {
        let now = app.clock.now();
        let mut tx = self.open(app, Access::Read).await?;
        let session = sessions::own(&mut tx)
            .await?
            .ok_or_else(Problem::unauthenticated)?;
        if (now - session.seen_at).num_seconds() >= TOUCH_SECONDS {
            // One connection at a time: the reading one is given back first.
            tx.rollback().await?;
            let mut writing = self.open(app, Access::Write).await?;
            sessions::touch(&mut writing, now).await?;
            writing.commit().await?;
            tx = self.open(app, Access::Read).await?;
        }
        let frame = Frame {
            zone: time::zone(
                tx.actor()
                    .agency
                    .as_ref()
                    .or(tx.actor().office.as_ref())
                    .map_or("UTC", |place| place.time_zone.as_str()),
            ),
            actor: tx.actor().clone(),
            now,
            csrf: session.csrf,
            demo: app.demo,
            flash: self.flash,
            path: self.path.clone(),
        };
        Ok((tx, frame))
    }
}

/// What a page needs of the one who looks at it.
pub struct Frame {
    pub actor: Actor,
    pub now: Timestamp,
    /// Of the agency or office that one stands in.
    pub zone: Tz,
    csrf: String,
    demo: bool,
    flash: Option<&'static str>,
    path: String,
}

impl Frame {
    pub fn when(&self, at: Timestamp) -> When {
        time::when(at, self.zone, self.now)
    }

    /// The hidden fields of a form: a fresh key for each.
    pub fn tokens(&self) -> Tokens {
        Tokens {
            csrf: self.csrf.clone(),
            idempotency_key: secret::random_text(32),
        }
    }

    /// Refuses a form that another session's page made.
    fn genuine(&self, fields: &Fields) -> Result<(), Problem> {
        let genuine: bool = fields
            .get("csrf")
            .as_bytes()
            .ct_eq(self.csrf.as_bytes())
            .into();
        match genuine {
            true => Ok(()),
            false => Err(Problem::forbidden(
                "This form belongs to another session. Open the page again and send it anew.",
            )),
        }
    }

    /// Today's date where one stands, as a date field takes it.
    pub fn today(&self) -> String {
        self.now.with_timezone(&self.zone).date_naive().to_string()
    }

    pub fn is(&self, role: Role) -> bool {
        self.actor.role == role
    }

    pub fn layout(&self, title: impl Into<String>) -> Layout {
        let place = self.actor.agency.as_ref().or(self.actor.office.as_ref());
        let entries: &[(&str, &str)] = match self.actor.side {
            Side::Custodian => &[
                ("Overview", "/"),
                ("Requests", "/detainers?status=pending"),
                ("Bookings", "/bookings"),
                ("Persons", "/persons"),
                ("Record a release", "/release-notices/new"),
                ("Imports", "/imports"),
                ("Duties", "/duties"),
                ("Settings", "/settings"),
            ],
            Side::Office => &[
                ("Overview", "/"),
                ("Requests", "/detainers?status=pending"),
                ("Lodge a request", "/detainers/new"),
                ("Positions", "/positions"),
                ("Rules of law", "/policies"),
            ],
            Side::Oversight => &[
                ("Overview", "/"),
                ("Positions", "/positions"),
                ("Rules of law", "/policies"),
            ],
            Side::Operator => &[
                ("Overview", "/"),
                ("Agencies", "/agencies"),
                ("Imports", "/admin/imports"),
                ("Positions", "/positions"),
                ("Rules of law", "/policies"),
            ],
        };
        // A reviewer finds them among the agency's settings.
        let accounts = (self.actor.role == Role::SystemAdmin).then_some(("Accounts", "/accounts"));
        let nav = entries
            .iter()
            .chain(&accounts)
            .map(|(label, href)| NavItem {
                label: (*label).to_owned(),
                href: (*href).to_owned(),
                current: href.split('?').next() == Some(self.path.as_str()),
                count: None,
            })
            .collect();
        let hint = match self.actor.side {
            Side::Custodian => Some("Booking number, A-number or name"),
            Side::Office => Some("A-number or name"),
            Side::Oversight | Side::Operator => None,
        };
        Layout {
            place: place.map(|place| Place {
                name: place.name.clone(),
                code: place.code.clone(),
                zone: format!(
                    "Times in {} ({})",
                    place.time_zone,
                    self.now.with_timezone(&self.zone).format("%Z")
                ),
            }),
            nav,
            search: hint.map(|hint| SearchBox {
                value: String::new(),
                hint: hint.to_owned(),
            }),
            user: Some(format!(
                "{} · {}",
                super::words::role(self.actor.role),
                self.actor.name
            )),
            csrf: self.csrf.clone(),
            demo: self.demo,
            flash: self.flash.map(|text| Flash {
                text: text.to_owned(),
            }),
            now: self
                .now
                .to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            ..bare(title)
        }
    }
}

/// The frame around a page that nobody needs to be signed in for.
pub fn bare(title: impl Into<String>) -> Layout {
    Layout {
        title: title.into(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        assets: assets::current(),
        ..Layout::default()
    }
}

/// A form of one of our pages: its session is open, its token is the session's.
pub struct Posted {
    pub visitor: Visitor,
    pub frame: Frame,
    pub fields: Fields,
    key: String,
    body_hash: [u8; 32],
    route: String,
    headers: HeaderMap,
}

/// The fields of a form, whoever sent it.
pub async fn fields(request: Request) -> Result<(Parts, Fields, [u8; 32]), Problem> {
    let (parts, body) = request.into_parts();
    let form = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| {
            value
                .as_bytes()
                .starts_with(b"application/x-www-form-urlencoded")
        });
    if !form {
        return Err(Problem::new(
            Slug::UnsupportedMediaType,
            "A form is expected: application/x-www-form-urlencoded.",
        ));
    }
    let bytes = read_body(&parts.headers, body, BODY_LIMIT).await?;
    let unreadable = || Problem::new(Slug::InvalidRequest, "The form cannot be read.");
    let hash = Sha256::digest(&bytes).into();
    let mut form = Request::new(axum::body::Body::from(bytes));
    *form.method_mut() = Method::POST;
    form.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let axum::Form(pairs) = axum::Form::<Vec<(String, String)>>::from_request(form, &())
        .await
        .map_err(|_| unreadable())?;
    if pairs
        .iter()
        .any(|(name, value)| name.contains('\0') || value.contains('\0'))
    {
        return Err(unreadable());
    }
    Ok((parts, Fields::new(pairs), hash))
}

impl FromRequest<App> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, fields, body_hash) = fields(request).await?;
        Self::of(app, parts, fields, body_hash).await
    }
}

impl Posted {
    /// Of a form's fields, however they were read.
    ///
    /// # Errors
    /// 401 without a session; 403 for a token of another one.
    pub async fn of(
        app: &App,
        mut parts: Parts,
        fields: Fields,
        body_hash: [u8; 32],
    ) -> Result<Self, Problem> {
        let visitor = Visitor::from_request_parts(&mut parts, app).await?;
        let (tx, frame) = visitor.enter(app).await?;
        tx.rollback().await?;
        frame.genuine(&fields)?;
        Ok(Self {
            key: fields.get("idempotency_key").to_owned(),
            route: format!("POST {}", parts.uri.path()),
            visitor,
            frame,
            fields,
            body_hash,
            headers: parts.headers.clone(),
        })
    }

    /// The same with the hash of what came behind its fields.
    pub fn hashed(self, body_hash: [u8; 32]) -> Self {
        Self { body_hash, ..self }
    }

    /// The command, run once for the form's hidden key.
    pub fn once<T>(&self, body: Result<T, Problem>) -> Once<T> {
        Once::from_form(&self.key, self.route.clone(), body, self.body_hash)
    }

    /// 303 to the record, which says once what was done.
    pub fn done(&self, app: &App, place: &str, flash: &str) -> Response {
        let mut response = see_other(place);
        response.headers_mut().append(
            header::SET_COOKIE,
            set_cookie(app, &self.headers, FLASH, flash, Some(60)),
        );
        response
    }

    pub fn forget_session(&self, app: &App, place: &str) -> Response {
        let mut response = see_other(place);
        response.headers_mut().append(
            header::SET_COOKIE,
            set_cookie(app, &self.headers, SESSION, "", Some(0)),
        );
        response
    }
}
