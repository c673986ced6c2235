// By receipt code: asked and answered here, so that no form lies behind the back button.
import { ready } from "../ready.js";
import { refusal, show } from "./found.js";
import "./timer.js";

const form = document.querySelector("[data-ask]");

function day(typed) {
  const [date, month, year] = typed.trim().split(/[/.-]/);
  return `${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}`;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  document.querySelector("[data-problem]").hidden = true;
  const body = JSON.stringify({ receipt_code: form.elements.code.value, date_of_birth: day(form.elements.born.value) });
  try {
    const answer = await fetch("/v1/lookups", {
      method: "POST", headers: { "Content-Type": "application/json" }, body, cache: "no-store", credentials: "omit",
    });
    if (!answer.ok) return await refusal(answer);
    show([await answer.json()]);
    form.remove();
  } catch {
    document.querySelector("[data-cut]").hidden = false;
  }
  return undefined;
});
ready();
