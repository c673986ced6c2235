// A dossier's page that shows what happens while it is open. Without this script there is a link to look again.
const { live, seen } = document.querySelector("[data-live]").dataset;
const news = document.querySelector("[data-news]");
const PAUSE_MS = 300;
let waiting;

async function look() {
  const answer = await fetch(location.href, { redirect: "manual" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  const ours = document.querySelector("[data-live]");
  if (!fresh || fresh.dataset.seen === ours.dataset.seen) return;
  // Whoever stands on a link there stays on it.
  const at = ours.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  // And what was opened to be read stays open.
  const open = new Set([...ours.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
  ours.replaceWith(fresh);
  fresh.querySelectorAll("details > summary").forEach((one) => { one.parentElement.open ||= open.has(one.textContent); });
  if (at) [...fresh.querySelectorAll("a")].find((one) => one.getAttribute("href") === at)?.focus();
  news.textContent = `${news.dataset.words} ${fresh.querySelector(".history li")?.textContent ?? ""}`;
}

const told = new EventSource(`${live}?after=${seen}`);
told.addEventListener("line", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { look().catch(() => {}); }, PAUSE_MS);
});
document.querySelectorAll("[data-without-script]").forEach((one) => { one.hidden = true; });
