// By face: the camera films what the server asked for, and the frames are gone when it has answered.
import { refusal, show } from "./found.js";
import { call, ownToken } from "./key.js";
import { here } from "./timer.js";

const FRAME_MS = 250;
const WIDTH = 640;
const lang = document.documentElement.lang;
const issuer = document.querySelector("[data-issuer]").dataset.issuer;
const part = (name) => document.querySelector(`[data-${name}]`);
const video = document.querySelector("video");
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function frame() {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = Math.round((WIDTH * video.videoHeight) / video.videoWidth);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}

// What to show at a moment of the challenge: the first words, then each step for its time.
function asked(challenge, ms) {
  const step = Math.floor((ms - challenge.lead_ms) / challenge.step_ms);
  return ms < challenge.lead_ms ? challenge.look_ahead[lang] : challenge.steps[Math.min(step, challenge.steps.length - 1)].words[lang];
}

async function film(challenge) {
  const lasts = challenge.lead_ms + challenge.steps.length * challenge.step_ms;
  const every = Math.max(FRAME_MS, Math.ceil(lasts / challenge.most_frames));
  const frames = [];
  const times = [];
  const began = performance.now();
  for (let at = 0; at < lasts && frames.length < challenge.most_frames; at = performance.now() - began) {
    const said = asked(challenge, at);
    if (part("ask").textContent !== said) part("ask").textContent = said;
    const colour = challenge.colours[Math.floor(at / challenge.colour_ms)];
    document.body.style.backgroundColor = colour ? `rgb(${colour.join(" ")})` : "";
    frames.push(await frame());
    times.push(Math.round(at));
    here();
    await wait(Math.max(0, every - (performance.now() - began - at)));
  }
  document.body.style.backgroundColor = "";
  return { frames, times };
}

async function look() {
  const token = await ownToken(issuer, "dossiers:find-by-face");
  const drawn = await call(issuer, "/v1/lookups/by-face/challenge", { token });
  if (!drawn.ok) return refusal(drawn);
  const challenge = await drawn.json();
  part("camera").hidden = false;
  const { frames, times } = await film(challenge);
  part("camera").hidden = true;
  part("looking").hidden = false;
  const form = new FormData();
  // Whoever looked ahead, at the start of it.
  form.append("selfie", frames[1], "selfie.jpg");
  form.append("challenge", challenge.challenge);
  form.append("times", times.join(","));
  for (const one of frames) form.append("frames", one, "frame.jpg");
  const answer = await call(issuer, "/v1/lookups/by-face", { token, body: form });
  part("looking").hidden = true;
  here();
  return answer.ok ? show((await answer.json()).dossiers) : refusal(answer);
}

part("begin").addEventListener("click", async () => {
  part("problem").hidden = true;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: "user" }, audio: false });
  } catch {
    part("no-camera").hidden = false;
    return;
  }
  part("ready").hidden = true;
  try {
    video.srcObject = stream;
    await video.play();
    await look();
  } catch {
    part("cut").hidden = false;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    document.body.style.backgroundColor = "";
    for (const name of ["camera", "looking"]) part(name).hidden = true;
    if (document.querySelector("[data-found]").hidden) part("ready").hidden = false;
  }
});
