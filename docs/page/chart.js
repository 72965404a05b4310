// Bars with 95 % intervals on one axis, as an SVG tree: [tag, attributes, ...children]. Colors are
// attributes, so that saved pictures have them; page.css has the page's colors by class.

const INK = "#1d2327";
const QUIET = "#5c666d";
const LINE = "#dcdad5";
const ACCENT = "#1f6f78";
const PALE = "#7fb0b5"; // intervals are visible on it
const MUTED = "#c3c8cb";
const GROUND = "#ffffff";
// Pixels.
const FONT_SIZE = 14;
const SMALL = 12;
const LETTER = 8; // mean width in a wide font
const LEAST_PLOT = 220; // in a narrower plot, labels are above the bars
const MARGIN = 22; // half the width of a tick label
const GAP = 12;
const HEAD = 56; // title and subtitle
const BAR = 14;
const HALF_OF_LINES = 14; // half the height of the grid lines; leaves room above for labels in narrow plots
const CAP = 4; // half the height of the caps of intervals
const NOTE = 18; // height of a line of notes
// Possible distances between ticks.
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const MOST_STEPS = 5;
const MOST_STEPS_OF_A_SIDE = 3;

// The ends and ticks of an axis. For differences, zero is in the middle.
export function axisOf(rows) {
  const asked = rows.filter(({ isRest }) => !isRest);
  const values = asked.flatMap(({ value, low = value, high = value }) => [low, value, high]);
  const furthest = Math.max(...values.map(Math.abs));
  const isSigned = rows.some(({ isSure }) => isSure !== undefined);
  const most = isSigned ? MOST_STEPS_OF_A_SIDE : MOST_STEPS;
  const step = STEPS.find((length) => most * length >= furthest) ?? STEPS.at(-1);
  const nSteps = Math.max(1, Math.ceil(furthest / step));
  const ticks = [];
  for (let i = isSigned ? -nSteps : 0; i <= nSteps; i++) ticks.push(i * step);
  return { low: ticks[0], high: ticks.at(-1), ticks };
}

// `rows` have a label, a value and a text, most have the ends of an interval, low and high, and
// differences have isSure. `formatTick` formats the tick labels, `sides` describe the left and right
// of zero, and `notes` are lines below the chart.
export function drawChart({ title, subtitle, rows, formatTick, sides, notes }, width) {
  const axis = axisOf(rows);
  const longest = (texts) => LETTER * Math.max(...texts.map((text) => text.length)) + GAP;
  const labelWidth = longest(rows.map(({ label }) => label));
  const textWidth = longest(rows.map(({ text }) => text));
  const isWide = width - labelWidth - textWidth >= LEAST_PLOT;
  const left = isWide ? labelWidth : MARGIN;
  const right = width - (isWide ? textWidth : MARGIN);
  const x = (value) =>
    round(left + ((value - axis.low) / (axis.high - axis.low)) * (right - left));
  const rowHeight = isWide ? 28 : 52;
  const bottom = HEAD + rows.length * rowHeight;

  const drawing = [
    ["rect", { class: "ground", width, height: "100%", fill: GROUND }],
    write(title, { x: 0, y: 18, "font-weight": 600 }),
    write(subtitle, { x: 0, y: 38, class: "quiet", fill: QUIET }),
  ];
  for (const tick of axis.ticks) {
    const place = { x: x(tick), y: bottom + NOTE, "text-anchor": "middle" };
    drawing.push(write(formatTick(tick), { ...place, ...SMALL_AND_QUIET }));
  }
  rows.forEach((row, i) => {
    const top = HEAD + i * rowHeight;
    const middle = top + rowHeight - HALF_OF_LINES;
    const baseline = isWide ? middle + 5 : top + 20;
    const upright = (at) => `M${x(at)} ${middle - HALF_OF_LINES}v${2 * HALF_OF_LINES}`;
    const grid = axis.ticks.map(upright).join("");
    drawing.push([
      "g",
      { class: "row" },
      write(row.label, { class: "label", x: 0, y: baseline }),
      ["path", { class: "grid", d: grid, stroke: LINE }],
      ...(row.isRest ? [] : [drawBar(row, x, middle)]),
      ["path", { class: "zero", d: upright(0), stroke: INK }],
      ...(row.low === undefined ? [] : [drawInterval(x(row.low), x(row.high), middle)]),
      write(row.text, { class: "value", x: width, y: baseline, "text-anchor": "end" }),
    ]);
  });

  let y = bottom + NOTE;
  if (sides) {
    y += NOTE;
    drawing.push(
      write(sides[0], { x: left, y, ...SMALL_AND_QUIET }),
      write(sides[1], { x: right, y, "text-anchor": "end", ...SMALL_AND_QUIET }),
    );
  }
  y += GAP;
  for (const note of notes) {
    y += NOTE;
    drawing.push(write(note, { x: 0, y, ...SMALL_AND_QUIET }));
  }
  const height = y + GAP;
  const said = rows.map(({ label, text }) => `${label} ${text}`).join("; ");
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    role: "img",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    "font-family": "system-ui, 'Segoe UI', 'Noto Sans', sans-serif",
    "font-size": FONT_SIZE,
  };
  return ["svg", attributes, ["title", {}, title], ["desc", {}, said], ...drawing];
}

const SMALL_AND_QUIET = { class: "quiet", "font-size": SMALL, fill: QUIET };

function write(text, attributes) {
  return ["text", { fill: INK, ...attributes }, text];
}

// Bars of differences that are not sure are hollow.
function fillOf({ low, isSure }) {
  if (isSure === false) {
    return { class: "bar hollow", fill: GROUND, stroke: ACCENT, "stroke-width": 1.5 };
  }
  if (low === undefined) return { class: "bar rest", fill: MUTED };
  return { class: "bar", fill: PALE };
}

function drawBar(row, x, middle) {
  const [start, end] = [x(Math.min(row.value, 0)), x(Math.max(row.value, 0))];
  const place = { x: start, width: round(end - start), y: middle - BAR / 2, height: BAR };
  return ["rect", { ...fillOf(row), ...place }];
}

function drawInterval(low, high, y) {
  const end = (at) => `M${at} ${y - CAP}v${2 * CAP}`;
  const d = `${end(low)}M${low} ${y}H${high}${end(high)}`;
  return ["path", { class: "interval", d, fill: "none", stroke: INK, "stroke-width": 1.5 }];
}

function round(pixels) {
  return Math.round(pixels * 10) / 10;
}

// The text of an SVG tree, to save as a file.
export function toText([tag, attributes, ...children]) {
  const named = Object.entries(attributes).map(([name, value]) => ` ${name}="${escape(value)}"`);
  const inner = children.map((child) => (Array.isArray(child) ? toText(child) : escape(child)));
  return `<${tag}${named.join("")}>${inner.join("")}</${tag}>`;
}

function escape(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(text).replace(/[&<>"]/g, (character) => entities[character]);
}
