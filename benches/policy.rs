//! What one question to the law costs: every act of one person, with the working, in places whose
//! rules differ most, and what it allocates. `make benchlaw`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use criterion::{Criterion, Throughput};
use sallyport::policy::Act;
use sallyport::policy::cases::nothing_known_against;
use sallyport::policy::evaluate::{Ask, Book, Positions};
use sallyport::policy::facts::Facts;
use sallyport::policy::load::{Files, Rules};
use sallyport::policy::place::Place;
use sallyport::policy::preview::change;
use serde_json::json;

/// The most that one person may take, in microseconds.
const BUDGET: f64 = 20.0;

/// Name, jurisdiction, kind of agency.
const PLACES: [(&str, &str, &str); 7] = [
    ("San Diego", "06073", "sheriff"),
    ("San Francisco", "06075", "jail"),
    ("Houston", "48201", "jail"),
    ("Raleigh", "37183", "jail"),
    ("Cook", "17031", "jail"),
    ("New York City", "3651000", "jail"),
    ("no rules", "56021", "jail"),
];

/// The system's allocator, counted.
struct Counted;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is handed on to the system's allocator as it comes.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTED: Counted = Counted;

static BOOK: LazyLock<Book> = LazyLock::new(|| Files::built_in().read().unwrap());

/// Three people with a request of ICE: a long history, a clean one, and one of whom nothing is known.
fn people() -> Vec<Facts> {
    let request = json!({
        "form": "I-247A", "issued_on": "2026-11-20", "issuing_office": "SND", "served": true,
        "asks": {"notify": true, "hold": true, "transfer": true, "interview": false},
        "warrants": [{"kind": "administrative_i200"}]
    });
    let mut clean = nothing_known_against();
    clean.insert("detainer".to_owned(), request.clone());
    let mut history = clean.clone();
    history.insert(
        "convictions".to_owned(),
        json!([
            {"state": "CA", "statute": "PC 484", "level": "misdemeanor", "wobbler": false, "state_prison": false, "disposition_on": "2009-03-02"},
            {"state": "CA", "statute": "HS 11377(a)", "level": "misdemeanor", "prop47_reduced": true, "state_prison": false, "disposition_on": "2013-05-07"},
            {"state": "NV", "statute": "NRS 200.481", "level": "misdemeanor", "wobbler": false, "state_prison": false, "disposition_on": "2015-01-20"},
            {"state": "CA", "statute": "PC 459", "degree": "second", "level": "felony", "state_prison": false, "disposition_on": "2014-11-24"}
        ]),
    );
    history.insert(
        "charges".to_owned(),
        json!([
            {"state": "CA", "statute": "PC 245(a)(1)", "level": "felony", "state_prison": true},
            {"state": "CA", "statute": "VC 23152(a)", "level": "misdemeanor", "state_prison": false}
        ]),
    );
    let nothing = json!({"detainer": request}).as_object().unwrap().clone();
    [history, clean, nothing]
        .map(|facts| serde_json::from_value(facts.into()).unwrap())
        .into()
}

fn on() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

fn place((_, jurisdiction, kind): (&str, &str, &str)) -> Place {
    Place::new(jurisdiction, kind, Some("XX0000000")).unwrap()
}

fn main() {
    let people = people();
    let positions = Positions::new();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .without_plots()
        .configure_from_args();
    for whole in [true, false] {
        let name = if whole { "answer" } else { "dispositions" };
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(people.len() as u64));
        for known in PLACES {
            let place = place(known);
            group.bench_function(known.0, |bench| {
                bench.iter(|| {
                    for facts in &people {
                        let ask = asked(&place, facts, &positions);
                        if whole {
                            black_box(BOOK.answer(ask));
                        } else {
                            black_box(BOOK.dispositions(ask));
                        }
                    }
                });
            });
        }
        group.finish();
    }
    table(&people, &positions);
    preview(&people, &positions);
}

/// A draft over a million past questions, on two threads (docs/POLICY.md: under 60 s).
fn preview(people: &[Facts], positions: &Positions) {
    const QUESTIONS: usize = 1_000_000;
    let rules = Rules::built_in().expect("the rules in the binary stand");
    let draft = BOOK
        .rules
        .iter()
        .find(|rule| rule.text.id == "us-ca/values-act")
        .map(|rule| rule.source.replace("permitted", "prohibited"))
        .expect("California is loaded");
    let draft = rules.with_draft(&draft).expect("the draft stands");
    let place = place(PLACES[0]);
    let start = Instant::now();
    let changed: usize = std::thread::scope(|scope| {
        let halves: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    people
                        .iter()
                        .cycle()
                        .take(QUESTIONS / 2)
                        .map(|facts| {
                            let ask = asked(&place, facts, positions);
                            Act::ALL
                                .iter()
                                .filter(|act| change(&BOOK, &draft, **act, ask).is_some())
                                .count()
                        })
                        .sum::<usize>()
                })
            })
            .collect();
        halves
            .into_iter()
            .map(|half| half.join().expect("a half ends"))
            .sum()
    });
    println!(
        "\nA draft over {QUESTIONS} questions: {:.1} s, {changed} acts would change.",
        start.elapsed().as_secs_f64()
    );
}

fn asked<'a>(place: &'a Place, facts: &'a Facts, positions: &'a Positions) -> Ask<'a> {
    Ask {
        place,
        on: on(),
        facts,
        positions,
    }
}

/// The table of docs/BENCHMARKS.md: of several rounds the quickest, for the machine is shared.
fn table(people: &[Facts], positions: &Positions) {
    println!("\n| Place | µs | allocations | dispositions alone, µs | allocations |");
    println!("|---|---|---|---|---|");
    let mut slowest = 0f64;
    for known in PLACES {
        let place = place(known);
        let (long, allocated) = measure(people, |facts| {
            black_box(BOOK.answer(asked(&place, facts, positions)));
        });
        let (short, least) = measure(people, |facts| {
            black_box(BOOK.dispositions(asked(&place, facts, positions)));
        });
        slowest = slowest.max(long);
        println!(
            "| {} | {long:.1} | {allocated} | {short:.1} | {least} |",
            known.0
        );
    }
    let verdict = if slowest <= BUDGET { "within" } else { "over" };
    println!("\nThe slowest, {slowest:.1} µs, is {verdict} the budget of {BUDGET} µs.");
}

/// Microseconds and allocations a person.
fn measure(people: &[Facts], ask: impl Fn(&Facts)) -> (f64, u64) {
    const ROUNDS: u32 = 2_000;
    let mut quickest = Duration::MAX;
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    people.iter().for_each(&ask);
    let allocated = ALLOCATIONS.load(Ordering::Relaxed) - before;
    for _ in 0..10 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            people.iter().for_each(&ask);
        }
        quickest = quickest.min(start.elapsed() / ROUNDS);
    }
    let count = people.len() as u64;
    (
        quickest.as_secs_f64() * 1e6 / count as f64,
        allocated / count,
    )
}
