//! Ids in paths. One that is no id at all is answered like one that does not exist.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::Problem;

/// The last path parameter, read as `T`.
pub struct Id<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        let last = params
            .iter()
            .last()
            .map(|(_, value)| value)
            .ok_or_else(Problem::not_found)?;
        // No stored text holds NUL, so nothing has such a name; PostgreSQL would refuse the query.
        if last.contains('\0') {
            return Err(Problem::not_found());
        }
        last.parse().map(Id).map_err(|_| Problem::not_found())
    }
}

/// The last two path parameters: a record, and one that belongs to it. Both are ids.
pub struct Ids<A, B>(pub A, pub B);

impl<A: FromStr, B: FromStr, S: Send + Sync> FromRequestParts<S> for Ids<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        let values: Vec<&str> = params.iter().map(|(_, value)| value).collect();
        let [.., first, last] = values.as_slice() else {
            return Err(Problem::not_found());
        };
        let (Ok(first), Ok(last)) = (first.parse(), last.parse()) else {
            return Err(Problem::not_found());
        };
        Ok(Self(first, last))
    }
}
