//! Every act in every state. Each state is built through the API alone; what an act should come
//! to is worked out by a model of the design's own (`model`), never by the service. A legal act
//! answers 2xx and leaves the events that the design names, with nothing more for the office; an
//! illegal one answers 409, names what stands in the way, and changes nothing.

mod acts;
mod model;
mod releases;
mod rules;
mod states;
mod subject;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use sallyport::policy::{Disposition, Law, unaddressed};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;
use acts::{CEDAR, Do};
use model::{Audience, Verdict, judge};
use states::{HINDERED, OVER, PAPERS, STANDING, State};
use subject::{Callers, Subject};

/// How often there is each kind of event, by who has it.
type Events = BTreeMap<(String, Audience), usize>;

/// A law that turns on the day of issue.
fn law() -> Law {
    Law::answering(|question| {
        let mut answer = unaddressed();
        let detainer = &question.facts["detainer"];
        let day = detainer["issued_on"].as_str().unwrap_or_default();
        answer.hold_past_release.disposition = match (day, &detainer["asks"]["hold"]) {
            ("2026-11-18", _) | (_, Value::Bool(false)) => Disposition::Prohibited,
            _ => Disposition::Permitted,
        };
        answer.notify_release.disposition = match day {
            "2026-11-17" => Disposition::Indeterminate,
            "2026-11-16" => Disposition::Prohibited,
            _ => Disposition::Permitted,
        };
        answer.notify_release.unknown = vec!["tsdb_match".to_owned()];
        answer
    })
}

struct Stage {
    app: TestApp,
    callers: Callers,
    owner: PgPool,
    next: Mutex<usize>,
}

impl Stage {
    async fn start(options: PgPoolOptions, owner: PgConnectOptions) -> Self {
        let app = TestApp::start_under(options, owner.clone(), law()).await;
        let owner = PgPoolOptions::new()
            .max_connections(4)
            .connect_lazy_with(owner);
        sqlx::query(
            "insert into registry.agency (ori, name, kind, jurisdiction, time_zone, created_at)
             values ($1, 'Cedar County Jail', 'jail', '06073', 'America/Los_Angeles', '2026-01-01T00:00:00Z')",
        )
        .bind(CEDAR)
        .execute(&owner)
        .await
        .unwrap();
        let callers = Callers {
            liaison: app.liaison(SND).await,
            alder: app.reviewer(ALDER).await,
            birch: app.reviewer(BIRCH).await,
        };
        Self {
            app,
            callers,
            owner,
            next: Mutex::new(0),
        }
    }

    async fn build(&self, (name, start, acts): State) -> Subject {
        let n = {
            let mut next = self.next.lock().unwrap();
            *next += 1;
            *next
        };
        let mut subject = Subject::begin(&self.callers, start, n).await;
        for act in acts {
            subject.step(*act).await;
        }
        assert!(!name.is_empty());
        subject
    }

    /// How often the log has each kind of event about a request, with its audience.
    async fn events(&self, id: &str) -> Events {
        let rows: Vec<(String, bool, i64)> = sqlx::query_as(
            "select type, office_id is not null, count(*) from log.event where detainer_id = $1::uuid group by 1, 2",
        )
        .bind(id)
        .fetch_all(&self.owner)
        .await
        .unwrap();
        rows.into_iter()
            .map(|(kind, office, n)| {
                let audience = if office {
                    Audience::Both
                } else {
                    Audience::Jail
                };
                ((kind, audience), n as usize)
            })
            .collect()
    }

    /// The event of a receipt.
    async fn receipt(&self, answer: &Answer) -> Option<(String, Audience)> {
        let id = answer.json()["receipt"]["event"].as_str()?.to_owned();
        let row: (String, bool) =
            sqlx::query_as("select type, office_id is not null from log.event where id = $1::uuid")
                .bind(id)
                .fetch_one(&self.owner)
                .await
                .unwrap();
        let audience = if row.1 {
            Audience::Both
        } else {
            Audience::Jail
        };
        Some((row.0, audience))
    }

    async fn stop(self) {
        self.owner.close().await;
        self.app.stop().await;
    }
}

/// What differs between two looks at the log.
fn gained(before: &Events, after: &Events) -> Vec<(String, Audience)> {
    let mut new = Vec::new();
    for (event, n) in after {
        for _ in before.get(event).copied().unwrap_or(0)..*n {
            new.push(event.clone());
        }
    }
    new
}

/// A legal act on a fresh request in its state: what was wrong, if anything.
async fn legal(stage: &Stage, state: State, act: Do) -> Vec<String> {
    let subject = stage.build(state).await;
    let before = stage.events(&subject.id).await;
    let answer = subject.perform(act).await;
    told(stage, state, &subject, act, &before, &answer).await
}

/// An answer to a legal act, held against the events that the design names.
async fn told(
    stage: &Stage,
    state: State,
    subject: &Subject,
    act: Do,
    before: &Events,
    answer: &Answer,
) -> Vec<String> {
    let at = format!("{act:?} in `{}`", state.0);
    let mut new = gained(before, &stage.events(&subject.id).await);
    new.extend(stage.receipt(answer).await);
    let Verdict::Legal(expected) = judge(&subject.facts, act).0 else {
        // Open: no failure of ours.
        return match answer.status.as_u16() {
            500.. => vec![format!("{at} (open): {} {new:?}", answer.status)],
            _ => Vec::new(),
        };
    };
    if !answer.status.is_success() {
        return vec![format!(
            "{at}: legal, got {} {}",
            answer.status, answer.text
        )];
    }
    let mut wrong = Vec::new();
    for (kind, audience) in expected {
        match new
            .iter()
            .position(|(new, to)| new == kind && *to == audience)
        {
            Some(at) => {
                new.swap_remove(at);
            }
            None => wrong.push(format!(
                "{at}: no event {kind} for {audience:?}, but {new:?}"
            )),
        }
    }
    for (kind, audience) in new {
        if audience == Audience::Both {
            wrong.push(format!("{at}: the office has {kind} too"));
        }
    }
    wrong
}

