//! Accounts of people and their sessions in the dashboard.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use sqlx::PgConnection;
use uuid::Uuid;

use super::secret;
use crate::app::App;
use crate::db::{StoreError, scope};
use crate::types::{Role, Side, Timestamp, ids};

/// Failures within a quarter of an hour after which an account is locked for as long
/// (CJIS Security Policy, AC-7).
const MAX_FAILURES: i32 = 5;

/// What the browser keeps.
pub struct NewSession {
    pub cookie: String,
    pub csrf: String,
}

/// A new account, as the operator or the demo makes it.
pub struct NewAccount<'a> {
    pub side: Side,
    pub role: Role,
    pub agency_id: Option<i32>,
    pub office_id: Option<i32>,
    pub jurisdiction: Option<&'a str>,
    pub email: &'a str,
    pub name: &'a str,
    pub password: &'a str,
}

/// Hashes a password with Argon2id.
pub fn hash_password(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default()
        .hash_password(password.as_bytes())?
        .to_string())
}

/// Stores an account, on a connection of the operator's.
pub async fn create(
    conn: &mut PgConnection,
    account: NewAccount<'_>,
    now: Timestamp,
) -> Result<Uuid, StoreError> {
    let id = ids::new_v7(now);
    let hash = hash_password(account.password)
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    sqlx::query!(
        r#"insert into identity.account (id, side, role, agency_id, office_id, jurisdiction, email, name, password_hash, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict (side, email) do nothing"#,
        id,
        account.side.letter().to_string(),
        account.role.as_str(),
        account.agency_id,
        account.office_id,
        account.jurisdiction,
        account.email.to_lowercase(),
        account.name,
        hash,
        now
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// Signs in: `None` for a wrong address or password, and for a locked account, with one text
/// and one duration, so that nobody learns which addresses exist.
pub async fn sign_in(
    app: &App,
    email: &str,
    password: &str,
) -> Result<Option<NewSession>, StoreError> {
    let email = email.trim().to_lowercase();
    let now = app.clock.now();
    let mut checked = false;
    for side in Side::ALL {
        let session_id = secret::credential_id(side);
        let mut tx = scope::begin(app.pools.of(side), &session_id, scope::Access::Write).await?;
        sqlx::query!("select set_config('app.login', $1, true)", email)
            .fetch_one(&mut *tx)
            .await?;
        let Some(account) = sqlx::query!(
            r#"select id, password_hash, disabled_at is not null as "disabled!",
                      (failed_count >= $2 and failed_at > $3::timestamptz - interval '15 minutes') is true as "locked!"
                 from identity.account where email = $1"#,
            email,
            MAX_FAILURES,
            now
        )
        .fetch_optional(&mut *tx)
        .await?
        else {
            continue;
        };
        checked = true;
        let right = verify(password.to_owned(), account.password_hash).await;
        if !right || account.disabled || account.locked {
            sqlx::query!(
                r#"update identity.account
                      set failed_count = case when failed_at > $2::timestamptz - interval '15 minutes' then failed_count + 1 else 1 end,
                          failed_at = $2
                    where id = $1"#,
                account.id,
                now
            )
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            continue;
        }
        let token = secret::random_text(40);
        let csrf = secret::random_text(32);
        sqlx::query!(
            r#"insert into identity.session (id, account_id, token_hash, csrf, created_at, seen_at)
               values ($1, $2, $3, $4, $5, $5)"#,
            session_id,
            account.id,
            secret::hash(&token),
            csrf,
            now
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update identity.account set failed_count = 0 where id = $1",
            account.id
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        return Ok(Some(NewSession {
            cookie: format!("{session_id}.{token}"),
            csrf,
        }));
    }
    if !checked {
        verify(password.to_owned(), DECOY.to_owned()).await;
    }
    Ok(None)
}

/// A hash of nothing that anybody has: unknown addresses take as long as known ones.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsbHlwb3J0LWRlY295$8C1bYHkyTgOSVWRlQZV4t3X0Iln1ZUmFUhbzcBMx3Gg";

async fn verify(password: String, hash: String) -> bool {
    tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
    })
    .await
    .unwrap_or(false)
}
