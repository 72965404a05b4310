// Names -> nationalities, with a model that `sknames.onnx.to_onnx` wrote, in Node.js and browsers.

import anyAscii from "any-ascii";

// Where Python's str.isspace and \s differ, it is Python's that counts.
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;
const APOSTROPHES =
  /[`´‘’‛′‵＇ʹʻʼʽʾʿˈꞌ՚׳\u1fbd\u1fbf\u1fef\u1ffd]/gu;
const QUOTATION_MARKS = /[“”„‟«»‹›「」『』〝〞〟＂״]/gu;
const HYPHENS = /[\p{Pd}−⁃]/gu;
// Format characters, what else Unicode calls default ignorable, and variation selectors.
const IGNORABLE =
  /[\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
// Python's bound counts marks of a combining class alone; other marks never stand so close.
const TOO_MANY_MARKS = /(\p{M}{30})\p{M}+/gu;

const LETTER = /\p{L}/u;
const OTHER_SCRIPT = /(?!\p{Script=Latin})\p{L}/u;
// As WORD of sknames/_encoding/in_latin.py.
const WORD = /[^ ·・‧•･．＝=-]+/gu;

// Undo what typing, copying and files do to a name, as `clean` of sknames/_encoding/spelling.py does.
function clean(name) {
  name = name
    .replace(IGNORABLE, "")
    .replace(APOSTROPHES, "'")
    .replace(QUOTATION_MARKS, '"')
    .replace(HYPHENS, "-")
    .replace(SPACES, " ")
    .replace(/^[" ]+|[" ]+$/g, "");
  return /^'(.*')?$/su.test(name) ? name.replace(/^['" ]+|['" ]+$/g, "") : name;
}

export function wordsOf(name) {
  return clean(name).split(" ").filter(Boolean);
}

// Encode names as `CharEncoder.transform` does; `settings` are the model's metadata "encoder".
export function encode(names, settings) {
  const codeOf = new Map([...settings.alphabet].map((character, i) => [character, i + 1]));
  const unknown = codeOf.size + 1;
  const codes = new Int32Array(names.length * settings.max_length);
  names.forEach((name, row) => {
    if (typeof name !== "string") {
      throw new TypeError(
        `Expected a string as name ${row}, got ${name}. Pass "" for a missing name.`,
      );
    }
    spell(name, settings).forEach((character, i) => {
      codes[row * settings.max_length + i] = codeOf.get(character) ?? unknown;
    });
  });
  return codes;
}

// The characters that are read of a name, in the alphabet or not.
export function spell(name, settings) {
  if (settings.drop_titles) {
    throw new Error(
      "Expected a CharEncoder with drop_titles=False, got True. Convert a model without it.",
    );
  }
  if (settings.clean) name = clean(name);
  name = name.replace(TOO_MANY_MARKS, "$1").normalize("NFC");
  const isRead = (c) => OTHER_SCRIPT.test(c) && /[^\0-\x7f]/.test(fold(c, settings));
  // A name in another script is read twice: as written, and in Latin letters.
  if (settings.transliterate === "both" && [...name].some(isRead)) {
    name += ` ${inLatin(name, settings)}`;
  }
  const folded = [...name].flatMap((character) => [...fold(character, settings)]);
  return folded.slice(0, settings.max_length);
}

// Why a text is not a name, or "" for a name, as `why_not_names` of sknames/_encoding/not_names.py.
export function whyNotName(text, { encoder, not_names: rules }) {
  text = clean(text).replace(TOO_MANY_MARKS, "$1").normalize("NFC");
  if (/^\p{Cc}*$/u.test(text)) return "missing name";
  const end = text.replace(new RegExp(rules.final, "u"), "");
  const lower = [text, end].map((t) => t.replaceAll("İ", "I").toLowerCase());
  if (new RegExp(rules.address, "u").test(lower[0])) return "address";
  const isOrganization =
    rules.inside.some((form) => text.includes(form)) ||
    hasForm(...lower, rules.starts, rules.ends) ||
    (text !== text.toUpperCase() && hasForm(text, end, rules.written_starts, rules.written_ends));
  if (isOrganization) return "organization";
  const inner = lower[1].replace(/^[()[\]]+|[()[\]]+$/g, "");
  const isPlaceholder = (t) => rules.placeholders.includes(t);
  if (isPlaceholder(inner) || inner.split(" ").every(isPlaceholder)) return "placeholder";
  const isInAlphabet = (c) => LETTER.test(c) && encoder.alphabet.includes(c);
  // The character itself is a letter: in ASCII, an emoji becomes a word.
  const isKnown = (c) => LETTER.test(c) && [...fold(c, encoder)].some(isInAlphabet);
  return [...text].some(isKnown) ? "" : "no known letter";
}

function hasForm(text, end, starts, ends) {
  return starts.some((form) => text.startsWith(form)) || ends.some((form) => end.endsWith(form));
}

// Transliterate and lower-case one character, maybe to several or none.
function fold(character, settings) {
  const lower = (text) =>
    settings.lowercase ? [...text].map((c) => c.toLowerCase()).join("") : text;
  if (!["unknown", "both"].includes(settings.transliterate)) {
    return lower(settings.transliterate ? inAscii(character) : character);
  }
  const read = (c) => (settings.alphabet.includes(c) ? c : lower(inAscii(c)));
  return [...lower(character)].map(read).join("");
}

// One character in ASCII; as it is if it is a letter that has no counterpart there. Hebrew and
// Arabic points become nothing.
function inAscii(character) {
  if (/(?=[\u0590-\u0652\u0656-\u06ff\u08ca-\u08ff])\p{Mn}/u.test(character)) return "";
  const ascii = anyAscii(character);
  return ascii || /[\p{M}\p{Cf}]/u.test(character) ? ascii : character;
}

// A name in Latin letters, as `in_latin` of sknames/_encoding/in_latin.py.
function inLatin(name, settings) {
  const inLetters = (text) => [...text].map(inAscii).join("");
  const words = name.match(WORD) ?? [];
  if (words.length < 2) return inLetters(name);
  settings.latin ??= new Map(
    settings.latin_words.split("\n").flatMap((line) => {
      const [latin, ...spellings] = line.split("\t");
      return spellings.map((spelling) => [spelling, latin]);
    }),
  );
  const latin = words.map((word) => settings.latin.get(word.toLowerCase()));
  if (latin.includes("")) return inLetters(name);
  return words.map((word, i) => latin[i] ?? inLetters(word)).join(" ");
}

// The `metadata_props` of a model, which onnxruntime does not show to JavaScript: fields number 14
// of its protocol buffer, each a pair of key (1) and value (2).
export function readMetadata(bytes) {
  const decoder = new TextDecoder();
  const metadata = {};
  for (const [number, pair] of fields(bytes)) {
    if (number !== 14) continue;
    const { 1: key, 2: value } = Object.fromEntries(fields(pair));
    metadata[decoder.decode(key)] = JSON.parse(decoder.decode(value));
  }
  return metadata;
}

// Pairs of number and content of the fields of a protocol buffer.
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 0) {
      yield [tag >>> 3, varint()];
    } else if ((tag & 7) === 2) {
      const end = varint() + at;
      yield [tag >>> 3, bytes.subarray(at, (at = end))];
    } else {
      throw new Error(
        "Expected an ONNX model, got other bytes. Pass the file that onnx.save wrote.",
      );
    }
  }
}

export class NationalityModel {
  // `ort` is the module onnxruntime-node or onnxruntime-web, `bytes` a Uint8Array of the file, and
  // `options` are those of onnxruntime's session.
  static async load(bytes, ort, options) {
    const model = new NationalityModel();
    Object.assign(model, readMetadata(bytes), { ort });
    if (!model.classes || !model.encoder) {
      throw new Error(
        "Expected a model that to_onnx made of a pipeline, got one without classes and encoder.",
      );
    }
    model.session = await ort.InferenceSession.create(bytes, options);
    return model;
  }

  // Probabilities of the classes, in the order of `classes`: a Float32Array for each name.
  async predictProba(names) {
    const { data } = await this.run(names, "probabilities");
    const n = this.classes.length;
    return names.map((_, row) => data.slice(row * n, (row + 1) * n));
  }

  // How many words of each name were in training, or 0 if the model has no table of words.
  async knownWords(names) {
    if (!this.session.outputNames.includes("known_words")) return names.map(() => 0);
    const { data, dims } = await this.run(names, "known_words");
    return names.map((name, row) => {
      if (whyNotName(name, this)) return 0;
      const n = wordsOf(name).length;
      const known = new Set();
      let place = 0;
      spell(name, this.encoder).forEach((character, i) => {
        if (character === " ") place += 1;
        // A name in another script is read twice: a word is known if either is.
        if (data[row * dims[1] + i]) known.add(place % n);
      });
      return known.size;
    });
  }

  async run(names, output) {
    const shape = [names.length, this.encoder.max_length];
    const codes = new this.ort.Tensor("int32", encode(names, this.encoder), shape);
    return (await this.session.run({ codes }, [output]))[output];
  }

  // The most probable class of each name.
  async predict(names) {
    const rows = await this.predictProba(names);
    return rows.map((row) => this.classes[row.indexOf(Math.max(...row))]);
  }
}
