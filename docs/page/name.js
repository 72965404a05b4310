// One name: its prediction with the probability, and the prediction letter by letter.

import { ask } from "./ask.js";
import { element, make } from "./dom.js";
import { drawMap, loadShapes } from "./map.js";
import { largest, percent } from "./numbers.js";
import { Drawing, fillTable } from "./result.js";

const N_BARS = 5;
const N_LINES = 5; // rows of the letter-by-letter table
const LACKING =
  "The model does not know American, Brazilian, Swiss and other nationalities: choose country.";

// Elements are reused, so that changes of the bars are animated.
function showBars(rows) {
  const list = element.bars;
  while (list.children.length > rows.length) list.lastChild.remove();
  rows.forEach(([label, probability], i) => {
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
    track.firstChild.style.setProperty("width", `${probability * 100}%`);
    item.classList.toggle("slight", probability < 0.005);
    value.value = String(probability);
    value.textContent = percent(probability);
  });
}

let asked = 0;
export async function answerName() {
  const name = element.name.value;
  const labels = element.labels.value;
  asked += 1;
  const mine = asked;
  element.answer.setAttribute("aria-busy", "true");
  const letters = graphemes(name);
  const prefixes = letters.map(({ end }) => name.slice(0, end));
  const [model, found] = await Promise.all([
    ask("model", { labels }),
    ask("name", { labels, name, prefixes }),
  ]);
  const shapes = model?.codes ? await loadShapes() : null;
  if (mine !== asked) return; // another letter has been typed
  const { notName, answer, row } = found;
  showAnswer(answer, model);
  showBars(notName ? [] : largest(row, N_BARS).map((k) => [model.classes[k], row[k]]));
  element.letters.hidden = notName !== "";
  if (!notName) showLetters(name, letters, found, model);
  showMap(notName ? null : row, model, shapes);
  element.other.textContent = notName ? "" : describeOther(found.nationalities);
  element.answer.dataset.of = name;
  element.answer.dataset.reason = answer.reason;
  element.answer.setAttribute("aria-busy", "false");
}

// The most probable nationalities, if countries are predicted; otherwise what the model lacks.
function describeOther(nationalities) {
  if (!nationalities.length) return LACKING;
  const said = nationalities.map(([label, probability]) => `${label} ${percent(probability)}`);
  return `Most probable nationalities: ${said.join(", ")}.`;
}

const map = new Drawing(element["map-chart"]);
// Countries by probability, if the model predicts countries, with a table of all below.
function showMap(row, { classes, codes, plural }, shapes) {
  element.map.hidden = !(row && codes);
  if (element.map.hidden) {
    map.show(null);
    return;
  }
  const title = "Countries by probability";
  map.show((width) => drawMap(shapes, { title, codes, classes, values: row }, width));
  element["map-summary"].textContent = `Show all ${classes.length} ${plural}`;
  const cells = largest(row, row.length).map((k) => [classes[k], percent(row[k])]);
  fillTable(element["map-table"], ["country", "probability"], cells);
}

function showAnswer({ label, level, probability, reason }, model) {
  const { labels, risk } = model;
  const threshold = percent(model.threshold);
  const accuracy = `Of predictions above ${threshold}, at least ${percent(1 - risk)} are right.`;
  const sure = `Probability ${percent(probability)}. ${accuracy}`;
  const [verdict, why] = {
    "missing name": ["Type a name", "In any script: given name, surname or both."],
    address: ["I don’t know", "This is an address, not a name."],
    organization: ["I don’t know", "This is an organization, not a person."],
    "several names": ["I don’t know", "These are several names. Type only one."],
    "broken letters": ["I don’t know", "Its letters are garbled. Type the name again."],
    placeholder: ["I don’t know", "This is a placeholder for a missing name."],
    "no known letter": ["I don’t know", "It has no letters that the model can read."],
    unsure: ["I don’t know", `No ${labels} has a probability above ${threshold}. ${accuracy}`],
    "": [label, level === "label" ? sure : `The ${labels} is unsure, so this is its ${level}. ${sure}`],
  }[reason];
  element.verdict.textContent = verdict;
  element.reason.textContent = why;
  element.answer.classList.toggle("abstains", reason !== "");
  element.bars.classList.toggle("abstains", reason !== "");
}

// The visible letters of a name (graphemes) and where they end, without white space.
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

function showLetters(name, letters, { row, rowsOfPrefixes: rows, spelled }, model) {
  const along = row.map((_, k) => rows.reduce((sum, r) => sum + r[k], 0));
  const [best] = largest(row, 1);
  along[best] = Infinity; // the prediction comes first
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
  element.scroll.scrollLeft = direction === "rtl" ? -1e6 : 1e6; // scroll to the last letter
  const scrolls = element.scroll.scrollWidth > element.scroll.clientWidth;
  element.scroll.classList.toggle("scrolls", scrolls);
  element.sideways.hidden = !scrolls;

  element.spelling.hidden = spelled === name.trim().toLowerCase();
  element.spelling.replaceChildren("The model reads ", make("q", "", spelled));
}
