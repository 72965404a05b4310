// Controls of the page: model, tabs, text fields and examples.

import { ask, onLoading } from "./ask.js";
import { element, makeButton } from "./dom.js";
import { answerList } from "./list.js";
import { answerName } from "./name.js";
import { percent } from "./numbers.js";

const EXAMPLES = ["Mehmet Yılmaz", "Aoife Byrne", "王伟", "Oksana Shevchenko", "محمد حسن", "Ngozi Okafor"];
const SQUAD = `Lars Nielsen, Mikkel Sørensen, Rasmus Kjær, Frederik Holm, Magnus Bjerregaard, Anders Vestergaard
Jan de Vries, Pieter van Dijk, Sven Hendriks, Bart Bakker, Ruud van den Berg, Wout Jansen
Emre Kaya, Hakan Yıldız, Burak Şahin, Mert Demir
João Ferreira, Tiago Carvalho, Rui Gonçalves, Nuno Teixeira
Kenji Yamamoto, Takumi Watanabe, Hiroshi Kobayashi
Chukwuemeka Obi, Oluwaseun Adeyemi`.split(/, |\n/);

// Version and limits of the model, in the footer.
async function showModel() {
  const model = await ask("model", { labels: element.labels.value });
  if (model.labels !== element.labels.value) return; // another model has been chosen
  const { classes, plural, version, name, risk } = model;
  element.model.textContent = `sknames ${version}, model ${name}`;
  element.limits.textContent =
    `The model knows ${classes.length} ${plural} and assigns all other people to one of these. ` +
    `At most ${percent(risk)} of its predictions for single names are wrong overall, but more in ` +
    "some groups.";
}

onLoading(({ received, total }) => {
  element.loading.hidden = received === total;
  element["loading-bar"].max = total;
  element["loading-bar"].value = received;
  element["loading-text"].textContent = `${megabytes(received)} of ${megabytes(total)} MB`;
});

const megabytes = (bytes) => Math.round(bytes / 1e6);

let hasFailed = false; // then all questions are asked again, as the network may be back
function showFailure(error) {
  hasFailed = true;
  console.error(error);
  element.loading.hidden = true;
  for (const prefix of ["", "shares-", "differences-"]) {
    element[`${prefix}verdict`].textContent = "The model is not responding";
    element[`${prefix}reason`].textContent = `${error.message}. Type again when you are online.`;
    element[`${prefix}answer`].setAttribute("aria-busy", "false");
  }
}

// Tabs by the ARIA Authoring Practices.
const tabs = [element["tab-name"], element["tab-list"]];
function choose(tab) {
  for (const other of tabs) {
    const isChosen = other === tab;
    other.setAttribute("aria-selected", isChosen);
    other.tabIndex = isChosen ? 0 : -1;
    element[other.getAttribute("aria-controls")].hidden = !isChosen;
  }
}
tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", ({ key }) => {
    const target = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: -1 }[key];
    if (target === undefined) return;
    choose(tabs.at(target % tabs.length));
    tabs.at(target % tabs.length).focus();
  });
});

for (const example of EXAMPLES) {
  const button = makeButton(example, () => {
    element.name.value = example;
    update(answerName);
  });
  button.dir = "auto";
  element.examples.append(button);
}
element.name.addEventListener("input", () => update(answerName));

element.labels.addEventListener("change", () => {
  element.verdict.textContent = element["shares-verdict"].textContent = "Loading the model …";
  answer();
});

let wait;
for (const id of ["list", "other-list", "same-source"]) {
  element[id].addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => update(answerList), 300);
  });
}
element["example-list"].addEventListener("click", () => {
  element.list.value = SQUAD.join("\n");
  update(answerList);
});

function update(...questions) {
  if (hasFailed) questions = [showModel, answerName, answerList];
  hasFailed = false;
  for (const question of questions) question().catch(showFailure);
}
function answer() {
  update(showModel, answerName, answerList);
}
addEventListener("online", () => update());
answer();
