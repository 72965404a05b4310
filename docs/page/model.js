// The models of nationalities and countries, and what they predict.

import * as ort from "./vendor/ort.js";
import { element } from "./dom.js";
import { NationalityModel } from "./sknames.js";

const MAX_REMEMBERED = 20_000;
const PLURALS = { nationality: "nationalities", country: "countries" };
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
export const load = once(async (labels) => {
  const shared = "nationality.onnx";
  const files = [`${labels}.onnx`, shared, "page.json"];
  const [bytes, data, json] = await Promise.all(files.map(get));
  const model = await NationalityModel.load(bytes, ort, {
    graphOptimizationLevel: "disabled", // it takes longer than it saves here
    externalData: [{ path: shared, data }],
  });
  if (labels === "country") model.classes = model.classes.map((code) => countries.of(code));
  const settings = JSON.parse(new TextDecoder().decode(json));
  return Object.assign(model, settings[labels], {
    version: settings.version,
    labels,
    plural: PLURALS[labels],
    name: model.fingerprint ?? labels,
    remembered: new Map(),
  });
});
export const loadChosen = () => load(element.labels.value);

// A session takes one batch at a time.
let queue = Promise.resolve();
export function inTurn(ask) {
  queue = queue.then(ask);
  return queue;
}

// Probabilities of names, each predicted once.
export function predict(model, names) {
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
