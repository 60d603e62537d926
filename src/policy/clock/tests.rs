//! The clock against cases worked out by hand, and against a second method that shares nothing
//! with it: hours are counted one by one, with dates, offsets and holidays in plain arithmetic.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn count(basis: Basis, start: &str, zone: &str, hours: u32) -> Deadline {
    let zone: Tz = zone.parse().unwrap();
    deadline(basis, at(start), zone, hours, &BTreeSet::new()).unwrap()
}

fn regular(start: &str, zone: &str) -> Timestamp {
    count(Basis::Reg2877, start, zone, 48).deadline_at
}

const PACIFIC: &str = "America/Los_Angeles";

#[test]
fn thanksgiving_weekend_holds_a_count_for_three_days() {
    let found = count(Basis::Reg2877, "2026-11-25T10:00:00-08:00", PACIFIC, 48);
    let why: Vec<_> = found.working.iter().map(|s| s.why.as_deref()).collect();
    assert_eq!(
        why,
        [
            None,
            Some("holiday: Thanksgiving Day"),
            None,
            Some("Saturday"),
            Some("Sunday"),
            None
        ]
    );
    // 14 h on Wednesday, 24 h on Friday, 10 h on Monday.
    assert_eq!(found.deadline_at, at("2026-11-30T10:00:00-08:00"));
    assert_eq!((found.counted_hours, found.elapsed_hours), (48.0, 120.0));
    assert_eq!(found.holiday_calendar, "us-federal@2026.1");
}

#[test]
fn the_form_s_48_hours_are_elapsed_hours_across_a_change_of_the_clocks() {
    let spring = count(Basis::Form48, "2026-03-07T10:00:00-08:00", PACIFIC, 48);
    assert_eq!(spring.deadline_at, at("2026-03-09T11:00:00-07:00"));
    let autumn = count(Basis::Form48, "2026-10-31T10:00:00-07:00", PACIFIC, 48);
    assert_eq!(autumn.deadline_at, at("2026-11-02T09:00:00-08:00"));
    assert_eq!(autumn.working.len(), 1);
}

#[test]
fn a_weekend_with_a_change_of_the_clocks_ends_at_local_midnight() {
    // Friday noon: 12 h on Friday, 24 on Monday, 12 on Tuesday, whatever Sunday's length was.
    assert_eq!(
        regular("2026-03-06T12:00:00-08:00", PACIFIC),
        at("2026-03-10T12:00:00-07:00")
    );
    assert_eq!(
        regular("2026-10-30T12:00:00-07:00", PACIFIC),
        at("2026-11-03T12:00:00-08:00")
    );
}

#[test]
fn holidays_are_observed_on_friday_and_on_monday() {
    // 4 July 2026 is a Saturday, 3 July is closed; 19 June 2022 a Sunday, the 20th is closed.
    assert_eq!(
        regular("2026-07-02T12:00:00-07:00", PACIFIC),
        at("2026-07-07T12:00:00-07:00")
    );
    assert_eq!(
        regular("2022-06-17T12:00:00-07:00", PACIFIC),
        at("2022-06-22T12:00:00-07:00")
    );
    // 1 January 2028 is a Saturday: the year before ends on a holiday.
    let day = |y, m, d| federal_holiday(NaiveDate::from_ymd_opt(y, m, d).unwrap());
    assert_eq!(day(2027, 12, 31), Some("New Year's Day"));
    assert_eq!(day(2028, 1, 3), None);
    assert_eq!(
        day(2021, 6, 18),
        Some("Juneteenth National Independence Day")
    );
    assert_eq!(day(2020, 6, 19), None);
    assert_eq!(
        day(2025, 1, 20),
        Some("Birthday of Martin Luther King, Jr.")
    );
    assert_eq!(day(2029, 1, 20), None, "inauguration day does not count");
}

#[test]
fn a_count_that_ends_at_midnight_ends_there_whatever_follows() {
    let found = count(Basis::Reg2877, "2026-11-24T00:00:00-08:00", PACIFIC, 48);
    assert_eq!(found.deadline_at, at("2026-11-26T00:00:00-08:00"));
    assert_eq!(found.working.len(), 1);
}

#[test]
fn the_zone_decides_which_day_it_is() {
    // Friday 23:30 in Honolulu is Saturday in New York.
    let start = "2026-08-15T09:30:00Z";
    let honolulu = count(Basis::Reg2877, start, "Pacific/Honolulu", 48);
    assert_eq!(honolulu.deadline_at, at("2026-08-18T23:30:00-10:00"));
    let new_york = count(Basis::Reg2877, start, "America/New_York", 48);
    assert_eq!(new_york.deadline_at, at("2026-08-19T00:00:00-04:00"));
    assert_eq!(new_york.working[0].why.as_deref(), Some("Saturday"));
}

