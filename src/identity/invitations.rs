//! Invitations: how an account begins, and how its password is reset.

use sqlx::PgConnection;
use uuid::Uuid;

use super::accounts::hash_password;
use super::secret;
use crate::app::App;
use crate::db::{StoreError, expect_one_row, scope};
use crate::types::{Role, Side, Timestamp, ids};

/// How long a link works.
const DAYS: i64 = 7;
/// NIST SP 800-63B asks for at least 15 characters where a password is the only factor.
pub const SHORTEST_PASSWORD: usize = 15;
pub const LONGEST_PASSWORD: usize = 200;

/// The roles' side.
pub fn side_of(role: Role) -> Side {
    match role {
        Role::Submitter | Role::Reviewer => Side::Custodian,
        Role::Liaison => Side::Office,
        Role::JurisdictionAdmin | Role::Auditor => Side::Oversight,
        Role::SystemAdmin => Side::Operator,
    }
}

/// Who is to have an account, and where.
#[derive(Debug, Clone)]
pub struct NewMember {
    pub role: Role,
    pub agency_id: Option<i32>,
    pub office_id: Option<i32>,
    pub jurisdiction: Option<String>,
    pub email: String,
    pub name: String,
}

/// An account as those who manage it see it.
#[derive(Debug, Clone)]
pub struct Member {
    pub id: Uuid,
    pub side: String,
    pub role: String,
    /// ORI, office code or jurisdiction.
    pub place: Option<String>,
    pub email: String,
    pub name: String,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
    /// A link that still works.
    pub invited_until: Option<Timestamp>,
    /// Has chosen a password.
    pub joined: bool,
    /// The caller's own.
    pub own: bool,
}

/// What stands where a password's hash will be: no password fits it.
const NO_PASSWORD: &str = "!";

/// Opens an account without a password; `None` when the address has one on that side already.
pub async fn open(
    conn: &mut PgConnection,
    member: &NewMember,
    now: Timestamp,
) -> Result<Option<Uuid>, StoreError> {
    let id = ids::new_v7(now);
    let side = side_of(member.role).letter().to_string();
    let opened = sqlx::query!(
        r#"insert into identity.account (id, side, role, agency_id, office_id, jurisdiction, email, name, password_hash, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (side, email) do nothing"#,
        id,
        side,
        member.role.as_str(),
        member.agency_id,
        member.office_id,
        member.jurisdiction,
        member.email.trim().to_lowercase(),
        member.name.trim(),
        NO_PASSWORD,
        now
    )
    .execute(conn)
    .await?;
    Ok((opened.rows_affected() == 1).then_some(id))
}

/// Makes a link for an account: the path, to be shown once.
pub async fn invite(
    conn: &mut PgConnection,
    account: Uuid,
    side: Side,
    by: &str,
    now: Timestamp,
) -> Result<String, StoreError> {
    let (id, token) = (secret::credential_id(side), secret::random_text(40));
    sqlx::query!(
        r#"insert into identity.invitation (id, account_id, agency_id, token_hash, invited_by, created_at, expires_at)
           values ($1, $2, (select agency_id from identity.account where id = $2), $3, $4, $5,
                   $5::timestamptz + make_interval(days => $6))"#,
        id,
        account,
        secret::hash(&token),
        by,
        now,
        DAYS as i32
    )
    .execute(conn)
    .await?;
    Ok(format!("/invitations/{id}.{token}"))
}

/// Accounts that the caller manages, by name. At most 500: no agency has more.
pub async fn members(conn: &mut PgConnection, now: Timestamp) -> Result<Vec<Member>, StoreError> {
    Ok(sqlx::query_as!(
        Member,
        r#"select a.id, a.side, a.role, coalesce(g.ori, o.code, a.jurisdiction) as place, a.email, a.name, a.created_at,
                  a.disabled_at, a.password_hash <> $2 as "joined!",
                  (a.id = (select s.account_id from identity.session s
                            where s.id = current_setting('app.credential', true))) is true as "own!",
                  (select max(i.expires_at) from identity.invitation i
                    where i.account_id = a.id and i.used_at is null and i.expires_at > $1
                      and i.created_at >= coalesce(a.password_set_at, i.created_at)) as invited_until
             from identity.account a left join registry.agency g on g.id = a.agency_id
                  left join registry.office o on o.id = a.office_id
            order by a.name, a.id limit 500"#,
        now,
        NO_PASSWORD
    )
    .fetch_all(conn)
    .await?)
}

