//! All SQL on the case file, and the jail's view of a request.

use std::str::FromStr;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::exchange::detainer::body::View;
use crate::exchange::detainer::model::Service;
use crate::exchange::detainer::{DetainerBody, Form, IllegalTransition, Paper, Stage, Status};
use crate::policy::Assessment;
use crate::types::Timestamp;
use crate::types::actor::words;
use crate::types::ids::{BookingId, DetainerId};

/// The custodian's view of a request. Locking it is locking the jail's side.
#[derive(Debug, Clone)]
pub struct CaseFile {
    pub id: DetainerId,
    pub office_id: i32,
    pub form: Form,
    pub origin: Origin,
    /// When the office could first see the paper; `None` while it is the jail's own.
    pub crossed_at: Option<Timestamp>,
    /// When the jail's side of it began.
    pub opened_at: Timestamp,
    /// As the paper says.
    pub issued_on: NaiveDate,
    pub status: Status,
    pub acknowledged_at: Option<Timestamp>,
    pub served_at: Option<Timestamp>,
    pub release_expected_at: Option<Timestamp>,
    pub released_at: Option<Timestamp>,
    pub booking: Option<BookingId>,
    pub booking_number: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
    pub name_parts: Vec<String>,
    pub a_number_index: Option<Vec<u8>>,
    pub fbi_number_index: Option<Vec<u8>>,
    pub state_id_index: Option<Vec<u8>>,
    pub supersedes: Option<DetainerId>,
    pub duplicate_of: Option<DetainerId>,
    /// The deadline of a hold that runs.
    pub hold_deadline_at: Option<Timestamp>,
    /// The jail's own hand-over.
    pub handed_over_at: Option<Timestamp>,
    /// A citizenship claim is open: cooperation pauses.
    pub claim_open: bool,
    pub restriction: Option<String>,
    pub link_by: Option<LinkBy>,
}

words! {
    /// How the request came to this agency.
    Origin { Office = "office", Typed = "typed", Relay = "relay" }
}
words! {
    /// Who made the link to the booking, or took it away: a person's word stands against matching.
    LinkBy { Match = "match", Person = "person" }
}

impl CaseFile {
    /// Where the request stands at the jail: derived, so it cannot disagree with the facts.
    pub fn stage(&self) -> Stage {
        if self.released_at.is_some() {
            Stage::Released
        } else if self.hold_deadline_at.is_some() {
            Stage::HoldRunning
        } else if self.release_expected_at.is_some() {
            Stage::ReleaseExpected
        } else if self.served_at.is_some() {
            Stage::Served
        } else if self.acknowledged_at.is_some() {
            Stage::Acknowledged
        } else {
            Stage::Received
        }
    }

    /// Only a pending request can be acted on; the sentence says what stands in the way.
    pub fn must_be_pending(&self, action: &'static str) -> Result<(), IllegalTransition> {
        if self.status == Status::Pending {
            return Ok(());
        }
        Err(IllegalTransition {
            action,
            state: self.status.to_string(),
            mend: "it takes a pending request",
        })
    }

    /// An act that tells the office needs paper that the office can see.
    pub fn must_have_crossed(&self, action: &'static str) -> Result<(), IllegalTransition> {
        if self.crossed_at.is_some() {
            return Ok(());
        }
        Err(IllegalTransition {
            action,
            state: "not yet known to the office".to_owned(),
            mend: match (self.origin, self.form) {
                (Origin::Relay, _) => {
                    "a relayed copy crosses by a told transfer or by a hand-over, not before"
                }
                (_, Form::NcicHit) => "an NCIC hit never crosses: there is no office to tell",
                _ => "acknowledge the paper first: that tells the office of it",
            },
        })
    }

    /// The jail confirms receipt. This decides nothing and starts no hold.
    pub fn acknowledge(self, at: Timestamp) -> Result<Self, IllegalTransition> {
        self.must_be_pending("acknowledgement")?;
        match self.acknowledged_at {
            None => Ok(Self {
                acknowledged_at: Some(at),
                ..self
            }),
            Some(_) => Err(IllegalTransition {
                action: "acknowledgement",
                state: "acknowledged".to_owned(),
                mend: "it has been acknowledged already",
            }),
        }
    }

