//! The pages of files: one is handed in, looked at, mapped, taken in, and its rejected rows come
//! back. A file that is none leaves nothing.

use std::io::Write;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::LOCATION;
use sallyport::delivery;
use sallyport::types::Role;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::imports::{HEADING, ended, send};
use crate::pages::{Desk, hidden};
use crate::support::more::{read_answer, status_of};
use crate::support::*;

/// A nightly file whose headings are its own.
const NIGHTLY: &str = "Jail ID,Surname,Forename,Day in,Hour in,Sexe,Remark\n\
    26-1,Example,Ana,11/20/2026,08:00,F,=HYPERLINK(\"http://x\")\n\
    26-2,Sample,Luis,20/11/2026,09:00,M,<b>\n\
    26-3,Doe,Maria,11/21/2026,10:00,F,\n";

async fn handed_in(desk: &Desk, fields: &[(&str, &str)], file: impl AsRef<[u8]>) -> String {
    let answer = desk
        .upload("/imports", fields, "nightly.csv", file)
        .await
        .expect(303);
    let place = answer.header(LOCATION.as_str());
    assert!(place.starts_with("/imports/"), "{place}");
    place
}

/// What the selects of a page send as it stands, with some of them changed.
fn chosen<'a>(page: &'a str, changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<(&str, &str)> = page
        .split("<select ")
        .skip(1)
        .map(|select| {
            let select = select.split("</select>").next().unwrap();
            let name = select.split("name=\"").nth(1).unwrap();
            let value = select
                .split("<option ")
                .find(|option| option.contains(" selected"))
                .map_or("", |option| {
                    let value = option.split("value=\"").nth(1).unwrap();
                    value.split('"').next().unwrap()
                });
            (name.split('"').next().unwrap(), value)
        })
        .collect();
    for (name, value) in changed {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    fields
}

