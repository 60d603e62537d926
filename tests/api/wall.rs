//! The wall in the database: what each side's role may touch, and that row security holds when
//! the filter in Rust is taken away.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, PgPool, Row};

use crate::support::*;

const SCHEMAS: &str =
    "'registry', 'identity', 'exchange', 'custodian', 'log', 'delivery', 'reports'";
const SIDES: [&str; 5] = ["custodian", "office", "oversight", "operator", "worker"];

/// What a role may do, a line for each table and right; columns are named when not all are granted.
async fn grants(conn: &mut PgConnection, side: &str) -> Vec<String> {
    let role = format!("sallyport_{side}");
    let mut lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "select 'usage ' || n.nspname from pg_namespace n
          where n.nspname in ({SCHEMAS}) and has_schema_privilege($1, n.oid, 'usage') order by 1"
    )))
    .bind(&role)
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    let rows = sqlx::query(AssertSqlSafe(format!(
        "select n.nspname || '.' || c.relname as name, p.may,
                count(*) filter (where has_column_privilege($1, c.oid, a.attnum, p.may)) as held, count(*) as columns,
                string_agg(a.attname, ', ' order by a.attnum)
                    filter (where has_column_privilege($1, c.oid, a.attnum, p.may)) as list
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          cross join (values ('select'), ('insert'), ('update')) as p (may)
          where n.nspname in ({SCHEMAS}) and c.relkind in ('r', 'p', 'v', 'm')
          group by 1, 2 order by 1, 2"
    )))
    .bind(&role)
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    for row in rows {
        let (name, right, held, columns): (String, String, i64, i64) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        if held == columns {
            lines.push(format!("{right} {name}"));
        } else if held > 0 {
            lines.push(format!("{right} {name} ({})", row.get::<String, _>(4)));
        }
    }
    let whole: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "select p.may || ' ' || n.nspname || '.' || c.relname
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
          cross join (values ('delete'), ('truncate'), ('references'), ('trigger')) as p (may)
          where n.nspname in ({SCHEMAS}) and c.relkind in ('r', 'p', 'v', 'm')
            and has_table_privilege($1, c.oid, p.may) order by 1"
    )))
    .bind(&role)
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    lines.extend(whole);
    lines
}

fn difference(side: &str, held: &[String]) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/grants/{side}.txt"));
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let written: BTreeSet<&str> = written.lines().filter(|line| !line.is_empty()).collect();
    let held: BTreeSet<&str> = held.iter().map(String::as_str).collect();
    let added = held.difference(&written).map(|l| format!("+ {side}: {l}"));
    let gone = written.difference(&held).map(|l| format!("- {side}: {l}"));
    added.chain(gone).collect()
}

/// The differences between what a role may do and its list.
pub async fn rights_not_written_down(conn: &mut PgConnection, side: &str) -> Vec<String> {
    difference(side, &grants(conn, side).await)
}

