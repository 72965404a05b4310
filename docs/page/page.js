// What the page shows. The answers are of sknames.js and shares.js; everything that is shown is set
// as text, never as HTML.

import * as ort from "./vendor/ort.js";
import { compareShares, sharesWithIntervals } from "./shares.js";
import { fallBack, NationalityModel, spell, tidy, whyNotName, wordsOf } from "./sknames.js";

const N_BARS = 5;
const N_SHARES = 10;
const N_QUOTED = 5; // texts that are no names
const N_LINES = 5; // of the letters' table
const BATCH = 32; // names at a time, between which the page answers keys
const MAX_NAMES = 10_000; // of a list; more than that take the page too long
const FEW_NAMES = 100;
const BYLINE = /^(?:\p{L}\. ?-?)+[^.\s]+$/u; // "A. M. Müller"
const MAX_REMEMBERED = 20_000;
const EXAMPLES = ["Mehmet Yılmaz", "Aoife Byrne", "王伟", "Oksana Shevchenko", "محمد حسن", "Ngozi Okafor"];
const SQUAD = `Lars Nielsen, Mikkel Sørensen, Rasmus Kjær, Frederik Holm, Magnus Bjerregaard, Anders Vestergaard
Jan de Vries, Pieter van Dijk, Sven Hendriks, Bart Bakker, Ruud van den Berg, Wout Jansen
Emre Kaya, Hakan Yıldız, Burak Şahin, Mert Demir
João Ferreira, Tiago Carvalho, Rui Gonçalves, Nuno Teixeira
Kenji Yamamoto, Takumi Watanabe, Hiroshi Kobayashi
Chukwuemeka Obi, Oluwaseun Adeyemi`.split(/, |\n/);

const element = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((node) => [node.id, node]),
);
const number = new Intl.NumberFormat("en");
const LACKING =
  "American, Brazilian, Swiss and others are not among these nationalities: choose country.";
const countries = new Intl.DisplayNames("en", { type: "region" });

ort.env.wasm.numThreads = 1; // more would need headers that a static host may not send
ort.env.wasm.wasmPaths = { wasm: new URL("vendor/ort.wasm", import.meta.url).href };

// Return what makes something from a key, once for each.
function once(make) {
  const made = new Map();
  return (key) => made.get(key) ?? made.set(key, make(key)).get(key);
}

const get = once(async (file) => {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
});

// The model of nationalities or countries. That of countries has most weights in the other's file.
const load = once(async (labels) => {
  const shared = "nationality.onnx";
  const files = [`${labels}.onnx`, shared, "page.json"];
  const [bytes, data, settings] = await Promise.all(files.map(get));
  const model = await NationalityModel.load(bytes, ort, {
    graphOptimizationLevel: "disabled", // it takes longer than it saves here
    externalData: [{ path: shared, data }],
  });
  if (labels === "country") model.classes = model.classes.map((code) => countries.of(code));
  const ofLabels = JSON.parse(new TextDecoder().decode(settings))[labels];
  return Object.assign(model, ofLabels, { labels, remembered: new Map() });
});
const loadChosen = () => load(element.labels.value);

// A session takes one batch at a time.
let queue = Promise.resolve();
function inTurn(ask) {
  queue = queue.then(ask);
  return queue;
}

// Probabilities of names, each predicted once.
function predict(model, names) {
  const { remembered } = model;
  return inTurn(async () => {
    if (remembered.size > MAX_REMEMBERED) remembered.clear();
    const fresh = [...new Set(names)].filter((name) => !remembered.has(name));
    if (fresh.length) {
      const rows = await model.predictProba(fresh);
      fresh.forEach((name, i) => remembered.set(name, rows[i]));
    }
    return names.map((name) => remembered.get(name));
  });
}

function percent(share) {
  if (share > 0 && share < 0.005) return "<\u20091\u00a0%";
  if (share < 1 && share >= 0.995) return ">\u200999\u00a0%";
  return `${Math.round(share * 100)}\u00a0%`;
}

function signed(difference) {
  return `${difference < 0 ? "−" : "+"}${Math.round(Math.abs(difference) * 100)}\u00a0%`;
}

// The numbers of the largest values, the largest first.
function largest(values, n) {
  const order = [...values.keys()].sort((i, j) => values[j] - values[i]);
  return order.slice(0, n);
}

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// Bars are kept and changed, so that they move. Those of differences are sure or not.
function showBars(list, rows) {
  while (list.children.length > rows.length) list.lastChild.remove();
  list.classList.toggle("intervals", rows.some(([, , ends]) => ends));
  rows.forEach(([label, share, ends, isSure], i) => {
    let item = list.children[i];
    if (!item) {
      item = make("li");
      const track = make("span", "track");
      track.append(make("span", "fill"));
      item.append(make("span", "label"), track, make("data", "value"));
      list.append(item);
    }
    const [name, track, value] = item.children;
    name.textContent = label;
    track.firstChild.style.setProperty("width", `${Math.abs(share) * 100}%`);
    item.classList.toggle("slight", isSure === undefined ? share < 0.005 : !isSure);
    item.classList.toggle("less", share < 0);
    const say = isSure === undefined ? percent : signed;
    value.value = String(share);
    value.textContent = ends ? `${say(share)} (${ends.map(say).join(" to ")})` : percent(share);
    if (isSure) value.append(" sure");
  });
}