/// The acts that are illegal in a state, one after the other on one request: none may change it.
/// Then those after which the model is where it was.
async fn illegal(
    stage: &Stage,
    state: State,
    acts: Vec<(Do, Verdict)>,
    neutral: Vec<Do>,
) -> Vec<String> {
    let subject = stage.build(state).await;
    let mut wrong = Vec::new();
    let path = subject.path("");
    let seen = subject.jailer.look(&path).await;
    let mut before = stage.events(&subject.id).await;
    for (act, verdict) in acts {
        let at = format!("{act:?} in `{}`", state.0);
        let answer = subject.perform(act).await;
        match verdict {
            Verdict::Unseen if answer.status == 404 => {}
            Verdict::Unseen => wrong.push(format!(
                "{at}: unseen, got {} {}",
                answer.status, answer.text
            )),
            Verdict::Illegal(bars) => {
                let (slug, body) = (answer.slug(), answer.json());
                let detail = body["detail"].as_str().unwrap_or_default().to_lowercase();
                let named = bars
                    .iter()
                    .any(|(bar, word)| *bar == slug && detail.contains(&word.to_lowercase()));
                if answer.status != 409 || !named {
                    wrong.push(format!(
                        "{at}: illegal for {bars:?}, got {} {}",
                        answer.status, answer.text
                    ));
                }
                if slug.starts_with("policy-") {
                    *before
                        .entry(("refused".to_owned(), Audience::Jail))
                        .or_default() += 1;
                }
            }
            other => unreachable!("{other:?}"),
        }
        let after = stage.events(&subject.id).await;
        // What readers add by themselves about a match is no matter of the act's.
        let new: Vec<_> = gained(&before, &after)
            .into_iter()
            .filter(|(kind, _)| kind != "match.found")
            .collect();
        if !new.is_empty()
            || after.get(&("refused".to_owned(), Audience::Jail))
                != before.get(&("refused".to_owned(), Audience::Jail))
        {
            wrong.push(format!("{at}: refused, and the log has {new:?}"));
        }
        before = after;
    }
    let now = subject.jailer.look(&path).await;
    if (seen.json(), seen.header("etag")) != (now.json(), now.header("etag")) {
        wrong.push(format!(
            "`{}`: changed by acts that were refused: {} {}",
            state.0, seen.text, now.text
        ));
    }
    for act in neutral {
        let before = stage.events(&subject.id).await;
        let answer = subject.perform(act).await;
        wrong.extend(told(stage, state, &subject, act, &before, &answer).await);
    }
    wrong
}

enum Job {
    Legal(State, Do),
    Shared(State, Vec<(Do, Verdict)>, Vec<Do>),
}

/// The rows of some states, several at a time.
async fn run(options: PgPoolOptions, owner: PgConnectOptions, states: &[State]) {
    let stage = Arc::new(Stage::start(options, owner).await);
    let mut jobs = VecDeque::new();
    let mut cells = 0;
    for state in states {
        let facts = facts_of(*state);
        let (mut refused, mut neutral) = (Vec::new(), Vec::new());
        for act in acts::all() {
            match judge(&facts, act) {
                (Verdict::Legal(_), after) if after == facts => neutral.push(act),
                (Verdict::Legal(_) | Verdict::Open, _) => jobs.push_back(Job::Legal(*state, act)),
                (Verdict::Absent, _) => continue,
                (verdict, _) => refused.push((act, verdict)),
            }
            cells += 1;
        }
        jobs.push_front(Job::Shared(*state, refused, neutral));
    }
    let wrong = at_a_time(jobs, {
        let stage = stage.clone();
        async move |job| match job {
            Job::Shared(state, refused, neutral) => illegal(&stage, state, refused, neutral).await,
            Job::Legal(state, act) => legal(&stage, state, act).await,
        }
    })
    .await;
    println!("{} states, {cells} cells", states.len());
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Arc::into_inner(stage).unwrap().stop().await;
}

/// Works through a queue, four jobs at a time; gathers what each job found.
async fn at_a_time<J, R>(jobs: VecDeque<J>, work: impl AsyncFn(J) -> Vec<R>) -> Vec<R> {
    let jobs = Mutex::new(jobs);
    let found = Mutex::new(Vec::new());
    let worker = async || {
        loop {
            let job = jobs.lock().unwrap().pop_front();
            let Some(job) = job else { break };
            let results = work(job).await;
            found.lock().unwrap().extend(results);
        }
    };
    tokio::join!(worker(), worker(), worker(), worker());
    found.into_inner().unwrap()
}

/// Where the model has a state.
fn facts_of((_, start, acts): State) -> model::Facts {
    let mut facts = Subject::facts_at(start);
    for act in acts {
        facts = judge(&facts, *act).1;
    }
    facts
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn every_act_on_a_request_that_stands(options: PgPoolOptions, owner: PgConnectOptions) {
    run(options, owner, STANDING).await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn every_act_after_the_person_has_left(options: PgPoolOptions, owner: PgConnectOptions) {
    run(options, owner, OVER).await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn every_act_on_a_request_that_is_hindered(options: PgPoolOptions, owner: PgConnectOptions) {
    run(options, owner, HINDERED).await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn every_act_on_papers_of_other_kinds(options: PgPoolOptions, owner: PgConnectOptions) {
    run(options, owner, PAPERS).await;
}
