// By face: the camera films what the server asked for, and the frames are gone when it has answered.
import * as camera from "./camera.js";
import { ready } from "../ready.js";
import { refusal, show } from "./found.js";
import { call, ownToken } from "./key.js";
import { awaited } from "./timer.js";

const issuer = document.querySelector("[data-issuer]").dataset.issuer;
const part = (name) => document.querySelector(`[data-${name}]`);

async function look() {
  part("camera").hidden = false;
  const token = await ownToken(issuer, "dossiers:find-by-face");
  const drawn = await awaited(call(issuer, "/v1/lookups/by-face/challenge", { token }));
  if (!drawn.ok) return refusal(drawn);
  const challenge = await drawn.json();
  const filmed = await camera.film(challenge);
  part("camera").hidden = true;
  part("looking").hidden = false;
  // Whoever looked ahead, at the start of it.
  const body = camera.form(challenge, filmed, { selfie: filmed.frames[1] });
  const answer = await awaited(call(issuer, "/v1/lookups/by-face", { token, body }));
  return answer.ok ? show((await answer.json()).dossiers) : refusal(answer);
}

part("begin").addEventListener("click", async () => {
  part("problem").hidden = true;
  try {
    await camera.open();
  } catch {
    part("no-camera").hidden = false;
    return;
  }
  part("ready").hidden = true;
  try {
    await look();
  } catch {
    part("cut").hidden = false;
  } finally {
    camera.close();
    for (const name of ["camera", "looking"]) part(name).hidden = true;
    if (part("found").hidden) part("ready").hidden = false;
  }
});
ready();
