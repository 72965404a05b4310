#!/usr/bin/env node
// node predict.mjs names.onnx "Mehmet Yılmaz" 王伟

import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import { NationalityModel } from "./index.mjs";

const [file, ...names] = process.argv.slice(2);
if (!names.length) {
  console.error("Usage: node predict.mjs names.onnx NAME...");
  process.exit(2);
}
const model = await NationalityModel.load(await readFile(file), ort);
const answers = await model.answer(names);
answers.forEach(({ label, probability, reason }, i) => {
  console.log(`${names[i]}\t${label}\t${reason || probability.toFixed(2)}`);
});
