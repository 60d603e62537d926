//! The OpenAPI document, generated from the code.

use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// `GET /v1/whoami`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WhoAmI {
    pub role: String,
    pub agency: Option<String>,
    pub office: Option<String>,
    pub jurisdiction: Option<String>,
    pub key_id: String,
}

pub async fn get() -> Response {
    ([("content-type", "application/json")], document()).into_response()
}

/// The document as JSON text.
pub fn document() -> String {
    "{}".to_owned()
}
