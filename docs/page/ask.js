// Questions to the worker that runs the models, so that the page stays responsive.

// A worker created from a blob inherits the page's Content-Security-Policy; from a file it does not.
const script = `import ${JSON.stringify(new URL("worker.js", import.meta.url).href)};`;
const blob = new Blob([script], { type: "text/javascript" });
const source = URL.createObjectURL(blob);

let worker = null;
const waiting = new Map();
let nAsked = 0;
let showLoading = () => {};

// Set the function that is called with the bytes received so far, {received, total}.
export function onLoading(show) {
  showLoading = show;
}

// Return the worker's answer; null if the same question has been asked again meanwhile. `onProgress`
// is called with each progress message.
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
  // A script of the worker did not load. The next question starts another worker.
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
