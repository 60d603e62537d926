//! When a hold must end: a pure function of basis, start, zone, hours and calendar. The count
//! runs between instants, so a change of the clocks neither adds nor loses an hour; only which
//! days are left out is a matter of the local calendar.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize, Serializer};

use crate::types::Timestamp;
use crate::types::actor::words;

words! {
    /// The rule that a deadline is counted by.
    #[schema(as = ClockBasis)]
    Basis {
        Form48 = "form_48", Reg2877 = "reg_287_7", EndOfReleaseDay = "end_of_release_day", Nothing = "none",
    }
}

/// What both the form and 8 CFR 287.7(d) allow.
pub const HOURS: u32 = 48;
/// The longest count that is worked out.
pub const MOST_HOURS: u32 = 720;

/// A deadline with its working: contiguous segments from the start to the deadline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Deadline {
    pub deadline_at: Timestamp,
    #[serde(serialize_with = "hours")]
    pub elapsed_hours: f64,
    /// The hours of the counted segments.
    #[serde(serialize_with = "hours")]
    pub counted_hours: f64,
    pub working: Vec<Segment>,
    pub basis: Basis,
    /// Id and version, such as `us-federal@2026.1`.
    pub holiday_calendar: String,
}

/// A stretch of time that counts or does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Segment {
    pub from: Timestamp,
    pub to: Timestamp,
    pub counted: bool,
    /// Why it does not count: `Saturday`, `Sunday`, `holiday: Thanksgiving Day`.
    pub why: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    #[error("hours must be a whole number from 1 to {MOST_HOURS}")]
    Hours,
    #[error("the federal holidays of {0} are not known: the calendar reaches from {1} to {2}")]
    Year(i32, i32, i32),
    #[error("the deadline lies outside the calendar")]
    OutOfRange,
}

/// The federal calendar: holidays by law are computed, closures are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub id: String,
    pub version: String,
    pub first_year: i32,
    pub last_year: i32,
    /// Days that an order closed, with the name to show.
    pub closures: BTreeMap<NaiveDate, String>,
}

impl Default for Calendar {
    /// What `config/holidays/us-federal.yaml` says in the binary.
    fn default() -> Self {
        Self {
            id: "us-federal".to_owned(),
            version: "2026.1".to_owned(),
            first_year: 1986,
            last_year: 2060,
            closures: BTreeMap::new(),
        }
    }
}

/// The deadline by the built-in calendar. `extra_holidays` are added to it, as they are.
///
/// # Errors
/// See `ClockError`.
pub fn deadline(
    basis: Basis,
    start: Timestamp,
    zone: Tz,
    hours: u32,
    extra_holidays: &BTreeSet<NaiveDate>,
) -> Result<Deadline, ClockError> {
    Calendar::default().deadline(basis, start, zone, hours, extra_holidays)
}

impl Calendar {
    /// The deadline of a hold that starts at `start` in the facility's zone.
    ///
    /// # Errors
    /// See `ClockError`.
    pub fn deadline(
        &self,
        basis: Basis,
        start: Timestamp,
        zone: Tz,
        hours: u32,
        extra_holidays: &BTreeSet<NaiveDate>,
    ) -> Result<Deadline, ClockError> {
        if !(1..=MOST_HOURS).contains(&hours) {
            return Err(ClockError::Hours);
        }
        let count = TimeDelta::hours(i64::from(hours));
        let working = match basis {
            Basis::Nothing => Vec::new(),
            Basis::Form48 => {
                let end = start
                    .checked_add_signed(count)
                    .ok_or(ClockError::OutOfRange)?;
                vec![Segment::counted(start, end)]
            }
            Basis::EndOfReleaseDay => {
                let end = minute_before_midnight(start, zone)?;
                // At 23:59 there is nothing left of the day.
                Vec::from_iter((start < end).then(|| Segment::counted(start, end)))
            }
            Basis::Reg2877 => self.days_that_count(start, zone, count, extra_holidays)?,
        };
        let end = working.last().map_or(start, |segment| segment.to);
        let counted = working
            .iter()
            .filter(|segment| segment.counted)
            .fold(TimeDelta::zero(), |sum, segment| sum + segment.length());
        Ok(Deadline {
            deadline_at: end,
            elapsed_hours: in_hours(end - start),
            counted_hours: in_hours(counted),
            working,
            basis,
            holiday_calendar: format!("{}@{}", self.id, self.version),
        })
    }

    /// Goes from local midnight to local midnight until the count is used up.
    fn days_that_count(
        &self,
        start: Timestamp,
        zone: Tz,
        mut left: TimeDelta,
        extra_holidays: &BTreeSet<NaiveDate>,
    ) -> Result<Vec<Segment>, ClockError> {
        let mut working: Vec<Segment> = Vec::new();
        let mut from = start;
        let mut day = start.with_timezone(&zone).date_naive();
        while left > TimeDelta::zero() {
            let why = self.why_not(day, extra_holidays)?;
            let next = day.succ_opt().ok_or(ClockError::OutOfRange)?;
            let midnight = first_instant(next, zone)?;
            let to = if why.is_none() {
                midnight.min(from + left)
            } else {
                midnight
            };
            if why.is_none() {
                left -= to - from;
            }
            match working.last_mut() {
                // Days that count follow one another without a seam.
                Some(last) if last.counted && why.is_none() => last.to = to,
                // A local day of no length is none (a zone that crossed the date line).
                _ if to > from => working.push(Segment {
                    from,
                    to,
                    counted: why.is_none(),
                    why,
                }),
                _ => {}
            }
            (from, day) = (to, next);
        }
        Ok(working)
    }