    /// A copy was served on the person.
    pub fn serve(self, at: Timestamp) -> Result<Self, IllegalTransition> {
        self.must_be_pending("service")?;
        if self.acknowledged_at.is_none() {
            return Err(IllegalTransition {
                action: "service",
                state: "received".to_owned(),
                mend: "acknowledge the request first",
            });
        }
        match self.served_at {
            None => Ok(Self {
                served_at: Some(at),
                ..self
            }),
            Some(_) => Err(IllegalTransition {
                action: "service",
                state: "served".to_owned(),
                mend: "service has been recorded already",
            }),
        }
    }

    /// The JSON of the custodian's side.
    pub fn body(&self, paper: &Paper, assessed: &Assessment, now: Timestamp) -> DetainerBody {
        let view = View {
            status: self.status,
            stage: self.stage(),
            acknowledged_at: self.acknowledged_at,
            served_at: self.served_at,
            booking: Some(self.booking.map(BookingId::as_uuid)),
            assessment: serde_json::to_value(assessed).ok(),
        };
        let mut body = DetainerBody::new(paper, view, now);
        if self.claim_open {
            body.flags.push("citizenship_claim_open".to_owned());
        }
        if let Some(kind) = &self.restriction {
            body.flags.push(format!("restricted_{kind}"));
        }
        body
    }
}

struct Row {
    id: Uuid,
    office_id: i32,
    form: String,
    origin: String,
    crossed_at: Option<Timestamp>,
    opened_at: Timestamp,
    issued_on: NaiveDate,
    status: String,
    acknowledged_at: Option<Timestamp>,
    served_at: Option<Timestamp>,
    release_expected_at: Option<Timestamp>,
    released_at: Option<Timestamp>,
    booking_id: Option<Uuid>,
    booking_number: Option<String>,
    date_of_birth: Option<NaiveDate>,
    name_parts: Vec<String>,
    a_number_index: Option<Vec<u8>>,
    fbi_number_index: Option<Vec<u8>>,
    state_id_index: Option<Vec<u8>>,
    supersedes: Option<Uuid>,
    duplicate_of: Option<Uuid>,
    hold_deadline_at: Option<Timestamp>,
    handed_over_at: Option<Timestamp>,
    claim_open: bool,
    restriction: Option<String>,
    link_by: Option<String>,
}

impl TryFrom<Row> for CaseFile {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            office_id: row.office_id,
            form: Form::from_str(&row.form).map_err(StoreError::Unreadable)?,
            origin: Origin::from_str(&row.origin).map_err(StoreError::Unreadable)?,
            crossed_at: row.crossed_at,
            opened_at: row.opened_at,
            issued_on: row.issued_on,
            status: Status::from_str(&row.status).map_err(StoreError::Unreadable)?,
            acknowledged_at: row.acknowledged_at,
            served_at: row.served_at,
            release_expected_at: row.release_expected_at,
            released_at: row.released_at,
            booking: row.booking_id.map(BookingId::from),
            booking_number: row.booking_number,
            date_of_birth: row.date_of_birth,
            name_parts: row.name_parts,
            a_number_index: row.a_number_index,
            fbi_number_index: row.fbi_number_index,
            state_id_index: row.state_id_index,
            supersedes: row.supersedes.map(DetainerId::from),
            duplicate_of: row.duplicate_of.map(DetainerId::from),
            hold_deadline_at: row.hold_deadline_at,
            handed_over_at: row.handed_over_at,
            claim_open: row.claim_open,
            restriction: row.restriction,
            link_by: row.link_by.as_deref().and_then(LinkBy::parse),
        })
    }
}

/// Case files by id, for lists.
pub async fn by_ids(tx: &mut ScopedTx<'_>, ids: &[Uuid]) -> Result<Vec<CaseFile>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, office_id, form, origin, crossed_at, opened_at, issued_on, status, acknowledged_at, served_at, release_expected_at, released_at,
                  booking_id, booking_number, date_of_birth, name_parts, a_number_index, fbi_number_index, state_id_index,
                  supersedes, duplicate_of, hold_deadline_at, handed_over_at, claim_open, restriction, link_by
             from custodian.case_file where agency_id = $1 and id = any($2)"#,
        agency,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(CaseFile::try_from).collect()
}

/// One case file, unlocked.
pub async fn get(tx: &mut ScopedTx<'_>, id: DetainerId) -> Result<Option<CaseFile>, StoreError> {
    Ok(by_ids(tx, &[id.as_uuid()]).await?.pop())
}

/// Locks one case file: the first lock of every act on a request at the jail.
pub async fn lock(tx: &mut ScopedTx<'_>, id: DetainerId) -> Result<Option<CaseFile>, StoreError> {
    Ok(lock_all(tx, &[id.as_uuid()]).await?.pop())
}

