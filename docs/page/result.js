// A chart with its table, and buttons to take them away.

import { drawChart, toText } from "./chart.js";
import { make, makeButton, makeSvg } from "./dom.js";

const SAVED_WIDTH = 720; // pixels
const MAX_START = 40_000; // milliseconds, after which a browser has begun to save a file

export class ResultView {
  // `figure` is where it is shown, and `file` the name of what is saved, without its ending.
  constructor(figure, file) {
    this.figure = figure;
    this.file = file;
    this.chart = make("div", "chart");
    this.sentence = make("p", "sentence");
    this.status = make("span", "status");
    this.status.setAttribute("role", "status");
    this.summary = make("summary");
    this.table = make("table");
    const actions = make("p", "actions");
    actions.append(
      makeButton("Copy the sentence", () => this.copySentence()),
      makeButton("Save the table (CSV)", () => this.saveTable()),
      makeButton("Save the picture (SVG)", () => this.savePicture()),
      this.status,
    );
    const whole = make("details");
    const scroll = make("div", "scroll");
    scroll.append(this.table);
    whole.append(this.summary, scroll);
    figure.append(this.chart, whole, make("h2", "", "For an article"), this.sentence, actions);
    // Also when the tab comes to light, which has no width before.
    new ResizeObserver(() => this.draw()).observe(figure);
  }

  // `report` is null where there is nothing to show.
  show(report) {
    this.report = report;
    this.figure.hidden = report === null;
    this.status.textContent = "";
    this.drawnWidth = 0;
    if (report === null) return;
    this.sentence.textContent = report.sentence;
    this.summary.textContent = report.summary;
    const head = make("thead");
    head.append(makeRow(report.columns, "col"));
    const body = make("tbody");
    body.append(...report.cells.map((cells) => makeRow(cells, "row")));
    this.table.replaceChildren(head, body);
    this.draw();
  }

  draw() {
    const width = Math.floor(this.figure.clientWidth);
    if (!this.report || width === 0 || width === this.drawnWidth) return;
    this.drawnWidth = width;
    this.chart.replaceChildren(makeSvg(drawChart(this.report.chart, width)));
  }

  async copySentence() {
    try {
      await navigator.clipboard.writeText(this.report.sentence);
      this.status.textContent = "Copied.";
    } catch {
      // Browsers let only pages of https and of this machine write to the clipboard.
      getSelection().selectAllChildren(this.sentence);
      this.status.textContent = "Selected. Copy it with your browser.";
    }
  }

  saveTable() {
    save(this.report.csv, "text/csv", `${this.file}.csv`);
  }

  savePicture() {
    const drawing = drawChart(this.report.chart, SAVED_WIDTH);
    save(toText(drawing), "image/svg+xml", `${this.file}.svg`);
  }
}

// The cells of a column's or a row's head are of that scope.
function makeRow(cells, scope) {
  const row = make("tr");
  cells.forEach((text, i) => {
    const isHead = scope === "col" || i === 0;
    const cell = make(isHead ? "th" : "td", "", text);
    if (isHead) cell.scope = scope;
    row.append(cell);
  });
  return row;
}

function save(content, type, file) {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), MAX_START);
}
