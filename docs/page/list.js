// A list of names: the shares among them, and how they differ from those of another list.

import { element } from "./dom.js";
import { loadChosen, predict } from "./model.js";
import { sayNames, sayNumber } from "./numbers.js";
import { reportDifferences, reportShares } from "./report.js";
import { ResultView } from "./result.js";
import { compareShares, sharesWithIntervals } from "./shares.js";
import { tidy, whyNotName } from "./sknames.js";

const N_QUOTED = 5; // texts that are no names
const BATCH = 32; // names at a time, between which the page answers keys
const MAX_NAMES = 10_000; // of a list; more than that take the page too long
const FEW_NAMES = 100;
const BYLINE = /^(?:\p{L}\. ?-?)+[^.\s]+$/u; // "A. M. Müller"

const shares = new ResultView(element.shares, "sknames-shares");
const differences = new ResultView(element.differences, "sknames-differences");

// The names of a list with their probabilities, and the texts that are no names; null if the list
// has changed since.
async function readList(text, model, isStale) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  const counts = new Map();
  const others = [];
  for (const line of lines.slice(0, MAX_NAMES)) {
    if (whyNotName(line, model)) {
      others.push(line.trim());
      continue;
    }
    const key = tidy(line, model.encoder);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const distinct = [...counts.keys()];
  const rows = [];
  for (let start = 0; start < distinct.length; start += BATCH) {
    await new Promise((done) => setTimeout(done));
    if (isStale()) return null;
    rows.push(...(await predict(model, distinct.slice(start, start + BATCH))));
    element["shares-reason"].textContent =
      `Read ${sayNumber(rows.length)} of ${sayNumber(distinct.length)} names …`;
  }
  const n = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const notes = [];
  if (others.length) {
    const shown = others.slice(0, N_QUOTED).map((other) => `“${other.slice(0, 40)}”`).join(", ");
    const more = others.length > N_QUOTED ? " and others" : "";
    notes.push(`${sayNumber(others.length)} not names, left out: ${shown}${more}.`);
  }
  if (lines.length > MAX_NAMES) {
    notes.push(
      `Only the first ${sayNumber(MAX_NAMES)} are read here; sknames reads any number.`,
    );
  }
  if (rows.length && rows.length < FEW_NAMES) {
    notes.push("With few distinct names, each share may be anything in its 95 % interval.");
  }
  const nBylines = [...counts].reduce((sum, [name, k]) => sum + (BYLINE.test(name) ? k : 0), 0);
  if (2 * nBylines > n) {
    notes.push(
      "Most names have initials instead of given names. Then the errors of shares are about half " +
        "as large again, and intervals do not show it.",
    );
  }
  const found = rows.length && sharesWithIntervals(rows, [...counts.values()], model);
  return isStale() ? null : { ...found, n, notes };
}

let askedList = 0;
export async function answerList() {
  const mine = ++askedList;
  const isStale = () => mine !== askedList;
  const texts = [element.list.value, element["other-list"].value];
  const answers = [element["shares-answer"], element["differences-answer"]];
  for (const answer of answers) answer.setAttribute("aria-busy", "true");
  const model = texts.some((text) => text.trim()) ? await loadChosen() : null;
  const lists = [];
  for (const text of texts) {
    lists.push(model && (await readList(text, model, isStale)));
    if (isStale()) return;
  }
  showList(texts[0], lists[0], model);
  showDifferences(texts[1], ...lists, model);
  answers.forEach((answer, i) => {
    answer.dataset.of = texts[i];
    answer.setAttribute("aria-busy", "false");
  });
}

function showList(text, list, model) {
  let verdict = "";
  let notes = [];
  if (list?.n) {
    verdict = sayNames(list.n);
    notes = [...list.notes, "Shares are estimated, not counted predictions."];
  } else if (text.trim()) {
    verdict = "I don’t know";
    notes = ["There is no name in this list.", ...list.notes];
  }
  element["shares-verdict"].textContent = verdict;
  element["shares-reason"].textContent = notes.join(" ");
  shares.show(list?.n ? reportShares(list, model, new Date()) : null);
}

function showDifferences(text, list, other, model) {
  let verdict = text.trim() ? "I don’t know" : "";
  let notes = [];
  let report = null;
  if (list?.n && other?.n) {
    const isSameSource = element["same-source"].checked;
    const compared = compareShares(list, other, isSameSource);
    report = reportDifferences(list, other, compared, isSameSource, model, new Date());
    verdict = sayHowMany(report.nSure);
    notes = [
      `Compared with ${sayNames(other.n)}.`,
      ...other.notes,
      "A difference is no cause, and says nothing about a person.",
    ];
  }
  element["differences-verdict"].textContent = verdict;
  element["differences-reason"].textContent = notes.join(" ");
  differences.show(report);
}

function sayHowMany(nSure) {
  if (nSure === 0) return "No difference is sure";
  return nSure === 1 ? "1 sure difference" : `${nSure} sure differences`;
}
