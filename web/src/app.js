// What script adds: list keys, ticking clocks, answers in place. Every page works without it.

const main = () => document.getElementById("main");

// --- Clocks: the server's instant counts, not the desk's. -------------------------------
const stamp = Date.parse(document.querySelector('meta[name="server-now"]')?.content ?? "");
const skew = Number.isNaN(stamp) ? 0 : stamp - Date.now();

/** The words of `relative` in the pages: "in 14 h", "3 days ago", "now". */
function relative(then, now) {
  const minutes = Math.round(Math.abs(then - now) / 60000);
  let words;
  if (minutes < 1) return "now";
  if (minutes < 120) words = `${minutes} min`;
  else if (minutes < 72 * 60) words = `${Math.floor(minutes / 60)} h`;
  else words = `${Math.floor(minutes / 1440)} days`;
  return then > now ? `in ${words}` : `${words} ago`;
}

function tick() {
  const now = Date.now() + skew;
  for (const span of document.querySelectorAll("[data-relative]")) {
    const words = relative(Date.parse(span.dataset.relative), now);
    if (span.textContent !== words) span.textContent = words;
  }
}
setInterval(tick, 20000);

// --- Lists: j, k and Enter; a row is as good as its link. -------------------------------
const keysOff = () => localStorage.getItem("list-keys") === "off";
const links = () => [...document.querySelectorAll("[data-list] [data-row-link]")];
const typing = (el) => el.closest("input, select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || keysOff() || typing(event.target)) return;
  const step = { j: 1, k: -1 }[event.key];
  if (!step) return;
  const all = links();
  if (all.length === 0) return;
  const row = document.activeElement?.closest("[data-row]");
  const at = row ? all.findIndex((link) => row.contains(link)) : -1;
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
  event.preventDefault();
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row || event.target.closest("a, button, input, select, textarea, summary, label")) return;
  if (getSelection()?.toString()) return;
  row.querySelector("[data-row-link]")?.click();
});

function showKeys() {
  const place = document.querySelector("[data-keys]");
  if (!place || links().length === 0) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "usa-button usa-button--unstyled";
  const say = () => (button.textContent = keysOff() ? "Turn list keys on" : "Turn list keys off");
  button.addEventListener("click", () => {
    localStorage.setItem("list-keys", keysOff() ? "on" : "off");
    say();
  });
  say();
  const kbd = (key) => Object.assign(document.createElement("kbd"), { textContent: key });
  place.replaceChildren(kbd("j"), " next, ", kbd("k"), " previous, ", kbd("Enter"), " opens. ", button);
  place.hidden = false;
}

// --- Forms answer in place; whatever goes wrong, the browser sends them itself. ----------
let busy = false;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || !main()?.contains(form) || "wholePage" in form.dataset) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  const button = event.submitter;
  button?.setAttribute("aria-disabled", "true");
  try {
    const data = new URLSearchParams(new FormData(form, button));
    // By attribute: a field may be named "method" or "action" and hide the form's own.
    const post = form.getAttribute("method") === "post";
    const url = new URL(form.getAttribute("action"), location.href);
    if (!post) url.search = new URLSearchParams([...data].filter(([, value]) => value !== "")).toString();
    const answer = await fetch(url, { method: post ? "POST" : "GET", body: post ? data : undefined, headers: { Accept: "text/html" } });
    if (!answer.headers.get("content-type")?.startsWith("text/html")) throw new Error("not a page");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const content = page.getElementById("main");
    if (!content) throw new Error("not one of our pages");
    if (answer.ok) history.pushState(null, "", answer.url);
    show(page, content);
  } catch {
    // The same idempotency key goes with it, so nothing is done twice.
    HTMLFormElement.prototype.submit.call(form);
  } finally {
    busy = false;
    button?.removeAttribute("aria-disabled");
  }
});
addEventListener("popstate", (event) => {
  // A hash is the browser's own business; a page that we put there is fetched anew.
  if (!location.hash || event.state) location.reload();
});

function show(page, content) {
  document.title = page.title;
  main().replaceWith(document.adoptNode(content));
  const nav = page.querySelector(".frame-nav");
  if (nav) document.querySelector(".frame-nav")?.replaceWith(document.adoptNode(nav));
  ready();
  const first = document.querySelector("[data-focus]") ?? main();
  first.focus();
  first.scrollIntoView({ block: "nearest" });
}

// --- A link to a closed part opens it. ----------------------------------------------------
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const part = target && target.closest("details");
  if (part) part.open = true;
}
addEventListener("hashchange", openTarget);

// --- A file that is being taken in: its counts are fetched anew until it has ended. ------
let watching;
function watch() {
  clearTimeout(watching);
  const place = document.querySelector("[data-watch]");
  if (!place) return;
  watching = setTimeout(async () => {
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (!answer.ok || !place.isConnected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-watch]");
      const content = page.getElementById("main");
      if (fresh) {
        place.replaceWith(document.adoptNode(fresh));
        watch();
      } else if (content) show(page, content);
    } catch {
      watch();
    }
  }, 2000);
}

function ready() {
  tick();
  watch();
  showKeys();
  openTarget();
  document.querySelector("[data-focus]")?.focus();
}
document.documentElement.dataset.ready = "";
ready();
