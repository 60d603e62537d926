//! `/search?q=`: straight to the record when there is one.

use axum::response::Response;

use crate::app::App;
use crate::dashboard::Visitor;
use crate::dashboard::visitor::see_other;
use crate::exchange::detainer::filter::DetainerQuery;
use crate::http::Problem;
use crate::office::detainers::pending;

pub async fn get(app: &App, visitor: &Visitor, text: &str) -> Result<Response, Problem> {
    let (mut tx, _) = visitor.enter(app).await?;
    let query = DetainerQuery::search(text);
    let filter = query.read(&mut tx, app).await?;
    let (found, _) = pending::page(&mut tx, app, &filter).await?;
    tx.rollback().await?;
    Ok(match found.as_slice() {
        [paper] => see_other(&format!("/detainers/{}", paper.id)),
        _ => see_other(&format!("/detainers{}", query.path())),
    })
}
