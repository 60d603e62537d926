//! `POST /v1/policies/preview`: an agency's own decisions for its reviewer, counts for an admin
//! of its jurisdiction. A reviewer's is pure, so neither needs an idempotency key.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ask::{self, Books, Span};
use super::overseen;
use super::store::Whose;
use crate::app::App;
use crate::db::scope::Access;
use crate::http::once::read_json;
use crate::http::{Caller, Problem, Tagged};
use crate::identity::{Custodian, Oversight};
use crate::policy::evaluate::Book;
use crate::policy::{Act, Disposition};
use crate::types::{Role, Timestamp};

/// Changes that are listed; all are counted.
const MOST_LISTED: usize = 1_000;

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// A rule file as text, as `GET /v1/policies/{id}` shows it in `text`. It takes the place of
    /// the loaded versions of its id that are in force on the same days.
    pub draft: String,
    /// The first day of decisions, in the agency's zone. An admin's begins a month.
    pub from: NaiveDate,
    /// The last day. An admin's ends a month.
    pub to: NaiveDate,
}

/// A decision that would be judged otherwise.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PreviewItem {
    pub detainer: Uuid,
    #[schema(value_type = String)]
    pub act: Act,
    pub at: Timestamp,
    /// `comply` or `decline` of a person; `withheld` by the law alone.
    pub decision: String,
    /// The disposition that was stored with it.
    pub was: Option<String>,
    /// By the rules that are loaded, as they were in force that day.
    pub now: Disposition,
    pub would_be: Disposition,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Preview {
    /// Oldest first; at most 1,000.
    pub items: Vec<PreviewItem>,
    pub assessed: usize,
    pub changed: usize,
    /// What each question was asked with.
    pub basis: &'static str,
}

pub const BASIS: &str = "Facts as they had been stated by the time of the decision; the paper, its service, the booking \
                         and the adopted positions as they are now.";

impl PreviewRequest {
    /// The rules with the draft among them, every one read anew.
    ///
    /// # Errors
    /// 422 for days out of order, and for a draft that cannot stand.
    pub async fn read(&self, app: &App) -> Result<Book, Problem> {
        if self.to < self.from {
            return Err(Problem::field("/to", "range", "to lies before from."));
        }
        let law = app.law.clone();
        let text = self.draft.clone();
        tokio::task::spawn_blocking(move || law.with_draft(&text))
            .await
            .map_err(Problem::internal)?
            .map_err(|error| Problem::field("/draft", "rule", error.to_string()))
    }

    pub fn span(&self) -> Span {
        Span {
            from: self.from,
            to: self.to,
        }
    }
}

/// For a reviewer: each decision of the own agency that would be judged otherwise.
pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    request: Request,
) -> Result<Response, Problem> {
    let (_, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Read).await?;
    tx.require(&[Role::Reviewer])?;
    let request: PreviewRequest = sent?;
    let draft = request.read(&app).await?;
    let books = Books {
        now: app.law.book(),
        draft: Arc::new(draft),
    };
    let mut preview = Preview {
        items: Vec::new(),
        assessed: 0,
        changed: 0,
        basis: BASIS,
    };
    ask::each(&mut tx, &app, books, request.span(), Whose::Own, |asked| {
        preview.assessed += 1;
        let Some(change) = asked.change else { return };
        preview.changed += 1;
        if preview.items.len() < MOST_LISTED {
            preview.items.push(PreviewItem {
                detainer: asked.past.detainer_id,
                act: asked.act,
                at: asked.past.at,
                decision: asked.past.decision,
                was: asked.past.was,
                now: change.now,
                would_be: change.would_be,
            });
        }
    })
    .await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&preview).into_response())
}

/// For an admin: how many decisions of the agencies of its subtree would be judged otherwise.
pub async fn post_overseen(
    State(app): State<App>,
    caller: Oversight,
    request: Request,
) -> Result<Response, Problem> {
    let (_, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    tx.require(&[Role::JurisdictionAdmin])?;
    let request: PreviewRequest = sent?;
    let draft = request.read(&app).await?;
    let books = Books {
        now: app.law.book(),
        draft: Arc::new(draft),
    };
    overseen::fits(&request, &books)?;
    let agencies = overseen::begin(&mut tx, &app, &request).await?;
    // The trace is kept before anything is looked at.
    tx.commit().await?;
    app.hub.committed();
    let preview = overseen::count(&app, agencies, books, request.span()).await?;
    Ok(Tagged::ok(&preview).into_response())
}