#[sqlx::test(migrations = "./migrations")]
async fn each_role_holds_exactly_the_rights_that_are_written_down(
    _options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let mut conn = owner.connect().await.unwrap();
    let mut wrong = Vec::new();
    for side in SIDES {
        let held = grants(&mut conn, side).await;
        if std::env::var_os("BLESS").is_some() {
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/grants/{side}.txt"));
            std::fs::write(path, held.join("\n") + "\n").unwrap();
        }
        wrong.extend(difference(side, &held));
    }
    assert!(
        wrong.is_empty(),
        "a right was added or taken; if that is meant, run with BLESS=1:\n{}",
        wrong.join("\n")
    );

    // The comparison sees a right that nobody decided on.
    sqlx::raw_sql(
        "grant usage on schema custodian to sallyport_office;
         grant select (id, status) on custodian.case_file to sallyport_office",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let held = grants(&mut conn, "office").await;
    assert_eq!(
        difference("office", &held),
        [
            "+ office: select custodian.case_file (id, status)",
            "+ office: usage custodian"
        ]
    );
}

#[sqlx::test(migrations = "./migrations")]
async fn the_structure_of_the_wall_holds(_options: PgPoolOptions, owner: PgConnectOptions) {
    let mut conn = owner.connect().await.unwrap();
    let list = async |conn: &mut PgConnection, sql: &str| -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.replace("SCHEMAS", SCHEMAS)))
            .fetch_all(conn)
            .await
            .unwrap()
    };
    let none: [&str; 0] = [];

    let usage: bool = sqlx::query_scalar(
        "select has_schema_privilege('sallyport_office', 'custodian', 'usage')
             or has_schema_privilege('sallyport_office', 'custodian', 'create')",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert!(!usage, "the office has no way into the custodian's schema");

    let open = list(&mut conn, "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in (SCHEMAS) and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity) order by 1").await;
    assert_eq!(
        open, none,
        "row security is enabled and forced everywhere, partitions too"
    );
    let partitions = list(
        &mut conn,
        "select c.oid::regclass::text from pg_class c where c.relispartition and c.relkind = 'r'",
    )
    .await;
    assert!(partitions.len() >= 25, "{partitions:?}");
    let granted = list(&mut conn, "select c.oid::regclass::text || ' to ' || r.rolname from pg_class c, pg_roles r
        where c.relispartition and c.relkind = 'r' and r.rolname like 'sallyport\\_%'
          and (has_any_column_privilege(r.oid, c.oid, 'select') or has_table_privilege(r.oid, c.oid, 'insert'))").await;
    assert_eq!(
        granted, none,
        "a partition is reached through its table alone"
    );

    let definers = list(&mut conn, "select p.oid::regprocedure::text || ' as ' || pg_get_userbyid(p.proowner) from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')").await;
    assert_eq!(definers, ["custodian.open_case_file() as sallyport_opener"]);
    let opener = list(&mut conn, "select p.may || ' ' || c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
        cross join (values ('select'), ('insert'), ('update'), ('delete'), ('truncate'), ('references'), ('trigger')) as p (may)
        where n.nspname in (SCHEMAS) and c.relkind in ('r', 'p', 'S', 'v') and c.relkind <> 'S'
          and (has_table_privilege('sallyport_opener', c.oid, p.may)
            or (p.may in ('select', 'insert', 'update') and has_any_column_privilege('sallyport_opener', c.oid, p.may)))").await;
    assert_eq!(opener, ["insert custodian.case_file"]);
    let opener = list(&mut conn, "select n.nspname::text from pg_namespace n where n.nspname in (SCHEMAS)
        and (has_schema_privilege('sallyport_opener', n.oid, 'usage') or has_schema_privilege('sallyport_opener', n.oid, 'create'))").await;
    assert_eq!(opener, ["custodian"]);
    let members = list(&mut conn, "select r.rolname || ' in ' || g.rolname from pg_auth_members m join pg_roles r on r.oid = m.member
        join pg_roles g on g.oid = m.roleid where r.rolname in ('sallyport_custodian', 'sallyport_office', 'sallyport_oversight',
            'sallyport_operator', 'sallyport_worker', 'sallyport_opener')").await;
    assert_eq!(members, none, "no side's role is a member of another");
    let strong = list(&mut conn, "select rolname::text from pg_roles where (rolname like 'sallyport\\_%' or rolname = current_user)
        and (rolsuper or rolbypassrls)").await;
    assert_eq!(strong, none, "nobody here passes by row security");

    let enums = list(
        &mut conn,
        "select t.typname::text from pg_type t join pg_namespace n on n.oid = t.typnamespace
        where t.typtype = 'e' and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    .await;
    assert_eq!(
        enums, none,
        "an enum's operators are not leakproof: no index serves them"
    );
    let views = list(
        &mut conn,
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    .await;
    assert_eq!(views, none, "a view runs with its owner's eyes");
    let functions = list(&mut conn, "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in (SCHEMAS) and p.prokind = 'f' order by 1").await;
    assert_eq!(functions, ["custodian.open_case_file()"]);

    // Only the case file points from the jail's side at the paper: each reference leaves a lock
    // mark on the row that it points to.
    let across = list(&mut conn, "select conrelid::regclass::text from pg_constraint
        where contype = 'f' and confrelid in (select c.oid from pg_class c where c.relnamespace = 'exchange'::regnamespace)
          and conrelid in (select c.oid from pg_class c where c.relnamespace = 'custodian'::regnamespace)").await;
    assert_eq!(across, ["custodian.case_file"]);
    let back = list(&mut conn, "select conrelid::regclass::text from pg_constraint
        where contype = 'f' and confrelid in (select c.oid from pg_class c where c.relnamespace = 'custodian'::regnamespace)
          and conrelid not in (select c.oid from pg_class c where c.relnamespace = 'custodian'::regnamespace)").await;
    assert_eq!(back, none, "what crosses never points back behind the wall");
}

/// Indexes that do not begin with a tenant, each with its reason.
const OTHER_INDEXES: &[(&str, &str)] = &[
    (
        "identity.account_side_email_key",
        "sign-in knows the side and the address, no tenant yet",
    ),
    (
        "log.entry_event_id_key",
        "the worker's, one entry for each event",
    ),
];

#[sqlx::test(migrations = "./migrations")]
async fn every_index_of_a_tenants_table_starts_with_the_tenant(
    _options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let mut conn = owner.connect().await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(format!(
        "select i.indexrelid::regclass::text, i.indisprimary, a.attname::text
           from pg_index i join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
           join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
          where n.nspname in ({SCHEMAS}) and not t.relispartition
            and exists (select from pg_attribute c where c.attrelid = t.oid and c.attname in ('agency_id', 'office_id'))
          order by 1"
    )))
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert!(rows.len() > 50);
    let mut wrong = Vec::new();
    let mut met = BTreeSet::new();
    for row in rows {
        let (name, primary, first): (String, bool, String) = (row.get(0), row.get(1), row.get(2));
        let tenant = matches!(first.as_str(), "agency_id" | "office_id");
        let id = primary && matches!(first.as_str(), "id" | "event_id" | "position");
        if OTHER_INDEXES.iter().any(|(known, _)| *known == name) {
            met.insert(name);
        } else if !tenant && !id {
            wrong.push(format!("{name} starts with {first}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        met.len(),
        OTHER_INDEXES.len(),
        "an exception that is gone: {met:?}"
    );
}

/// Tables with a tenant's rows, their tenant columns, and whether this role may select at all.
async fn tenant_tables(conn: &mut PgConnection, side: &str, column: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(format!(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
           join pg_attribute a on a.attrelid = c.oid and a.attname = '{column}'
          where n.nspname in ({SCHEMAS}) and c.relkind in ('r', 'p') and not c.relispartition
            and has_column_privilege('sallyport_{side}', c.oid, a.attnum, 'select')
            and has_schema_privilege('sallyport_{side}', n.oid, 'usage') order by 1"
    )))
    .fetch_all(conn)
    .await
    .unwrap()
}

/// A finished thread between each jail and each office, so that every table has foreign rows.
async fn four_threads(app: &TestApp) {
    for (n, (jail, office)) in [(ALDER, SND), (ALDER, HOU), (BIRCH, SND), (BIRCH, HOU)]
        .into_iter()
        .enumerate()
    {
        let (liaison, jailer) = (app.liaison(office).await, app.reviewer(jail).await);
        let number = format!("A01000000{n}");
        let booked = format!("26-00{n}");
        let id = liaison
            .post("/v1/detainers", detainer(office, jail, &number))
            .await
            .expect(201)
            .json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/v1/detainers/{id}");
        jailer
            .post(
                &format!("{path}/acknowledgement"),
                json!({"by": "B. Clerk"}),
            )
            .await
            .expect(200);
        jailer
            .put(&format!("/v1/bookings/{booked}"), booking(&number))
            .await
            .expect(201);
        jailer
            .post(
                "/v1/release-notices",
                notice(&booked, "scheduled", "2026-12-26T08:00:00-08:00"),
            )
            .await
            .expect(201);
        let decided = jailer
            .post(
                &format!("{path}/determinations"),
                json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"}),
            )
            .await
            .expect(201);
        let told = decided.json()["notification"].as_str().unwrap().to_owned();
        let call = json!({"channel": "phone", "at": app.app.clock.now().to_rfc3339(), "to": "Duty officer",
                          "by": "B. Clerk", "result": "reached"});
        jailer
            .post(&format!("/v1/notifications/{told}/attempts"), call)
            .await
            .expect(201);
        let next = if jail == ALDER { BIRCH } else { ALDER };
        jailer
            .post(&format!("{path}/relay"), json!({"to_custodian": next}))
            .await
            .expect(201);
        let fax = detainer(office, jail, &format!("A02000000{n}"));
        jailer.post("/v1/detainers", fax).await.expect(201);
        custody::serve(&jailer, &id).await;
        let facts = format!("{path}/facts");
        let tag = jailer.get(&facts).await.header("etag");
        jailer
            .patch(&facts, &tag, json!({"convictions": []}))
            .await
            .expect(200);
        let start = (app.app.clock.now() - chrono::Duration::hours(1)).to_rfc3339();
        jailer
            .post(&format!("{path}/hold"), custody::hold(&start))
            .await
            .expect(201);
        let claim = json!({"kind": "us_citizen", "claimed_at": "2026-11-21T09:00:00-08:00"});
        jailer
            .post(&format!("{path}/citizenship-claims"), claim)
            .await
            .expect(201);
        for side in [&jailer, &liaison] {
            let taken = custody::handover("2026-11-24T08:00:00-08:00", "Sally port");
            side.post(&format!("{path}/handover"), taken)
                .await
                .expect(201);
        }
        let outcome = json!({"notice": "notified_before", "custody": "unknown", "stated_at": "2026-11-24T09:00:00-08:00"});
        let mut shared = outcome.clone();
        shared["disclose"] = json!(true);
        jailer
            .post(&format!("{path}/outcome"), shared)
            .await
            .expect(201);
        liaison
            .post(&format!("{path}/outcome"), outcome)
            .await
            .expect(201);
        app.key(sallyport::types::Role::Submitter, jail).await;
    }
    for jail in [ALDER, BIRCH] {
        let standing =
            json!({"notify_release": "never", "signed_by": "S. Example", "reason": "Order 7"});
        let headers = [("if-none-match", "*"), ("content-type", "application/json")];
        app.reviewer(jail)
            .await
            .send(
                reqwest::Method::PUT,
                &format!("/v1/agencies/{jail}/standing-decisions"),
                &headers,
                standing.to_string(),
            )
            .await
            .expect(200);
    }
    app.settle().await;
}

async fn tenant_id(pool: &PgPool, sql: &'static str, code: &str) -> i32 {
    sqlx::query_scalar(sql)
        .bind(code)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn row_security_holds_without_the_filter_in_rust(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner.clone(), custody::permitting()).await;
    four_threads(&app).await;
    let mut conn = owner.connect().await.unwrap();
    let alder = tenant_id(
        &app.app.pools.operator,
        "select id from registry.agency where ori = $1",
        ALDER,
    )
    .await;
    let snd = tenant_id(
        &app.app.pools.operator,
        "select id from registry.office where code = $1",
        SND,
    )
    .await;
    let sides = [
        (
            "custodian",
            "agency_id",
            "app.agency",
            alder,
            &app.app.pools.custodian,
        ),
        (
            "office",
            "office_id",
            "app.office",
            snd,
            &app.app.pools.office,
        ),
    ];
    let mut looked_at = 0;
    for (side, column, setting, tenant, pool) in sides {
        for table in tenant_tables(&mut conn, side, column).await {
            let count = async |conn: &mut PgConnection, condition: String| -> i64 {
                sqlx::query_scalar(AssertSqlSafe(format!(
                    "select count(*) from {table} where {condition}"
                )))
                .fetch_one(conn)
                .await
                .unwrap_or_else(|error| panic!("{table}: {error}"))
            };
            // No setting: nothing.
            let mut tx = pool.begin().await.unwrap();
            assert_eq!(
                count(&mut tx, "true".into()).await,
                0,
                "{side} without a tenant reads {table}"
            );
            tx.rollback().await.unwrap();
            // An empty setting, as every transaction begins: nothing.
            let mut tx = pool.begin().await.unwrap();
            sqlx::query("select set_config('app.agency', '', true), set_config('app.office', '', true), set_config('app.credential', '', true)")
                .execute(&mut *tx).await.unwrap();
            assert_eq!(count(&mut tx, "true".into()).await, 0, "{table}");
            tx.rollback().await.unwrap();
            // Its own setting: its own rows and no other.
            let mut tx = pool.begin().await.unwrap();
            sqlx::query("select set_config($1, $2, true)")
                .bind(setting)
                .bind(tenant.to_string())
                .execute(&mut *tx)
                .await
                .unwrap();
            let foreign = count(&mut tx, format!("{column} is distinct from {tenant}")).await;
            assert_eq!(foreign, 0, "{side} sees foreign rows of {table}");
            let own = count(&mut tx, "true".into()).await;
            tx.rollback().await.unwrap();
            let there = count(&mut conn, format!("{column} = {tenant}")).await;
            let others = count(&mut conn, format!("{column} is distinct from {tenant}")).await;
            // The office's key lookup and each side's own record of who acted show less.
            if !matches!(
                table.as_str(),
                "identity.api_key" | "identity.account" | "log.actor"
            ) {
                assert_eq!(own, there, "{side} sees all its own rows of {table}");
            }
            if others > 0 {
                looked_at += 1;
            }
            // The other side's setting opens nothing.
            let mut tx = pool.begin().await.unwrap();
            let wrong = if side == "office" {
                "app.agency"
            } else {
                "app.office"
            };
            sqlx::query("select set_config($1, $2, true)")
                .bind(wrong)
                .bind(tenant.to_string())
                .execute(&mut *tx)
                .await
                .unwrap();
            assert_eq!(
                count(&mut tx, "true".into()).await,
                0,
                "{side} with {wrong} reads {table}"
            );
            tx.rollback().await.unwrap();
        }
    }
    assert!(
        looked_at >= 39,
        "only {looked_at} tables had foreign rows to look for"
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_foreign_row_can_be_neither_written_nor_moved(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner.clone(), custody::permitting()).await;
    four_threads(&app).await;
    let mut conn = owner.connect().await.unwrap();
    let operator = &app.app.pools.operator;
    let alder = tenant_id(
        operator,
        "select id from registry.agency where ori = $1",
        ALDER,
    )
    .await;
    let birch = tenant_id(
        operator,
        "select id from registry.agency where ori = $1",
        BIRCH,
    )
    .await;
    let snd = tenant_id(
        operator,
        "select id from registry.office where code = $1",
        SND,
    )
    .await;
    let hou = tenant_id(
        operator,
        "select id from registry.office where code = $1",
        HOU,
    )
    .await;
    let sides = [
        (
            "custodian",
            "agency_id",
            "app.agency",
            alder,
            birch,
            &app.app.pools.custodian,
        ),
        (
            "office",
            "office_id",
            "app.office",
            snd,
            hou,
            &app.app.pools.office,
        ),
    ];
    let mut tried = 0;
    for (side, column, setting, own, foreign, pool) in sides {
        let tables: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
               join pg_attribute a on a.attrelid = c.oid and a.attname = '{column}'
              where n.nspname in ({SCHEMAS}) and c.relkind in ('r', 'p') and not c.relispartition
                and has_table_privilege('sallyport_{side}', c.oid, 'insert') order by 1"
        )))
        .fetch_all(&mut conn).await.unwrap();
        for table in tables {
            // One agency writes there and another reads: see what crosses and what does not.
            if table == "custodian.relayed_paper" {
                continue;
            }
            let columns: Vec<String> = sqlx::query_scalar(
                "select attname::text from pg_attribute where attrelid = $1::text::regclass and attnum > 0
                    and not attisdropped and attgenerated = '' and attidentity = '' order by attnum",
            )
            .bind(&table).fetch_all(&mut conn).await.unwrap();
            // A whole foreign row, as it lies there, under a new id.
            let values: Vec<String> = columns
                .iter()
                .map(|name| match name.as_str() {
                    "id" | "event_id" if !table.starts_with("identity") => {
                        "gen_random_uuid()".to_owned()
                    }
                    name => format!("r.{name}"),
                })
                .collect();
            let row: Option<String> = sqlx::query_scalar(AssertSqlSafe(format!(
                "select to_jsonb(t)::text from {table} t where {column} = {foreign} limit 1"
            )))
            .fetch_optional(&mut conn)
            .await
            .unwrap();
            let Some(row) = row else { continue };
            let mut tx = pool.begin().await.unwrap();
            sqlx::query("select set_config($1, $2, true)")
                .bind(setting)
                .bind(own.to_string())
                .execute(&mut *tx)
                .await
                .unwrap();
            let refused = sqlx::query(AssertSqlSafe(format!(
                "insert into {table} ({}) select {} from jsonb_populate_record(null::{table}, $1::jsonb) r",
                columns.join(", "), values.join(", ")
            )))
            .bind(sqlx::types::Json(serde_json::from_str::<serde_json::Value>(&row).unwrap()))
            .execute(&mut *tx).await.expect_err(&table);
            let code = refused
                .as_database_error()
                .and_then(|e| e.code())
                .unwrap_or_default()
                .into_owned();
            assert_eq!(code, "42501", "{side} inserting into {table}: {refused}");
            tx.rollback().await.unwrap();
            tried += 1;
        }
    }
    assert!(tried >= 34, "{tried}");

    // An update of every column that a side may write meets no foreign row.
    let mut tx = app.app.pools.office.begin().await.unwrap();
    sqlx::query("select set_config('app.office', $1, true)")
        .bind(snd.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    let moved =
        sqlx::query("update exchange.detainer set cancel_reason = 'x' where office_id = $1")
            .bind(hou)
            .execute(&mut *tx)
            .await
            .unwrap()
            .rows_affected();
    assert_eq!(moved, 0);
    let own = sqlx::query("update exchange.detainer set cancel_reason = 'x'")
        .execute(&mut *tx)
        .await
        .unwrap()
        .rows_affected();
    assert_eq!(own, 2);
    for statement in [
        "update exchange.detainer set acknowledged_at = null",
        "update exchange.detainer set office_id = office_id",
        "update exchange.notification set sent_at = null",
        "update exchange.notification set effective_at = null",
        "select 1 from custodian.case_file",
        "select 1 from log.event",
        "select 1 from log.entry",
        "select 1 from log.queue",
        "delete from exchange.detainer",
        "delete from log.office_entry",
    ] {
        sqlx::query("savepoint s").execute(&mut *tx).await.unwrap();
        let refused = sqlx::query(statement)
            .execute(&mut *tx)
            .await
            .expect_err(statement);
        assert_eq!(
            refused.as_database_error().unwrap().code().unwrap(),
            "42501",
            "{statement}"
        );
        sqlx::query("rollback to savepoint s")
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.rollback().await.unwrap();
    let mut tx = app.app.pools.custodian.begin().await.unwrap();
    sqlx::query("select set_config('app.agency', $1, true)")
        .bind(alder.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    for statement in [
        "update exchange.detainer set cancelled_at = null",
        "update exchange.notification set acknowledged_at = null",
        "insert into exchange.outcome select (jsonb_populate_record(null::exchange.outcome, to_jsonb(o)
             || jsonb_build_object('id', gen_random_uuid(), 'side', 'office'))).* from exchange.outcome o limit 1",
        "update custodian.determination set note = 'x'",
        "delete from custodian.release_notice",
        "update log.event set data = '{}'",
    ] {
        sqlx::query("savepoint s").execute(&mut *tx).await.unwrap();
        let refused = sqlx::query(statement).execute(&mut *tx).await.expect_err(statement);
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "42501", "{statement}");
        sqlx::query("rollback to savepoint s").execute(&mut *tx).await.unwrap();
    }
    tx.rollback().await.unwrap();
    app.stop().await;
}

/// What only the jail knows on paper that it typed in cannot cross, whatever the code asks for; a
/// side writes its own kind of row, and nobody puts a letter into a box in another's name.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn what_crosses_and_what_does_not_is_the_databases_word(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner.clone(), custody::permitting()).await;
    four_threads(&app).await;
    let operator = &app.app.pools.operator;
    let by_ori = "select id from registry.agency where ori = $1";
    let alder = tenant_id(operator, by_ori, ALDER).await;
    let birch = tenant_id(operator, by_ori, BIRCH).await;
    let snd = tenant_id(
        operator,
        "select id from registry.office where code = $1",
        SND,
    )
    .await;
    let columns: String = sqlx::query_scalar(
        "select string_agg(attname, ', ' order by attnum) from pg_attribute
          where attrelid = 'exchange.detainer'::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
    )
    .fetch_one(&mut owner.connect().await.unwrap())
    .await
    .unwrap();
    // A copy of a paper that is there, with these fields changed.
    let copy = |changes: &[(&str, &str)]| {
        let values: Vec<String> = columns
            .split(", ")
            .map(|name| {
                changes
                    .iter()
                    .find(|(changed, _)| *changed == name)
                    .map_or_else(|| name.to_owned(), |(_, value)| (*value).to_owned())
            })
            .collect();
        format!(
            "insert into exchange.detainer ({columns}) select {} from exchange.detainer limit 1",
            values.join(", ")
        )
    };
    let bare = [
        ("id", "gen_random_uuid()"),
        ("origin", "'custodian'"),
        ("channel", "'paper'"),
        ("booking_number", "null"),
        ("fbi_number", "null"),
        ("fbi_number_index", "null"),
        ("state_id", "null"),
        ("state_id_index", "null"),
        ("source_id", "null"),
        ("victim_or_witness", "false"),
    ];
    let with = |name, value| {
        let mut changes: Vec<_> = bare.iter().copied().filter(|(n, _)| *n != name).collect();
        changes.push((name, value));
        copy(&changes)
    };
    let warrant = "insert into exchange.warrant (agency_id, office_id, detainer_id, ordinal, kind, copy_present)
                   select agency_id, office_id, id, 90, 'administrative_i200', true from exchange.detainer limit 1";
    let letter = format!(
        "insert into custodian.relayed_paper (agency_id, relay_id, from_agency_id, paper_id, content, sent_at)
         values ({alder}, gen_random_uuid(), {birch}, gen_random_uuid(), '', now())"
    );
    let (office_lodges, custodian_lodges) = (
        copy(&[("id", "gen_random_uuid()")]),
        copy(&[("id", "gen_random_uuid()"), ("origin", "'office'")]),
    );
    let refusals = [
        (
            "app.agency",
            alder,
            with("booking_number", "'26-1'"),
            "23514",
        ),
        ("app.agency", alder, with("fbi_number", "'x'"), "23514"),
        ("app.agency", alder, with("state_id_index", "'x'"), "23514"),
        ("app.agency", alder, with("source_id", "'fax-1'"), "23514"),
        (
            "app.agency",
            alder,
            with("victim_or_witness", "true"),
            "23514",
        ),
        ("app.agency", alder, with("channel", "'fax'"), "23514"),
        ("app.agency", alder, with("form", "'NCIC-hit'"), "23514"),
        ("app.agency", alder, custodian_lodges, "42501"),
        ("app.agency", alder, warrant.to_owned(), "42501"),
        ("app.agency", alder, letter, "42501"),
        ("app.office", snd, copy(&bare), "42501"),
    ];
    for (setting, tenant, statement, code) in refusals {
        let refused = attempt(&app, setting, tenant, statement.clone())
            .await
            .expect_err(&statement);
        let refused = refused.as_database_error().unwrap();
        assert_eq!(refused.code().unwrap(), code, "{refused}: {statement}");
    }
    // The statements themselves are sound: what may cross does.
    for (setting, tenant, statement) in [
        ("app.agency", alder, copy(&bare)),
        ("app.office", snd, office_lodges),
    ] {
        attempt(&app, setting, tenant, statement.clone())
            .await
            .unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
    app.stop().await;
}

/// Tries a statement in a side's own role and scope, and takes it back.
async fn attempt(
    app: &TestApp,
    setting: &str,
    tenant: i32,
    statement: String,
) -> Result<(), sqlx::Error> {
    let pool = match setting {
        "app.office" => &app.app.pools.office,
        _ => &app.app.pools.custodian,
    };
    let mut tx = pool.begin().await?;
    sqlx::query("select set_config($1, $2, true)")
        .bind(setting)
        .bind(tenant.to_string())
        .execute(&mut *tx)
        .await?;
    let done = sqlx::query(AssertSqlSafe(statement))
        .execute(&mut *tx)
        .await;
    tx.rollback().await?;
    done.map(|_| ())
}
