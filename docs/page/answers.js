// The answers of the worker: about the model, about a name, and about lists.

import { queued, load, predict } from "./model.js";
import { largest } from "./numbers.js";
import { compareShares, sharesWithIntervals } from "./shares.js";
import { fallBack, spell, tidy, whyNotName } from "./sknames.js";

const N_OTHERS = 3; // nationalities shown next to a country
const BATCH = 32; // names; between batches, questions about a single name are answered
const MAX_NAMES = 10_000; // of a list; more take too long in a browser
const BYLINE = /^(?:\p{L}\. ?-?)+[^.\s]+$/u; // "A. M. Müller"

// The properties of a model that the page shows.
async function describe({ labels }) {
  const model = await load(labels);
  const { classes, codes, plural, version, name, risk, coverage } = model;
  const { threshold } = model.abstain;
  return { labels, classes, codes, plural, version, name, risk, coverage, threshold };
}

// The prediction of a name, with the probabilities of the name and of its `prefixes`.
async function answerName({ labels, name, prefixes }, isStale) {
  const model = await load(labels);
  if (isStale()) return null; // another letter has been typed
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

// The most probable nationalities, each [label, probability].
async function nationalitiesOf(name) {
  const model = await load("nationality");
  const [row] = await predict(model, [name]);
  return largest(row, N_OTHERS).map((k) => [model.classes[k], row[k]]);
}

// The shares of one or two lists (null for an empty list) and their differences (null without two
// lists). `onProgress` is called with the number of names read so far.
async function answerLists({ labels, texts, isSameSource }, isStale, onProgress) {
  const model = texts.some((text) => text.trim()) ? await load(labels) : null;
  const lists = [];
  for (const text of texts) {
    lists.push(model && (await readList(text, model, isStale, onProgress)));
    if (isStale()) return null;
  }
  const [list, other] = lists;
  const isPair = Boolean(list?.n && other?.n);
  return {
    lists: lists.map((read) => read && withoutResamples(read)),
    differences: isPair ? compareShares(list, other, isSameSource) : null,
  };
}

function withoutResamples({ share, ends, n, nDistinct, nCut, hasInitials, others }) {
  return { share, ends, n, nDistinct, nCut, hasInitials, others };
}

// The shares and notes of a list; null if the list has changed meanwhile.
async function readList(text, model, isStale, onProgress) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  const counts = new Map();
  const others = []; // texts that are not names
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
    await new Promise((done) => setTimeout(done)); // lets other questions be answered
    if (isStale()) return null;
    rows.push(...(await predict(model, distinct.slice(start, start + BATCH))));
    onProgress({ read: rows.length, of: distinct.length });
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
    hasInitials: 2 * nBylines > n,
    others,
  };
}

export const answers = { model: describe, name: answerName, lists: answerLists };
