//! What the planner does under row security, on tables that are not small.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, PgPool};

use crate::support::*;

/// 24,000 requests of two offices to two jails, three of four of them no longer pending.
const REQUESTS: &str = "
    insert into exchange.detainer (id, agency_id, office_id, issuing_office_id, form, issued_on, family_name, name_parts, a_number_index,
        asks_notify, asks_hold, asks_transfer, asks_interview, asks_relay, asks_status_events,
        basis_final_order, basis_pending_proceedings, basis_biometric_records, basis_statements_or_evidence, basis_resume_custody,
        received_at, channel, salt, created_at, cancelled_at)
    select gen_random_uuid(), a.id, o.id, o.id, 'I-247A', date '2026-01-01' + n % 300, 'Example', array['example'], decode(md5(n::text), 'hex'),
           true, true, false, false, false, false, true, false, false, false, false,
           '2026-11-01T00:00:00Z', 'api', '\\x00', '2026-11-01T00:00:00Z',
           case when n % 4 > 0 then timestamptz '2026-11-02T00:00:00Z' end
      from generate_series(1, 6000) n, registry.agency a, registry.office o";

async fn explain(pool: &PgPool, setting: &str, tenant: i32, sql: &str) -> String {
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("select set_config($1, $2, true)")
        .bind(setting)
        .bind(tenant.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "explain (analyze, costs off, timing off, summary off) {sql}"
    )))
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    tx.rollback().await.unwrap();
    lines.join("\n")
}

