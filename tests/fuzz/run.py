"""Tries the running service against docs/openapi.json, with a key of each side and with none.

scripts/fuzz starts it beside a database of its own. Every check of schemathesis is on; what
schemathesis.toml adds are refusals that a schema cannot foresee.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
BINARY = os.environ["SALLYPORT_FUZZ_BINARY"]
SEED = os.environ.get("SALLYPORT_FUZZ_SEED", "1")
EXAMPLES = int(os.environ.get("SALLYPORT_FUZZ_EXAMPLES", "12"))
ONLY = os.environ.get("SALLYPORT_FUZZ_ONLY", "")
# Far above what a side takes: a service that hangs must not hang the tests.
SECONDS = 600
STARTED = time.monotonic()

# A key can end keys, also the one that it is asked with: these calls are tried apart.
END_A_KEY = "DELETE /v1/keys/{id}"
SIDES = {
    "reviewer": ["--role", "reviewer", "--agency", "CA0370000"],
    "liaison": ["--role", "liaison", "--office", "SND"],
    "submitter": ["--role", "submitter", "--agency", "CA0300000"],
    "operator": ["--role", "system_admin"],
    "auditor": ["--role", "auditor", "--jurisdiction", "us-ca"],
    "nobody": None,
}
# The same handlers as the reviewer's, or refusals alone: a quarter of the examples will do.
BRIEF = {"submitter", "auditor", "nobody"}
KEYS = {
    "reviewer, keys": ["--role", "reviewer", "--agency", "IL0160000"],
    "operator, keys": ["--role", "system_admin"],
}

# What is started here ends with this process, however that ends.
LEASHED = ["setpriv", "--pdeathsig", "TERM", "--"]

work = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-fuzz-"))


def say(text):
    print(f"[{time.monotonic() - STARTED:4.0f} s] {text}", flush=True)


def start():
    """The demonstration, so that there are records to find; its port is the system's choice."""
    log = work / "service.log"
    environment = {**os.environ, "SALLYPORT__METRICS__LISTEN": ""}
    command = [*LEASHED, BINARY, "demo", "--listen", "127.0.0.1:0", "--data-dir", work / "data"]
    with log.open("w") as out:
        service = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
    for _ in range(1200):
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found:
            return service, found[0]
        if service.poll() is not None:
            break
        time.sleep(0.1)
    stop(service)
    sys.exit(f"the service did not start:\n{log.read_text()[-4000:]}")


def stop(service):
    service.send_signal(signal.SIGTERM)
    try:
        service.wait(20)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()


def key(place):
    command = [BINARY, "keys", "create", "--data-dir", work / "data", "--name", "fuzz", *place]
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout.strip()


def alive(url, secret):
    request = urllib.request.Request(f"{url}/v1/whoami", headers={"Authorization": f"Bearer {secret}"})
    try:
        return urllib.request.urlopen(request, timeout=20).status == 200
    except urllib.error.HTTPError:
        return False


def run(url, name, secret, select):
    """One side's run: what it said, how it ended, and how often each call was answered how."""
    place = work / name.replace(", ", "-")
    place.mkdir()
    examples = max(EXAMPLES // 4, 1) if name in BRIEF else EXAMPLES
    answers = place / "answers.ndjson"
    command = [
        *LEASHED,
        *(pathlib.Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml"),
        *("run", CHECKOUT / "docs" / "openapi.json", "--url", url, "--no-color"),
        *("--seed", SEED, "--max-examples", str(examples), "--continue-on-failure"),
        *("--report", "ndjson", "--report-ndjson-path", answers),
        *select,
    ]
    if secret:
        command += ["--header", f"Authorization: Bearer {secret}"]
    began = time.monotonic()
    try:
        # Its own folder: it looks for settings in the present one, and keeps files there.
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        done = subprocess.run(command, cwd=place, env=environment, text=True, timeout=SECONDS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        code, text = done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        code, text = 1, f"{(late.stdout or b'').decode()}\nnot done after {SECONDS} s"
    counts = collections.Counter(read(answers)) if answers.exists() else collections.Counter()
    say(f"{name:<14} {sum(counts.values()):6} requests, {time.monotonic() - began:3.0f} s: {'no failure' if code == 0 else 'FAILED'}")
    return name, code, text, counts


def read(answers):
    """(call, status) of each answer in a report."""
    with answers.open() as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished")
            recorder = (scenario or {}).get("recorder") or {}
            cases = recorder.get("cases") or {}
            for case, interaction in (recorder.get("interactions") or {}).items():
                response = interaction.get("response")
                if response and case in cases:
                    value = cases[case].get("value") or {}
                    yield f"{value.get('method')} {value.get('path')}", response["status_code"]


def main():
    global SEED
    if SEED == "random":
        SEED = str(random.SystemRandom().randrange(1 << 31))
    service, url = start()
    try:
        say(f"the service is up at {url}; seed {SEED}, {EXAMPLES} examples a call")
        secrets = {name: place and key(place) for name, place in {**SIDES, **KEYS}.items()}
        select = ["--include-name", ONLY] if ONLY else ["--exclude-name", END_A_KEY]
        # Two at once, as many as there are processors on a small machine.
        with concurrent.futures.ThreadPoolExecutor(2) as both:
            results = list(both.map(lambda name: run(url, name, secrets[name], select), SIDES))
        # A run whose key had died would have proved nothing.
        dead = [] if ONLY == END_A_KEY else [name for name in SIDES if secrets[name] and not alive(url, secrets[name])]
        if not ONLY:
            results += [run(url, name, secrets[name], ["--include-path-regex", "^/v1/keys"]) for name in KEYS]
        crashed = service.poll() is not None
    finally:
        stop(service)

    counts = sum((counts for _, _, _, counts in results), collections.Counter())
    paths = json.loads((CHECKOUT / "docs" / "openapi.json").read_text())["paths"]
    calls = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    tried = {call for call, _ in counts}
    never = sorted(call for call in calls & tried if not any(counts[call, status] for status in range(200, 300)))
    # No failure, but a hint: nothing was found out about what such a call answers.
    if never:
        say(f"never answered 2xx: {', '.join(never)}")
    failed = [(name, text) for name, code, text, _ in results if code]
    for name, text in failed:
        print(f"\n--- {name} ---\n{text}")
    if dead or crashed:
        print((work / "service.log").read_text()[-4000:])
    if failed or dead or crashed:
        reasons = [f"failures with a key of: {'; '.join(name for name, _ in failed)}"] if failed else []
        reasons += [f"keys that died: {', '.join(dead)}"] if dead else []
        reasons += ["the service ended"] if crashed else []
        sys.exit(f"fuzz: {'; '.join(reasons)} (SALLYPORT_FUZZ_SEED={SEED})")
    say(f"{sum(counts.values())} requests over {len(calls & tried)} of {len(calls)} calls: no failure")


try:
    main()
finally:
    shutil.rmtree(work, ignore_errors=True)