#[test]
fn the_end_of_the_release_day_is_a_minute_before_midnight() {
    let found = count(
        Basis::EndOfReleaseDay,
        "2026-11-24T10:00:00-05:00",
        "America/New_York",
        48,
    );
    assert_eq!(found.deadline_at, at("2026-11-24T23:59:00-05:00"));
    assert_eq!(found.working.len(), 1);
    for late in ["2026-11-24T23:59:00-05:00", "2026-11-24T23:59:30-05:00"] {
        let found = count(Basis::EndOfReleaseDay, late, "America/New_York", 48);
        assert_eq!((found.deadline_at, found.working.len()), (at(late), 0));
    }
    let none = count(
        Basis::Nothing,
        "2026-11-24T10:00:00-05:00",
        "America/New_York",
        48,
    );
    assert_eq!(none.deadline_at, at("2026-11-24T10:00:00-05:00"));
    assert_eq!((none.counted_hours, none.working.len()), (0.0, 0));
}

#[test]
fn days_named_with_the_request_are_added_and_not_shifted() {
    let zone: Tz = PACIFIC.parse().unwrap();
    let extra: BTreeSet<_> = ["2026-12-24", "2026-12-26"]
        .map(|d| d.parse().unwrap())
        .into();
    let start = at("2026-12-23T12:00:00-08:00");
    let found = deadline(Basis::Reg2877, start, zone, 48, &extra).unwrap();
    let why: Vec<_> = found
        .working
        .iter()
        .filter_map(|s| s.why.as_deref())
        .collect();
    assert_eq!(
        why,
        [
            "holiday: named with the request",
            "holiday: Christmas Day",
            "Saturday",
            "Sunday"
        ]
    );
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let zone: Tz = PACIFIC.parse().unwrap();
    let ask = |basis, start: &str, hours| deadline(basis, at(start), zone, hours, &BTreeSet::new());
    for hours in [0, 721] {
        let refused = ask(Basis::Form48, "2026-11-24T10:00:00Z", hours);
        assert_eq!(refused.unwrap_err(), ClockError::Hours);
    }
    let year = |y| ClockError::Year(y, 1986, 2060);
    assert_eq!(
        ask(Basis::Reg2877, "1985-12-30T10:00:00Z", 48).unwrap_err(),
        year(1985)
    );
    assert_eq!(
        ask(Basis::Reg2877, "2060-12-31T10:00:00-08:00", 48).unwrap_err(),
        year(2061)
    );
    assert!(ask(Basis::Form48, "1985-12-30T10:00:00Z", 48).is_ok());
    assert!(ask(Basis::Reg2877, "2060-12-28T10:00:00Z", 24).is_ok());
}

#[test]
fn whole_hours_are_written_as_whole_numbers() {
    let text =
        serde_json::to_string(&count(Basis::Form48, "2026-11-24T10:00:00Z", PACIFIC, 48)).unwrap();
    assert!(text.contains("\"elapsed_hours\":48,"), "{text}");
    let back: Deadline = serde_json::from_str(&text).unwrap();
    assert_eq!(back.counted_hours, 48.0);
}

/// The second method: days since 1970 by Hinnant's formula, the rules of the Energy Policy Act
/// and of the act before it for the offsets, a table of holidays made by walking the year.
mod oracle {
    use super::*;

    pub struct Zone {
        pub name: &'static str,
        standard: i64,
        changes: bool,
    }

    const fn zone(name: &'static str, hours: i64, changes: bool) -> Zone {
        Zone {
            name,
            standard: hours * 60,
            changes,
        }
    }

    pub const ZONES: &[Zone] = &[
        zone("America/New_York", -5, true),
        zone("America/Chicago", -6, true),
        zone("America/Denver", -7, true),
        zone("America/Los_Angeles", -8, true),
        zone("America/Anchorage", -9, true),
        zone("America/Adak", -10, true),
        zone("America/Phoenix", -7, false),
        zone("Pacific/Honolulu", -10, false),
        zone("America/Puerto_Rico", -4, false),
        zone("Pacific/Guam", 10, false),
    ];

