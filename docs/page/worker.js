// The worker: it answers the questions of ask.js, each by a function of answers.js.

import { answers } from "./answers.js";

const newest = new Map(); // the last call of each question

addEventListener("message", async ({ data: { id, question, given } }) => {
  newest.set(question, id);
  const isStale = () => newest.get(question) !== id;
  const say = (progress) => postMessage({ id, progress });
  try {
    const answer = await answers[question](given, isStale, say);
    postMessage({ id, answer });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
});
