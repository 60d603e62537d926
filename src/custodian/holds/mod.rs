//! Holding a person past release: only with authority, service and the law's leave, never for
//! longer than the shortest limit that applies, and ended by itself when that has passed.

pub mod api;
pub mod end;
pub mod model;
pub mod start;
pub mod store;
pub mod timer;

use crate::types::actor::words;

words! {
    /// What a hold rests on. An administrative warrant is none of these.
    AuthorityKind {
        JudicialWarrant = "judicial_warrant", StateStatute = "state_statute",
        MagistrateOrder = "magistrate_order", Agreement287g = "agreement_287g",
    }
}
words! {
    /// Why a hold ended, where the service or the course of things ended it. A reviewer may use
    /// words of their own.
    EndReason {
        Expired = "expired", Cancelled = "cancelled", Released = "released", HandedOver = "handed_over",
        Superseded = "superseded",
    }
}
words! {
    /// When a running hold is called to mind.
    Mark { Day = "T-24h", SixHours = "T-6h", Hour = "T-1h", Quarter = "T-15min", End = "T" }
}
