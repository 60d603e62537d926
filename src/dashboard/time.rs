//! Instants as people read and type them: in the facility's zone, which is always named.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use super::When;
use crate::http::problem::FieldError;
use crate::types::Timestamp;

/// The zone of an IANA name; UTC, by its name, for one that is unknown.
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(chrono_tz::UTC)
}

/// "25 Nov 2026 08:00 PST · in 14 h".
pub fn when(at: Timestamp, zone: Tz, now: Timestamp) -> When {
    When {
        machine: at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        absolute: absolute(at, zone),
        relative: Some(relative(at, now)),
    }
}

/// "25 Nov 2026 08:00 PST".
pub fn absolute(at: Timestamp, zone: Tz) -> String {
    at.with_timezone(&zone)
        .format("%-d %b %Y %H:%M %Z")
        .to_string()
}

/// "25 Nov 2026".
pub fn day(on: NaiveDate) -> String {
    on.format("%-d %b %Y").to_string()
}

/// The words that the script keeps ticking (`relative` in app.js).
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let minutes = ((at - now).num_seconds().abs() + 30) / 60;
    let words = match minutes {
        0 => return "now".to_owned(),
        1..120 => format!("{minutes} min"),
        120..4320 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    };
    if at > now {
        format!("in {words}")
    } else {
        format!("{words} ago")
    }
}

/// What `datetime-local` holds for an instant.
pub fn local(at: Timestamp, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string()
}

/// Reads `2026-11-25T08:00` in a zone. An hour that came twice is refused with both readings,
/// and read when an offset stands behind it; an hour that never was is refused.
pub fn read_local(name: &str, text: &str, zone: Tz) -> Result<Timestamp, FieldError> {
    let refuse = |code: &str, detail: String| FieldError {
        pointer: format!("/{name}"),
        code: code.to_owned(),
        detail,
    };
    if let Ok(exact) = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%:z"))
    {
        return Ok(exact.to_utc());
    }
    let plain = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
        .map_err(|_| {
            refuse(
                "format",
                "A date and a time such as 2026-11-25T08:00 are expected.".to_owned(),
            )
        })?;
    match zone.from_local_datetime(&plain) {
        LocalResult::Single(at) => Ok(at.to_utc()),
        LocalResult::Ambiguous(first, second) => Err(refuse(
            "ambiguous",
            format!(
                "{} came twice that night in {zone}. Write {} for the first ({}) or {} for the second ({}).",
                plain.format("%H:%M"),
                first.format("%Y-%m-%dT%H:%M%:z"),
                first.format("%Z"),
                second.format("%Y-%m-%dT%H:%M%:z"),
                second.format("%Z"),
            ),
        )),
        LocalResult::None => Err(refuse(
            "missing_hour",
            format!(
                "{} did not happen on {} in {zone}: the clocks went forward over it. Enter the time that the clock showed.",
                plain.format("%H:%M"),
                day(plain.date()),
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_that_comes_twice_is_asked_back_and_the_one_that_never_was_is_refused() {
        let zone = zone("America/Los_Angeles");
        let read = |text| read_local("at", text, zone);
        assert_eq!(
            read("2026-11-25T08:00").unwrap().to_rfc3339(),
            "2026-11-25T16:00:00+00:00"
        );
        let twice = read("2026-11-01T01:30").unwrap_err();
        assert_eq!(twice.code, "ambiguous");
        assert!(twice.detail.contains("2026-11-01T01:30-07:00"));
        assert!(twice.detail.contains("2026-11-01T01:30-08:00"));
        assert_eq!(
            read("2026-11-01T01:30-08:00").unwrap().to_rfc3339(),
            "2026-11-01T09:30:00+00:00"
        );
        assert_eq!(read("2026-03-08T02:30").unwrap_err().code, "missing_hour");
        assert_eq!(read("tomorrow").unwrap_err().code, "format");
    }

    #[test]
    fn times_name_their_zone_and_say_how_far_they_are() {
        let now: Timestamp = "2026-11-24T18:00:00Z".parse().unwrap();
        let at: Timestamp = "2026-11-25T16:00:00Z".parse().unwrap();
        let when = when(at, zone("America/Los_Angeles"), now);
        assert_eq!(when.absolute, "25 Nov 2026 08:00 PST");
        assert_eq!(when.relative.as_deref(), Some("in 22 h"));
        assert_eq!(relative(now, at), "22 h ago");
    }
}
