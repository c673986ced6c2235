// A form that keeps what is typed without being asked to, and shows the questions that an answer brings. Without this script the buttons do both.
const form = document.querySelector("[data-form]");
const told = form.querySelector("[data-status]");
const PAUSE_MS = 1500, AGAIN_MS = 5000;
let dirty = new Set(), sending = false, waiting;

const question = (element) => element.closest("[data-q]");
const inputs = (q) => [...q.querySelectorAll("input, select, textarea")].filter((one) => !one.name.startsWith("was."));
const typed = (q) => JSON.stringify(inputs(q).map((one) => (one.type === "radio" || one.type === "checkbox" ? one.checked : one.value)));
const say = (what, more = "") => { told.textContent = what ? `${told.dataset[what]} ${more}`.trim() : ""; };

function later(ms) {
  clearTimeout(waiting);
  waiting = setTimeout(keep, ms);
}

/** Only the questions somebody touched: what another device wrote meanwhile is not sent back over it. */
function body(touched) {
  const all = new FormData(form), sent = new URLSearchParams({ do: "typed" });
  const names = new Set(touched.flatMap((q) => [...q.querySelectorAll("[name]")].map((one) => one.name)));
  for (const [name, value] of all) {
    if (name === "csrf" || name === "version" || names.has(name)) sent.append(name, value);
  }
  return sent;
}

async function keep() {
  if (sending || !dirty.size) return;
  const touched = [...dirty].filter((q) => q.isConnected), before = new Map(touched.map((q) => [q, typed(q)]));
  let pause = PAUSE_MS;
  dirty = new Set();
  sending = true;
  say("saving");
  try {
    const answer = await fetch(form.action, { method: "POST", body: body(touched), redirect: "manual" });
    if (answer.status !== 200 && answer.status !== 422) throw new Error(`saving: ${answer.status}`);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"), before);
    say("kept", new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" }));
  } catch (error) {
    touched.forEach((q) => dirty.add(q));
    const away = error instanceof TypeError;
    say(away ? "noLine" : "notKept");
    pause = away ? AGAIN_MS : undefined;
  }
  sending = false;
  if (dirty.size && pause) later(pause);
}

/** The form as the city has it now, except where somebody is typing or has typed since. */
function show(page, before) {
  const fresh = page.querySelector("[data-form]");
  if (!fresh) throw new Error("no form");
  form.elements.version.value = fresh.elements.version.value;
  document.querySelector("[data-missing]").replaceWith(page.querySelector("[data-missing]"));
  document.querySelector("[data-problem]")?.remove();
  const groups = new Map([...form.querySelectorAll(".group")].map((one) => [one.id, one]));
  let last = form.elements.version;
  for (const theirs of fresh.querySelectorAll(".group")) {
    const ours = groups.get(theirs.id);
    groups.delete(theirs.id);
    if (ours) settle(ours, theirs, before);
    else last.after(theirs);
    last = ours ?? theirs;
  }
  for (const gone of groups.values()) if (!gone.contains(document.activeElement)) gone.remove();
}

function settle(group, fresh, before) {
  const here = new Map([...group.querySelectorAll("[data-q]")].map((q) => [q.dataset.q, q]));
  let last = group.querySelector("legend");
  for (const theirs of fresh.querySelectorAll("[data-q]")) {
    const ours = here.get(theirs.dataset.q);
    here.delete(theirs.dataset.q);
    const busy = ours && (ours.contains(document.activeElement) || dirty.has(ours) || (before.has(ours) && before.get(ours) !== typed(ours)));
    if (busy) {
      const mark = theirs.querySelector("[name^='was.']"), mine = ours.querySelector("[name^='was.']");
      if (mark && mine && !theirs.querySelector("[aria-invalid]")) mine.value = mark.value;
    } else if (ours) {
      if (ours.outerHTML !== theirs.outerHTML || before.has(ours)) ours.replaceWith(theirs);
    } else last.after(theirs);
    last = busy ? ours : theirs.isConnected && theirs.ownerDocument === document ? theirs : ours;
  }
  for (const gone of here.values()) if (!gone.contains(document.activeElement)) gone.remove();
}

form.addEventListener("input", ({ target }) => {
  const q = question(target);
  if (!q || target.name.startsWith("contest.")) return;
  dirty.add(q);
  later(PAUSE_MS);
});
form.addEventListener("change", ({ target }) => { if (question(target)) later(300); });
form.addEventListener("submit", () => { clearTimeout(waiting); sending = true; });
addEventListener("pageshow", () => { sending = false; });
addEventListener("online", () => later(0));
// A phone put away, a tab closed: what is typed goes along.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden" || !dirty.size || sending) return;
  const touched = [...dirty];
  fetch(form.action, { method: "POST", body: body(touched), keepalive: true, redirect: "manual" }).catch(() => {});
});
// The questions come by themselves.
form.querySelectorAll("[data-update]").forEach((button) => { button.hidden = true; });
// What is wrong is read first.
document.querySelector("[data-problem]")?.focus();
if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.focus();
