// The screen between two people: what this machine is, and the ways a person may begin.
import { assertion, make, standing } from "./key.js";

const AGAIN_MS = 5000;
const issuer = document.querySelector("[data-issuer]").dataset.issuer;
const sections = document.querySelectorAll("[data-state]");
let client = null;

function show(state) {
  for (const section of sections) section.hidden = section.dataset.state !== state;
}

async function ask() {
  try {
    const now = await standing(issuer);
    client = now.client_id ?? null;
    document.querySelector("[data-code]").textContent = now.code ?? "";
    const sent = document.querySelector("[data-code-sent]");
    if (sent) sent.value = now.code ?? "";
    show(now.state);
    if (["strange", "approved"].includes(now.state)) return;
  } catch {
    show("cut");
  }
  setTimeout(ask, AGAIN_MS);
}

document.querySelector("[data-register]").addEventListener("click", async () => {
  await make();
  await ask();
});

document.querySelector("[data-begin]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  form.elements.assertion.value = await assertion(client, issuer);
  form.submit();
});

// What the last person's visit left for the back button is not looked at again.
addEventListener("pageshow", (event) => event.persisted && location.reload());
ask();
