// A list of names: the shares among them, and how they differ from those of another list.

import { ask } from "./ask.js";
import { element } from "./dom.js";
import { loadShapes } from "./map.js";
import { sayNames, sayNumber } from "./numbers.js";
import { reportDifferences, reportShares } from "./report.js";
import { ResultView } from "./result.js";

const N_QUOTED = 5; // texts that are no names
const FEW_NAMES = 100;

const sharesView = new ResultView(element.shares, "sknames-shares");
const differencesView = new ResultView(element.differences, "sknames-differences");

let asked = 0;
export async function answerList() {
  asked += 1;
  const mine = asked;
  const labels = element.labels.value;
  const isSameSource = element["same-source"].checked;
  const texts = [element.list.value, element["other-list"].value];
  const areas = [element["shares-answer"], element["differences-answer"]];
  for (const area of areas) area.setAttribute("aria-busy", "true");
  const [model, found] = await Promise.all([
    ask("model", { labels }),
    ask("lists", { labels, texts, isSameSource }, sayProgress),
  ]);
  const shapes = model?.codes ? await loadShapes() : null;
  if (mine !== asked) return;
  const [list, other] = found.lists;
  showList(texts[0], list, model, shapes);
  showDifferences(texts[1], list, other, found.differences, model);
  areas.forEach((area, i) => {
    area.dataset.of = texts[i];
    area.setAttribute("aria-busy", "false");
  });
}

function sayProgress({ read, of }) {
  element["shares-reason"].textContent = `Read ${sayNumber(read)} of ${sayNumber(of)} names …`;
}

// What is to be said of a list.
function notesOf({ others, nCut, nDistinct, isOfInitials }) {
  const notes = [];
  if (others.length) {
    const shown = others.slice(0, N_QUOTED).map((other) => `“${other.slice(0, 40)}”`).join(", ");
    const more = others.length > N_QUOTED ? " and others" : "";
    notes.push(`${sayNumber(others.length)} not names, left out: ${shown}${more}.`);
  }
  if (nCut) {
    notes.push(`The last ${sayNumber(nCut)} are not read here; sknames reads any number.`);
  }
  if (nDistinct && nDistinct < FEW_NAMES) {
    notes.push("With few distinct names, each share may be anything in its interval.");
  }
  if (isOfInitials) {
    notes.push(
      "Most names have initials instead of given names. Then the errors of shares are about half " +
        "as large again, and intervals do not show it.",
    );
  }
  return notes;
}

function showList(text, list, model, shapes) {
  let verdict = "";
  let notes = [];
  if (list?.n) {
    verdict = sayNames(list.n);
    notes = [...notesOf(list), "Shares are estimated, not counted predictions."];
  } else if (text.trim()) {
    verdict = "I don’t know";
    notes = ["There is no name in this list.", ...notesOf(list)];
  }
  element["shares-verdict"].textContent = verdict;
  element["shares-reason"].textContent = notes.join(" ");
  sharesView.show(list?.n ? reportShares(list, model, new Date()) : null, shapes);
}

function showDifferences(text, list, other, differences, model) {
  let verdict = text.trim() ? "I don’t know" : "";
  let notes = [];
  let report = null;
  if (differences) {
    const isSameSource = element["same-source"].checked;
    report = reportDifferences(list, other, differences, isSameSource, model, new Date());
    verdict = sayHowMany(report.nSure);
    notes = [
      `Compared with ${sayNames(other.n)}.`,
      ...notesOf(other),
      "A difference is no cause, and says nothing about a person.",
    ];
  }
  element["differences-verdict"].textContent = verdict;
  element["differences-reason"].textContent = notes.join(" ");
  differencesView.show(report);
}

function sayHowMany(nSure) {
  if (nSure === 0) return "No difference is sure";
  return nSure === 1 ? "1 sure difference" : `${nSure} sure differences`;
}
