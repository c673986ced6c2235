// Ends a visit when nobody touches the screen, and takes everything off it on the way out. The server ends the token by itself as
// well; what is counted down here is what the server counts, from the last time it heard of somebody.
const FIRST = "/kiosk";
const STATE = "/kiosk/visit/state";
const ASK_AT = 20; // seconds left
const TELL_MS = 5000;
const RETRY_MS = 3000;

const clock = document.querySelector("[data-idle]");
const still = document.querySelector("[data-still]");
const cut = document.querySelector("[data-cut]");
const gone = document.querySelector("[data-gone]");
const idleMs = Number(clock.dataset.idle) * 1000;
const signedIn = clock.dataset.signedIn !== undefined;
const lastMs = Date.now() + Number(clock.dataset.left ?? Infinity) * 1000;

let heardMs = Date.now(); // when the server last heard of somebody; where it need not, when somebody last touched
let touchedMs = heardMs;
let told = heardMs;
let leaving = false;

function wipe(...left) {
  document.body.replaceChildren(...left);
}

export async function leave() {
  if (leaving) return;
  leaving = true;
  gone.hidden = false;
  wipe(gone);
  // A browser's own page about a lost network has no way back to the first screen.
  for (;;) {
    try {
      await fetch("/health", { cache: "no-store" });
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  location.replace(FIRST);
}

async function tell() {
  const now = Date.now();
  told = now;
  try {
    const answer = await fetch(STATE, { method: "POST", cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    if ((await answer.json()).state !== "in") return leave();
    heardMs = now;
    cut.hidden = true;
  } catch {
    cut.hidden = false;
  }
}

function touched() {
  touchedMs = Date.now();
  if (!signedIn) heardMs = touchedMs;
}

function tick() {
  const now = Date.now();
  if (signedIn && touchedMs > told && now - told >= (cut.hidden ? TELL_MS : RETRY_MS)) void tell();
  const left = Math.ceil((Math.min(heardMs + idleMs, lastMs) - now) / 1000);
  if (left <= 0) return void leave();
  clock.querySelector("[data-seconds]").textContent = String(left);
  const asking = left <= ASK_AT;
  clock.classList.toggle("soon", asking);
  if (still.hidden === asking && idleMs >= 2 * ASK_AT * 1000) {
    still.hidden = !asking;
    if (asking) still.querySelector("button").focus();
  }
}

for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) addEventListener(kind, touched, { passive: true });
document.querySelector("[data-stay]").addEventListener("click", touched);
document.querySelector("[data-end]").addEventListener("click", (event) => {
  event.preventDefault();
  void leave();
});
// A page that is left behind is left empty, and one that is brought back is not shown again.
addEventListener("pagehide", () => wipe());
addEventListener("pageshow", (event) => event.persisted && location.replace(FIRST));
setInterval(tick, 250);

// For pages where something else than a touch shows that somebody is there.
export const here = touched;

// Somebody waits for an answer as long as it takes.
export async function awaited(answer) {
  const waiting = setInterval(touched, 1000);
  try {
    return await answer;
  } finally {
    clearInterval(waiting);
  }
}
