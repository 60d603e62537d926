//! Style, script, fonts and images, in the binary. `make assets` fills the folder before a build;
//! a build without it works, and its pages say what to run.

use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::Assets;
use crate::http::Problem;

#[derive(RustEmbed)]
#[folder = "assets/"]
#[allow_missing = true]
struct Files;

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let version = Files::get("version.txt")
        .map(|file| String::from_utf8_lossy(&file.data).trim().to_owned())
        .unwrap_or_default();
    Assets {
        missing: version.is_empty(),
        version,
    }
});

/// What `base.html` puts behind file names.
pub fn current() -> Assets {
    ASSETS.clone()
}

/// A file of the folder.
pub fn file(path: &str) -> Option<std::borrow::Cow<'static, [u8]>> {
    Files::get(path).map(|file| file.data)
}

/// `GET /assets/{*path}`: kept for good under the version's own address, asked again elsewhere.
pub async fn get(
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file = Files::get(&path).ok_or_else(Problem::not_found)?;
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let versioned = !ASSETS.missing
        && query.is_some_and(|query| query.strip_prefix("v=") == Some(ASSETS.version.as_str()));
    let caching = if versioned {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let kind = mime_guess::from_path(&path)
        .first_or_octet_stream()
        .to_string();
    let kind = if kind.starts_with("text/") {
        format!("{kind}; charset=utf-8")
    } else {
        kind
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|tag| tag.trim() == etag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    let answered = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind.as_str()),
        (header::ETAG, etag.as_str()),
        (header::CACHE_CONTROL, caching),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            answered.insert(name, value);
        }
    }
    Ok(response)
}
