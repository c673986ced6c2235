// The kiosk's camera: opened when somebody agreed, filming what the server asked for, closed after; its pictures are kept nowhere.
import { here } from "./timer.js";

const FRAME_MS = 250;
const lang = document.documentElement.lang;
const video = document.querySelector("video");
const words = document.querySelector("[data-ask]");
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function open() {
  const asked = { video: { width: { ideal: 1920 }, facingMode: "user" }, audio: false };
  video.srcObject = await navigator.mediaDevices.getUserMedia(asked);
  await video.play();
}

export function close() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  document.body.style.backgroundColor = "";
}

// What the camera sees now, as JPEG; of its own width unless told a smaller one.
export function picture(width = video.videoWidth) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.min(width, video.videoWidth);
  canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}

// The words for a moment of the challenge: the first ones, then each step's for its time.
function said(challenge, ms) {
  const step = Math.floor((ms - challenge.lead_ms) / challenge.step_ms);
  return ms < challenge.lead_ms ? challenge.look_ahead[lang] : challenge.steps[Math.min(step, challenge.steps.length - 1)].words[lang];
}

// The answer to a challenge: frames, and the moment of each.
export async function film(challenge) {
  const lasts = challenge.lead_ms + challenge.steps.length * challenge.step_ms;
  const every = Math.max(FRAME_MS, Math.ceil(lasts / challenge.most_frames));
  const frames = [];
  const times = [];
  const began = performance.now();
  for (let at = 0; at < lasts && frames.length < challenge.most_frames; at = performance.now() - began) {
    const now = said(challenge, at);
    if (words.textContent !== now) words.textContent = now;
    const colour = challenge.colours[Math.floor(at / challenge.colour_ms)];
    document.body.style.backgroundColor = colour ? `rgb(${colour.join(" ")})` : "";
    frames.push(await picture(640));
    times.push(Math.round(at));
    here();
    await wait(Math.max(0, every - (performance.now() - began - at)));
  }
  document.body.style.backgroundColor = "";
  return { frames, times };
}

// As the API takes them, with whatever else goes along.
export function form(challenge, { frames, times }, rest = {}) {
  const made = new FormData();
  for (const [name, value] of Object.entries(rest)) made.append(name, value, `${name}.jpg`);
  made.append("challenge", challenge.challenge);
  made.append("times", times.join(","));
  for (const one of frames) made.append("frames", one, "frame.jpg");
  return made;
}
