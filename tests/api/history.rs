//! A person's history: twelve bookings under changing rules, the same under a law that requires
//! cooperation, and a person who was taken for somebody else. All of them are fictional.

use sallyport::policy::load::Rules;
use sallyport::policy::{ActAssessment, Assessment, Disposition, Law, Question, unaddressed};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::{deciding, lodge};
use crate::support::*;

const BAY: &str = "CA0990300";
const PERSON: &str = "A099000001";

/// A stay: what the feed said, what the court made of it, and what was asked.
struct Stay {
    number: &'static str,
    booked_on: &'static str,
    statute: &'static str,
    level: &'static str,
    court: &'static str,
    /// Form, and days after the booking. The release comes on the third day.
    asked: &'static [(&'static str, i64)],
}

const fn stay(
    number: &'static str,
    booked_on: &'static str,
    statute: &'static str,
    level: &'static str,
    court: &'static str,
    asked: &'static [(&'static str, i64)],
) -> Stay {
    Stay {
        number,
        booked_on,
        statute,
        level,
        court,
        asked,
    }
}

#[rustfmt::skip]
const STAYS: [Stay; 12] = [
    stay("09-0101", "2009-03-02", "PC 243(e)(1)", "misdemeanor", "Dismissed",         &[("I-247", 1)]),
    stay("10-0202", "2010-06-10", "PC 273.5",     "felony",      "No charges filed",  &[("I-247", 1)]),
    stay("11-0303", "2011-09-12", "HS 11350",     "misdemeanor", "Convicted by plea", &[("I-247", 1)]),
    stay("12-0404", "2012-04-20", "PC 148",       "misdemeanor", "Dismissed",         &[]),
    stay("13-0042", "2013-02-14", "PC 459",       "felony",      "Convicted",         &[("I-247", 1)]),
    stay("13-0606", "2013-11-05", "PC 245",       "felony",      "Charges not filed", &[("I-247", 1)]),
    stay("15-0707", "2015-08-03", "PC 261",       "felony",      "Acquitted",         &[("I-247N", 1)]),
    stay("15-0808", "2015-12-01", "PC 148",       "misdemeanor", "Convicted",         &[("I-247D", 1), ("I-247N", 2)]),
    stay("16-0909", "2016-05-09", "PC 245",       "felony",      "Dismissed",         &[("I-247N", 1)]),
    stay("16-1010", "2016-10-03", "HS 11350",     "misdemeanor", "Convicted",         &[("I-247D", 1)]),
    stay("17-1111", "2017-06-06", "PC 243(e)(1)", "misdemeanor", "Charges not filed", &[("I-247A", 9)]),
    // The number of 2013, used again: another booking.
    stay("13-0042", "2018-02-20", "PC 459",       "felony",      "Convicted by jury", &[("I-247A", 1)]),
];

fn act(disposition: Disposition, rule: &str) -> ActAssessment {
    ActAssessment {
        disposition,
        decided_by: Some(deciding(rule)),
        citations: vec![format!("as in {rule}")],
        because: Vec::new(),
        unknown: Vec::new(),
    }
}

/// The rules of a county with limits as they changed: the version is in the rule's name.
fn with_limits(question: &Question<'_>) -> Assessment {
    use Disposition::{Permitted, Prohibited};
    let issued = question.facts["detainer"]["issued_on"].as_str().unwrap();
    let (hold, notify, rule) = match issued {
        on if on < "2013-10-08" => (Permitted, Permitted, "county/jail-policy@2009"),
        on if on < "2014-05-29" => (Prohibited, Permitted, "county/12I@2013-10-08"),
        on if on < "2015-03-13" => (Prohibited, Permitted, "county/sheriff@2014-05-29"),
        on if on < "2016-07-01" => (Prohibited, Prohibited, "county/sheriff@2015-03-13"),
        on if on < "2018-01-01" => (Prohibited, Prohibited, "county/96-16@2016-07-01"),
        _ => (Prohibited, Prohibited, "state/values-act@2018-01-01"),
    };
    let mut assessment = unaddressed();
    assessment.hold_past_release = act(hold, rule);
    assessment.notify_release = act(notify, rule);
    assessment
}

