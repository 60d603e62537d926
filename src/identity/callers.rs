//! Extractors. A caller is a credential until its transaction is opened: the credential is
//! looked up on its side's pool, in the work's own transaction, and the same statement puts the
//! transaction into the tenant's scope.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::{key, secret};
use crate::app::App;
use crate::db::scope::{self, Access};
use crate::db::{ScopedTx, StoreError};
use crate::http::{Caller, Problem};
use crate::registry::agencies;
use crate::types::actor::Tenant;
use crate::types::{Actor, Role, Side};

/// A credential as it was presented.
#[derive(Clone)]
pub struct Presented {
    pub side: Side,
    id: String,
    secret: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Session,
}

impl Presented {
    /// The key in `Authorization: Bearer`.
    pub fn from_bearer(headers: &HeaderMap) -> Result<Self, Problem> {
        let value = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let (scheme, token) = value.split_once(' ').unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::unauthenticated());
        }
        let (id, secret) = key::parse(token.trim()).ok_or_else(Problem::unauthenticated)?;
        Self::new(id, secret, Kind::Key)
    }

    /// The session cookie `<id>.<token>` of the dashboard; the API never reads it.
    pub fn from_session_cookie(value: &str) -> Result<Self, Problem> {
        let (id, token) = value.split_once('.').ok_or_else(Problem::unauthenticated)?;
        if !secret::is_credential_id(id) {
            return Err(Problem::unauthenticated());
        }
        Self::new(id.to_owned(), token.to_owned(), Kind::Session)
    }

    fn new(id: String, secret: String, kind: Kind) -> Result<Self, Problem> {
        let side = id
            .chars()
            .next()
            .and_then(Side::from_letter)
            .ok_or_else(Problem::unauthenticated)?;
        Ok(Self {
            side,
            id,
            secret,
            kind,
        })
    }
}

struct Found {
    role: String,
    secret_hash: Vec<u8>,
    name: String,
    live: bool,
    jurisdiction: Option<String>,
    agency_id: Option<i32>,
    agency_code: Option<String>,
    agency_name: Option<String>,
    agency_zone: Option<String>,
    office_id: Option<i32>,
    office_code: Option<String>,
    office_name: Option<String>,
    office_zone: Option<String>,
}

impl Caller for Presented {
    fn credential(&self) -> &str {
        &self.id
    }

    async fn open(&self, app: &App, access: Access) -> Result<ScopedTx<'static>, Problem> {
        let now = app.clock.now();
        let mut tx = scope::begin(app.pools.of(self.side), &self.id, access).await?;
        let found = match self.kind {
            Kind::Key => sqlx::query_as!(
                Found,
                r#"select k.role, k.secret_hash, k.name, k.jurisdiction,
                          (k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)) as "live!",
                          a.id as "agency_id?", a.ori as "agency_code?", a.name as "agency_name?", a.time_zone as "agency_zone?",
                          o.id as "office_id?", o.code as "office_code?", o.name as "office_name?", o.time_zone as "office_zone?"
                     from identity.api_key k
                          left join registry.agency a on a.id = k.agency_id
                          left join registry.office o on o.id = k.office_id,
                          lateral (select set_config('app.agency', coalesce(k.agency_id::text, ''), true),
                                          set_config('app.office', coalesce(k.office_id::text, ''), true)) as scope
                    where k.id = $1 and scope is not null"#,
                self.id,
                now
            )
            .fetch_optional(&mut *tx)
            .await
            .map_err(StoreError::from)?,
            // 12 hours in all, 30 minutes idle (CJIS Security Policy, IA-11 and AC-11).
            Kind::Session => sqlx::query_as!(
                Found,
                r#"select u.role, s.token_hash as secret_hash, u.name, u.jurisdiction,
                          (s.ended_at is null and u.disabled_at is null and s.created_at > $2::timestamptz - interval '12 hours'
                              and s.seen_at > $2::timestamptz - interval '30 minutes'
                              and s.created_at >= coalesce(u.password_set_at, s.created_at)) as "live!",
                          a.id as "agency_id?", a.ori as "agency_code?", a.name as "agency_name?", a.time_zone as "agency_zone?",
                          o.id as "office_id?", o.code as "office_code?", o.name as "office_name?", o.time_zone as "office_zone?"
                     from identity.session s join identity.account u on u.id = s.account_id
                          left join registry.agency a on a.id = u.agency_id
                          left join registry.office o on o.id = u.office_id,
                          lateral (select set_config('app.agency', coalesce(u.agency_id::text, ''), true),
                                          set_config('app.office', coalesce(u.office_id::text, ''), true)) as scope
                    where s.id = $1 and scope is not null"#,
                self.id,
                now
            )
            .fetch_optional(&mut *tx)
            .await
            .map_err(StoreError::from)?,
        };
        // The comparison is made for unknown ids too, so that its time tells nothing.
        let stored = found
            .as_ref()
            .map_or(&[0u8; 32][..], |found| &found.secret_hash);
        let genuine = secret::matches(&self.secret, stored);
        match found {
            Some(found) if genuine && found.live => {
                if self.kind == Kind::Key {
                    app.key_uses.note(&self.id, now);
                }
                if let Some(jurisdiction) = &found.jurisdiction
                    && self.side == Side::Oversight
                {
                    agencies::enter_subtree(&mut tx, jurisdiction).await?;
                }
                Ok(ScopedTx::new(tx, found.into_actor(self)?))
            }
            _ => {
                tx.rollback().await?;
                Err(Problem::unauthenticated())
            }
        }
    }
}

