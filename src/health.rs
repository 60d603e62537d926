//! `/healthz`: the process answers. `/readyz`: the database is there with the current schema.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::Problem;

pub async fn alive() -> &'static str {
    "ok\n"
}

/// 503 within two seconds when PostgreSQL is gone.
pub async fn ready(State(app): State<App>) -> Response {
    // A task of its own: the query's future is never dropped half-way.
    let pool = app.pools.worker.clone();
    let check = tokio::spawn(async move {
        sqlx::query_scalar!(r#"select to_regclass('log.queue') is not null as "current!""#)
            .fetch_one(&pool)
            .await
    });
    match tokio::time::timeout(Duration::from_millis(1_500), check).await {
        Ok(Ok(Ok(true))) => "ready\n".into_response(),
        _ => Problem::unavailable().into_response(),
    }
}
