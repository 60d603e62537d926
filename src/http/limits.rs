//! Allowances per credential: release notices have a partition of their own, so that reads
//! never starve intake.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::problem::{Problem, Slug};

type Limiter =
    RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Requests a minute, per credential.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowances {
    pub intake_per_minute: NonZeroU32,
    pub other_per_minute: NonZeroU32,
}

/// The partition that a request draws from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    Intake,
    Other,
}

#[derive(Clone)]
pub struct Limits {
    intake: Arc<Limiter>,
    other: Arc<Limiter>,
    allowances: Allowances,
}

impl Limits {
    pub fn new(allowances: Allowances) -> Self {
        let limiter = |per_minute: NonZeroU32| {
            Arc::new(
                RateLimiter::keyed(Quota::per_minute(per_minute))
                    .with_middleware::<StateInformationMiddleware>(),
            )
        };
        Self {
            intake: limiter(allowances.intake_per_minute),
            other: limiter(allowances.other_per_minute),
            allowances,
        }
    }

    /// Takes one request from the credential's allowance; the headers tell what is left.
    ///
    /// # Errors
    /// 429 with `Retry-After` when there is nothing left.
    pub fn take(&self, partition: Partition, credential: &str) -> Result<HeaderMap, Problem> {
        let (limiter, name, quota) = match partition {
            Partition::Intake => (&self.intake, "intake", self.allowances.intake_per_minute),
            Partition::Other => (&self.other, "other", self.allowances.other_per_minute),
        };
        let mut headers = HeaderMap::new();
        let mut put = |header: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(header), value);
            }
        };
        put("ratelimit-policy", format!("\"{name}\";q={quota};w=60"));
        match limiter.check_key(&credential.to_owned()) {
            Ok(state) => {
                put(
                    "ratelimit",
                    format!("\"{name}\";r={};t=60", state.remaining_burst_capacity()),
                );
                Ok(headers)
            }
            Err(not_until) => {
                let wait = not_until
                    .wait_time_from(DefaultClock::default().now())
                    .as_secs()
                    + 1;
                put("ratelimit", format!("\"{name}\";r=0;t={wait}"));
                let mut problem = Problem::new(
                    Slug::RateLimited,
                    format!("The allowance is used up. Try again in {wait} s."),
                );
                problem.headers.extend(
                    headers
                        .iter()
                        .map(|(name, value)| (name.clone(), value.clone())),
                );
                problem
                    .headers
                    .push((header::RETRY_AFTER, HeaderValue::from(wait)));
                Err(problem)
            }
        }
    }

    /// Forgets credentials that have been idle.
    pub fn prune(&self) {
        self.intake.retain_recent();
        self.other.retain_recent();
    }
}