let asked = 0;
async function answerName() {
  const name = element.name.value;
  const mine = ++asked;
  element.answer.setAttribute("aria-busy", "true");
  const letters = graphemes(name);
  const prefixes = letters.map(({ end }) => name.slice(0, end));
  const model = await loadChosen();
  if (mine !== asked) return; // the next letter is already there
  const rows = await predict(model, [name, ...prefixes]);
  const [known] = await inTurn(() => model.knownWords([name]));
  if (mine !== asked) return;
  const [row, ...rowsOfPrefixes] = rows;
  const notName = whyNotName(name, model);
  const answer = fallBack(row, model);
  const reason = notName || answer.reason;
  showAnswer(reason, answer, model);
  if (!notName) element.reason.append(` ${sayKnown(known, wordsOf(name, model.encoder).length)}`);
  showBars(
    element.bars,
    notName ? [] : largest(row, N_BARS).map((k) => [model.classes[k], row[k]]),
  );
  element.letters.hidden = notName !== "";
  if (!notName) showLetters(name, letters, row, rowsOfPrefixes, model);
  element.other.textContent = notName ? "" : await sayOther(name, model);
  if (mine !== asked) return;
  element.answer.dataset.of = name;
  element.answer.dataset.reason = reason;
  element.answer.setAttribute("aria-busy", "false");
}

// What the model of nationalities says, where that of countries answers; else what it lacks.
async function sayOther(name, { labels }) {
  if (labels === "nationality") return LACKING;
  const model = await load("nationality");
  const [row] = await predict(model, [name]);
  const best = largest(row, 3).map((k) => `${model.classes[k]} ${percent(row[k])}`);
  return `As a nationality: ${best.join(", ")}.`;
}

function sayKnown(known, n) {
  if (n === 1) return known ? "The model knows this word." : "The model has not seen this word.";
  return `The model knows ${known} of the ${n} words.`;
}

function showAnswer(reason, { label, level, probability }, { labels, abstain: { threshold } }) {
  const sure = `${percent(probability)} probable, which is above ${percent(threshold)}.`;
  const [verdict, why] = {
    "missing name": ["Type a name", "In any script: given name, surname or both."],
    address: ["I don’t know", "That is an address, not a name."],
    organization: ["I don’t know", "That is an organization, not a name."],
    "several names": ["I don’t know", "These are several names. Type one."],
    "broken letters": ["I don’t know", "Its letters are broken. Type it anew."],
    placeholder: ["I don’t know", "That stands for a missing name."],
    "no known letter": ["I don’t know", "It has no letter that the model can read."],
    unsure: ["I don’t know", `No ${labels} is more than ${percent(threshold)} probable.`],
    "": [label, level === "label" ? sure : `No ${labels} is sure. Its ${level} is ${sure}`],
  }[reason];
  element.verdict.textContent = verdict;
  element.reason.textContent = why;
  element.answer.classList.toggle("abstains", reason !== "");
  element.bars.classList.toggle("abstains", reason !== "");
}

// The letters of a name as one sees them, with where they end; white space is left out.
function graphemes(name) {
  const parts = globalThis.Intl?.Segmenter
    ? [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment)
    : [...name];
  let end = 0;
  let startsWord = false;
  const letters = [];
  for (const letter of parts) {
    end += letter.length;
    if (letter.trim()) letters.push({ letter, end, startsWord: startsWord && letters.length > 0 });
    startsWord = !letter.trim();
  }
  return letters;
}

