// Reports of shares and of differences: a chart, a table of all labels, its CSV, and a sentence for
// an article.

import { largest, percent, points, formatNames } from "./numbers.js";

const N_DRAWN = 10;
const N_SAID = 3; // labels in a sentence
const LEAST_DRAWN = 0.005; // percent() writes it as 1 %
const DIGITS = 6; // as on the command line
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });
const list = new Intl.ListFormat("en-GB");
const NO_LINE = "No line: too few held-out people for an interval.";
const NOT_PEOPLE = "These are shares of names, not of people.";

// `model` has the classes, what they are called (labels, plural), the codes of countries, the model's
// name and the version of sknames.
export function reportShares({ share, ends, n }, model, date) {
  const { classes, codes, labels, plural } = model;
  const rows = largest(share, share.length).map((k) => {
    const row = { label: classes[k], value: share[k], text: percent(share[k]) };
    if (!ends[k]) return row; // a sparse label: too few held-out people
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
  const covered = `intervals covered ${percent(model.coverage)} of true shares in tests`;
  const map = { title: "Estimated shares by country", codes, classes, values: share };
  return {
    map: codes ? map : null,
    chart: {
      title: `Estimated shares by ${labels}`,
      subtitle: formatNames(n),
      rows: rest >= LEAST_DRAWN ? [...drawn, others] : drawn,
      formatTick: percent,
      notes: [
        `Lines: ${covered}.`,
        ...(drawn.every(({ interval }) => interval) ? [] : [NO_LINE]),
        NOT_PEOPLE,
        ...originNotes(model, date),
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
      `Among ${formatNames(n)}, the estimated shares by ${labels} are ` +
      `${list.format(said)}; ${covered}. ${NOT_PEOPLE} ${describeMethod(model, date)}`,
  };
}

// `differences` is the result of compareShares.
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
  const lists = `${formatNames(one.n)} and ${formatNames(other.n)}`;
  const source = isSameSource ? " of the same source" : "";
  return {
    nSure: sure.length,
    chart: {
      title: "Difference in percentage points",
      subtitle: `${formatNames(one.n)} compared with ${formatNames(other.n)}${source}`,
      rows: drawn.length ? drawn : rows.slice(0, 1),
      formatTick: points,
      sides: ["← more in the other list", "more in the first list →"],
      notes: [
        `Filled bars: sure, corrected for all ${plural}.`,
        "Hollow bars: may be due to chance.",
        "Lines: 95 % intervals.",
        NOT_PEOPLE,
        ...originNotes(model, date),
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
      `Between ${lists}${source}, ${describeDifferences(sure, model)} ${NOT_PEOPLE} ` +
      describeMethod(model, date),
  };
}

function describeDifferences(sure, { labels, plural }) {
  if (!sure.length) return `no difference between the shares by ${labels} is sure.`;
  const said = sure.slice(0, N_SAID).map(({ label, value, interval }, i) => {
    const unit = i ? "," : " percentage points, 95\u00a0% interval";
    return `${label} (${points(value)}${unit} ${interval})`;
  });
  const more = sure.length > N_SAID ? ", among others" : "";
  return (
    `the estimated shares by ${labels} differ for ${list.format(said)}${more}, ` +
    `sure at the 95\u00a0% level, corrected for testing all ${plural}.`
  );
}

function describeMethod({ version, name }, date) {
  return `Estimated with sknames ${version}, model ${name}, on ${day.format(date)}.`;
}

function originNotes({ version, name }, date) {
  return [`sknames ${version}, ${day.format(date)}`, `Model ${name}`];
}

// A table for spreadsheets, which need the byte order mark to read UTF-8.
export function csvOf(columns, rows) {
  const lines = [columns, ...rows].map((cells) => cells.map(csvCell).join(","));
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

function csvCell(value) {
  if (value === undefined) return ""; // no interval
  if (typeof value === "number") return String(Number(value.toFixed(DIGITS)));
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value; // would be a formula otherwise
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
