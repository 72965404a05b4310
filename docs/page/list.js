// A list of names: its shares, and their differences from those of another list.

import { ask } from "./ask.js";
import { element } from "./dom.js";
import { loadShapes } from "./map.js";
import { formatNames, formatNumber } from "./numbers.js";
import { reportDifferences, reportShares } from "./report.js";
import { ResultView } from "./result.js";

const N_QUOTED = 5; // texts that are not names
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
    ask("lists", { labels, texts, isSameSource }, showProgress),
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

function showProgress({ read, of }) {
  element["shares-reason"].textContent = `Read ${formatNumber(read)} of ${formatNumber(of)} names …`;
}

// The notes on a list.
function notesOf({ others, nCut, nDistinct, hasInitials }) {
  const notes = [];
  if (others.length) {
    const shown = others.slice(0, N_QUOTED).map((other) => `“${other.slice(0, 40)}”`).join(", ");
    const more = others.length > N_QUOTED ? " and others" : "";
    notes.push(`Left out as not names: ${formatNumber(others.length)} (${shown}${more}).`);
  }
  if (nCut) {
    notes.push(
      `The last ${formatNumber(nCut)} lines were not read: this page has a limit, the Python package ` +
        "has none.",
    );
  }
  if (nDistinct && nDistinct < FEW_NAMES) {
    notes.push("The list has few distinct names, so the intervals are wide.");
  }
  if (hasInitials) {
    notes.push(
      "Most names have initials instead of given names. This makes the errors of shares about " +
        "50 % larger, which the intervals do not include.",
    );
  }
  return notes;
}

function showList(text, list, model, shapes) {
  let verdict = "";
  let notes = [];
  if (list?.n) {
    verdict = formatNames(list.n);
    notes = [...notesOf(list), "Shares are estimates, not counts of predictions."];
  } else if (text.trim()) {
    verdict = "I don’t know";
    notes = ["This list contains no names.", ...notesOf(list)];
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
    verdict = countSure(report.nSure);
    notes = [
      `Compared with ${formatNames(other.n)}.`,
      ...notesOf(other),
      "A difference does not show its cause, and says nothing about individuals.",
    ];
  }
  element["differences-verdict"].textContent = verdict;
  element["differences-reason"].textContent = notes.join(" ");
  differencesView.show(report);
}

function countSure(nSure) {
  if (nSure === 0) return "No difference is sure";
  return nSure === 1 ? "1 sure difference" : `${nSure} sure differences`;
}