/// Locks several in the order of their ids, so that two acts cannot wait for each other.
pub async fn lock_all(tx: &mut ScopedTx<'_>, ids: &[Uuid]) -> Result<Vec<CaseFile>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, office_id, form, origin, crossed_at, opened_at, issued_on, status, acknowledged_at, served_at, release_expected_at, released_at,
                  booking_id, booking_number, date_of_birth, name_parts, a_number_index, fbi_number_index, state_id_index,
                  supersedes, duplicate_of, hold_deadline_at, handed_over_at, claim_open, restriction, link_by
             from custodian.case_file where agency_id = $1 and id = any($2) order by id for update"#,
        agency,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(CaseFile::try_from).collect()
}

/// Writes back what a transition changed.
pub async fn save(tx: &mut ScopedTx<'_>, case: &CaseFile) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.case_file
              set status = $3, acknowledged_at = $4, served_at = $5, release_expected_at = $6, released_at = $7, booking_id = $8,
                  crossed_at = $9, supersedes = $10, duplicate_of = $11, hold_deadline_at = $12, handed_over_at = $13,
                  claim_open = $14, restriction = $15, link_by = $16
            where agency_id = $1 and id = $2"#,
        agency,
        case.id.as_uuid(),
        case.status.as_str(),
        case.acknowledged_at,
        case.served_at,
        case.release_expected_at,
        case.released_at,
        case.booking.map(BookingId::as_uuid),
        case.crossed_at,
        case.supersedes.map(DetainerId::as_uuid),
        case.duplicate_of.map(DetainerId::as_uuid),
        case.hold_deadline_at,
        case.handed_over_at,
        case.claim_open,
        case.restriction,
        case.link_by.map(LinkBy::as_str)
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Keeps how the copy was served, told to the office or not.
pub async fn save_service(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
    service: &Service,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.case_file
              set served_at = $3, service_method = $4, service_method_other = $5, service_language = $6, served_by = $7
            where agency_id = $1 and id = $2"#,
        agency,
        id.as_uuid(),
        service.served_at,
        service.method.as_str(),
        service.method_other,
        service.language,
        service.officer
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// The service as this agency recorded it, whether or not the office was told.
pub async fn service(tx: &mut ScopedTx<'_>, id: DetainerId) -> Result<Option<Service>, StoreError> {
    let agency = tx.agency_id();
    let row = sqlx::query!(
        r#"select served_at as "served_at!", service_method as "method!", service_method_other, service_language, served_by
             from custodian.case_file
            where agency_id = $1 and id = $2 and served_at is not null and service_method is not null"#,
        agency,
        id.as_uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.and_then(|row| {
        Some(Service {
            served_at: row.served_at,
            method: row.method.parse().ok()?,
            method_other: row.service_method_other,
            language: row.service_language,
            officer: row.served_by,
        })
    }))
}

/// How many pending requests stand at each stage.
pub struct StageCounts {
    pub received: i64,
    pub acknowledged: i64,
    pub served: i64,
    pub release_expected: i64,
    pub hold_running: i64,
}

pub async fn stage_counts(tx: &mut ScopedTx<'_>) -> Result<StageCounts, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        StageCounts,
        r#"select count(*) filter (where hold_deadline_at is not null) as "hold_running!",
                  count(*) filter (where hold_deadline_at is null and release_expected_at is not null) as "release_expected!",
                  count(*) filter (where hold_deadline_at is null and release_expected_at is null
                                     and served_at is not null) as "served!",
                  count(*) filter (where hold_deadline_at is null and release_expected_at is null and served_at is null
                                     and acknowledged_at is not null) as "acknowledged!",
                  count(*) filter (where hold_deadline_at is null and release_expected_at is null and served_at is null
                                     and acknowledged_at is null) as "received!"
             from custodian.case_file where agency_id = $1 and status = 'pending' and released_at is null"#,
        agency
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The requests that are linked to one booking.
pub async fn of_booking(tx: &mut ScopedTx<'_>, booking: Uuid) -> Result<Vec<CaseFile>, StoreError> {
    let agency = tx.agency_id();
    let ids = sqlx::query_scalar!(
        "select id from custodian.case_file where agency_id = $1 and booking_id = $2 order by id limit 50",
        agency,
        booking
    )
    .fetch_all(tx.conn())
    .await?;
    by_ids(tx, &ids).await
}
