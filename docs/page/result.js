// A chart with its table, and buttons to copy and save them.

import { drawChart, toText } from "./chart.js";
import { make, makeButton, makeSvg } from "./dom.js";
import { drawMap } from "./map.js";

const SAVED_WIDTH = 720; // pixels
const MAX_START = 40_000; // milliseconds until a browser has begun to save a file

// An SVG picture that is redrawn when its width changes.
export class Drawing {
  constructor(node) {
    this.node = node;
    // Also when its tab is shown; a hidden tab has no width.
    new ResizeObserver(() => this.draw()).observe(node);
  }

  // `drawAt` returns the picture for a width; null shows nothing.
  show(drawAt) {
    this.drawAt = drawAt;
    this.drawnWidth = 0;
    this.node.hidden = drawAt === null;
    this.draw();
  }

  draw() {
    const width = Math.floor(this.node.clientWidth);
    if (!this.drawAt || width === 0 || width === this.drawnWidth) return;
    this.drawnWidth = width;
    this.node.replaceChildren(makeSvg(this.drawAt(width)));
  }
}

export class ResultView {
  // `figure` is the element to fill, and `file` the name of saved files without their extension.
  constructor(figure, file) {
    this.figure = figure;
    this.file = file;
    this.map = new Drawing(make("div", "chart"));
    this.chart = new Drawing(make("div", "chart"));
    this.sentence = make("p", "sentence");
    this.status = make("span", "status");
    this.status.setAttribute("role", "status");
    this.summary = make("summary");
    this.table = make("table");
    const actions = make("p", "actions");
    this.saveMap = makeButton("Save the map (SVG)", () => this.savePicture(this.map, "-map"));
    actions.append(
      makeButton("Copy the sentence", () => this.copySentence()),
      makeButton("Save the table (CSV)", () => this.saveTable()),
      makeButton("Save the picture (SVG)", () => this.savePicture(this.chart, "")),
      this.saveMap,
      this.status,
    );
    const whole = make("details");
    const scroll = make("div", "scroll");
    scroll.append(this.table);
    whole.append(this.summary, scroll);
    const title = make("h2", "", "For an article");
    figure.append(this.map.node, this.chart.node, whole, title, this.sentence, actions);
  }

  // `report` is null if there is nothing to show; `shapes` are for its map, if it has one.
  show(report, shapes) {
    this.report = report;
    this.figure.hidden = report === null;
    this.status.textContent = "";
    if (report === null) return;
    this.sentence.textContent = report.sentence;
    this.summary.textContent = report.summary;
    fillTable(this.table, report.columns, report.cells);
    this.chart.show((width) => drawChart(report.chart, width));
    this.map.show(report.map ? (width) => drawMap(shapes, report.map, width) : null);
    this.saveMap.hidden = !report.map;
  }

  async copySentence() {
    try {
      await navigator.clipboard.writeText(this.report.sentence);
      this.status.textContent = "Copied.";
    } catch {
      // Browsers allow this only for pages from https or localhost.
      getSelection().selectAllChildren(this.sentence);
      this.status.textContent = "Selected. Copy it with your browser.";
    }
  }

  saveTable() {
    save(this.report.csv, "text/csv", `${this.file}.csv`);
  }

  savePicture({ drawAt }, ending) {
    save(toText(drawAt(SAVED_WIDTH)), "image/svg+xml", `${this.file}${ending}.svg`);
  }
}

export function fillTable(table, columns, rows) {
  const head = make("thead");
  head.append(makeRow(columns, "col"));
  const body = make("tbody");
  body.append(...rows.map((cells) => makeRow(cells, "row")));
  table.replaceChildren(head, body);
}

// A row of cells; header cells get the scope "col" or "row".
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
