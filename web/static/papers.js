// Papers sent in pieces (tus 1.0), on from where the line broke; and a button for the camera. Without this script the forms send the files.
const PIECE_BYTES = 128 * 1024, FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 15_000;
// A piece takes no longer; a file that is whole is looked at before it is answered for.
const PIECE_MS = 30_000, LOOKING_MS = 300_000;
const TUS = { "Tus-Resumable": "1.0.0" };

class Refused extends Error {}

/** The city's answer; a refusal in its own words. What may be tried again is a TypeError, as a line that is cut. */
async function ask(address, method, token, headers = {}, body = undefined, patience = PIECE_MS) {
  const answer = await fetch(address, {
    method, body, redirect: "manual", signal: AbortSignal.timeout(patience), headers: { ...TUS, "X-Form-Token": token, ...headers },
  });
  if (answer.ok) return answer;
  if (answer.status === 409 || answer.status === 429 || answer.status >= 500) throw new TypeError(`${answer.status}`);
  const said = await answer.json().catch(() => null);
  throw new Refused(said?.message?.[document.documentElement.lang] ?? "");
}

/** Until the line is back, or for a while, longer each time. */
function pause(turn) {
  return new Promise((go) => {
    const timer = setTimeout(go, Math.min(FIRST_WAIT_MS * 2 ** turn, LONGEST_WAIT_MS));
    addEventListener("online", () => { clearTimeout(timer); go(); }, { once: true });
  });
}

/** Where a file stood when this browser lost it: by what it is, never by its name. */
function remembered(form, kind, file) {
  const name = `paper ${form.action.split("?")[0]} ${kind} ${file.size} ${file.lastModified}`;
  return {
    get: () => { try { return localStorage.getItem(name); } catch { return null; } },
    set: (address) => { try { if (address) localStorage.setItem(name, address); else localStorage.removeItem(name); } catch { /* private mode */ } },
  };
}

/** The upload's id. `tell(sent, isCut)` after each piece and at each break. */
async function send(form, kind, file, tell) {
  const token = form.elements.csrf.value, place = remembered(form, kind, file);
  let address = place.get(), at = null, isWhole = false;
  for (let turn = 0; ; ) {
    try {
      if (address === null) {
        const made = await ask(form.dataset.uploads, "POST", token, { "Upload-Length": String(file.size) });
        address = made.headers.get("Location");
        place.set(address);
        at = 0;
      }
      if (at === null) at = Number((await ask(address, "HEAD", token, {}, undefined, isWhole ? LOOKING_MS : PIECE_MS)).headers.get("Upload-Offset"));
      while (at < file.size) {
        tell(at, false);
        const piece = file.slice(at, at + PIECE_BYTES);
        isWhole = at + piece.size === file.size;
        if (isWhole) tell(file.size, false);
        const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(at) };
        const answer = await ask(address, "PATCH", token, headers, piece, isWhole ? LOOKING_MS : PIECE_MS);
        at = Number(answer.headers.get("Upload-Offset"));
        turn = 0;
      }
      place.set(null);
      return address.split("/").pop();
    } catch (error) {
      if (error instanceof Refused) {
        place.set(null);
        // What was remembered may be long gone: once more from the beginning, where nothing was sent yet.
        if (at === null && turn === 0) { address = null; turn = 1; continue; }
        throw error;
      }
      tell(at ?? 0, true);
      await pause(turn++);
      at = null;
    }
  }
}

function prepare(input) {
  const { form } = input, box = input.closest("[data-paper]"), { kind } = box.dataset;
  const status = box.querySelector("[data-status]"), bar = box.querySelector("progress"), trouble = box.querySelector("[data-trouble]");
  const buttons = box.querySelector("[data-with-script]");
  buttons.hidden = false;
  input.classList.add("first");
  input.tabIndex = -1;
  // The file goes before the form does.
  input.required = false;
  box.querySelectorAll("[data-without-script]").forEach((one) => { one.hidden = true; });
  buttons.addEventListener("click", ({ target }) => {
    if (!(target instanceof HTMLButtonElement)) return;
    if ("camera" in target.dataset) input.setAttribute("capture", "environment");
    else input.removeAttribute("capture");
    input.click();
  });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    trouble.hidden = true;
    buttons.hidden = true;
    bar.hidden = false;
    try {
      const id = await send(form, kind, file, (sent, isCut) => {
        bar.value = sent / file.size;
        if (isCut) status.textContent = status.dataset.noLine;
        else status.textContent = sent === file.size ? status.dataset.looking : `${status.dataset.sending} ${Math.round((100 * sent) / file.size)} %`;
      });
      input.value = "";
      box.querySelector("[data-upload]").value = id;
      if (box.dataset.then === "submit") form.requestSubmit(box.querySelector("[data-attach]"));
      else status.textContent = status.dataset.got;
    } catch (error) {
      trouble.textContent = (error instanceof Refused && error.message) || trouble.dataset.words;
      trouble.hidden = false;
      status.textContent = "";
      buttons.hidden = false;
      input.value = "";
    }
    bar.hidden = true;
  });
}

// Where a page has no place for pieces, its form sends the file.
document.querySelectorAll("[data-uploads] [data-paper] input[type=file]").forEach(prepare);

// One press submits once; what is pressed says so.
document.querySelectorAll("[data-once]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    const button = event.submitter ?? form.querySelector("button:not([type=button])");
    if (form.dataset.pressed) return event.preventDefault();
    form.dataset.pressed = "yes";
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.once;
  });
});
addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });
document.querySelector("[data-problem]")?.focus();