/// One account that the caller manages.
pub async fn member(
    conn: &mut PgConnection,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<Member>, StoreError> {
    Ok(members(conn, now)
        .await?
        .into_iter()
        .find(|member| member.id == id))
}

/// Closes an account, with every session of it, or opens it again.
pub async fn set_disabled(
    conn: &mut PgConnection,
    id: Uuid,
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update identity.account set disabled_at = $2 where id = $1",
        id,
        at
    );
    expect_one_row(update.execute(conn).await?)
}

/// An invitation that works.
pub struct Invited {
    pub name: String,
    pub email: String,
    pub role: String,
    pub expires_at: Timestamp,
}

/// The id and secret of a link's last part.
fn read(link: &str) -> Option<(Side, &str, &str)> {
    let (id, token) = link.split_once('.')?;
    let side = Side::from_letter(id.chars().next()?)?;
    (secret::is_credential_id(id) && token.len() == 40).then_some((side, id, token))
}

/// Who is invited by a link; `None` for one that does not work (any more).
pub async fn find(app: &App, link: &str) -> Result<Option<Invited>, StoreError> {
    let Some((side, id, token)) = read(link) else {
        return Ok(None);
    };
    let mut tx = scope::begin(app.pools.of(side), id, scope::Access::Read).await?;
    let now = app.clock.now();
    let row = sqlx::query!(
        r#"select i.token_hash, i.expires_at, a.name, a.email, a.role
             from identity.invitation i join identity.account a on a.id = i.account_id
            where i.id = $1 and i.used_at is null and i.expires_at > $2 and a.disabled_at is null
              and i.created_at >= coalesce(a.password_set_at, i.created_at)"#,
        id,
        now
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.rollback().await?;
    Ok(row
        .filter(|row| secret::matches(token, &row.token_hash))
        .map(|row| Invited {
            name: row.name,
            email: row.email,
            role: row.role,
            expires_at: row.expires_at,
        }))
}

/// Sets the password of the invited account, once; `false` for a link that does not work (any
/// more). Sessions that were open end with it, and so do other links.
pub async fn accept(app: &App, link: &str, password: &str) -> Result<bool, StoreError> {
    let Some((side, id, token)) = read(link) else {
        return Ok(false);
    };
    let password = password.to_owned();
    let hash = tokio::task::spawn_blocking(move || hash_password(&password))
        .await
        .map_err(|error| StoreError::Unreadable(error.to_string()))?
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let now = app.clock.now();
    let mut tx = scope::begin(app.pools.of(side), id, scope::Access::Write).await?;
    let row = sqlx::query!(
        r#"select i.account_id, i.token_hash
             from identity.invitation i join identity.account a on a.id = i.account_id
            where i.id = $1 and i.used_at is null and i.expires_at > $2 and a.disabled_at is null
              and i.created_at >= coalesce(a.password_set_at, i.created_at) for update of i"#,
        id,
        now
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row.filter(|row| secret::matches(token, &row.token_hash)) else {
        tx.rollback().await?;
        return Ok(false);
    };
    sqlx::query!(
        "select set_config('app.account', $1, true)",
        row.account_id.to_string()
    )
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query!(
        "update identity.invitation set used_at = $2 where id = $1",
        id,
        now
    )
    .execute(&mut *tx)
    .await?;
    let update = sqlx::query!(
        "update identity.account set password_hash = $2, password_set_at = $3, failed_count = 0 where id = $1",
        row.account_id,
        hash,
        now
    );
    expect_one_row(update.execute(&mut *tx).await?)?;
    tx.commit().await?;
    Ok(true)
}
