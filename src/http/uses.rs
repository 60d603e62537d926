//! When each key was last used, remembered here and written down once a minute: a request costs
//! no statement for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::types::Timestamp;

/// The uses of keys that are not in the database yet. Cheap to clone.
#[derive(Clone, Default)]
pub struct KeyUses(Arc<Mutex<HashMap<String, Timestamp>>>);

impl KeyUses {
    /// A key has opened a transaction.
    pub fn note(&self, key: &str, at: Timestamp) {
        let mut uses = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        match uses.get_mut(key) {
            Some(last) => *last = at.max(*last),
            None => {
                uses.insert(key.to_owned(), at);
            }
        }
    }

    /// Takes what has been noted.
    pub fn take(&self) -> HashMap<String, Timestamp> {
        std::mem::take(
            &mut self
                .0
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }
}
