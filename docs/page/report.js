// What is shown of shares and of differences: a chart, a table of all labels, the same as CSV, and
// a sentence for an article.

import { largest, percent, points, sayNames } from "./numbers.js";

const N_DRAWN = 10;
const N_SAID = 3; // in a sentence
const LEAST_DRAWN = 0.005; // which percent() writes as 1 %
const DIGITS = 6; // as the command line writes
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });
const list = new Intl.ListFormat("en-GB");
const NO_LINE = "No line: the model was tested on too few people.";
const NOT_PEOPLE = "These are shares of names, not of people.";

// `model` has its classes, what they are (labels, plural; the codes of countries), its name and the
// version of sknames.
export function reportShares({ share, ends, n }, model, date) {
  const { classes, codes, labels, plural } = model;
  const rows = largest(share, share.length).map((k) => {
    const row = { label: classes[k], value: share[k], text: percent(share[k]) };
    if (!ends[k]) return row; // too few people have shown how the model errs
    const [low, high] = ends[k];
    const interval = `${percent(low)} to ${percent(high)}`;
    return { ...row, low, high, interval, text: `${row.text} (${interval})` };
  });
  const drawn = rows.slice(0, N_DRAWN).filter(({ value }) => value >= LEAST_DRAWN);
  const rest = drawn.reduce((left, { value }) => left - value, 1);
  const others = { label: "all others", value: rest, text: percent(rest), isRest: true };
  const said = drawn.slice(0, N_SAID).map(({ label, value, interval }) => {
    return `${percent(value)} ${label} (${interval ?? "no interval"})`;
  });
  const held = `intervals held ${percent(model.coverage)} of true shares when tested`;
  const map = { title: "Estimated shares by country", codes, classes, values: share };
  return {
    map: codes ? map : null,
    chart: {
      title: `Estimated shares by ${labels}`,
      subtitle: sayNames(n),
      rows: rest >= LEAST_DRAWN ? [...drawn, others] : drawn,
      sayTick: percent,
      notes: [
        `Lines: ${held}.`,
        ...(drawn.every(({ interval }) => interval) ? [] : [NO_LINE]),
        NOT_PEOPLE,
        ...sayOrigin(model, date),
      ],
    },
    summary: `Show all ${classes.length} ${plural}`,
    columns: [labels, "share (interval)"],
    cells: rows.map(({ label, text }) => [label, text]),
    csv: csvOf(
      ["label", "share", "low", "high"],
      rows.map(({ label, value, low, high }) => [label, value, low, high]),
    ),
    sentence:
      `Among ${sayNames(n)}, the estimated shares by ${labels} are ` +
      `${list.format(said)}; ${held}. ${NOT_PEOPLE} ${sayMethod(model, date)}`,
  };
}

// `differences` are what compareShares returns.
export function reportDifferences(one, other, differences, isSameSource, model, date) {
  const { classes, labels, plural } = model;
  const sizes = differences.map(([difference]) => Math.abs(difference));
  const rows = largest(sizes, sizes.length).map((k) => {
    const [value, low, high, isSure] = differences[k];
    const row = {
      label: classes[k],
      share: one.share[k],
      other: other.share[k],
      value,
      isSure,
      text: points(value),
    };
    if (low === null) return row;
    const interval = `${points(low)} to ${points(high)}`;
    const text = `${row.text} (${interval})${isSure ? " sure" : ""}`;
    return { ...row, low, high, interval, text };
  });
  const sure = rows.filter(({ isSure }) => isSure);
  const drawn = rows.filter(
    ({ value, isSure }, i) => isSure || (i < N_DRAWN && Math.abs(value) >= LEAST_DRAWN),
  );
  const lists = `${sayNames(one.n)} and ${sayNames(other.n)}`;
  const source = isSameSource ? " of the same source" : "";
  return {
    nSure: sure.length,
    chart: {
      title: "Difference in percentage points",
      subtitle: `${sayNames(one.n)} against ${sayNames(other.n)}${source}`,
      rows: drawn.length ? drawn : rows.slice(0, 1),
      sayTick: points,
      sides: ["← more in the other list", "more in the first list →"],
      notes: [
        `Filled bar: sure for all ${plural} together.`,
        "Hollow bar: may be chance.",
        "Line: 95 % interval.",
        NOT_PEOPLE,
        ...sayOrigin(model, date),
      ],
    },
    summary: `Show all ${classes.length} ${plural}`,
    columns: [labels, "first list", "other list", "difference (95 % interval)"],
    cells: rows.map((row) => [row.label, percent(row.share), percent(row.other), row.text]),
    csv: csvOf(
      ["label", "share", "other", "difference", "low", "high", "sure"],
      rows.map((row) => [
        row.label, row.share, row.other, row.value, row.low, row.high, String(row.isSure),
      ]),
    ),
    sentence:
      `Between ${lists}${source}, ${sayDifferences(sure, model)} ${NOT_PEOPLE} ` +
      sayMethod(model, date),
  };
}

function sayDifferences(sure, { labels, plural }) {
  if (!sure.length) return `no difference of the shares by ${labels} is sure.`;
  const said = sure.slice(0, N_SAID).map(({ label, value, interval }, i) => {
    const unit = i ? "," : " percentage points, 95\u00a0% interval";
    return `${label} (${points(value)}${unit} ${interval})`;
  });
  const more = sure.length > N_SAID ? ", among others" : "";
  return (
    `the estimated shares by ${labels} differ for ${list.format(said)}${more}, ` +
    `sure at 95\u00a0% for all ${plural} together.`
  );
}

function sayMethod({ version, name }, date) {
  return `Estimated with sknames ${version}, model ${name}, on ${day.format(date)}.`;
}

function sayOrigin({ version, name }, date) {
  return [`sknames ${version}, ${day.format(date)}`, `Model ${name}`];
}

// A table that spreadsheets read: the mark at its start says UTF-8.
export function csvOf(columns, rows) {
  const lines = [columns, ...rows].map((cells) => cells.map(csvCell).join(","));
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

function csvCell(value) {
  if (value === undefined) return ""; // no interval
  if (typeof value === "number") return String(Number(value.toFixed(DIGITS)));
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value; // else it would be a formula
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
