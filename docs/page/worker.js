// The worker answers the questions of ask.js with the functions of answers.js.

import { answers } from "./answers.js";

const newest = new Map(); // the id of the last call by question

addEventListener("message", async ({ data: { id, question, given } }) => {
  newest.set(question, id);
  const isStale = () => newest.get(question) !== id;
  const onProgress = (progress) => postMessage({ id, progress });
  try {
    const answer = await answers[question](given, isStale, onProgress);
    postMessage({ id, answer });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
});