    /// Why a local day does not count; a weekend is named before a holiday on it.
    fn why_not(
        &self,
        day: NaiveDate,
        extra_holidays: &BTreeSet<NaiveDate>,
    ) -> Result<Option<String>, ClockError> {
        if !(self.first_year..=self.last_year).contains(&day.year()) {
            return Err(ClockError::Year(
                day.year(),
                self.first_year,
                self.last_year,
            ));
        }
        Ok(match day.weekday() {
            Weekday::Sat => Some("Saturday".to_owned()),
            Weekday::Sun => Some("Sunday".to_owned()),
            _ => federal_holiday(day)
                .or_else(|| self.closures.get(&day).map(String::as_str))
                .or_else(|| {
                    extra_holidays
                        .contains(&day)
                        .then_some("named with the request")
                })
                .map(|name| format!("holiday: {name}")),
        })
    }
}

impl Segment {
    fn counted(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from,
            to,
            counted: true,
            why: None,
        }
    }

    pub fn length(&self) -> TimeDelta {
        self.to - self.from
    }
}

/// The federal holiday that is observed on a day (5 U.S.C. 6103; inauguration day is left out,
/// as it is a holiday of the District's surroundings alone).
pub fn federal_holiday(day: NaiveDate) -> Option<&'static str> {
    let (year, month) = (day.year(), day.month());
    let nth =
        |weekday, n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n) == Some(day);
    // A date that moves with the weekend: the day itself, the Friday before, the Monday after.
    let falls_on = |month, date| {
        let actual = match day.weekday() {
            Weekday::Sat | Weekday::Sun => [None, None],
            Weekday::Fri => [Some(day), day.succ_opt()],
            Weekday::Mon => [Some(day), day.pred_opt()],
            _ => [Some(day), None],
        };
        actual
            .into_iter()
            .flatten()
            .find(|actual| (actual.month(), actual.day()) == (month, date))
    };
    if falls_on(1, 1).is_some() {
        return Some("New Year's Day");
    }
    match month {
        1 => nth(Weekday::Mon, 3).then_some("Birthday of Martin Luther King, Jr."),
        2 => nth(Weekday::Mon, 3).then_some("Washington's Birthday"),
        5 => (day.weekday() == Weekday::Mon && day.day() > 24).then_some("Memorial Day"),
        6 => falls_on(6, 19)
            .filter(|actual| actual.year() >= 2021)
            .map(|_| "Juneteenth National Independence Day"),
        7 => falls_on(7, 4).map(|_| "Independence Day"),
        9 => nth(Weekday::Mon, 1).then_some("Labor Day"),
        10 => nth(Weekday::Mon, 2).then_some("Columbus Day"),
        11 if nth(Weekday::Thu, 4) => Some("Thanksgiving Day"),
        11 => falls_on(11, 11).map(|_| "Veterans Day"),
        12 => falls_on(12, 25).map(|_| "Christmas Day"),
        _ => None,
    }
}

/// The first instant of a local day. Where the clocks skip midnight it is when they skip.
fn first_instant(day: NaiveDate, zone: Tz) -> Result<Timestamp, ClockError> {
    at_or_after(day, NaiveTime::MIN, zone)
}

/// 23:59:00 on the local day of an instant.
fn minute_before_midnight(start: Timestamp, zone: Tz) -> Result<Timestamp, ClockError> {
    let time = NaiveTime::from_hms_opt(23, 59, 0).ok_or(ClockError::OutOfRange)?;
    at_or_after(start.with_timezone(&zone).date_naive(), time, zone)
}

/// The instant of a local time, the earlier one where it comes twice, and the end of the gap
/// where it never comes.
fn at_or_after(day: NaiveDate, time: NaiveTime, zone: Tz) -> Result<Timestamp, ClockError> {
    let local = day.and_time(time);
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Ok(at.to_utc()),
        LocalResult::None => {
            // Read with the offset of two days before, the instant lies past the skip by as much
            // as was skipped since the local time's place in the gap.
            let before = day
                .checked_sub_days(Days::new(2))
                .and_then(|day| zone.from_local_datetime(&day.and_time(time)).earliest())
                .ok_or(ClockError::OutOfRange)?;
            let mut low = before.to_utc();
            let mut high = low + TimeDelta::days(4);
            let is_past = |at: DateTime<_>| at.with_timezone(&zone).naive_local() >= local;
            while high - low > TimeDelta::seconds(1) {
                let middle = low + (high - low) / 2;
                if is_past(middle) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            // Skips happen on whole seconds; the halves may have left fractions.
            Ok(DateTime::from_timestamp(high.timestamp(), 0).ok_or(ClockError::OutOfRange)?)
        }
    }
}

fn in_hours(length: TimeDelta) -> f64 {
    let micros = length.num_microseconds().unwrap_or(i64::MAX);
    micros as f64 / 3_600_000_000.0
}

/// Whole hours are written as whole numbers.
fn hours<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