function showLetters(name, letters, row, rows, model) {
  const along = row.map((_, k) => rows.reduce((sum, r) => sum + r[k], 0));
  const [best] = largest(row, 1);
  along[best] = Infinity; // the answer is the first line
  const lines = largest(along, N_LINES);
  const direction = getComputedStyle(element.name).direction;
  element.scroll.dir = direction;
  element.scroll.style.setProperty("--n", letters.length);
  const head = make("tr");
  head.append(make("td", "label"));
  for (const { letter, startsWord } of letters) {
    const cell = make("th", startsWord ? "word" : "", letter);
    cell.scope = "col";
    head.append(cell);
  }
  const body = lines.map((k) => {
    const line = make("tr");
    const label = make("th", "label", model.classes[k]);
    label.scope = "row";
    line.append(label);
    rows.forEach((r, i) => {
      const cell = make("td", letters[i].startsWord ? "word" : "");
      const box = make("span", "cell");
      box.style.setProperty("--p", `${(r[k] * 100).toFixed(1)}%`);
      box.append(make("span", "unseen", percent(r[k])));
      cell.title = `${name.slice(0, letters[i].end)}: ${model.classes[k]} ${percent(r[k])}`;
      cell.append(box);
      line.append(cell);
    });
    return line;
  });
  element.heat.replaceChildren(head, ...body);
  element.scroll.scrollLeft = direction === "rtl" ? -1e6 : 1e6; // to the last letter
  const scrolls = element.scroll.scrollWidth > element.scroll.clientWidth;
  element.scroll.classList.toggle("scrolls", scrolls);
  element.sideways.hidden = !scrolls;

  const spelled = spell(name, model.encoder).join("");
  element.spelling.hidden = spelled === name.trim().toLowerCase();
  element.spelling.replaceChildren("The model reads ", make("q", "", spelled));
}

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
      `Read ${number.format(rows.length)} of ${number.format(distinct.length)} names …`;
  }
  const n = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const notes = [];
  if (others.length) {
    const shown = others.slice(0, N_QUOTED).map((other) => `“${other.slice(0, 40)}”`).join(", ");
    const more = others.length > N_QUOTED ? " and others" : "";
    notes.push(`${number.format(others.length)} not names, left out: ${shown}${more}.`);
  }
  if (lines.length > MAX_NAMES) {
    notes.push(
      `Only the first ${number.format(MAX_NAMES)} are read here; sknames reads any number.`,
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

const sayNames = (n) => `${number.format(n)} ${n === 1 ? "name" : "names"}`;
let askedList = 0;
async function answerList() {
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
  const { share = [], ends, n, notes = [] } = list ?? {};
  const shown = largest(share, N_SHARES).filter((k) => share[k] >= 0.005);
  const bars = shown.map((k) => [model.classes[k], share[k], ends[k]]);
  const rest = 1 - bars.reduce((sum, [, value]) => sum + value, 0);
  if (bars.length && rest >= 0.005) bars.push(["all others", rest]);
  let [verdict, reason] = ["", []];
  if (bars.length) {
    [verdict, reason] = [sayNames(n), [...notes, "Shares are estimated, not counted predictions."]];
  } else if (text.trim()) {
    [verdict, reason] = ["I don’t know", ["There is no name in this list.", ...notes]];
  }
  element["shares-verdict"].textContent = verdict;
  element["shares-reason"].textContent = reason.join(" ");
  showBars(element.shares, bars);
}

function showDifferences(text, list, other, model) {
  const isThere = Boolean(list?.n && other?.n);
  const rows = isThere ? compareShares(list, other, element["same-source"].checked) : [];
  const bySize = largest(rows.map(([difference]) => Math.abs(difference)), rows.length);
  const shown = bySize.filter((k, i) => rows[k][3] || (i < N_SHARES && Math.abs(rows[k][0]) >= 0.005));
  const nSure = shown.filter((k) => rows[k][3]).length;
  const notes = isThere ? [`Compared with ${sayNames(other.n)}.`, ...other.notes] : [];
  if (isThere) notes.push("A difference is no cause, and says nothing about a person.");
  let verdict = text.trim() ? "I don’t know" : "";
  if (isThere) verdict = nSure ? `${nSure} sure ${nSure > 1 ? "differences" : "difference"}` : "No difference is sure";
  element["differences-verdict"].textContent = verdict;
  element["differences-reason"].textContent = notes.join(" ");
  showBars(
    element.differences,
    shown.map((k) => {
      const [difference, low, high, isSure] = rows[k];
      return [model.classes[k], difference, [low, high], isSure];
    }),
  );
}

function showFailure(error) {
  console.error(error);
  for (const prefix of ["", "shares-", "differences-"]) {
    element[`${prefix}verdict`].textContent = "The model does not answer";
    element[`${prefix}reason`].textContent = `${error.message}. Load the page again.`;
    element[`${prefix}answer`].setAttribute("aria-busy", "false");
  }
}

// Tabs as the ARIA Authoring Practices have them.
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
  const button = make("button", "", example);
  button.type = "button";
  button.dir = "auto";
  button.addEventListener("click", () => {
    element.name.value = example;
    answerName().catch(showFailure);
  });
  element.examples.append(button);
}
element.name.addEventListener("input", () => answerName().catch(showFailure));

element.labels.addEventListener("change", () => {
  element.verdict.textContent = element["shares-verdict"].textContent = "Loading the model …";
  answer();
});

let wait;
for (const id of ["list", "other-list", "same-source"]) {
  element[id].addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => answerList().catch(showFailure), 300);
  });
}
element["example-list"].addEventListener("click", () => {
  element.list.value = SQUAD.join("\n");
  answerList().catch(showFailure);
});

function answer() {
  answerName().catch(showFailure);
  answerList().catch(showFailure);
}
answer();