/// A state that requires cooperation, but not where there is proof of citizenship.
fn with_duties(question: &Question<'_>) -> Assessment {
    let exempt = question.facts["proof_of_citizenship_or_status"] == true;
    let (disposition, rule) = match exempt {
        true => (Disposition::Prohibited, "state/2.251(b)@2017-09-01"),
        false => (Disposition::Required, "state/2.251(a)@2017-09-01"),
    };
    let mut assessment = unaddressed();
    assessment.hold_past_release = act(disposition, rule);
    assessment.notify_release = act(disposition, rule);
    assessment
}

fn day(on: &str, days: i64) -> chrono::NaiveDate {
    on.parse::<chrono::NaiveDate>().unwrap() + chrono::Duration::days(days)
}

fn subject() -> Value {
    json!({"family_name": "Ejemplo", "given_name": "Luis", "date_of_birth": "1985-05-05", "a_number": PERSON})
}

fn fed(stay: &Stay, disposition: Option<&str>) -> Value {
    json!({
        "booked_at": format!("{}T20:00:00Z", stay.booked_on), "subject": subject(), "custody_basis": "local_charge",
        "charges": [{"statute": stay.statute, "state": "CA", "level": stay.level, "charged_on": stay.booked_on,
                     "disposition": disposition}]
    })
}

fn request(office: &str, agency: &str, form: &str, on: chrono::NaiveDate) -> Value {
    let mut body = detainer(office, agency, PERSON);
    body["form"] = json!(form);
    body["form_revision"] = Value::Null;
    body["issued_on"] = json!(on);
    body["received_at"] = json!(format!("{on}T18:00:00Z"));
    body["subject"] = subject();
    body["asks"] = json!({"notify": true, "hold": form != "I-247N", "transfer": false, "interview": false,
                          "relay": false, "status_events": false});
    body["warrants"] = json!([]);
    body
}

/// Sets the service's clock to the afternoon of a day.
fn at(app: &TestApp, on: chrono::NaiveDate) {
    let wanted = on.and_hms_opt(21, 0, 0).unwrap().and_utc();
    let clock = &app.app.clock;
    clock.advance((wanted - clock.now()).num_seconds());
}

/// The same as it was lived: each act on its own day, under the rules in force then, with the
/// criminal history as it was known.
async fn live_through(app: &TestApp, office: &str, agency: &str, willing: bool) {
    let (liaison, reviewer) = (app.liaison(office).await, app.reviewer(agency).await);
    let mut convictions: Vec<Value> = Vec::new();
    for stay in &STAYS {
        let path = format!("/v1/bookings/{}", stay.number);
        at(app, day(stay.booked_on, 1));
        reviewer.put(&path, fed(stay, None)).await.expect(201);
        for (form, days) in stay.asked {
            if *days > 3 {
                release(app, &reviewer, stay).await;
            }
            at(app, day(stay.booked_on, *days));
            let mut body = request(office, agency, form, day(stay.booked_on, *days));
            body["subject"]["booking_number"] = json!(stay.number);
            let id = lodge(&liaison, body).await;
            app.settle().await;
            if *days > 3 {
                continue;
            }
            let known = json!({"convictions": convictions, "judicial_warrant": false, "magistrate_finding_pc_872": false,
                               "registrant": {"ca_sex_arson": false}, "federal_aggravated_felony": [], "federal_felony_warrant": false,
                               "tsdb_match": false, "release_information_public": false, "judicial_probable_cause": false});
            let facts = format!("/v1/detainers/{id}/facts");
            let tag = reviewer.get(&facts).await.header("etag");
            reviewer.patch(&facts, &tag, known).await.expect(200);
            if *form != "I-247N" {
                as_the_law_lets(&reviewer, &id, "hold_past_release", willing).await;
            }
            as_the_law_lets(&reviewer, &id, "notify_release", willing).await;
        }
        if stay.asked.iter().all(|(_, days)| *days <= 3) {
            release(app, &reviewer, stay).await;
        }
        app.settle().await;
        at(app, day(stay.booked_on, 60));
        reviewer
            .put(&path, fed(stay, Some(stay.court)))
            .await
            .expect(200);
        if stay.court.starts_with("Convicted") {
            convictions.push(json!({"state": "CA", "statute": stay.statute, "level": stay.level, "degree": "second",
                                    "state_prison": false, "disposition_on": day(stay.booked_on, 60)}));
        }
    }
    let clock = &app.app.clock;
    let present = sallyport::types::Clock::default().now();
    clock.advance((present - clock.now()).num_seconds());
}

