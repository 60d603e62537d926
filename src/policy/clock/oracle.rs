//! The clock against a third method: another library's calendar and zones (jiff's), holidays
//! written down as a table, and no march from day to day: the whole timeline is laid out first,
//! and the deadline is read off where the counted seconds reach the count.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use jiff::Timestamp as Instant;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;

use super::{Basis, Deadline, deadline};

const ZONES: &[&str] = &[
    "America/New_York",
    "America/Detroit",
    "America/Indiana/Indianapolis",
    "America/Chicago",
    "America/Denver",
    "America/Boise",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/St_Thomas",
    "Pacific/Guam",
    "Pacific/Pago_Pago",
];

/// Name, month, day, and the first year.
const FIXED: &[(&str, i8, i8, i16)] = &[
    ("New Year's Day", 1, 1, 1900),
    ("Juneteenth National Independence Day", 6, 19, 2021),
    ("Independence Day", 7, 4, 1900),
    ("Veterans Day", 11, 11, 1900),
    ("Christmas Day", 12, 25, 1900),
];
/// Name, month, and which weekday of it (-1: the last).
const MOVING: &[(&str, i8, i8, Weekday)] = &[
    ("Birthday of Martin Luther King, Jr.", 1, 3, Weekday::Monday),
    ("Washington's Birthday", 2, 3, Weekday::Monday),
    ("Memorial Day", 5, -1, Weekday::Monday),
    ("Labor Day", 9, 1, Weekday::Monday),
    ("Columbus Day", 10, 2, Weekday::Monday),
    ("Thanksgiving Day", 11, 4, Weekday::Thursday),
];

type Holidays = BTreeMap<Date, &'static str>;

/// The days that are observed from 1986 to 2061, a table made once.
fn holidays() -> Holidays {
    let mut table = Holidays::new();
    for year in 1986..=2061 {
        for &(name, month, day, _) in FIXED.iter().filter(|(.., since)| year >= *since) {
            let on = date(year, month, day);
            let observed = match on.weekday() {
                Weekday::Saturday => on.yesterday().unwrap(),
                Weekday::Sunday => on.tomorrow().unwrap(),
                _ => on,
            };
            table.insert(observed, name);
        }
        for &(name, month, nth, weekday) in MOVING {
            let on = date(year, month, 1)
                .nth_weekday_of_month(nth, weekday)
                .unwrap();
            table.insert(on, name);
        }
    }
    table
}

/// From, to, and why it does not count.
type Stretch = (i64, i64, Option<String>);

#[derive(Debug, Clone)]
struct Asked {
    basis: Basis,
    start: i64,
    zone: &'static str,
    hours: u32,
    extra: BTreeSet<NaiveDate>,
}

/// What must come out: the stretches from the start to the deadline.
fn expected(asked: &Asked, holidays: &Holidays) -> Vec<Stretch> {
    let zone = TimeZone::get(asked.zone).unwrap();
    let first = Instant::from_second(asked.start)
        .unwrap()
        .to_zoned_datetime(zone.clone())
        .date();
    let count = i64::from(asked.hours) * 3600;
    match asked.basis {
        Basis::Nothing => vec![],
        Basis::Form48 => vec![(asked.start, asked.start + count, None)],
        Basis::EndOfReleaseDay => {
            let end = first
                .at(23, 59, 0, 0)
                .to_zoned_datetime(zone)
                .unwrap()
                .timestamp()
                .as_second();
            Vec::from_iter((asked.start < end).then_some((asked.start, end, None)))
        }
        Basis::Reg2877 => {
            let extra: BTreeSet<String> = asked.extra.iter().map(NaiveDate::to_string).collect();
            let why = |day: Date| match day.weekday() {
                Weekday::Saturday => Some("Saturday".to_owned()),
                Weekday::Sunday => Some("Sunday".to_owned()),
                _ => holidays
                    .get(&day)
                    .copied()
                    .or(extra
                        .contains(&day.to_string())
                        .then_some("named with the request"))
                    .map(|name| format!("holiday: {name}")),
            };
            // More days than the count can need: each counted one twice, and a row of holidays.
            let enough = asked.hours as usize / 24 * 2 + 20;
            let days = first.series(jiff::Span::new().days(1)).take(enough);
            let days: Vec<Date> = days.collect();
            let midnight = |day: Date| {
                let start = day.to_zoned_datetime(zone.clone()).unwrap();
                start.timestamp().as_second()
            };
            let mut line: Vec<Stretch> = days
                .iter()
                .map(|day| (midnight(*day), midnight(day.tomorrow().unwrap()), why(*day)))
                .collect();
            line[0].0 = asked.start;
            // The counted seconds before each stretch.
            let before: Vec<i64> = line
                .iter()
                .scan(0, |sum, (from, to, why)| {
                    let so_far = *sum;
                    *sum += if why.is_none() { to - from } else { 0 };
                    Some(so_far)
                })
                .collect();
            // The last stretch is the counted one in which the count is reached, its end included.
            let last = (0..line.len())
                .find(|at| {
                    let (from, to, why) = &line[*at];
                    why.is_none() && before[*at] + to - from >= count
                })
                .unwrap();
            line.truncate(last + 1);
            line[last].1 = line[last].0 + count - before[last];
            // Counted days without a day between them are one stretch.
            let mut merged: Vec<Stretch> = Vec::new();
            for stretch in line {
                match merged.last_mut() {
                    Some(last) if last.2.is_none() && stretch.2.is_none() => last.1 = stretch.1,
                    _ => merged.push(stretch),
                }
            }
            merged
        }
    }
}

