//! A place in a file of the law that cannot stand.

/// The field, as a path such as `acts.notify_release[1].when.any[0]`, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub field: String,
    pub reason: String,
}

pub fn wrong(field: &str, reason: &str) -> Wrong {
    Wrong {
        field: field.to_owned(),
        reason: reason.to_owned(),
    }
}
