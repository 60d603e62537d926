//! Where a request comes from, and how often a sign-in from there has failed: a password that is
//! tried at many accounts locks none of them.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::HeaderMap;
use chrono::{Duration, DurationRound};

use crate::types::Timestamp;

/// Failures of one source within the window, after which it has to wait.
const MAX_FAILURES: usize = 10;
/// The window, and so the longest wait.
const WINDOW: Duration = Duration::minutes(15);

/// The other end of a request's connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Whom a request is counted for: an address, of IPv6 the network that one subscriber has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    fn new(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(ip) => {
                let network = u128::from(ip) & (u128::MAX << 64);
                IpAddr::V6(Ipv6Addr::from(network))
            }
            ip => ip,
        })
    }

    /// The peer, or whom a proxy of ours names in `X-Forwarded-For`: its last entry that is no
    /// proxy of ours. What stands before that entry anybody could have written.
    pub fn of(peer: Option<&Peer>, headers: &HeaderMap, proxies: &[IpAddr]) -> Self {
        let mut address = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.0);
        let named: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for text in named.into_iter().rev() {
            if !proxies.contains(&address.to_canonical()) {
                break;
            }
            let Ok(before) = text.trim().parse() else {
                break;
            };
            address = before;
        }
        Self::new(address)
    }

    /// The bytes that a keyed hash is made of: the log names no address.
    pub fn bytes(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => ip.octets(),
        }
    }
}

/// The tries of one source.
#[derive(Default)]
struct Tries {
    /// Those of the window that failed or are still under way.
    open: VecDeque<Timestamp>,
    /// Not yet in the log.
    minutes: HashMap<Timestamp, Failures>,
}

/// What one minute of one source comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failures {
    pub failed: u32,
    /// Turned away unheard.
    pub refused: u32,
}

/// The failed sign-ins of this process by source. Cheap to clone.
#[derive(Clone, Default)]
pub struct SignIns(Arc<Mutex<HashMap<Source, Tries>>>);

impl SignIns {
    fn all(&self) -> MutexGuard<'_, HashMap<Source, Tries>> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A try begins. It counts until it has succeeded, so that many at once are no way around.
    ///
    /// # Errors
    /// How long the source has to wait.
    pub fn begin(&self, source: Source, now: Timestamp) -> Result<(), Duration> {
        let mut all = self.all();
        let tries = all.entry(source).or_default();
        while tries.open.front().is_some_and(|at| *at <= now - WINDOW) {
            tries.open.pop_front();
        }
        if tries.open.len() < MAX_FAILURES {
            tries.open.push_back(now);
            return Ok(());
        }
        tries.minutes.entry(minute(now)).or_default().refused += 1;
        Err(tries.open[0] + WINDOW - now)
    }

    /// The try that began then was right: it counts no longer.
    pub fn succeeded(&self, source: Source, began: Timestamp) {
        if let Some(tries) = self.all().get_mut(&source)
            && let Some(at) = tries.open.iter().position(|at| *at == began)
        {
            tries.open.remove(at);
        }
    }

    /// The try that began then was wrong.
    pub fn failed(&self, source: Source, began: Timestamp) {
        let mut all = self.all();
        let tries = all.entry(source).or_default();
        tries.minutes.entry(minute(began)).or_default().failed += 1;
    }

    /// Takes out the minutes that ended before `now`, and forgets sources that have been quiet.
    pub fn take_ended(&self, now: Timestamp) -> Vec<(Source, Timestamp, Failures)> {
        let mut ended = Vec::new();
        let this_minute = minute(now);
        self.all().retain(|source, tries| {
            tries.minutes.retain(|at, failures| {
                if *at < this_minute {
                    ended.push((*source, *at, *failures));
                }
                *at >= this_minute
            });
            tries.open.retain(|at| *at > now - WINDOW);
            !(tries.open.is_empty() && tries.minutes.is_empty())
        });
        ended.sort_by_key(|(source, at, _)| (*at, source.bytes()));
        ended
    }

