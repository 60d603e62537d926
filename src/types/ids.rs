//! A type per id. Ids are UUIDv7 with 74 fresh random bits each: a counter shared by the
//! process would let a party count other people's hidden work between two ids of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Timestamp;

/// A new time-ordered id.
pub fn new_v7(at: Timestamp) -> Uuid {
    let mut random = [0u8; 10];
    fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis(at.timestamp_millis().max(0) as u64, &random)
        .into_uuid()
}

/// A random id (version 4), for what must not say when it was made: paper that a jail typed in.
pub fn random() -> Uuid {
    let mut random = [0u8; 16];
    fill(&mut random);
    uuid::Builder::from_random_bytes(random).into_uuid()
}

/// Fresh random bytes from the operating system.
///
/// # Panics
/// When the operating system has none: nothing may go on without them.
pub fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system's random source");
}

/// Sixteen random bytes that make a row's hash unguessable, and erasable with them.
pub fn salt() -> Vec<u8> {
    let mut bytes = vec![0u8; 16];
    fill(&mut bytes);
    bytes
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id of this kind.
            pub fn new(at: Timestamp) -> Self {
                Self(new_v7(at))
            }
            /// The bare UUID, for SQL.
            pub fn as_uuid(self) -> Uuid {
                self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::from_str(text).map(Self)
            }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

id! {
    /// A federal request.
    DetainerId,
    /// One continuous local custody.
    BookingId,
    /// A person, of one agency.
    PersonId,
    /// A local statement about a release.
    ReleaseNoticeId,
    /// A link between a request and a booking.
    MatchId,
    /// A human decision on one act.
    DeterminationId,
    /// What a custodian told an office.
    NotificationId,
    /// One side's statement of what came of a request.
    OutcomeId,
    /// A claim about citizenship or status.
    ClaimId,
    /// A clock that runs past a release.
    HoldId,
    /// One side's statement of a hand-over.
    HandoverId,
    /// Something owed to a person or to counsel.
    DutyId,
    /// An entry of the log.
    EventId,
}
