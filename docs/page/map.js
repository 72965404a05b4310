// A world map with countries shaded by a value, as an SVG tree like that of chart.js.

import feature from "./vendor/topojson/feature.js";
import { percent } from "./numbers.js";
import { once, request } from "./request.js";

const SHAPES = "vendor/countries-110m.json";
const INK = "#1d2327";
const QUIET = "#5c666d";
const GROUND = "#ffffff";
// The least value of each shade, and its color in saved pictures; page.css has the page's colors.
const SHADES = [
  { least: 0, color: "#eceae5", text: "<\u20091\u00a0%" },
  { least: 0.01, color: "#c1cecc", text: "1–5\u00a0%" },
  { least: 0.05, color: "#8aabad", text: "5–20\u00a0%" },
  { least: 0.2, color: "#1f6f78", text: "20–50\u00a0%" },
  { least: 0.5, color: "#22383e", text: ">\u200950\u00a0%" },
];
// Degrees. The edge lies in the Bering Strait, so that no country is cut.
const MIDDLE = 11;
const NORTH = 84;
const SOUTH = -56;
// Pixels.
const FONT_SIZE = 14;
const SMALL = 12;
const HEAD = 36; // the title
const BOX = 62; // the width of a shade in the legend
const BOX_HEIGHT = 10;
const LEGEND = 44;
const NOTE = 18; // a line
const MOST_NOTES = 4;

// The shapes of countries by their code.
export const loadShapes = once(async () => shapesOf(await (await request(SHAPES)).json()));

// Natural Earth's countries by two-letter code, each a list of rings of [longitude, latitude].
export function shapesOf(topology) {
  const found = new Map();
  for (const { id, properties, geometry } of feature(topology, topology.objects.countries).features) {
    const code = id ? codeOf(id) : properties.name;
    if (code === "AQ") continue; // Antarctica is not a label, and takes much of the height
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    found.set(code === "Kosovo" ? "XK" : code, polygons.flat());
  }
  return found;
}

// The two-letter code of a country's three digits in ISO 3166, which Unicode lists as an alias.
function codeOf(digits) {
  return new Intl.Locale(`und-${digits}`).region;
}

// Countries shaded by value. `codes`, `classes` (names) and `values` are parallel arrays.
export function drawMap(shapesByCode, { title, codes, classes, values }, width) {
  const { project, height } = projectionTo(width);
  const indexOf = new Map(codes.map((code, k) => [code, k]));
  const countries = [...shapesByCode].map(([code, rings]) => {
    const k = indexOf.get(code);
    const d = rings.map((ring) => drawRing(ring, project)).join("");
    if (k === undefined) return drawCountry(d, 0, "");
    return drawCountry(d, values[k], `${classes[k]} ${percent(values[k])}`);
  });
  const said = [...values.keys()].sort((i, j) => values[j] - values[i]);
  const shown = said.filter((k) => values[k] >= SHADES[1].least);
  const textOf = (k) => `${classes[k]} ${percent(values[k])}`;
  const notes = shown.filter((k) => !shapesByCode.has(codes[k])).slice(0, MOST_NOTES);
  const bottom = HEAD + height + LEGEND;
  return [
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      role: "img",
      width,
      height: bottom + notes.length * NOTE,
      "font-family": "system-ui, sans-serif",
      "font-size": FONT_SIZE,
    },
    ["title", {}, title],
    ["desc", {}, shown.map(textOf).join("; ")],
    ["rect", { class: "ground", width, height: "100%", fill: GROUND }],
    ["text", { x: 0, y: 18, "font-weight": 600, fill: INK }, title],
    ["g", { transform: `translate(0 ${HEAD})` }, ...countries],
    ...drawLegend(HEAD + height + 12),
    ...notes.map((k, i) => writeSmall(`Too small to draw: ${textOf(k)}`, 0, bottom + i * NOTE + 10)),
  ];
}

function drawCountry(d, value, text) {
  const shade = SHADES.findLastIndex(({ least }) => value >= least);
  return ["path", { d, ...styleOf(shade) }, ["title", {}, text]];
}

function styleOf(shade) {
  const fill = SHADES[shade].color;
  const darker = SHADES[Math.min(shade + 1, SHADES.length - 1)].color;
  const stroke = shade ? darker : GROUND;
  return { class: `country shade${shade}`, fill, stroke, "stroke-width": 0.7 };
}

function drawLegend(top) {
  return SHADES.flatMap(({ text }, i) => {
    const x = i * BOX;
    const size = { x, y: top, width: BOX, height: BOX_HEIGHT };
    return [["rect", { ...size, ...styleOf(i) }], writeSmall(text, x, top + BOX_HEIGHT + 14)];
  });
}

function writeSmall(text, x, y) {
  return ["text", { class: "quiet", x, y, "font-size": SMALL, fill: QUIET }, text];
}

// Degrees to pixels, and the height of the map.
function projectionTo(width) {
  const scale = width / (2 * equalEarth(180, 0)[0]);
  const top = equalEarth(0, NORTH)[1];
  const project = (longitude, latitude) => {
    const [x, y] = equalEarth(longitude, latitude);
    return `${(width / 2 + x * scale).toFixed(1)} ${((top - y) * scale).toFixed(1)}`;
  };
  return { project, height: Math.round((top - equalEarth(0, SOUTH)[1]) * scale) };
}

function drawRing(ring, project) {
  let last = 0;
  const points = ring.map(([degrees, latitude]) => {
    let longitude = degrees - MIDDLE;
    while (longitude - last > 180) longitude -= 360; // stay on the side of the last point
    while (longitude - last < -180) longitude += 360;
    last = longitude;
    return project(longitude, latitude);
  });
  return `M${points.join("L")}Z`;
}

// The Equal Earth projection (Šavrič, Patterson and Jenny 2019, doi 10.1080/13658816.2018.1504949).
export function equalEarth(longitude, latitude) {
  const theta = Math.asin((Math.sqrt(3) / 2) * Math.sin((latitude * Math.PI) / 180));
  const t2 = theta ** 2;
  const t6 = theta ** 6;
  const slope = 1.340264 - 3 * 0.081106 * t2 + t6 * (7 * 0.000893 + 9 * 0.003796 * t2);
  const x = (2 * Math.sqrt(3) * ((longitude * Math.PI) / 180) * Math.cos(theta)) / (3 * slope);
  const y = theta * (1.340264 - 0.081106 * t2 + t6 * (0.000893 + 0.003796 * t2));
  return [x, y];
}
