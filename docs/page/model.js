// The models of nationalities and countries in the worker: loading them, predicting probabilities.

import * as ort from "./vendor/ort.js";
import { once, request } from "./request.js";
import { NationalityModel } from "./sknames.js";

const MAX_REMEMBERED = 20_000;
const PLURALS = { nationality: "nationalities", country: "countries" };
const SHARED = "nationality.onnx"; // contains most weights of both models
const RUNTIME = "vendor/ort.wasm";
const countries = new Intl.DisplayNames("en", { type: "region" });

ort.env.wasm.numThreads = 1; // more threads need headers that static hosts may not send

const getSettings = once(async () => (await request("page.json")).json());

// Bytes of the requested files, received and in total.
const loading = { received: 0, total: 0 };

// A file compressed by build.py, because not every host compresses responses.
const get = once(async (file) => {
  const { sizes } = await getSettings();
  let received = 0;
  const counter = new TransformStream({
    transform(chunk, controller) {
      received += chunk.length;
      loading.received += chunk.length;
      postMessage({ loading });
      controller.enqueue(chunk);
    },
  });
  loading.total += sizes[file];
  try {
    const { body } = await request(`${file}.gzip`);
    const bytes = body.pipeThrough(counter).pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(bytes).arrayBuffer());
  } catch (error) {
    loading.total -= sizes[file];
    loading.received -= received;
    throw error;
  }
});

// The model of nationalities or countries.
export const load = once(async (labels) => {
  const [bytes, data, runtime] = await Promise.all([`${labels}.onnx`, SHARED, RUNTIME].map(get));
  const settings = await getSettings();
  ort.env.wasm.wasmBinary = runtime;
  const model = await NationalityModel.load(bytes, ort, {
    graphOptimizationLevel: "disabled", // optimizing takes longer than it saves here
    externalData: [{ path: SHARED, data }],
  });
  const codes = labels === "country" ? model.classes : null;
  if (codes) model.classes = codes.map((code) => countries.of(code));
  return Object.assign(model, settings[labels], {
    version: settings.version,
    labels,
    codes,
    plural: PLURALS[labels],
    name: model.fingerprint ?? labels,
    remembered: new Map(),
  });
});

// A session takes one batch at a time.
let queue = Promise.resolve();
export function queued(ask) {
  const answer = queue.then(ask);
  queue = answer.catch(() => {}); // a failure does not affect the next call
  return answer;
}

// The probabilities of names, each predicted only once.
export function predict(model, names) {
  const { remembered } = model;
  return queued(async () => {
    if (remembered.size > MAX_REMEMBERED) remembered.clear();
    const fresh = [...new Set(names)].filter((name) => !remembered.has(name));
    if (fresh.length) {
      const rows = await model.predictProba(fresh);
      fresh.forEach((name, i) => remembered.set(name, rows[i]));
    }
    return names.map((name) => remembered.get(name));
  });
}
