// By card, face and code: two photos of the card, a short film of whoever holds it, and the code their own phone got.
import * as camera from "./camera.js";
import { ready } from "../ready.js";
import { refusal } from "./found.js";
import { awaited, here } from "./timer.js";

const part = (name) => document.querySelector(`[data-${name}]`);
const STEPS = ["ready", "card", "camera", "looking", "typing"];
const photos = {};

function step(name) {
  for (const one of STEPS) part(one).hidden = one !== name;
  part("preview").hidden = !["card", "camera"].includes(name);
  here();
}

function side(name) {
  for (const one of ["front", "back"]) part(one).hidden = one !== name;
  part("photograph").dataset.photograph = name;
  step("card");
}

async function send(path, body, headers = {}) {
  return awaited(fetch(path, { method: "POST", body, headers, cache: "no-store" }));
}

// Back to the start of it, with what was wrong.
async function again(answer) {
  camera.close();
  step("ready");
  await refusal(answer);
}

async function look() {
  step("camera");
  const drawn = await send("/kiosk/card/challenge");
  if (!drawn.ok) return again(drawn);
  const challenge = await drawn.json();
  const filmed = await camera.film(challenge);
  camera.close();
  step("looking");
  const answer = await send("/kiosk/card", camera.form(challenge, filmed, photos));
  if (!answer.ok) return again(answer);
  step("typing");
  return document.querySelector("#code").focus();
}

async function tried(act) {
  part("problem").hidden = true;
  part("cut").hidden = true;
  try {
    await act();
  } catch {
    camera.close();
    part("cut").hidden = false;
    step("ready");
  }
}

part("begin").addEventListener("click", async () => {
  part("problem").hidden = true;
  try {
    await camera.open();
  } catch {
    part("no-camera").hidden = false;
    return;
  }
  side("front");
});

part("photograph").addEventListener("click", () =>
  tried(async () => {
    const name = part("photograph").dataset.photograph;
    photos[name] = await camera.picture();
    if (name === "front") side("back");
    else await look();
  }),
);

part("typing").addEventListener("submit", async (event) => {
  event.preventDefault();
  part("problem").hidden = true;
  const allow = [...document.querySelectorAll("[name=allow]:checked")].map((one) => one.value);
  const body = JSON.stringify({ code: document.querySelector("#code").value.replaceAll(" ", ""), allow });
  const answer = await send("/kiosk/card/code", body, { "Content-Type": "application/json" }).catch(() => null);
  if (!answer) part("cut").hidden = false;
  else if (answer.ok) location.replace(`/kiosk/visit?lang=${document.documentElement.lang}`);
  else await refusal(answer);
});
ready();