async fn kept(app: &TestApp) -> i64 {
    app.count("select (select count(*) from custodian.import_piece) + (select count(*) from custodian.import_job)")
        .await
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_file_is_handed_in_looked_at_mapped_and_taken_in(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let jail = app.submitter(ALDER).await;
    let list = clerk.get("/imports").await.expect(200).text;
    assert!(list.contains("No file has been handed in yet."), "{list}");
    assert!(clerk.get("/").await.text.contains("href=\"/imports\""));

    let fields = [("kind", "bookings"), ("columns", "suggested")];
    let page = handed_in(&clerk, &fields, NIGHTLY).await;
    let seen = clerk.get(&page).await.expect(200).text;
    // Nothing has been taken in, and what a cell says is text.
    assert!(seen.contains("Nothing of it has been taken in."), "{seen}");
    assert!(
        !seen.contains("<b></bdi>") && seen.contains("=HYPERLINK("),
        "{seen}"
    );
    assert!(
        seen.contains("booked_at is required and has no column"),
        "{seen}"
    );
    assert_eq!(jail.get("/v1/bookings/26-1").await.status, 404);
    let id = page.rsplit('/').next().unwrap().to_owned();
    let api = format!("/v1/imports/{id}");
    assert_eq!(jail.get(&api).await.json()["status"], "waiting");
    // It is nothing that a reviewer confirms, and it does not start by itself.
    app.reviewer(ALDER)
        .await
        .post(&format!("{api}/confirmation"), serde_json::json!({}))
        .await
        .expect(409);

    // Two columns cannot be one field; what was chosen is still there.
    let wrong = chosen(
        &seen,
        &[("column.2", "subject.family_name"), ("step", "show")],
    );
    let refused = clerk.send_from(&seen, &page, &wrong).await.expect(422).text;
    assert!(
        refused.contains("cannot both be subject.family_name"),
        "{refused}"
    );
    // It may not start with a required column missing.
    let early = chosen(&seen, &[("step", "take_in")]);
    let refused = clerk.send_from(&seen, &page, &early).await.expect(422).text;
    assert!(refused.contains("booked_at is required"), "{refused}");

    let right = chosen(
        &seen,
        &[
            ("column.2", "subject.given_name"),
            ("column.3", "booked_at"),
            ("column.4", "booked_at@time"),
            ("missing", "NA\r\nUNKNOWN"),
            ("save_as", "alder nightly"),
            ("step", "show"),
        ],
    );
    let refused = clerk.send_from(&seen, &page, &right).await.expect(422).text;
    assert!(refused.contains("small letters"), "{refused}");
    let right: Vec<(&str, &str)> = right
        .into_iter()
        .map(|(name, value)| {
            (
                name,
                if name == "save_as" {
                    "alder-nightly"
                } else {
                    value
                },
            )
        })
        .collect();
    clerk.send_from(&seen, &page, &right).await.expect(303);
    let shown = clerk.get(&page).await.text;
    assert!(shown.contains("2026-11-20T16:00:00"), "{shown}");
    assert!(
        shown.contains("Would be rejected.") && shown.contains("20/11/2026"),
        "{shown}"
    );
    assert!(
        shown.contains("read by the mapping alder-nightly"),
        "{shown}"
    );

    let start = chosen(&shown, &[("missing", "NA\r\nUNKNOWN"), ("step", "take_in")]);
    clerk.send_from(&shown, &page, &start).await.expect(303);
    let done = ended(&jail, &id).await;
    let counts = ["status", "read", "accepted", "rejected"].map(|name| done[name].clone());
    assert_eq!(
        Value::from(counts.to_vec()),
        serde_json::json!(["done", 3, 2, 1]),
        "{done}"
    );
    assert_eq!(done["mapping"], "alder-nightly");
    let booked = jail.get("/v1/bookings/26-1").await.expect(200).json();
    assert_eq!(booked["booked_at"], "2026-11-20T16:00:00Z");
    assert_eq!(booked["subject"]["given_name"], "Ana");
    assert_eq!(
        app.count("select count(*) from custodian.import_piece")
            .await,
        0
    );
    assert_eq!(
        app.count("select count(*) from custodian.import_job where peek is not null")
            .await,
        0
    );

    // What came of it, and the rows to mend.
    let ended = clerk.get(&page).await.expect(200).text;
    for words in [
        "Done, with rejected rows",
        "20/11/2026",
        "Mend and send again",
    ] {
        assert!(ended.contains(words), "{words}: {ended}");
    }
    let rejects = clerk.get(&format!("{page}/rejects.csv")).await.expect(200);
    assert!(
        rejects.text.starts_with("line,column,value,reason,Jail ID"),
        "{}",
        rejects.text
    );
    let mended = rejects
        .text
        .replace(",20/11/2026,09:00,M", ",11/20/2026,09:00,M");
    // It was started: its columns are no longer a question.
    clerk.send_from(&shown, &page, &start).await.expect(409);

    // The saved mapping reads the mended file, on the page and in the API.
    let fields = [("kind", "bookings"), ("columns", "mapping:alder-nightly")];
    let again = handed_in(&clerk, &fields, &mended).await;
    let seen = clerk.get(&again).await.text;
    assert!(seen.contains("2026-11-20T17:00:00"), "{seen}");
    clerk
        .send_from(&seen, &again, &chosen(&seen, &[("step", "take_in")]))
        .await
        .expect(303);
    let done = crate::imports::ended(&jail, again.rsplit('/').next().unwrap()).await;
    assert_eq!(
        (&done["accepted"], &done["rejected"]),
        (&1.into(), &0.into()),
        "{done}"
    );
    let list = clerk.get("/imports").await.text;
    assert!(
        list.contains("nightly.csv") && list.contains("mapping:alder-nightly"),
        "{list}"
    );

    // Nobody else's business.
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    for path in [page.clone(), format!("{page}/rejects.csv")] {
        other.get(&path).await.expect(404);
    }
    other
        .send_from(&other.get("/").await.text, &page, &start)
        .await
        .expect(404);
    Desk::of(&app, Role::Liaison, SND)
        .await
        .get("/imports")
        .await
        .expect(403);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn changing_one_column_keeps_values_constants_and_local_holds(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let file = "booking_id,booking_dt,sex_of_person,booking_charge_desc,release_dt,final_release_disp,charge_release_dt\n\
                9,2016-05-01 10:00,FEMALE,THEFT,2016-05-02 11:00,Bail Bond,2016-05-02 11:00\n\
                9,2016-05-01 10:00,FEMALE,HOLD IMMIGRAT,2016-05-02 11:00,Bail Bond,2016-05-03 11:00\n";
    let fields = [("kind", "bookings"), ("columns", "mapping:bookings-pierce")];
    let page = handed_in(&clerk, &fields, file).await;
    let seen = clerk.get(&page).await.expect(200).text;
    // Two rows of one booking are one record; the constant stands in its field.
    assert!(
        seen.contains("Rows 1 to 2") && seen.contains("NAME WITHHELD"),
        "{seen}"
    );
    let missing = ("missing", "NA\r\nUNKNOWN");
    let moved = chosen(
        &seen,
        &[("column.2", "subject.sex"), missing, ("step", "show")],
    );
    clerk.send_from(&seen, &page, &moved).await.expect(303);
    let text: String = sqlx::query_scalar("select mapping_text from custodian.import_job")
        .fetch_one(&mut app.owner().await)
        .await
        .unwrap();
    use sallyport::imports::mapping::{Mapping, MappingFile};
    let before = MappingFile::read(Mapping::built_in("bookings-pierce").unwrap()).unwrap();
    let mut after = MappingFile::read(&text).unwrap();
    let sex = after.fields.get_mut("subject.sex").unwrap();
    assert_eq!(sex.columns, ["sex_of_person", "gender_desc"]);
    sex.columns.remove(0);
    assert_eq!(after, before);
    assert!(clerk.get(&page).await.text.contains("<bdi>female</bdi>"));
    // Shown again without a change it stays word for word.
    let shown = clerk.get(&page).await.text;
    let same = chosen(&shown, &[missing, ("step", "show")]);
    clerk.send_from(&shown, &page, &same).await.expect(303);
    let again: String = sqlx::query_scalar("select mapping_text from custodian.import_job")
        .fetch_one(&mut app.owner().await)
        .await
        .unwrap();
    assert_eq!(again, text);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn what_nobody_starts_is_cancelled_or_forgotten(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let fields = [("kind", "bookings"), ("columns", "names")];
    let first = handed_in(
        &clerk,
        &fields,
        format!("{HEADING}26-1,2026-11-20 08:00,A,,,,,\n"),
    )
    .await;
    let seen = clerk.get(&first).await.text;
    assert!(seen.contains("2026-11-20T16:00:00"), "{seen}");
    clerk
        .send_from(&seen, &format!("{first}/cancellation"), &[])
        .await
        .expect(303);
    let page = clerk.get(&first).await.expect(200).text;
    assert!(page.contains("Cancelled"), "{page}");
    assert_eq!(
        app.count("select count(*) from custodian.import_piece")
            .await,
        0
    );

    let second = handed_in(&clerk, &fields, HEADING).await;
    delivery::imports::forget(&app.app).await.unwrap();
    assert!(clerk.get(&second).await.text.contains("name=\"step\""));
    sqlx::query("update custodian.import_job set started_at = $1 where preview")
        .bind(app.app.clock.now() - TimeDelta::hours(25))
        .execute(&mut app.owner().await)
        .await
        .unwrap();
    delivery::imports::forget(&app.app).await.unwrap();
    let page = clerk.get(&second).await.expect(200).text;
    assert!(page.contains("Nobody started it within a day."), "{page}");
    assert_eq!(
        app.count("select count(*) from custodian.import_piece")
            .await,
        0
    );
    let told = "select count(*) from log.event where type = 'import.cancelled'";
    assert_eq!(app.count(told).await, 2);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_roster_that_would_empty_the_jail_waits_on_its_page_for_a_reviewer(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let mut file = HEADING.to_owned();
    for number in 1..=12 {
        file.push_str(&format!(
            "26-{number},2026-11-20 08:00,Example{number},,,,,\n"
        ));
    }
    let jail = app.submitter(ALDER).await;
    let query = "kind=bookings&feed=jms&roster=true";
    crate::imports::import(&jail, query, file.clone()).await;
    let fields = [
        ("kind", "bookings"),
        ("columns", "names"),
        ("feed", "jms"),
        ("roster", "true"),
    ];
    let page = handed_in(&clerk, &fields, &file[..file.find("26-2,").unwrap()]).await;
    let seen = clerk.get(&page).await.text;
    let start = chosen(&seen, &[("step", "take_in")]);
    clerk.send_from(&seen, &page, &start).await.expect(303);
    let id = page.rsplit('/').next().unwrap();
    assert_eq!(ended(&jail, id).await["status"], "waiting");
    let asked = clerk.get(&page).await.text;
    assert!(
        asked.contains("A reviewer of this agency decides"),
        "{asked}"
    );
    assert!(!asked.contains(&format!("{page}/confirmation")), "{asked}");
    let confirmation = format!("{page}/confirmation");
    clerk
        .send_from(&asked, &confirmation, &[])
        .await
        .expect(403);
    let reviewer = Desk::of(&app, Role::Reviewer, ALDER).await;
    let asked = reviewer.get(&page).await.text;
    reviewer
        .send_from(&asked, &confirmation, &[])
        .await
        .expect(303);
    assert_eq!(ended(&jail, id).await["status"], "done");
    let page = clerk.get(&page).await.text;
    assert!(page.contains("missing from this one"), "{page}");
    app.stop().await;
}

/// A gzip file that is a gigabyte when it is unpacked.
fn bomb() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed
        .write_all(b"booking_number,booked_at,subject.family_name\n")
        .unwrap();
    let zeros = vec![b'0'; 1 << 20];
    for _ in 0..1_100 {
        packed.write_all(&zeros).unwrap();
    }
    packed.finish().unwrap()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_file_that_is_none_is_refused_on_the_page_and_nothing_is_kept(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let kind = ("kind", "bookings");
    for (fields, file, says) in [
        (vec![kind], Vec::new(), "The file is empty."),
        (
            vec![kind],
            b"PK\x03\x04not a workbook".to_vec(),
            "cannot be read",
        ),
        (
            vec![kind],
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old".to_vec(),
            "cannot be read",
        ),
        (vec![kind], bomb(), "cannot be read"),
        (vec![], HEADING.into(), "Say what the rows are."),
        (
            vec![("kind", "historical_detainers")],
            HEADING.into(),
            "operator",
        ),
        (
            vec![kind, ("columns", "mapping:nobodys")],
            HEADING.into(),
            "There is no mapping nobodys",
        ),
        (
            vec![kind, ("roster", "true")],
            HEADING.into(),
            "A roster is a file of bookings from a feed",
        ),
    ] {
        let answer = clerk.upload("/imports", &fields, "a.csv", file).await;
        assert_eq!(answer.status, 422, "{says}: {}", answer.text);
        assert!(answer.text.contains(says), "{says}: {}", answer.text);
        assert!(
            answer.text.contains("Nothing of the file was kept."),
            "{}",
            answer.text
        );
    }
    let none = clerk
        .upload("/imports", &[kind], "", "")
        .await
        .expect(422)
        .text;
    assert!(none.contains("Choose a file."), "{none}");
    // A form of another session, and one whose token comes behind its file.
    let foreign = [("csrf", "x"), kind];
    let answer = clerk.upload("/detainers", &foreign, "a.csv", HEADING).await;
    assert_eq!(answer.status, 415, "{}", answer.text);
    assert_eq!(kept(&app).await, 0);
    app.stop().await;
}

/// Sends the head of a request and as much of a body as is taken; answers the status and how much it was.
async fn endless(app: &TestApp, head: &str, piece: &[u8]) -> (u16, usize) {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut sent, started) = (0, Instant::now());
    while !piece.is_empty() && started.elapsed() < Duration::from_secs(20) {
        match tokio::time::timeout(Duration::from_secs(2), stream.write_all(piece)).await {
            Ok(Ok(())) => sent += piece.len(),
            _ => break,
        }
        if sent > 16 << 20 {
            break;
        }
    }
    (status_of(&read_answer(&mut stream).await), sent)
}

/// Case 18: bodies that are larger than they may be, or have no end, or are packed.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_body_without_measure_is_refused_at_once(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let key = app.key(Role::Submitter, ALDER).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let more = (512_u64 << 20) + 1;
    let head = |rest: &str| {
        format!(
            "POST /v1/imports?kind=bookings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nIdempotency-Key: {}\r\n\
             Content-Type: text/csv\r\n{rest}\r\n\r\n",
            fresh_key()
        )
    };
    let started = Instant::now();
    let (status, _) = endless(&app, &head(&format!("Content-Length: {more}")), b"").await;
    assert_eq!(status, 413);
    let (status, _) = endless(
        &app,
        &head("Content-Length: 10\r\nContent-Encoding: gzip"),
        b"",
    )
    .await;
    assert_eq!(status, 415);
    let form = format!(
        "POST /imports HTTP/1.1\r\nHost: x\r\nCookie: {}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: multipart/form-data; boundary=limit\r\n",
        clerk.cookie()
    );
    let (status, _) = endless(
        &app,
        &format!("{form}Content-Length: {}\r\n\r\n", more + (1 << 20)),
        b"",
    )
    .await;
    assert_eq!(status, 413);
    assert!(started.elapsed() < Duration::from_secs(5));
    // Fields without end before the file: the form is left off long before they are.
    let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 1 << 16], b"\r\n".to_vec()].concat();
    let first = "--limit\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n";
    let text = format!(
        "{form}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n",
        first.len()
    );
    let (status, sent) = endless(&app, &text, &chunk).await;
    assert!(status == 413 && sent <= 8 << 20, "{status} after {sent}");
    // A file without a token is not even read.
    let text = first.replace("csrf\"", "file\"; filename=\"a.csv\"");
    let text = format!(
        "{form}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n",
        text.len()
    );
    let (status, sent) = endless(&app, &text, &chunk).await;
    assert!(status == 403 && sent <= 8 << 20, "{status} after {sent}");
    assert_eq!(kept(&app).await, 0);

    // A small file that is large when it is unpacked.
    let jail = app.client(key.clone());
    let refused = send(&jail, "kind=bookings", bomb()).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(kept(&app).await, 0);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_same_form_twice_keeps_one_file(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let shown = clerk.get("/imports").await.text;
    let key = hidden(&shown, "idempotency_key");
    let fields = [("idempotency_key", key.as_str()), ("kind", "bookings")];
    let first = clerk
        .upload_with(&shown, "/imports", &fields, "a.csv", HEADING)
        .await
        .expect(303);
    let second = clerk
        .upload_with(&shown, "/imports", &fields, "a.csv", HEADING)
        .await
        .expect(303);
    assert_eq!(
        first.header(LOCATION.as_str()),
        second.header(LOCATION.as_str())
    );
    let other = clerk
        .upload_with(&shown, "/imports", &fields, "a.csv", "a,b\n")
        .await;
    assert!(
        other.status == 422 && other.text.contains("was used for another body"),
        "{}",
        other.text
    );
    assert_eq!(
        app.count("select count(*) from custodian.import_job").await,
        1
    );
    app.stop().await;
}
