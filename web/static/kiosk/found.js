// Draws what the API found, as text; it is in no address, no form and no store.
const lang = document.documentElement.lang;

export function show(dossiers) {
  const section = document.querySelector("[data-found]");
  const list = section.querySelector("[data-list]");
  list.replaceChildren(
    ...dossiers.map((dossier) => {
      const drawn = document.getElementById("dossier").content.cloneNode(true);
      drawn.querySelector("[data-name]").textContent = dossier.procedure.name[lang];
      drawn.querySelector("[data-receipt]").textContent = dossier.receipt_code;
      drawn.querySelector("ul").append(
        ...dossier.branches.map((branch) => {
          const line = document.getElementById("branch").content.cloneNode(true);
          line.querySelector("li").className = branch.state;
          line.querySelector("strong").textContent = branch.title[lang];
          line.querySelector("span").textContent = branch.label[lang];
          return line;
        }),
      );
      return drawn;
    }),
  );
  section.hidden = false;
  section.querySelector("h2").focus();
}

// What a refusal says to people; `otherwise` where the answer was none of ours.
export async function refusal(answer, otherwise = "") {
  const problem = document.querySelector("[data-problem]");
  const said = await answer.json().catch(() => ({}));
  const faults = (said.faults ?? []).map((fault) => fault.message?.[lang]).filter(Boolean);
  problem.textContent = [said.message?.[lang] ?? otherwise, ...faults].join(" ");
  problem.hidden = false;
}
