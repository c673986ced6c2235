// An officer's first day: the browser makes a passkey, the form hands it in.
import { ready } from "./ready.js";

const form = document.querySelector("[data-options]");
const trouble = form.querySelector("[data-trouble]");

async function make() {
  const answer = await fetch(form.dataset.options, {
    method: "POST", body: new URLSearchParams({ csrf: form.elements.csrf.value }), cache: "no-store",
  });
  if (!answer.ok) throw new Error(`asked for a challenge: ${answer.status}`);
  const asked = await answer.json();
  const made = await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked.options),
  });
  form.elements.challenge.value = asked.id;
  form.elements.credential.value = JSON.stringify(made.toJSON());
  form.submit();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  trouble.hidden = true;
  make().catch(() => { trouble.hidden = false; });
});
ready();