/// Declines what the law bars, does what it requires, and is willing in the rest or not.
async fn as_the_law_lets(reviewer: &Client, id: &str, act: &str, willing: bool) {
    let path = format!("/v1/detainers/{id}");
    let seen = reviewer
        .get(&format!("{path}/assessment"))
        .await
        .expect(200);
    let disposition = seen.json()["acts"][act]["disposition"].clone();
    let (decision, reason) = match disposition.as_str().unwrap() {
        "prohibited" => ("decline", "law_prohibits"),
        "required" => ("comply", "law_requires"),
        _ if willing => ("comply", "law_permits"),
        _ => ("decline", "agency_policy"),
    };
    let body = json!({"act": act, "decision": decision, "reason_code": reason});
    reviewer
        .post(&format!("{path}/determinations"), body)
        .await
        .expect(201);
}

async fn release(app: &TestApp, reviewer: &Client, stay: &Stay) {
    at(app, day(stay.booked_on, 3));
    let released = format!("{}T20:00:00Z", day(stay.booked_on, 3));
    let notice = json!({"booking_number": stay.number, "kind": "actual", "release_basis": "own_recognizance",
                        "effective_at": released, "subject": subject()});
    reviewer
        .post("/v1/release-notices", notice)
        .await
        .expect(201);
}

