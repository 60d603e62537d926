"""Runs the measurements of scripts/bench; the server and its addresses come from scripts/with-postgres."""

import glob
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.environ["SALLYPORT_BENCH_BINARY"]
PG = os.environ["SALLYPORT_PG_BIN"]
DATABASE = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
SUPERUSER = os.environ["SALLYPORT_TEST_SUPERUSER_URL"]
DATA = os.environ["SALLYPORT_TEST_PGDATA"]
RUNS = int(os.environ.get("SALLYPORT_BENCH_RUNS", "1"))
SECONDS = int(os.environ.get("SALLYPORT_BENCH_SECONDS", "8"))
LIST_SECONDS = max(SECONDS * 5 // 8, 2)
SHARED = os.environ.get("SALLYPORT_SHARED", "../shared")
# "imports" measures the files alone, "lists" lists and files.
ONLY = os.environ.get("SALLYPORT_BENCH_ONLY", "")
JAIL_ROWS = int(os.environ.get("SALLYPORT_BENCH_ROWS", "100000"))
TENANTS = 20
STARTED = time.monotonic()

work = tempfile.mkdtemp(prefix="sallyport-bench-")
rows = []
notes = []


def say(text):
    print(f"[{time.monotonic() - STARTED:5.0f} s] {text}", flush=True)


def sql(text, *args, url=SUPERUSER):
    run = subprocess.run([f"{PG}/psql", url, "-qXAt", "-v", "ON_ERROR_STOP=1", *args], input=text, text=True, capture_output=True)
    if run.returncode:
        sys.exit(f"psql failed:\n{run.stderr[-2000:]}")
    return run.stdout.strip()


def sallyport(*args):
    run = subprocess.run([BINARY, "--data-dir", work, *args], text=True, capture_output=True)
    if run.returncode:
        sys.exit(f"sallyport {args[0]} failed:\n{run.stderr[-2000:]}")
    return run


def key(*place):
    return sallyport("keys", "create", "--name", "bench", *place).stdout.split()[-1]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# --- CPU, from /proc -----------------------------------------------------------------------------

def stat(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()


def cpu(postmaster, service):
    """CPU seconds of the database (with its ended backends) and of the service so far."""
    tick = os.sysconf("SC_CLK_TCK")
    fields = stat(postmaster)
    database = sum(map(int, fields[11:15]))
    for path in glob.glob("/proc/[0-9]*"):
        try:
            fields = stat(path[6:])
        except OSError:
            continue
        if int(fields[1]) == postmaster:
            database += int(fields[11]) + int(fields[12])
    own = stat(service)
    return database / tick, (int(own[11]) + int(own[12])) / tick


class Measured:
    """One run: requests a second, latencies in ms, CPU ms a request of database and service."""

    def __init__(self, rate, p50, p99, count, spent=None):
        self.rate, self.p50, self.p99, self.count = rate, p50, p99, count
        self.spent = [1000 * s / count for s in spent] if spent and count else None


def median(runs):
    """The run of the middle rate."""
    return sorted(runs, key=lambda run: run.rate)[len(runs) // 2]


# --- load ----------------------------------------------------------------------------------------

def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def wrk(script, connections, seconds, *args):
    before = cpu(POSTMASTER, service.pid)
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency",
                          "-s", f"{HERE}/{script}", BASE, "--", *args],
                         text=True, check=True, capture_output=True).stdout
    after = cpu(POSTMASTER, service.pid)
    total, took = re.search(r"(\d+) requests in ([\d.]+\w+),", out).groups()
    refused = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", out))
    broken = re.search(r"Socket errors: (.*)", out)
    if broken:
        notes.append(f"{script} with {connections} connections: socket errors: {broken[1]}")
    if refused:
        notes.append(f"{script} with {connections} connections: {refused} answers were not 2xx")
    good = int(total) - refused
    p50, p99 = (milliseconds(re.search(rf"^\s+{p}%\s+(\S+)", out, re.M)[1]) for p in (50, 99))
    return Measured(1000 * good / milliseconds(took), p50, p99, good, [b - a for a, b in zip(before, after)])


def pgbench(scripts, role, clients, seconds, **variables):
    log = tempfile.mkdtemp(dir=work)
    options = {"role": f"sallyport_{role}", "statement_timeout": "30s", "lock_timeout": "2s",
               "idle_in_transaction_session_timeout": "15s", "timezone": "UTC", "jit": "off"}
    env = {**os.environ, "PGPASSWORD": DATABASE.password,
           "PGOPTIONS": " ".join(f"-c {name}={value}" for name, value in options.items())}
    run = subprocess.run(
        [f"{PG}/pgbench", "-n", "-M", "prepared", "-h", DATABASE.hostname, "-p", str(DATABASE.port),
         "-U", DATABASE.username, "-c", str(clients), "-j", "1", "-T", str(seconds), "-l", f"--log-prefix={log}/log",
         *[f"--file={path}" for path in scripts], *[f"--define={k}={v}" for k, v in variables.items()],
         DATABASE.path[1:]],
        text=True, capture_output=True, env=env)
    if run.returncode or "ERROR" in run.stderr:
        sys.exit(f"pgbench failed:\n{run.stderr[-4000:]}")
    times = []
    for path in glob.glob(f"{log}/*"):
        with open(path) as f:
            times += [int(line.split()[2]) / 1000 for line in f]
    shutil.rmtree(log)
    times.sort()
    rate = float(re.search(r"tps = ([\d.]+)", run.stdout)[1])
    return Measured(rate, times[len(times) // 2], times[len(times) * 99 // 100], len(times))


def rest():
    """Waits until the sequencer and the readers have caught up, so that runs do not mix."""
    for _ in range(600):
        idle = sql("""select not exists (select from log.queue)
                         and coalesce((select position from log.counter where party = 'all'), 0)
                           = coalesce((select position from delivery.reader where name = 'consequences'), 0)""")
        if idle == "t":
            return
        time.sleep(0.1)
    notes.append("the readers had not caught up after a minute")


def call(method, path, token, body=None, **headers):
    request = urllib.request.Request(BASE + path, method=method, headers={
        "authorization": f"Bearer {token}", "content-type": "application/json", **headers},
        data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def show(name, clients, ours, theirs, wanted):
    ours, theirs = median(ours), median(theirs)
    ratio = ours.rate / theirs.rate
    rows.append((name, clients, f"{ours.rate:,.0f}", f"{theirs.rate:,.0f}", f"{ratio:.2f}", wanted,
                 f"{ours.p50:.1f}", f"{ours.p99:.1f}", f"{theirs.p50:.1f}", f"{theirs.p99:.1f}",
                 f"{ours.spent[0]:.2f}", f"{ours.spent[1]:.2f}"))
    say(f"{name}, {clients}: {ours.rate:,.0f}/s, p99 {ours.p99:.1f} ms; pgbench {theirs.rate:,.0f}/s; ratio {ratio:.2f}")


# --- scenarios -----------------------------------------------------------------------------------

def counts():
    return [int(n) for n in sql("""select count(*) from custodian.release_notice;
        select count(*) from log.event where type = 'release_notice.recorded';
        select count(*) from identity.stored_answer where status = 201 and route like 'POST %release-notices'""").split()]


def statements_of(name, token, first):
    """What the service really sends for one notice, from the server's log; beside what pgbench sends."""
    log = os.path.join(os.path.dirname(DATA), "server.log")
    sql("alter system set log_statement = 'all'; alter system set log_line_prefix = '%a|%p|'; select pg_reload_conf()")
    time.sleep(0.3)
    start = os.path.getsize(log)
    subprocess.run(["wrk", "-t1", "-c1", "-d1s", "-s", f"{HERE}/intake.lua", BASE, "--", token, f"look-{name}", str(first), "100"],
                   check=True, capture_output=True)
    sql("alter system reset log_statement; alter system reset log_line_prefix; select pg_reload_conf()")
    with open(log, errors="replace") as f:
        f.seek(start)
        logged = re.findall(r"^sallyport custodian\|(\d+)\|LOG: +(?:statement|execute \S+): (.*\n(?:\t.*\n)*)", f.read(), re.M)
    # One whole transaction that stored an answer: the readers use the same role on other connections.
    ends = [i for i, (_, text) in enumerate(logged) if text.lower().startswith("update identity.stored_answer")]
    end = ends[len(ends) // 2]
    session = [(i, re.sub(r"\s+", " ", text).strip()) for i, (pid, text) in enumerate(logged) if pid == logged[end][0]]
    begin = max(i for i, text in session if i < end and text.lower().startswith("begin"))
    taken = [text for i, text in session if i >= begin][: 1 + sum(1 for i, _ in session if begin <= i <= end)]
    with open(f"{HERE}/{name}.sql") as f:
        ours = sum(1 for line in f.read().split(";\n") if line.strip()) - 1  # `begin` and the settings go together
    notes.append(f"{name}: the service sent {len(taken)} statements in as many round trips for one notice, {name}.sql sends {ours}")
    if len(taken) != ours:
        notes.append(f"{name}: WARNING: the two are not the same work; bring benches/{name}.sql up to date")
    with open(f"target/bench-{name}-statements.txt", "w") as f:
        f.write("\n".join(taken) + "\n")


def intake(name, title, first, many):
    statements_of(name, SUBMITTER, first)
    offset = 0
    for clients in (1, 8, 16):
        ours, theirs = [], []
        for _ in range(RUNS):
            rest()
            tag = f"w{time.time_ns() // 1000000}"
            before = counts()
            ours.append(wrk("intake.lua", clients, SECONDS, SUBMITTER, tag, str(first + offset), str(many - offset)))
            time.sleep(0.5)
            grown = [b - a for a, b in zip(before, counts())]
            # wrk hangs up at the end: what was under way is recorded and not counted by it.
            if len(set(grown)) != 1 or not 0 <= grown[0] - ours[-1].count <= clients:
                sys.exit(f"{name}: {ours[-1].count} notices were accepted, but the rows of notice, event and answer grew by {grown}")
            offset = (offset + grown[0]) % (many * 3 // 4)
            rest()
            base = time.time_ns() // 1000000
            theirs.append(pgbench([f"{HERE}/{name}.sql"], "custodian", clients, SECONDS, cred=SUBMITTER.split("_")[1], agency=1,
                                  base=base, tag=f"p{base}", first=first + offset, many=many - offset, step=clients, i=0))
            offset = (offset + theirs[-1].count) % (many * 3 // 4)
        show(title, clients, ours, theirs, "0.70")


def pending(name, title, tokens, tenants, table, column):
    parts = {}
    for part in (name, "s3-key", "s3-papers"):
        with open(f"{HERE}/{part}.sql") as f:
            parts[part] = f.read()
    scripts = []
    for number, (token, tenant) in enumerate(zip(tokens, tenants)):
        page = call("GET", "/v1/detainers?status=pending&limit=50", token)["items"]
        expected = sql(f"""select id from {table} where {column} = {tenant} and status = 'pending'
                           order by issued_on desc, id desc limit 50""").split()
        if [item["id"] for item in page] != expected:
            sys.exit(f"{name}: the list of tenant {tenant} is not what SQL says")
        text = parts[name].replace("@KEY@", parts["s3-key"]).replace("@PAPERS@", parts["s3-papers"])
        ids = "'{" + ",".join(expected) + "}'::uuid[]"
        for word, value in {"@CRED@": token.split("_")[1], "@TENANT@": str(tenant), "@IDS@": ids}.items():
            text = text.replace(word, value)
        scripts.append(f"{work}/{name}-{number}.sql")
        with open(scripts[-1], "w") as f:
            f.write(text)
    role = "custodian" if name == "s3-agency" else "office"
    for clients in (1, 8):
        ours, theirs = [], []
        for _ in range(RUNS):
            ours.append(wrk("list.lua", clients, LIST_SECONDS, *tokens))
            theirs.append(pgbench(scripts, role, clients, LIST_SECONDS))
        show(title, clients, ours, theirs, "0.50")


def imports():
    path = f"{SHARED}/data/detainers-fy2015/detainers-fy2015.csv.gz"
    if not os.path.exists(path):
        notes.append(f"import: not measured, there is no {path}")
        return []
    file = f"{work}/{os.path.basename(path)}"
    shutil.copy(path, file)
    lines = []
    for name, mark in (("new", 15000), ("again, other bytes", 60000), ("again, same file", None)):
        if name == "again, other bytes":
            # The same rows in a file with another hash: every row is compared.
            with gzip.open(file, "rb") as f:
                content = f.read()
            os.remove(file)
            with gzip.GzipFile(file, "wb", compresslevel=1, mtime=1) as f:
                f.write(content)
        report = json.loads(sallyport("import", "detainers", "--format", "ddp", "--dataset", "bench", file).stdout.splitlines()[-1])
        rate = report["read"] / max(report["seconds"], 0.001)
        lines.append(f"import, {name}: {report['read']:,} rows read ({report['accepted']:,} accepted, {report['unchanged']:,} unchanged, "
                     f"{report['rejected']:,} rejected) in {report['seconds']:.2f} s = {rate:,.0f} rows/s"
                     + (f"; mark {mark:,}" if mark else ""))
        say(lines[-1])
    return lines


def jail_file(path, kind, count, first=0):
    """Fictional people: bookings, or the notice of each one's release."""
    with open(path, "w") as f:
        if kind == "bookings":
            f.write("booking_number,booked_at,subject.family_name,subject.given_name,subject.date_of_birth,subject.a_number,"
                    "charges.statute,charges.state,charges.level\n")
        else:
            f.write("booking_number,kind,effective_at,release_basis,subject.family_name,source_message_id\n")
        for i in range(first, first + count):
            if kind == "bookings":
                f.write(f"F{i:08},2026-0{1 + i % 9}-{1 + i % 28:02} {i % 24:02}:30,Fiction{i % 5000},Name{i % 300},"
                        f"19{50 + i % 50}-{1 + i % 12:02}-{1 + i % 28:02},A{100000000 + i},PC {100 + i % 400},CA,misdemeanor\n")
            else:
                f.write(f"F{i:08},scheduled,2027-01-{1 + i % 28:02} 08:00,sentence_complete,Fiction{i % 5000},message-{i}\n")


def jail_imports():
    """A jail's own file through the command line, beside the running service and its readers."""
    lines = []
    for kind, command in (("bookings", "bookings"), ("release_notices", "release-notices")):
        file = f"{work}/{kind}.csv"
        jail_file(file, kind, JAIL_ROWS)
        for name, mark in (("new", 5000), ("again", 60000)):
            run = subprocess.Popen([BINARY, "--data-dir", work, "import", command, file, "--agency", "BENCH0200"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            out = run.stdout.read()
            _, status, usage = os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
            if run.returncode:
                sys.exit(f"import {command} failed")
            report = json.loads(out.splitlines()[-1])
            rate = report["read"] / max(report["seconds"], 0.001)
            lines.append(f"import of {kind}, {name}: {report['read']:,} rows ({report['accepted']:,} accepted, "
                         f"{report['unchanged']:,} unchanged, {report['rejected']:,} rejected) in {report['seconds']:.2f} s "
                         f"= {rate:,.0f} rows/s; mark {mark:,}; {usage.ru_maxrss // 1024} MB")
            say(lines[-1])
    started = time.monotonic()
    rest()
    lines.append(f"the readers had caught up {time.monotonic() - started:.1f} s later")
    say(lines[-1])
    return lines


def preview():
    """A draft over a million decisions of one jail, through the service."""
    agency = sql("", "-q", "-f", f"{HERE}/preview.sql").splitlines()[-1]
    with open(f"{HERE}/../config/policies/us-ca/values-act.yaml") as f:
        draft = f.read().replace("permitted", "prohibited")
    reviewer = key("--role", "reviewer", "--agency", agency)
    started = time.monotonic()
    answer = call("POST", "/v1/policies/preview", reviewer, {"draft": draft, "from": "2024-01-01", "to": "2026-12-31"})
    seconds = time.monotonic() - started
    lines = [f"a draft over {answer['assessed']:,} decisions ({answer['changed']:,} would change): {seconds:.1f} s; mark 60 s a million"]
    say(lines[-1])
    return lines


# --- the run -------------------------------------------------------------------------------------

with open(f"{DATA}/postmaster.pid") as f:
    POSTMASTER = int(f.readline())
sallyport("migrate")
with open(f"{HERE}/registry.sql") as f:
    sql(f.read())
SUBMITTER = key("--role", "submitter", "--agency", "BENCH0001")
LIAISON = key("--role", "liaison", "--office", "BEN01")
# Tenants are drawn as their requests are: the cube of evenly spread numbers.
agencies = [1 + int(300 * (k / TENANTS) ** 3) for k in range(TENANTS)]
offices = [1 + int(20 * (k / TENANTS) ** 3) for k in range(0, TENANTS, 2)]
agency_keys = [key("--role", "submitter", "--agency", f"BENCH{a:04}") for a in agencies]
office_keys = [key("--role", "liaison", "--office", f"BEN{o:02}") for o in offices]

port = free_port()
BASE = f"http://127.0.0.1:{port}"
with open("target/bench-service.log", "w") as log:
    service = subprocess.Popen([BINARY, "--data-dir", work, "serve", "--listen", f"127.0.0.1:{port}"], stdout=log, stderr=log, env={
        **os.environ, "SALLYPORT__METRICS__LISTEN": "", "SALLYPORT__LIMITS__INTAKE_PER_MINUTE": "100000000",
        "SALLYPORT__LIMITS__OTHER_PER_MINUTE": "100000000"})
try:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{BASE}/readyz").close()
            break
        except OSError:
            time.sleep(0.05)
    else:
        sys.exit("the service did not start; see target/bench-service.log")
    call("POST", "/v1/detainers", LIAISON, {
        "form": "I-247A", "issued_on": "2026-11-20", "office": "BEN01", "custodian": "BENCH0300",
        "subject": {"family_name": "Example", "given_name": "Ana", "a_number": "A012345678"},
        "asks": {"notify": True, "hold": False, "transfer": False, "interview": False, "relay": False, "status_events": False},
        "basis": {"biometric_records": True}}, **{"idempotency-key": "bench"})
    sealed = sql("select a_number from exchange.detainer where a_number is not null limit 1")
    say("filling the database")
    sql("", "-v", f"sealed={sealed}", "-f", f"{HERE}/seed.sql")
    say(f"filled: {sql('select count(*) from exchange.detainer')} requests, {sql('select count(*) from custodian.booking')} bookings")
    if not ONLY:
        intake("s1", "intake, nobody asked for", 1, 20000)
        intake("s1-match", "intake, one request matches", 1000001, 40000)
        rest()
        sql("vacuum analyze")
    if ONLY in ("", "lists"):
        pending("s3-agency", "pending list of a jail", agency_keys, agencies, "custodian.case_file", "agency_id")
        pending("s3-office", "pending list of an office", office_keys, offices, "exchange.detainer", "office_id")
    imported = preview() if ONLY == "preview" else imports() + jail_imports()
finally:
    service.send_signal(signal.SIGTERM)
    try:
        service.wait(15)
    except subprocess.TimeoutExpired:
        service.kill()
    shutil.rmtree(work, ignore_errors=True)

heads = ("work", "clients", "per s", "pgbench", "ratio", "budget", "p50 ms", "p99 ms", "pgb p50", "pgb p99", "CPU ms: PG", "service")
widths = [max(len(str(row[i])) for row in [heads, *rows]) for i in range(len(heads))]
lines = ["  ".join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(row, widths)))
         for row in [heads, *rows]]
lines.insert(1, "  ".join("-" * width for width in widths))
if not rows:
    lines = []
version = subprocess.run([f"{PG}/postgres", "--version"], text=True, capture_output=True).stdout.strip()
lines += ["", *imported, *(f"note: {note}" for note in notes),
          f"{version}; {os.cpu_count()} cores for server, service and load; {SECONDS} s a run, median of {RUNS}; "
          f"load average {os.getloadavg()[1]:.1f}; {time.monotonic() - STARTED:.0f} s in all"]
text = "\n".join(lines) + "\n"
with open("target/bench.txt", "w") as f:
    f.write(text)
print("\n" + text)
