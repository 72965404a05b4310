// Questions to the worker, in which the models load and answer: the page stays free to type in.

// A worker from a file would have no Content-Security-Policy; one from a blob has the page's.
const script = `import ${JSON.stringify(new URL("worker.js", import.meta.url).href)};`;
const blob = new Blob([script], { type: "text/javascript" });
const source = URL.createObjectURL(blob);

let worker = null;
const waiting = new Map();
let nAsked = 0;
let showLoading = () => {};

// Called with the bytes that have come and those of all that loads, {received, total}.
export function onLoading(show) {
  showLoading = show;
}

// Return the worker's answer; null if the same question was asked again meanwhile. `onProgress` gets
// what the worker says before it is done.
export function ask(question, given, onProgress = () => {}) {
  nAsked += 1;
  const id = nAsked;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, onProgress });
    worker ??= start();
    worker.postMessage({ id, question, given });
  });
}

function start() {
  const started = new Worker(source, { type: "module" });
  started.addEventListener("message", settle);
  // A script of the worker did not load. The next question starts another.
  started.addEventListener("error", () => {
    started.terminate();
    worker = null;
    for (const { reject } of waiting.values()) reject(new Error("worker.js did not start"));
    waiting.clear();
  });
  return started;
}

function settle({ data }) {
  if (data.loading) {
    showLoading(data.loading);
    return;
  }
  const { resolve, reject, onProgress } = waiting.get(data.id);
  if (data.progress) {
    onProgress(data.progress);
    return;
  }
  waiting.delete(data.id);
  if (data.error) reject(new Error(data.error));
  else resolve(data.answer);
}