    pub fn day(year: i64, month: i64, day: i64) -> i64 {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let of_era = y.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// 0 = Sunday.
    fn weekday(day: i64) -> i64 {
        (day + 4).rem_euclid(7)
    }

    fn nth(year: i64, month: i64, weekday_wanted: i64, n: i64) -> i64 {
        (day(year, month, 1)..)
            .filter(|d| weekday(*d) == weekday_wanted)
            .nth(n as usize - 1)
            .unwrap()
    }

    fn last(year: i64, month: i64, weekday_wanted: i64) -> i64 {
        let after = if month == 12 {
            day(year + 1, 1, 1)
        } else {
            day(year, month + 1, 1)
        };
        (after - 7..after)
            .find(|d| weekday(*d) == weekday_wanted)
            .unwrap()
    }

    pub fn holidays() -> HashSet<i64> {
        let mut found = HashSet::new();
        for year in 1986..=2061 {
            found.extend([
                nth(year, 1, 1, 3),
                nth(year, 2, 1, 3),
                last(year, 5, 1),
                nth(year, 9, 1, 1),
                nth(year, 10, 1, 2),
                nth(year, 11, 4, 4),
            ]);
            let mut fixed = vec![(1, 1), (7, 4), (11, 11), (12, 25)];
            if year >= 2021 {
                fixed.push((6, 19));
            }
            for (month, date) in fixed {
                let on = day(year, month, date);
                found.insert(match weekday(on) {
                    6 => on - 1,
                    0 => on + 1,
                    _ => on,
                });
            }
        }
        found
    }

    impl Zone {
        /// Local minutes since 1970 at a minute of UTC, for 1987 and later.
        fn local(&self, minute: i64, years: &[(i64, i64)]) -> i64 {
            let summer = self.changes
                && years.iter().any(|(spring, autumn)| {
                    // 02:00 standard time and 02:00 daylight time.
                    minute >= spring * 1440 + 120 - self.standard
                        && minute < autumn * 1440 + 60 - self.standard
                });
            minute + self.standard + if summer { 60 } else { 0 }
        }

        /// The minute at which `hours` counted hours are over.
        pub fn reg(&self, start: i64, hours: i64, holidays: &HashSet<i64>) -> i64 {
            let year = 1970 + start / 525_960;
            let years: Vec<_> = (year - 1..=year + 1)
                .map(|y| match y {
                    2007.. => (nth(y, 3, 0, 2), nth(y, 11, 0, 1)),
                    _ => (nth(y, 4, 0, 1), last(y, 10, 0)),
                })
                .collect();
            let (mut minute, mut left) = (start, hours * 60);
            while left > 0 {
                let today = self.local(minute, &years).div_euclid(1440);
                // Here every day and every change of the clocks begins on a full hour of UTC.
                let mut step = 60 - minute.rem_euclid(60);
                if !matches!(weekday(today), 0 | 6) && !holidays.contains(&today) {
                    step = step.min(left);
                    left -= step;
                }
                minute += step;
            }
            minute
        }
    }
}

fn agrees(zone: &oracle::Zone, minute: i64, hours: u32, holidays: &HashSet<i64>) {
    let start = DateTime::from_timestamp(minute * 60, 0).unwrap();
    let tz: Tz = zone.name.parse().unwrap();
    let found = deadline(Basis::Reg2877, start, tz, hours, &BTreeSet::new()).unwrap();
    let expected =
        DateTime::from_timestamp(zone.reg(minute, i64::from(hours), holidays) * 60, 0).unwrap();
    assert_eq!(
        found.deadline_at, expected,
        "{} {start} {hours} h",
        zone.name
    );
    well_formed(&found, start, hours);
}

fn well_formed(found: &Deadline, start: Timestamp, hours: u32) {
    let mut from = start;
    for segment in &found.working {
        assert_eq!(segment.from, from);
        assert!(segment.to > segment.from);
        assert_eq!(segment.counted, segment.why.is_none());
        from = segment.to;
    }
    assert_eq!(from, found.deadline_at);
    assert_eq!(found.counted_hours, f64::from(hours));
}

#[test]
fn every_sixth_hour_of_two_years_agrees_in_every_zone() {
    let holidays = oracle::holidays();
    for zone in oracle::ZONES {
        let from = oracle::day(2026, 1, 1) * 1440;
        for step in 0..2 * 365 * 4 {
            agrees(zone, from + step * 360 + step % 60, 48, &holidays);
        }
    }
}

#[test]
fn the_hours_around_each_change_leap_day_and_year_s_end_agree() {
    let holidays = oracle::holidays();
    let mut days = vec![];
    for year in [
        1987, 1999, 2000, 2006, 2007, 2012, 2024, 2028, 2036, 2038, 2044, 2052, 2059,
    ] {
        for (month, day) in [
            (2, 27),
            (3, 6),
            (4, 2),
            (6, 17),
            (7, 1),
            (10, 24),
            (11, 2),
            (12, 22),
            (12, 29),
        ] {
            days.push(oracle::day(year, month, day));
        }
    }
    for zone in oracle::ZONES {
        for day in &days {
            for hour in [0, 5, 10, 23, 38, 59, 71, 95, 119] {
                agrees(zone, day * 1440 + hour * 60 + 7, 48, &holidays);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_start_and_length_agrees(
        zone in 0..oracle::ZONES.len(),
        minute in 8_950_000i64..47_300_000,
        hours in 1u32..=720,
    ) {
        agrees(&oracle::ZONES[zone], minute, hours, &oracle::holidays());
    }

    #[test]
    fn any_second_and_any_zone_is_well_formed(
        zone in 0..chrono_tz::TZ_VARIANTS.len(),
        second in 530_000_000i64..2_800_000_000,
        hours in 1u32..=720,
    ) {
        let start = DateTime::from_timestamp(second, 0).unwrap();
        let tz = chrono_tz::TZ_VARIANTS[zone];
        let found = deadline(Basis::Reg2877, start, tz, hours, &BTreeSet::new()).unwrap();
        well_formed(&found, start, hours);
    }
}