fn found(asked: &Asked) -> Deadline {
    let start = DateTime::from_timestamp(asked.start, 0).unwrap();
    let zone = asked.zone.parse().unwrap();
    deadline(asked.basis, start, zone, asked.hours, &asked.extra).unwrap()
}

fn agrees(asked: &Asked, holidays: &Holidays) {
    let (found, expected) = (found(asked), expected(asked, holidays));
    let working: Vec<Stretch> = found
        .working
        .iter()
        .map(|s| (s.from.timestamp(), s.to.timestamp(), s.why.clone()))
        .collect();
    assert_eq!(working, expected, "{asked:?}");
    let end = expected.last().map_or(asked.start, |(_, to, _)| *to);
    assert_eq!(found.deadline_at.timestamp(), end, "{asked:?}");

    // What the contract says of the working, whatever the method.
    let mut at = asked.start;
    let mut counted = 0;
    for segment in &found.working {
        assert_eq!(segment.from.timestamp(), at, "{asked:?}");
        assert!(segment.to > segment.from, "{asked:?}");
        assert_eq!(segment.counted, segment.why.is_none());
        at = segment.to.timestamp();
        if segment.counted {
            counted += segment.to.timestamp() - segment.from.timestamp();
        }
    }
    assert_eq!(at, end, "{asked:?}");
    assert_eq!(found.counted_hours, counted as f64 / 3600.0, "{asked:?}");
    assert_eq!(found.elapsed_hours, (end - asked.start) as f64 / 3600.0);
    if matches!(asked.basis, Basis::Form48 | Basis::Reg2877) {
        assert_eq!(counted, i64::from(asked.hours) * 3600, "{asked:?}");
        assert!(found.working.last().is_some_and(|segment| segment.counted));
    }
}

/// The instant of a local time.
fn local(text: &str, zone: &'static str) -> i64 {
    let at: jiff::civil::DateTime = text.parse().unwrap();
    at.to_zoned_datetime(TimeZone::get(zone).unwrap())
        .unwrap()
        .timestamp()
        .as_second()
}

#[test]
fn the_named_cases_agree_in_every_zone_and_on_every_basis() {
    let holidays = holidays();
    let mut cases = 0;
    for start in [
        "2026-03-06T12:00:00", // the clocks go forward on Sunday
        "2026-03-08T01:59:59",
        "2026-03-08T03:00:00",
        "2026-10-30T12:00:00", // and back
        "2026-11-01T00:59:59",
        "2026-11-01T01:30:00",
        "2007-03-09T12:00:00", // the first year of the later dates
        "2006-04-01T23:59:59", // the last of the earlier ones
        "2026-11-25T10:00:00", // Thanksgiving
        "2026-11-24T00:00:00", // ends at midnight before it
        "2026-07-01T16:20:07", // a holiday observed on Friday
        "2022-06-17T12:00:00", // and on Monday
        "2021-06-16T12:00:00", // the first Juneteenth, observed on Friday
        "2020-06-18T12:00:00", // none yet
        "2027-12-30T00:00:01", // New Year's Day observed in the old year
        "2028-02-28T12:00:00", // a leap day
        "2000-02-28T23:00:00",
        "2026-12-31T23:59:59", // the end of the year
        "2026-12-23T12:00:00",
        "2026-11-24T23:58:59", // the last minute of a day
        "2026-11-24T23:59:00",
        "2026-11-24T23:59:30",
        "2026-11-27T00:00:00", // a Friday, to midnight
        "2026-11-28T00:00:00", // a Saturday
        "2029-01-19T12:00:00", // inauguration day does not count
        "1986-01-02T08:00:00", // the first year
        "2060-09-01T08:00:00", // the last
    ] {
        for zone in ZONES {
            for basis in Basis::ALL {
                for hours in [1, 24, 48, 720] {
                    let extra = BTreeSet::from(["2026-12-24".parse().unwrap()]);
                    agrees(
                        &Asked {
                            basis: *basis,
                            start: local(start, zone),
                            zone,
                            hours,
                            extra,
                        },
                        &holidays,
                    );
                    cases += 1;
                }
            }
        }
    }
    assert!(cases >= 5_000, "{cases}");
}

/// A row of numbers that is the same in every run (splitmix64).
struct Row(u64);

impl Row {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.unsigned_abs()) as i64
    }
}

#[test]
fn six_thousand_drawn_cases_agree_to_the_second() {
    let holidays = holidays();
    let mut row = Row(20_261_124);
    let from = local("1986-01-03T00:00:00", "America/New_York");
    let to = local("2060-09-01T00:00:00", "America/New_York");
    for at in 0..6_000 {
        let zone = ZONES[row.below(ZONES.len() as i64) as usize];
        let mut start = from + row.below(to - from);
        let mut hours = 1 + row.below(720) as u32;
        if at % 5 == 0 {
            // From midnight over whole days: the count ends at a midnight.
            let day = Instant::from_second(start).unwrap();
            let day = day.to_zoned_datetime(TimeZone::get(zone).unwrap()).date();
            start = local(&format!("{day}T00:00:00"), zone);
            hours = 24 * (1 + row.below(30)) as u32;
        }
        // Most counts are as long as the law's.
        if at % 3 == 0 {
            hours = super::HOURS;
        }
        let day = DateTime::from_timestamp(start, 0).unwrap().date_naive();
        let extra = (0..row.below(4))
            .map(|_| day + chrono::Days::new(row.below(40) as u64))
            .collect();
        let basis = match at % 8 {
            0 => Basis::Form48,
            1 => Basis::EndOfReleaseDay,
            2 => Basis::Nothing,
            _ => Basis::Reg2877,
        };
        let asked = Asked {
            basis,
            start,
            zone,
            hours,
            extra,
        };
        agrees(&asked, &holidays);
    }
}
