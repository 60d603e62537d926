//! `/search?q=`: straight to the record when there is one.

use axum::response::Response;

use crate::app::App;
use crate::custodian::bookings::store as bookings;
use crate::custodian::detainers::list;
use crate::custodian::release_notices::store;
use crate::dashboard::Visitor;
use crate::dashboard::visitor::see_other;
use crate::exchange::detainer::filter::{DetainerQuery, percent};
use crate::http::Problem;

pub async fn get(app: &App, visitor: &Visitor, text: &str) -> Result<Response, Problem> {
    let (mut tx, _) = visitor.enter(app).await?;
    if let Some(booking) = bookings::latest(&mut tx, text).await? {
        let cases = store::cases_about(&mut tx, &booking).await?;
        tx.rollback().await?;
        return Ok(match cases.as_slice() {
            [one] => see_other(&format!("/detainers/{one}")),
            _ => see_other(&format!("/bookings?booking_number={}", percent(text))),
        });
    }
    let query = DetainerQuery::search(text);
    let filter = query.read(&mut tx, app).await?;
    let (found, _) = list::page(&mut tx, app, &filter).await?;
    tx.rollback().await?;
    Ok(match found.as_slice() {
        [(paper, _)] => see_other(&format!("/detainers/{}", paper.id)),
        _ => see_other(&format!("/detainers{}", query.path())),
    })
}
