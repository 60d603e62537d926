//! Files as strangers send them: what is read, what is refused by name, and at what cost.

mod any_bytes;
mod hostile;
mod support;
mod workbooks;
