//! What the pages of a request's next steps share: the record, who looks, and the page around
//! the fields.

use crate::app::App;
use crate::custodian::detainers::{CaseFile, case_file, papers};
use crate::dashboard::{Frame, Learns, Link, StepPage, Typed, Visitor, time, words};
use crate::db::ScopedTx;
use crate::exchange::detainer::Paper;
use crate::http::Problem;
use crate::types::Role;
use crate::types::ids::DetainerId;

/// The request that a step is about.
pub struct Opened {
    pub frame: Frame,
    pub case: CaseFile,
    pub paper: Paper,
}

/// Opens a request for one of these roles; scope comes before role.
pub async fn open(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    roles: &[Role],
) -> Result<(ScopedTx<'static>, Opened), Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let case = case_file::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(roles)?;
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok((tx, Opened { frame, case, paper }))
}

impl Opened {
    /// "I-247A of 20 Nov 2026, from SND".
    pub fn about(&self) -> String {
        format!(
            "{} of {}, from {}",
            self.paper.form,
            time::day(self.paper.issued_on),
            self.paper.office
        )
    }

    /// What the office will learn; `None` = nothing.
    pub fn learns(&self, what: Option<String>) -> Learns {
        Learns {
            who: format!("The office {}", self.paper.office),
            what,
            stays_in: "this agency".to_owned(),
        }
    }

    /// A step that tells nothing, posted to `/detainers/{id}/{path}`; the caller says the rest.
    pub fn page(&self, typed: &Typed, title: &str, path: &str, button: &str) -> StepPage {
        let base = format!("/detainers/{}", self.case.id);
        StepPage {
            layout: self.frame.layout(title),
            back: Link::new("Back to the request", base.clone()),
            errors: typed.summary(),
            tokens: self.frame.tokens(),
            person: Some(words::person(&self.paper.subject)),
            about: vec![self.about()],
            consequences: Vec::new(),
            grave: false,
            barred: None,
            action: format!("{base}/{path}"),
            fields: Vec::new(),
            learns: self.learns(None),
            button: button.to_owned(),
        }
    }
}
