//! Appending: the last statement of a transaction, after its locks.

use serde_json::{Map, Value};
use sqlx::types::Json;
use uuid::Uuid;

use super::leaf::{self, Leaf};
use crate::db::{ScopedTx, StoreError};
use crate::types::ids::{self, DetainerId, EventId};
use crate::types::{Actor, Timestamp};

/// One event, before it is appended: ids, codes and instants only. Names, birth dates,
/// identifiers and free text lie in rows, whose salted hash the event may hold.
pub struct Event {
    pub id: EventId,
    kind: &'static str,
    at: Timestamp,
    acting: String,
    agency: Option<i32>,
    office: Option<i32>,
    detainer: Option<DetainerId>,
    subjects: Map<String, Value>,
    data: Map<String, Value>,
}

/// What a writer gets to keep: the event and the hash that it can later be proved by.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Receipt {
    pub event: EventId,
    pub leaf_hash: String,
}

impl Event {
    /// An event for the acting party alone; `also_for_…` widens the audience.
    pub fn new(kind: &'static str, at: Timestamp, actor: &Actor) -> Self {
        Self {
            id: EventId::new(at),
            kind,
            at,
            acting: actor.party(),
            agency: actor.agency_id(),
            office: actor.office_id(),
            detainer: None,
            subjects: Map::new(),
            data: Map::new(),
        }
    }

    /// The custodian sees it too, whole.
    pub fn also_for_agency(self, agency: i32) -> Self {
        Self {
            agency: Some(agency),
            ..self
        }
    }

    /// The office sees it too, whole: nothing that only the jail knows may be in it.
    pub fn also_for_office(self, office: i32) -> Self {
        Self {
            office: Some(office),
            ..self
        }
    }

    pub fn detainer(self, id: DetainerId) -> Self {
        Self {
            detainer: Some(id),
            ..self
        }
    }

    pub fn subject(mut self, name: &str, id: Uuid) -> Self {
        self.subjects.insert(name.to_owned(), id.to_string().into());
        self
    }

    pub fn data(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }

    /// Instants are written in one form, so that the same fact has the same bytes.
    pub fn instant(self, name: &str, at: Timestamp) -> Self {
        self.data(name, instant(at))
    }

    /// The receipt that `append` will give for it.
    pub fn receipt(&self) -> Receipt {
        Receipt {
            event: self.id,
            leaf_hash: hex::encode(self.leaf_hash()),
        }
    }

    fn leaf_hash(&self) -> [u8; 32] {
        leaf::hash(&Leaf {
            id: self.id.as_uuid(),
            kind: self.kind,
            at: self.at,
            acting: &self.acting,
            detainer: self.detainer.map(DetainerId::as_uuid),
            subjects: &self.subjects,
            data: &self.data,
        })
    }
}

/// RFC 3339 in UTC to the microsecond.
pub fn instant(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Appends events, who acted, and their places in the queue, in one statement. Call it last:
/// the queue's number must be drawn after every lock that the transaction takes, or an effect
/// could come before its cause.
pub async fn append(
    tx: &mut ScopedTx<'_>,
    mut events: Vec<Event>,
) -> Result<Vec<Receipt>, StoreError> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let actor = tx.actor().clone();
    let side = actor_side(&actor);
    let salt = ids::salt();
    let actor_hash = leaf::row_hash(&salt, &(&actor.credential, &actor.name));
    for event in &mut events {
        event
            .data
            .insert("actor_hash".to_owned(), actor_hash.clone().into());
    }
    let receipts: Vec<Receipt> = events.iter().map(Event::receipt).collect();

    let mut ids = Vec::with_capacity(events.len());
    let mut kinds = Vec::with_capacity(events.len());
    let mut ats = Vec::with_capacity(events.len());
    let mut actings = Vec::with_capacity(events.len());
    let mut agencies: Vec<Option<i32>> = Vec::with_capacity(events.len());
    let mut offices: Vec<Option<i32>> = Vec::with_capacity(events.len());
    let mut detainers: Vec<Option<Uuid>> = Vec::with_capacity(events.len());
    let mut subjects = Vec::with_capacity(events.len());
    let mut data = Vec::with_capacity(events.len());
    let mut leaves = Vec::with_capacity(events.len());
    for event in events {
        leaves.push(event.leaf_hash().to_vec());
        ids.push(event.id.as_uuid());
        kinds.push(event.kind.to_owned());
        ats.push(event.at);
        actings.push(event.acting);
        agencies.push(event.agency);
        offices.push(event.office);
        detainers.push(event.detainer.map(DetainerId::as_uuid));
        subjects.push(Json(event.subjects));
        data.push(Json(event.data));
    }
    sqlx::query!(
        r#"with appended as (
               insert into log.event (id, type, at, acting, agency_id, office_id, detainer_id, subjects, data, leaf_hash)
               select * from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::int[], $6::int[],
                                    $7::uuid[], $8::jsonb[], $9::jsonb[], $10::bytea[])
           ), acted as (
               insert into log.actor (event_id, side, agency_id, office_id, credential, name, salt)
               select id, $11, $12, $13, $14, $15, $16 from unnest($1::uuid[]) as id
           )
           insert into log.queue (event_id) select id from unnest($1::uuid[]) with ordinality as e (id, n) order by n"#,
        &ids,
        &kinds,
        &ats,
        &actings,
        &agencies as &[Option<i32>],
        &offices as &[Option<i32>],
        &detainers as &[Option<Uuid>],
        &subjects as &[Json<Map<String, Value>>],
        &data as &[Json<Map<String, Value>>],
        &leaves,
        side,
        actor.agency_id(),
        actor.office_id(),
        actor.credential,
        actor.name,
        salt
    )
    .execute(tx.conn())
    .await?;
    Ok(receipts)
}

fn actor_side(actor: &Actor) -> String {
    actor.side.letter().to_string()
}
