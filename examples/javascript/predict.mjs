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
const rows = await model.predictProba(names);
names.forEach((name, i) => {
  const best = rows[i].indexOf(Math.max(...rows[i]));
  console.log(`${name}\t${model.classes[best]}\t${rows[i][best].toFixed(2)}`);
});
