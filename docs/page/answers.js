// What the worker answers: which model it is, what a name is, and who is in a list.

import { inTurn, load, predict } from "./model.js";
import { largest } from "./numbers.js";
import { compareShares, sharesWithIntervals } from "./shares.js";
import { fallBack, spell, tidy, whyNotName } from "./sknames.js";

const N_OTHERS = 3; // nationalities beside a country
const BATCH = 32; // names at a time, between which a single name is answered
const MAX_NAMES = 10_000; // of a list; more than that take too long here
const BYLINE = /^(?:\p{L}\. ?-?)+[^.\s]+$/u; // "A. M. Müller"

// What is shown of a model.
async function describe({ labels }) {
  const model = await load(labels);
  const { classes, codes, plural, version, name, risk, coverage } = model;
  const { threshold } = model.abstain;
  return { labels, classes, codes, plural, version, name, risk, coverage, threshold };
}

// The answer to a name, and the probabilities of it and of its beginnings, `prefixes`.
async function answerName({ labels, name, prefixes }, isStale) {
  const model = await load(labels);
  if (isStale()) return null; // the next letter is already there
  const [row, ...rowsOfPrefixes] = await predict(model, [name, ...prefixes]);
  const notName = whyNotName(name, model);
  const answer = fallBack(row, model);
  return {
    notName,
    answer: { ...answer, reason: notName || answer.reason },
    row,
    rowsOfPrefixes,
    spelled: spell(name, model.encoder).join(""),
    nationalities: labels === "country" && !notName ? await nationalitiesOf(name) : [],
  };
}

// The most probable ones, [label, probability] each.
async function nationalitiesOf(name) {
  const model = await load("nationality");
  const [row] = await predict(model, [name]);
  return largest(row, N_OTHERS).map((k) => [model.classes[k], row[k]]);
}

// The shares of one or two lists, null for one without any text, and their differences, null without
// two. `say` gets how many names were read.
async function answerLists({ labels, texts, isSameSource }, isStale, say) {
  const model = texts.some((text) => text.trim()) ? await load(labels) : null;
  const lists = [];
  for (const text of texts) {
    lists.push(model && (await readList(text, model, isStale, say)));
    if (isStale()) return null;
  }
  const [list, other] = lists;
  const isPair = Boolean(list?.n && other?.n);
  return {
    lists: lists.map((read) => read && withoutResamples(read)),
    differences: isPair ? compareShares(list, other, isSameSource) : null,
  };
}

function withoutResamples({ share, ends, n, nDistinct, nCut, isOfInitials, others }) {
  return { share, ends, n, nDistinct, nCut, isOfInitials, others };
}

// The shares of a list, and what is to be said of it; null if the list has changed since.
async function readList(text, model, isStale, say) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  const counts = new Map();
  const others = []; // texts that are no names
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
    await new Promise((done) => setTimeout(done)); // lets other questions in
    if (isStale()) return null;
    rows.push(...(await predict(model, distinct.slice(start, start + BATCH))));
    say({ read: rows.length, of: distinct.length });
  }
  let n = 0;
  let nBylines = 0;
  for (const [name, count] of counts) {
    n += count;
    if (BYLINE.test(name)) nBylines += count;
  }
  const found = rows.length ? sharesWithIntervals(rows, [...counts.values()], model) : {};
  return {
    ...found,
    n,
    nDistinct: rows.length,
    nCut: Math.max(0, lines.length - MAX_NAMES),
    isOfInitials: 2 * nBylines > n,
    others,
  };
}

export const answers = { model: describe, name: answerName, lists: answerLists };
