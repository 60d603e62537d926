//! What a cell says: days, instants and yes or no, in the forms that jails' files write them.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::types::Timestamp;

/// Which of two numbers with slashes is the month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOrder {
    /// `11/25/2026`, as in the United States.
    #[default]
    MonthFirst,
    /// `25/11/2026`.
    DayFirst,
}

/// What the hour means that the clock shows twice when summer time ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatedHour {
    /// The row is rejected: nobody but the jail knows which of the two it was.
    #[default]
    Refuse,
    Earlier,
    Later,
}

/// How a file writes days and times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dates {
    pub order: DayOrder,
    /// Years of two digits up to this many years ahead belong to this century; the rest to the last one. Birth dates
    /// are never ahead.
    pub ahead: u8,
    pub repeated_hour: RepeatedHour,
}

/// A day: `2026-11-25`, `11/25/2026`, `11/25/26`, `20261125`, `25-Nov-2026`, each also with a time, which is left out.
///
/// # Errors
/// What is wrong with the text, in words for the person who mends it.
pub fn day(text: &str, dates: Dates, today: NaiveDate) -> Result<NaiveDate, String> {
    let text = text.trim();
    let head = text.split([' ', 'T']).next().unwrap_or(text);
    calendar_day(head, dates, today).ok_or_else(|| {
        format!(
            "“{text}” is not a day; write 2026-11-25 or {}",
            example(dates)
        )
    })
}

fn example(dates: Dates) -> &'static str {
    match dates.order {
        DayOrder::MonthFirst => "11/25/2026",
        DayOrder::DayFirst => "25/11/2026",
    }
}

fn calendar_day(text: &str, dates: Dates, today: NaiveDate) -> Option<NaiveDate> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    }
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let [first, second, third] = parts[..] else {
        return None;
    };
    if first.len() == 4 {
        return NaiveDate::from_ymd_opt(
            number(first, 4)? as i32,
            number(second, 2)?,
            number(third, 2)?,
        );
    }
    let year = year(third, dates, today)?;
    if second.chars().all(char::is_alphabetic) {
        return NaiveDate::from_ymd_opt(year, month_named(second)?, number(first, 2)?);
    }
    let (month, day) = match dates.order {
        DayOrder::MonthFirst => (first, second),
        DayOrder::DayFirst => (second, first),
    };
    NaiveDate::from_ymd_opt(year, number(month, 2)?, number(day, 2)?)
}

fn year(text: &str, dates: Dates, today: NaiveDate) -> Option<i32> {
    match text.len() {
        4 => Some(number(text, 4)? as i32),
        2 => {
            let this = chrono::Datelike::year(&today);
            let year = this - this.rem_euclid(100) + number(text, 2)? as i32;
            Some(if year > this + i32::from(dates.ahead) {
                year - 100
            } else {
                year
            })
        }
        _ => None,
    }
}

fn number(text: &str, most: usize) -> Option<u32> {
    let digits =
        !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn month_named(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let short = text.get(..3)?.to_ascii_lowercase();
    let place = MONTHS.iter().position(|month| *month == short)?;
    Some(place as u32 + 1)
}

/// An instant. A text with an offset (or `Z`) is one; any other is the local time of the facility.
///
/// # Errors
/// What is wrong with the text; a local time that the clock shows twice or never is named as such.
pub fn instant(text: &str, zone: Tz, dates: Dates, today: NaiveDate) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.with_timezone(&Utc));
    }
    for form in [
        "%Y-%m-%d %H:%M:%S%.f%:z",
        "%Y-%m-%d %H:%M:%S%.f %z",
        "%Y-%m-%dT%H:%M%:z",
        "%Y-%m-%d %H:%M%:z",
    ] {
        if let Ok(at) = DateTime::parse_from_str(text, form) {
            return Ok(at.with_timezone(&Utc));
        }
    }
    let local = local(text, dates, today).ok_or_else(|| {
        format!("“{text}” is no time; write 2026-11-25T08:00:00-08:00, or a day and the local time as in 2026-11-25 08:00")
    })?;
    at_place(local, zone, dates.repeated_hour)
}

