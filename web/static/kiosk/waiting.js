// While the phone is asked: goes on when it has answered.
import "./timer.js";

const EVERY_MS = 3000;

async function ask() {
  try {
    const answer = await fetch("/kiosk/visit/state", { method: "POST", cache: "no-store" });
    if (answer.ok && (await answer.json()).state !== "waiting") return location.reload();
  } catch {
    // The network may come back while the code lives.
  }
  return setTimeout(ask, EVERY_MS);
}

setTimeout(ask, EVERY_MS);