impl Found {
    fn into_actor(self, presented: &Presented) -> Result<Actor, Problem> {
        let role = Role::from_str(&self.role).map_err(Problem::internal)?;
        let tenant =
            |id: Option<i32>, code: Option<String>, name: Option<String>, zone: Option<String>| {
                Some(Tenant {
                    id: id?,
                    code: code?,
                    name: name?,
                    time_zone: zone?,
                })
            };
        Ok(Actor {
            side: presented.side,
            role,
            agency: tenant(
                self.agency_id,
                self.agency_code,
                self.agency_name,
                self.agency_zone,
            ),
            office: tenant(
                self.office_id,
                self.office_code,
                self.office_name,
                self.office_zone,
            ),
            jurisdiction: self.jurisdiction,
            credential: presented.id.clone(),
            name: self.name,
        })
    }
}

macro_rules! callers {
    ($($(#[$doc:meta])* $name:ident = $side:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub Presented);

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;
            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                let presented = Presented::from_bearer(&parts.headers)?;
                let side: Option<Side> = $side;
                if side.is_some_and(|side| side != presented.side) {
                    // A wrong key is 401 before a wrong side is 403.
                    presented.open(app, Access::Read).await?.rollback().await?;
                    return Err(wrong_side());
                }
                Ok(Self(presented))
            }
        }
        impl Caller for $name {
            fn credential(&self) -> &str {
                self.0.credential()
            }
            async fn open(&self, app: &App, access: Access) -> Result<ScopedTx<'static>, Problem> {
                self.0.open(app, access).await
            }
        }
    )*};
}

callers! {
    /// A key of a local agency.
    Custodian = Some(Side::Custodian);
    /// A key of a federal office.
    Liaison = Some(Side::Office);
    /// A key of an admin or an auditor.
    Oversight = Some(Side::Oversight);
    /// A key of the operator.
    Operator = Some(Side::Operator);
    /// Any valid key.
    AnyCaller = None;
}

/// 403 for a route that the caller's side never has, whatever the id.
pub fn wrong_side() -> Problem {
    Problem::forbidden("This side does not have this call.")
}

impl ScopedTx<'_> {
    /// Refuses roles that may see a record but not do this.
    pub fn require(&self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.actor().role) {
            return Ok(());
        }
        let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        Err(Problem::forbidden(format!(
            "The role {} may not do this; {} may.",
            self.actor().role,
            names.join(" or ")
        )))
    }
}