async fn scans(conn: &mut PgConnection, index: &str) -> i64 {
    sqlx::query_scalar("select idx_scan from pg_stat_user_indexes where indexrelname = $1")
        .bind(index)
        .fetch_one(conn)
        .await
        .unwrap()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn pending_lists_are_served_by_their_partial_index(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let mut conn = app.owner.connect().await.unwrap();
    let made = sqlx::query(REQUESTS)
        .execute(&mut conn)
        .await
        .unwrap()
        .rows_affected();
    assert_eq!(made, 24_000);
    let opened: i64 = sqlx::query_scalar("select count(*) from custodian.case_file")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(opened, 24_000, "each request opened its case file");
    sqlx::raw_sql("update custodian.case_file c set status = 'cancelled' from exchange.detainer d where d.id = c.id and d.cancelled_at is not null;
                   analyze exchange.detainer; analyze custodian.case_file").execute(&mut conn).await.unwrap();
    let (agency, office): (i32, i32) = sqlx::query_as("select a.id, o.id from registry.agency a, registry.office o where a.ori = $1 and o.code = $2")
        .bind(ALDER).bind(SND).fetch_one(&mut conn).await.unwrap();

    let jail = explain(&app.app.pools.custodian, "app.agency", agency, &format!(
        "select c.id, c.issued_on from custodian.case_file c where c.agency_id = {agency} and c.status = 'pending'
          order by c.issued_on desc, c.id desc limit 51")).await;
    assert!(
        jail.contains("case_file_pending") && !jail.contains("Sort") && !jail.contains("Seq Scan"),
        "{jail}"
    );
    let next = explain(&app.app.pools.custodian, "app.agency", agency, &format!(
        "select c.id, c.issued_on from custodian.case_file c where c.agency_id = {agency} and c.status = 'pending'
            and (c.issued_on, c.id) < ('2026-05-01', '80000000-0000-0000-0000-000000000000') order by c.issued_on desc, c.id desc limit 51")).await;
    assert!(
        next.contains("case_file_pending") && next.contains("Index Cond") && !next.contains("Sort"),
        "{next}"
    );
    let office_plan = explain(&app.app.pools.office, "app.office", office, &format!(
        "select d.id, d.issued_on from exchange.detainer d where d.office_id = {office} and d.status = 'pending'
          order by d.issued_on desc, d.id desc limit 51")).await;
    assert!(
        office_plan.contains("detainer_office_pending")
            && !office_plan.contains("Sort")
            && !office_plan.contains("Seq Scan"),
        "{office_plan}"
    );

    // What this connection itself has read is handed in before the counts are looked at.
    sqlx::query("select pg_stat_force_next_flush()")
        .execute(&mut conn)
        .await
        .unwrap();
    // The same of the queries that the service itself writes: their index is used, and no table read whole.
    let (liaison, clerk) = (app.liaison(SND).await, app.submitter(ALDER).await);
    for (client, index, table) in [
        (&liaison, "detainer_office_pending", "exchange.detainer"),
        (&clerk, "case_file_pending", "custodian.case_file"),
    ] {
        let before = scans(&mut conn, index).await;
        let read: i64 = sqlx::query_scalar(
            "select seq_tup_read from pg_stat_user_tables where relid = $1::text::regclass",
        )
        .bind(table)
        .fetch_one(&mut conn)
        .await
        .unwrap();
        let mut path = "/v1/detainers?status=pending&limit=50".to_owned();
        for _ in 0..3 {
            let page = client.get(&path).await.expect(200).json();
            assert_eq!(page["items"].as_array().unwrap().len(), 50);
            path = format!(
                "/v1/detainers?status=pending&limit=50&cursor={}",
                page["next"].as_str().unwrap()
            );
        }
        // A server process hands its counts in within a second or so, when it is next used.
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(150)).await;
            client.get("/v1/whoami").await.expect(200);
            if scans(&mut conn, index).await >= before + 3 {
                break;
            }
        }
        assert!(scans(&mut conn, index).await >= before + 3, "{index}");
        let now: i64 = sqlx::query_scalar(
            "select seq_tup_read from pg_stat_user_tables where relid = $1::text::regclass",
        )
        .bind(table)
        .fetch_one(&mut conn)
        .await
        .unwrap();
        assert_eq!(now, read, "{table} was read whole");
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_event_is_looked_for_in_its_month_alone(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let liaison = app.liaison(SND).await;
    liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A012345678"))
        .await
        .expect(201);
    app.settle().await;
    let mut conn = app.owner.connect().await.unwrap();
    let (id, agency): (uuid::Uuid, i32) = sqlx::query_as("select id, agency_id from log.event")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    let plan = explain(
        &app.app.pools.custodian,
        "app.agency",
        agency,
        &format!("select * from log.event where id = '{id}'"),
    )
    .await;
    let touched = |plan: &str| {
        plan.lines()
            .filter(|line| line.contains(" on event_") && !line.contains("never executed"))
            .count()
    };
    assert_eq!(touched(&plan), 1, "{plan}");
    assert!(!plan.contains("event_other"), "{plan}");
    // The event lies in the month that its id says, and none in the partition for lost clocks.
    let (lies, other): (String, i64) = sqlx::query_as("select e.tableoid::regclass::text, (select count(*) from log.event_other) from log.event e where id = $1")
        .bind(id).fetch_one(&mut conn).await.unwrap();
    assert_eq!(
        lies,
        format!("log.event_{}", app.app.clock.now().format("%Y_%m"))
    );
    assert_eq!(other, 0);

    // Through the stream's join, at run time: four months of events, a page of the first.
    for sql in [
        "insert into log.event (id, type, at, acting, agency_id, subjects, data, leaf_hash)
         select (lpad(to_hex((extract(epoch from timestamptz '2027-01-01T00:00:00Z' + make_interval(mins => n * 8)) * 1000)::bigint), 12, '0')
                 || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid,
                'booking.changed', timestamptz '2027-01-01T00:00:00Z' + make_interval(mins => n * 8), 'agency:CA0990100', a.id, '{}', '{}',
                decode(repeat('00', 32), 'hex')
           from generate_series(1, 20000) n, registry.agency a where a.ori = 'CA0990100'",
        "insert into log.entry (position, event_id, agency_id, agency_position, entered_at)
         select 10 + row_number() over (order by id), id, agency_id, 10 + row_number() over (order by id), at
           from log.event where id <> all (select event_id from log.entry)",
        "analyze log.event",
        "analyze log.entry",
    ] {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
    }
    let plan = explain(&app.app.pools.custodian, "app.agency", agency, &format!(
        "select e.data from log.entry n join log.event e on e.id = n.event_id where n.agency_id = {agency} and n.agency_position > 100 order by n.agency_position limit 200")).await;
    assert_eq!(touched(&plan), 1, "{plan}");
    assert!(
        plan.contains("entry_agency_id_agency_position_key"),
        "{plan}"
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn open_duties_are_read_in_the_order_of_their_index(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let mut conn = app.owner.connect().await.unwrap();
    sqlx::query(REQUESTS).execute(&mut conn).await.unwrap();
    // One duty of each request, every second done, a tenth without a time.
    sqlx::raw_sql(
        "insert into custodian.duty (agency_id, id, detainer_id, duty, recipient, due_at, created_at)
         select agency_id, gen_random_uuid(), id, 'copy_and_intent', 'person',
                case when n % 10 > 0 then timestamptz '2026-11-01T00:00:00Z' + make_interval(mins => n::int) end, '2026-11-01T00:00:00Z'
           from (select agency_id, id, row_number() over (order by id) n from custodian.case_file) c;
         insert into custodian.duty_statement (agency_id, duty_id, done_at, stated_at, stated_by, salt)
         select agency_id, id, created_at, created_at, 'D. Desk', '\\x00' from custodian.duty where right(id::text, 1) < '8';
         analyze custodian.case_file; analyze custodian.duty; analyze custodian.duty_statement",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let agency: i32 = sqlx::query_scalar("select id from registry.agency where ori = $1")
        .bind(ALDER)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    for until in ["null::timestamptz", "timestamptz '2026-11-02T00:00:00Z'"] {
        let plan = explain(&app.app.pools.custodian, "app.agency", agency, &format!(
            "select d.id, s.done_at from custodian.duty d
               left join lateral (select done_at, evidence, stated_by, done_at is null as open from custodian.duty_statement
                                   where agency_id = d.agency_id and duty_id = d.id order by n desc limit 1) s on true
              where d.agency_id = {agency} and coalesce(s.open, true) and ({until} is null or d.due_at <= {until})
              order by d.due_at nulls last, d.created_at, d.id limit 51 offset 0")).await;
        assert!(
            plan.contains("duty_pressing") && !plan.contains("Sort") && !plan.contains("Seq Scan"),
            "{plan}"
        );
    }
    app.stop().await;
}
