// A passkey on the sign-in page: offered where the login is typed, and by a button. The way by code is beside it and needs no script.
const form = document.querySelector("[data-passkey]");
const csrf = form.elements.csrf.value;
let waiting = new AbortController();

async function options() {
  const answer = await fetch(`${form.action.split("?")[0]}-options`, {
    method: "POST", body: new URLSearchParams({ csrf }), cache: "no-store",
  });
  if (!answer.ok) throw new Error(`asked for a challenge: ${answer.status}`);
  return answer.json();
}

async function use(mediation) {
  waiting.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const asked = await options();
  const credential = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked.options), mediation, signal,
  });
  form.elements.challenge.value = asked.id;
  form.elements.credential.value = JSON.stringify(credential.toJSON());
  form.submit();
}

async function offer() {
  if (!globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    use("optional").catch((error) => {
      // Who thought better of it needs no telling.
      form.querySelector("[data-trouble]").hidden = ["NotAllowedError", "AbortError"].includes(error.name);
    });
  });
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) await use("conditional").catch(() => {});
}

void offer();
