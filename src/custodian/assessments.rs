//! What the law says of a case now: the facts that this agency has, put before the rules.

use serde_json::{Value, json};

use crate::app::App;
use crate::custodian::detainers::CaseFile;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::Paper;
use crate::policy::{Assessment, Question};
use crate::types::Timestamp;

/// The dispositions of every act on one request at an instant.
pub async fn of_case(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    paper: &Paper,
    at: Timestamp,
) -> Result<Assessment, StoreError> {
    let mut assessed = of_cases(tx, app, &[(paper, case)], at).await?;
    Ok(assessed.remove(0))
}

/// The same for a page of a list, in its order.
pub async fn of_cases(
    tx: &mut ScopedTx<'_>,
    app: &App,
    cases: &[(&Paper, &CaseFile)],
    at: Timestamp,
) -> Result<Vec<Assessment>, StoreError> {
    let Some(agency) = tx.actor().agency.clone() else {
        return Ok(Vec::new());
    };
    Ok(cases
        .iter()
        .map(|(paper, case)| {
            app.law.assess(&Question {
                agency: &agency,
                at,
                facts: facts(paper, case),
            })
        })
        .collect())
}

/// The facts of POLICY.md, as far as this agency knows them.
fn facts(paper: &Paper, case: &CaseFile) -> Value {
    json!({
        "detainer": {
            "form": paper.form,
            "issued_on": paper.issued_on,
            "issuing_office": paper.issuing_office,
            "asks": {
                "notify": paper.asks.notify, "hold": paper.asks.hold,
                "transfer": paper.asks.transfer, "interview": paper.asks.interview,
            },
            "served": case.served_at.is_some(),
            "warrants": paper.warrants.iter().map(|warrant| json!({
                "kind": warrant.kind, "signed_by": warrant.signed_by,
            })).collect::<Vec<_>>(),
        },
    })
}
