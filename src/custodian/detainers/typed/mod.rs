//! Paper of the jail's own: what it received by fax, mail, e-mail or NCIC and typed in, and
//! copies that another agency relayed. None of it exists for the office until an act tells.

pub mod crossing;
pub mod letter_box;
pub mod record;
pub mod relay;
pub mod store;