fn local(text: &str, dates: Dates, today: NaiveDate) -> Option<NaiveDateTime> {
    let (head, tail) = text.split_once([' ', 'T'])?;
    let tail = tail.trim().to_ascii_uppercase();
    let time = [
        "%H:%M:%S%.f",
        "%H:%M",
        "%I:%M:%S %p",
        "%I:%M %p",
        "%I:%M:%S%p",
        "%I:%M%p",
        "%H%M",
    ]
    .iter()
    .find_map(|form| NaiveTime::parse_from_str(&tail, form).ok())?;
    Some(calendar_day(head, dates, today)?.and_time(time))
}

fn at_place(local: NaiveDateTime, zone: Tz, repeated: RepeatedHour) -> Result<Timestamp, String> {
    match (zone.from_local_datetime(&local), repeated) {
        (LocalResult::Single(at), _)
        | (LocalResult::Ambiguous(at, _), RepeatedHour::Earlier)
        | (LocalResult::Ambiguous(_, at), RepeatedHour::Later) => Ok(at.with_timezone(&Utc)),
        (LocalResult::Ambiguous(earlier, later), RepeatedHour::Refuse) => Err(format!(
            "{local} comes twice in {zone}, for the clock was set back; write which of the two it was: {} or {}",
            earlier.to_rfc3339(),
            later.to_rfc3339()
        )),
        (LocalResult::None, _) => Err(format!(
            "{local} does not exist in {zone}, for the clock was set forward over it; correct the time"
        )),
    }
}

/// Yes or no.
///
/// # Errors
/// Any other word.
pub fn truth(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "1" | "x" => Ok(true),
        "no" | "n" | "false" | "f" | "0" => Ok(false),
        _ => Err(format!("“{text}” is neither yes nor no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 25).unwrap()
    }

    fn read(text: &str) -> Result<String, String> {
        instant(
            text,
            chrono_tz::America::Los_Angeles,
            Dates::default(),
            today(),
        )
        .map(|at| at.to_rfc3339())
    }

    #[test]
    fn days_are_read_in_the_forms_of_files() {
        let expected = NaiveDate::from_ymd_opt(2026, 3, 4).unwrap();
        for text in [
            "2026-03-04",
            "3/4/2026",
            "03/04/26",
            "20260304",
            "04-Mar-2026",
            "2026-03-04 00:00:00",
            "3.4.2026",
        ] {
            assert_eq!(day(text, Dates::default(), today()), Ok(expected), "{text}");
        }
        let day_first = Dates {
            order: DayOrder::DayFirst,
            ..Dates::default()
        };
        assert_eq!(day("4/3/2026", day_first, today()), Ok(expected));
        for text in [
            "",
            "13/13/2026",
            "2026-02-30",
            "tomorrow",
            "3/4/202",
            "1/2/3/4",
        ] {
            assert!(day(text, Dates::default(), today()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_never_ahead_unless_the_mapping_says_so() {
        let year = |text, ahead| {
            let dates = Dates {
                ahead,
                ..Dates::default()
            };
            chrono::Datelike::year(&day(text, dates, today()).unwrap())
        };
        assert_eq!(
            (year("1/1/26", 0), year("1/1/27", 0), year("1/1/27", 2)),
            (2026, 1927, 2027)
        );
    }

    #[test]
    fn a_local_time_is_that_of_the_facility() {
        for text in [
            "2026-11-25 08:00",
            "11/25/2026 8:00 AM",
            "2026-11-25T08:00:00",
            "11/25/26 0800",
            "25-Nov-2026 08:00:00",
        ] {
            assert_eq!(
                read(text).as_deref(),
                Ok("2026-11-25T16:00:00+00:00"),
                "{text}"
            );
        }
        assert_eq!(
            read("2026-11-25T08:00:00-05:00").as_deref(),
            Ok("2026-11-25T13:00:00+00:00")
        );
        assert!(read("2026-11-25").is_err(), "a day is no instant");
    }

    #[test]
    fn the_hour_that_comes_twice_and_the_one_that_never_comes_are_named() {
        let twice = read("2026-11-01 01:30").unwrap_err();
        assert!(
            twice.contains("twice") && twice.contains("-07:00") && twice.contains("-08:00"),
            "{twice}"
        );
        assert!(
            read("2026-03-08 02:30")
                .unwrap_err()
                .contains("does not exist")
        );
        assert_eq!(
            read("2026-11-01T01:30:00-08:00").as_deref(),
            Ok("2026-11-01T09:30:00+00:00")
        );
    }
}