    /// Puts minutes back that could not be written down.
    pub fn put_back(&self, minutes: &[(Source, Timestamp, Failures)]) {
        let mut all = self.all();
        for (source, at, failures) in minutes {
            let tries = all.entry(*source).or_default();
            let kept = tries.minutes.entry(*at).or_default();
            kept.failed += failures.failed;
            kept.refused += failures.refused;
        }
    }
}

fn minute(at: Timestamp) -> Timestamp {
    at.duration_trunc(Duration::minutes(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-25T{text}Z").parse().unwrap()
    }

    fn source(peer: &str, forwarded: &[&'static str]) -> Source {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let proxies = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        Source::of(Some(&Peer(peer.parse().unwrap())), &headers, &proxies)
    }

    #[test]
    fn a_header_is_believed_from_our_proxies_only() {
        let plain = |address: &str| Source::new(address.parse().unwrap());
        assert_eq!(source("192.0.2.1", &[]), plain("192.0.2.1"));
        assert_eq!(source("192.0.2.1", &["203.0.113.9"]), plain("192.0.2.1"));
        assert_eq!(source("10.0.0.1", &["203.0.113.9"]), plain("203.0.113.9"));
        let forged = ["1.1.1.1, 203.0.113.9", "10.0.0.2"];
        assert_eq!(source("10.0.0.1", &forged), plain("203.0.113.9"));
        assert_eq!(source("10.0.0.1", &["no address"]), plain("10.0.0.1"));
        // A v4 address in a v6 one, and the neighbours in one v6 network.
        assert_eq!(source("::ffff:192.0.2.1", &[]), plain("192.0.2.1"));
        assert_eq!(plain("2001:db8::1"), plain("2001:db8::ffff:2"));
        assert_ne!(plain("2001:db8::1"), plain("2001:db8:0:1::1"));
    }

    #[test]
    fn ten_failures_close_a_source_until_the_oldest_is_a_quarter_of_an_hour_old() {
        let (sign_ins, here) = (SignIns::default(), source("192.0.2.1", &[]));
        let first = at("08:00:00");
        for second in 0..10 {
            let began = first + Duration::seconds(second);
            sign_ins.begin(here, began).unwrap();
            sign_ins.failed(here, began);
        }
        let wait = sign_ins.begin(here, at("08:05:00")).unwrap_err();
        assert_eq!(wait, Duration::minutes(10));
        sign_ins
            .begin(source("192.0.2.2", &[]), at("08:05:00"))
            .unwrap();
        sign_ins.begin(here, at("08:15:00")).unwrap();
        assert!(sign_ins.begin(here, at("08:15:00")).is_err());
    }

    #[test]
    fn tries_at_once_count_before_they_end_and_a_right_one_no_longer() {
        let (sign_ins, here) = (SignIns::default(), source("192.0.2.1", &[]));
        let now = at("08:00:00");
        for _ in 0..10 {
            sign_ins.begin(here, now).unwrap();
        }
        assert!(sign_ins.begin(here, now).is_err());
        sign_ins.succeeded(here, now);
        sign_ins.begin(here, now).unwrap();
    }

    #[test]
    fn a_minute_is_taken_once_it_has_ended_and_can_be_put_back() {
        let (sign_ins, here) = (SignIns::default(), source("192.0.2.1", &[]));
        for text in ["08:00:01", "08:00:59", "08:01:00"] {
            sign_ins.begin(here, at(text)).unwrap();
            sign_ins.failed(here, at(text));
        }
        let both = Failures {
            failed: 2,
            refused: 0,
        };
        let ended = sign_ins.take_ended(at("08:01:30"));
        assert_eq!(ended, [(here, at("08:00:00"), both)]);
        assert_eq!(sign_ins.take_ended(at("08:01:30")), []);
        sign_ins.put_back(&ended);
        assert_eq!(sign_ins.take_ended(at("08:02:00")).len(), 2);
        // Nothing is kept of a quiet source.
        sign_ins.take_ended(at("09:00:00"));
        assert!(sign_ins.all().is_empty());
    }
}