/// Books, asks, decides, releases; then the court's word.
async fn live(app: &TestApp, office: &str, agency: &str, comply: bool) {
    let (liaison, reviewer) = (app.liaison(office).await, app.reviewer(agency).await);
    for stay in &STAYS {
        let path = format!("/v1/bookings/{}", stay.number);
        reviewer.put(&path, fed(stay, None)).await.expect(201);
        type Asked = Vec<(&'static str, i64)>;
        let (early, late): (Asked, Asked) =
            stay.asked.iter().copied().partition(|(_, days)| *days <= 3);
        for (form, days) in early {
            let body = request(office, agency, form, day(stay.booked_on, days));
            let id = lodge(&liaison, body).await;
            app.settle().await;
            if form != "I-247N" {
                decide(&reviewer, &id, "hold_past_release", comply).await;
            }
            decide(&reviewer, &id, "notify_release", comply).await;
        }
        let released = format!("{}T20:00:00Z", day(stay.booked_on, 3));
        let notice = json!({"booking_number": stay.number, "kind": "actual", "release_basis": "own_recognizance",
                            "effective_at": released, "subject": subject()});
        reviewer
            .post("/v1/release-notices", notice)
            .await
            .expect(201);
        for (form, days) in late {
            let mut body = request(office, agency, form, day(stay.booked_on, days));
            // It names the stay that it comes too late for.
            body["subject"]["booking_number"] = json!(stay.number);
            lodge(&liaison, body).await;
        }
        app.settle().await;
        reviewer
            .put(&path, fed(stay, Some(stay.court)))
            .await
            .expect(200);
    }
}

async fn decide(reviewer: &Client, id: &str, act: &str, comply: bool) {
    let path = format!("/v1/detainers/{id}");
    let seen = reviewer
        .get(&format!("{path}/assessment"))
        .await
        .expect(200);
    let prohibited = seen.json()["acts"][act]["disposition"] == "prohibited";
    let (decision, reason) = match (comply, prohibited) {
        (true, _) => ("comply", "law_requires"),
        (false, true) => ("decline", "law_prohibits"),
        (false, false) => ("decline", "agency_policy"),
    };
    let body = json!({"act": act, "decision": decision, "reason_code": reason});
    reviewer
        .post(&format!("{path}/determinations"), body)
        .await
        .expect(201);
}

async fn look(client: &Client, path: &str) -> Answer {
    let purpose = [("purpose", "report to the county board")];
    client.send(reqwest::Method::GET, path, &purpose, "").await
}

async fn person(client: &Client, query: &str) -> String {
    let found = look(client, &format!("/v1/persons?{query}")).await;
    let found = found.expect(200).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    found["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn history(client: &Client, id: &str) -> Value {
    let read = look(client, &format!("/v1/persons/{id}/history")).await;
    read.expect(200).json()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("unknown")
}

fn request_line(request: &Value) -> String {
    let acts = [("hold", "hold_past_release"), ("notify", "notify_release")];
    let acts: Vec<String> = acts
        .iter()
        .filter_map(|(word, act)| {
            let done = list(&request["acts"])
                .iter()
                .find(|done| done["act"] == *act)?;
            let (decision, law, rule) = (
                text(&done["decision"]),
                text(&done["disposition"]),
                text(&done["rule"]),
            );
            Some(format!("{word} {decision}, {law} by {rule}"))
        })
        .collect();
    let late = match request["after_release"] == true {
        true => " after release",
        false => "",
    };
    format!("{}{late} [{}]", text(&request["form"]), acts.join("; "))
}

/// One line for each booking, in words that a reader can check.
fn lines(history: &Value) -> Vec<String> {
    list(&history["rows"])
        .iter()
        .map(|row| {
            let requests: Vec<String> = list(&row["requests"]).iter().map(request_line).collect();
            let asked = match requests.is_empty() {
                true => "no request".to_owned(),
                false => requests.join(" + "),
            };
            format!(
                "{} {} {} | {asked} | {} {} {}",
                text(&row["booking_number"]),
                &text(&row["booked_at"])[..10],
                text(&row["charges"][0]["court_outcome"]),
                &text(&row["actual_release_at"])[..10],
                text(&row["release_basis"]),
                row["next_booking_gap_days"]
            )
        })
        .collect()
}

async fn open_bay(app: &TestApp) {
    sqlx::raw_sql(
        "insert into registry.jurisdiction values ('06075', 'county', 'San Francisco', 'CA', 'us-ca', '06075');
         insert into registry.agency (ori, name, kind, jurisdiction, time_zone, created_at)
         values ('CA0990300', 'Bay County Jail', 'jail', '06075', 'America/Los_Angeles', '2026-01-01T00:00:00Z')",
    )
    .execute(&mut app.owner().await)
    .await
    .unwrap();
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn twelve_bookings_were_decided_under_the_rules_of_their_days(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, Law::of(Rules::built_in().unwrap())).await;
    open_bay(&app).await;
    live_through(&app, SND, BAY, false).await;
    let clerk = app.submitter(BAY).await;
    let id = person(&clerk, &format!("a_number={PERSON}")).await;
    let all = history(&clerk, &id).await;
    assert_eq!(lines(&all), UNDER_THE_RULES, "{:#?}", lines(&all));
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_texas_twin_was_decided_under_the_rules_of_those_days(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, Law::of(Rules::built_in().unwrap())).await;
    live_through(&app, HOU, BIRCH, true).await;
    let clerk = app.submitter(BIRCH).await;
    let id = person(&clerk, &format!("a_number={PERSON}")).await;
    let all = history(&clerk, &id).await;
    assert_eq!(lines(&all), IN_TEXAS, "{:#?}", lines(&all));
    app.stop().await;
}

/// Before Texas wrote its law nothing gave authority to hold, and notice was the agency's choice.
#[rustfmt::skip]
const IN_TEXAS: [&str; 12] = [
    "09-0101 2009-03-02 not_convicted | I-247 [hold decline, prohibited by unknown; notify comply, permitted by unknown] | 2009-03-05 own_recognizance 462",
    "10-0202 2010-06-10 not_filed | I-247 [hold decline, prohibited by unknown; notify comply, permitted by unknown] | 2010-06-13 own_recognizance 456",
    "11-0303 2011-09-12 convicted | I-247 [hold decline, prohibited by unknown; notify comply, permitted by unknown] | 2011-09-15 own_recognizance 218",
    "12-0404 2012-04-20 not_convicted | no request | 2012-04-23 own_recognizance 297",
    "13-0042 2013-02-14 convicted | I-247 [hold decline, prohibited by unknown; notify comply, permitted by unknown] | 2013-02-17 own_recognizance 261",
    "13-0606 2013-11-05 not_filed | I-247 [hold decline, prohibited by unknown; notify comply, permitted by unknown] | 2013-11-08 own_recognizance 633",
    "15-0707 2015-08-03 not_convicted | I-247N [notify comply, permitted by unknown] | 2015-08-06 own_recognizance 117",
    "15-0808 2015-12-01 convicted | I-247D [hold decline, prohibited by unknown; notify comply, permitted by unknown] + I-247N [notify comply, permitted by unknown] | 2015-12-04 own_recognizance 157",
    "16-0909 2016-05-09 not_convicted | I-247N [notify comply, permitted by unknown] | 2016-05-12 own_recognizance 144",
    "16-1010 2016-10-03 convicted | I-247D [hold decline, prohibited by unknown; notify comply, permitted by unknown] | 2016-10-06 own_recognizance 243",
    "17-1111 2017-06-06 not_filed | I-247A after release [] | 2017-06-09 own_recognizance 256",
    "13-0042 2018-02-20 convicted | I-247A [hold comply, required by us-tx/ccp-2.251@2017.1; notify comply, required by us-tx/ccp-2.251@2017.1] | 2018-02-23 own_recognizance null",
];

/// Where the rule is unknown none addressed the act: what this jail's sheriff had by then decided
/// by memo is no rule that is loaded.
#[rustfmt::skip]
const UNDER_THE_RULES: [&str; 12] = [
    "09-0101 2009-03-02 not_convicted | I-247 [hold decline, prohibited by unknown; notify decline, permitted by unknown] | 2009-03-05 own_recognizance 462",
    "10-0202 2010-06-10 not_filed | I-247 [hold decline, prohibited by unknown; notify decline, permitted by unknown] | 2010-06-13 own_recognizance 456",
    "11-0303 2011-09-12 convicted | I-247 [hold decline, prohibited by unknown; notify decline, permitted by unknown] | 2011-09-15 own_recognizance 218",
    "12-0404 2012-04-20 not_convicted | no request | 2012-04-23 own_recognizance 297",
    "13-0042 2013-02-14 convicted | I-247 [hold decline, prohibited by unknown; notify decline, permitted by unknown] | 2013-02-17 own_recognizance 261",
    "13-0606 2013-11-05 not_filed | I-247 [hold decline, prohibited by unknown; notify decline, permitted by unknown] | 2013-11-08 own_recognizance 633",
    "15-0707 2015-08-03 not_convicted | I-247N [notify decline, permitted by unknown] | 2015-08-06 own_recognizance 117",
    "15-0808 2015-12-01 convicted | I-247D [hold decline, prohibited by us-ca-san-francisco/due-process@2013.1; notify decline, permitted by unknown] + I-247N [notify decline, permitted by unknown] | 2015-12-04 own_recognizance 157",
    "16-0909 2016-05-09 not_convicted | I-247N [notify decline, permitted by unknown] | 2016-05-12 own_recognizance 144",
    "16-1010 2016-10-03 convicted | I-247D [hold decline, prohibited by us-ca-san-francisco/due-process@2013.1; notify decline, permitted by unknown] | 2016-10-06 own_recognizance 243",
    "17-1111 2017-06-06 not_filed | I-247A after release [notify withheld, prohibited by us-ca-san-francisco/due-process@2016.1] | 2017-06-09 own_recognizance 256",
    "13-0042 2018-02-20 convicted | I-247A [hold decline, prohibited by us-ca/values-act@2018.1; notify decline, prohibited by us-ca-san-francisco/due-process@2016.1] | 2018-02-23 own_recognizance null",
];

#[rustfmt::skip]
const EXPECTED: [&str; 12] = [
    "09-0101 2009-03-02 not_convicted | I-247 [hold decline, permitted by county/jail-policy@2009; notify decline, permitted by county/jail-policy@2009] | 2009-03-05 own_recognizance 462",
    "10-0202 2010-06-10 not_filed | I-247 [hold decline, permitted by county/jail-policy@2009; notify decline, permitted by county/jail-policy@2009] | 2010-06-13 own_recognizance 456",
    "11-0303 2011-09-12 convicted | I-247 [hold decline, permitted by county/jail-policy@2009; notify decline, permitted by county/jail-policy@2009] | 2011-09-15 own_recognizance 218",
    "12-0404 2012-04-20 not_convicted | no request | 2012-04-23 own_recognizance 297",
    "13-0042 2013-02-14 convicted | I-247 [hold decline, permitted by county/jail-policy@2009; notify decline, permitted by county/jail-policy@2009] | 2013-02-17 own_recognizance 261",
    "13-0606 2013-11-05 not_filed | I-247 [hold decline, prohibited by county/12I@2013-10-08; notify decline, permitted by county/12I@2013-10-08] | 2013-11-08 own_recognizance 633",
    "15-0707 2015-08-03 not_convicted | I-247N [notify decline, prohibited by county/sheriff@2015-03-13] | 2015-08-06 own_recognizance 117",
    "15-0808 2015-12-01 convicted | I-247D [hold decline, prohibited by county/sheriff@2015-03-13; notify decline, prohibited by county/sheriff@2015-03-13] + I-247N [notify decline, prohibited by county/sheriff@2015-03-13] | 2015-12-04 own_recognizance 157",
    "16-0909 2016-05-09 not_convicted | I-247N [notify decline, prohibited by county/sheriff@2015-03-13] | 2016-05-12 own_recognizance 144",
    "16-1010 2016-10-03 convicted | I-247D [hold decline, prohibited by county/96-16@2016-07-01; notify decline, prohibited by county/96-16@2016-07-01] | 2016-10-06 own_recognizance 243",
    "17-1111 2017-06-06 not_filed | I-247A after release [notify withheld, prohibited by county/96-16@2016-07-01] | 2017-06-09 own_recognizance 256",
    "13-0042 2018-02-20 convicted | I-247A [hold decline, prohibited by state/values-act@2018-01-01; notify decline, prohibited by state/values-act@2018-01-01] | 2018-02-23 own_recognizance null",
];

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn twelve_bookings_show_what_was_asked_and_decided_under_which_rule(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, Law::answering(with_limits)).await;
    open_bay(&app).await;
    live(&app, SND, BAY, false).await;
    let clerk = app.submitter(BAY).await;
    let id = person(&clerk, &format!("a_number={PERSON}")).await;
    let all = history(&clerk, &id).await;
    assert_eq!(lines(&all), EXPECTED, "{:#?}", lines(&all));
    let footer = json!({
        "bookings": 12, "bookings_with_request": 11, "requests": 12, "unlinked_requests": 0, "requests_after_release": 1,
        "hold": {"asked": 9, "complied": 0, "declined": 8, "undecided": 1},
        "notify": {"asked": 12, "complied": 0, "declined": 12, "undecided": 0},
        "transfer": {"asked": 0, "complied": 0, "declined": 0, "undecided": 0},
        "declined": {"prohibited_by_law": 11, "discretionary": 9, "indeterminate": 0},
        "charges": {"total": 12, "convictions": 5, "not_convicted": 4, "not_filed": 3, "unknown": 0},
        "lifted_usc_or_presumptive_claim": 0
    });
    assert_eq!(all["footer"], footer);
    // A window counts by the day of booking.
    let path = format!("/v1/persons/{id}/history?from=2013-01-01&to=2013-12-31");
    let some = look(&clerk, &path).await.expect(200).json();
    assert_eq!(some["footer"]["bookings"], 2);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_same_history_under_a_law_with_duties_and_proof_of_citizenship(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, Law::answering(with_duties)).await;
    live(&app, HOU, BIRCH, true).await;
    let (liaison, reviewer) = (app.liaison(HOU).await, app.reviewer(BIRCH).await);
    // One more, with proof.
    let more = stay(
        "18-1313",
        "2018-06-01",
        "PC 148",
        "misdemeanor",
        "Dismissed",
        &[],
    );
    reviewer
        .put("/v1/bookings/18-1313", fed(&more, Some(more.court)))
        .await
        .expect(201);
    let id = lodge(
        &liaison,
        request(HOU, BIRCH, "I-247A", day("2018-06-01", 1)),
    )
    .await;
    app.settle().await;
    let decline = json!({"act": "hold_past_release", "decision": "decline", "reason_code": "proof_of_status",
                         "facts": {"proof_of_citizenship_or_status": true}});
    reviewer
        .post(&format!("/v1/detainers/{id}/determinations"), decline)
        .await
        .expect(201);
    let id = person(&reviewer, &format!("a_number={PERSON}")).await;
    let all = history(&reviewer, &id).await;
    let acts: Vec<&Value> = list(&all["rows"])
        .iter()
        .flat_map(|row| list(&row["requests"]))
        .flat_map(|request| list(&request["acts"]))
        .collect();
    let (exempt, required): (Vec<&Value>, Vec<&Value>) = acts
        .into_iter()
        .partition(|act| act["rule"] == "state/2.251(b)@2017-09-01");
    assert!(required.iter().all(|act| act["disposition"] == "required"));
    assert_eq!(exempt.len(), 1);
    assert_eq!(exempt[0]["decision"], "decline");
    assert_eq!(exempt[0]["reason_code"], "proof_of_status");
    let footer = &all["footer"];
    assert_eq!(footer["bookings"], 13);
    let hold = json!({"asked": 10, "complied": 8, "declined": 1, "undecided": 1});
    assert_eq!(footer["hold"], hold);
    let declined = json!({"prohibited_by_law": 1, "discretionary": 0, "indeterminate": 0});
    assert_eq!(footer["declined"], declined);
    assert_eq!(footer["charges"]["convictions"], 5);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_citizen_who_was_taken_for_another_is_shown_as_loudly(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, reviewer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let mut who =
        json!({"family_name": "Muster", "given_name": "Eva", "date_of_birth": "1991-09-09"});
    // Somebody else of that name and day.
    let other = json!({"booked_at": "2019-01-01T20:00:00Z", "subject": who, "charges": []});
    reviewer.put("/v1/bookings/C-9", other).await.expect(201);
    who["fbi_number"] = json!("99887766A");
    for (n, on) in ["2014-02-03", "2016-03-04", "2018-05-06"]
        .iter()
        .enumerate()
    {
        let fed = json!({"booked_at": format!("{on}T20:00:00Z"), "subject": who, "charges": []});
        reviewer
            .put(&format!("/v1/bookings/C-{n}"), fed)
            .await
            .expect(201);
        let mut body = request(SND, ALDER, ["I-247", "I-247D", "I-247A"][n], day(on, 1));
        body["subject"] = who.clone();
        let id = lodge(&liaison, body).await;
        app.settle().await;
        let lift = json!({"reason": "a U.S. citizen", "lift_reason": "usc_or_presumptive_claim",
                          "cancelled_on": day(on, 2)});
        liaison
            .post(&format!("/v1/detainers/{id}/cancellation"), lift)
            .await
            .expect(200);
        app.settle().await;
    }
    let id = person(&reviewer, "fbi_number=99887766a").await;
    let all = history(&reviewer, &id).await;
    assert_eq!(all["persons"], json!([id]), "a name joins nothing");
    assert_eq!(all["footer"]["bookings"], 3);
    assert_eq!(all["footer"]["requests"], 3);
    assert_eq!(all["footer"]["lifted_usc_or_presumptive_claim"], 3);
    for row in list(&all["rows"]) {
        let request = &row["requests"][0];
        assert_eq!(request["lift_reason"], "usc_or_presumptive_claim");
        assert_eq!(request["status"], "cancelled");
        let silent = &request["notice_outcome"];
        assert_eq!(silent, &Value::Null, "silence is no outcome");
    }
    let both = look(
        &reviewer,
        "/v1/persons?name=eva%20MUSTER&date_of_birth=1991-09-09",
    )
    .await;
    assert_eq!(list(&both.expect(200).json()["items"]).len(), 2);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn records_with_one_strong_identifier_are_one_person(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let reviewer = app.reviewer(ALDER).await;
    let put =
        async |number: &str, a_number: Option<&str>, fbi_number: Option<&str>, status: u16| {
            let subject = json!({"family_name": "Prueba", "date_of_birth": "1980-01-01",
                             "a_number": a_number, "fbi_number": fbi_number});
            let fed =
                json!({"booked_at": "2020-01-01T20:00:00Z", "subject": subject, "charges": []});
            let path = format!("/v1/bookings/{number}");
            reviewer.put(&path, fed).await.expect(status);
        };
    let (one, two, fbi) = (Some("A011111111"), Some("A022222222"), Some("11111111A"));
    put("P-1", None, fbi, 201).await;
    put("P-2", one, None, 201).await;
    put("P-3", two, None, 201).await;
    // Corrections: the first carries that A-number too, and the third that FBI number.
    put("P-1", one, fbi, 200).await;
    put("P-3", two, fbi, 200).await;
    let found = look(&reviewer, "/v1/persons?a_number=A011111111").await;
    let found = found.expect(200).json();
    assert_eq!(list(&found["items"]).len(), 2);
    for item in list(&found["items"]) {
        let all = history(&reviewer, item["id"].as_str().unwrap()).await;
        assert_eq!(all["footer"]["bookings"], 2, "from either record");
    }
    // Where two A-numbers stand against each other, a shared FBI number joins nothing.
    let id = person(&reviewer, "a_number=A022222222").await;
    assert_eq!(history(&reviewer, &id).await["footer"]["bookings"], 1);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn looking_needs_a_purpose_and_leaves_a_trace(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    clerk
        .put("/v1/bookings/26-1", booking("A012345678"))
        .await
        .expect(201);
    let search = "/v1/persons?a_number=A012345678";
    let refused = clerk.get(search).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "Purpose");
    for bad in [
        "",
        "?name=Ana",
        "?a_number=A012345678&fbi_number=1A",
        "?a_number=x",
        "?date_of_birth=1990-02-03",
    ] {
        look(&clerk, &format!("/v1/persons{bad}")).await.expect(422);
    }
    let id = person(&clerk, "a_number=A012345678").await;
    let path = format!("/v1/persons/{id}/history");
    clerk.get(&path).await.expect(422);
    look(&clerk, &path).await.expect(200);
    // Nobody else's.
    let foreign = app.reviewer(BIRCH).await;
    look(&foreign, &path).await.expect(404);
    let there = look(&foreign, search).await.expect(200).json();
    assert_eq!(there["items"], json!([]));

    let rows: Vec<(String, Value, String, Value, Vec<u8>, String)> = sqlx::query_as(
        "select e.type, e.data, r.purpose, r.filters, r.salt, r.read_by from custodian.person_read r
           join log.event e on e.id = r.event_id join registry.agency a on a.id = r.agency_id
          where a.ori = $1 order by e.id",
    )
    .bind(ALDER)
    .fetch_all(&mut app.owner().await)
    .await
    .unwrap();
    let mut kinds: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["history.read", "persons.searched"]);
    for (_, data, purpose, filters, salt, by) in &rows {
        assert_eq!(data["persons"], json!([id]));
        let hash = sallyport::log::leaf::row_hash(salt, &(purpose, filters, by));
        assert_eq!(data["purpose_hash"], hash);
        assert!(!data.to_string().contains("county board"));
        assert!(!filters.to_string().contains("012345678"));
    }
    app.stop().await;
}
