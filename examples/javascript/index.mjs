// Names -> nationalities, with a model that `sknames.onnx.to_onnx` wrote, in Node.js and browsers.

import anyAscii from "any-ascii";

// Where Python's str.isspace and \s differ, it is Python's that counts.
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;
const APOSTROPHES =
  /[`´‘’‛′‵＇ʹʻʼʽʾʿˈꞌ՚׳\u1fbd\u1fbf\u1fef\u1ffd]/gu;
const QUOTATION_MARKS = /[“”„‟«»‹›「」『』〝〞〟＂״]/gu;
const HYPHENS = /[\p{Pd}−⁃]/gu;
const BULLETS = /[•∙]/gu;
const COMMAS = /[،、]/gu;
// Half-width and full-width forms and Arabic presentation forms, as FORM of spelling.py.
const FORMS = /[\ufb50-\ufdff\ufe70-\ufeff\uff00-\uff0d\uff0f-\uff1c\uff1e-\uffef]/gu;
// Format characters, what else Unicode calls default ignorable, tatweel, variation selectors, and
// control characters but white space.
const IGNORABLE =
  /[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\u0640\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
// Python's bound counts marks of a combining class alone; other marks never stand so close.
const TOO_MANY_MARKS = /(\p{M}{30})\p{M}+/gu;
const MAX_CHARACTERS = 500; // of a text; what stands behind is not read

// Formats of the rules in the metadata that this file reads.
const TIDY_FORMAT = 5;
const NOT_NAMES_FORMAT = 4;
const MAX_PASSES = 5; // passes over one name, until one changes nothing

const LETTER = /\p{L}/u;
// As in Python, modifier letters are of another script, apart from "ⁱ", "ⁿ" and subscripts.
const OTHER_SCRIPT = /(?!\p{Script=Latin})\p{L}|(?![ⁱⁿₐ-ₜᵢ-ᵥⱼ])\p{Lm}/u;
const BLOCK = 128; // code points: scripts begin at a multiple of it, or share few letters
const LARGE_SCRIPT = /[\p{Script=Han}\p{Script=Hangul}]/u;
const BRACKETS = /[([]([^)\]]*)[)\]]?/gu;
// "J.-P.Sartre".
const GLUED = /^((?:[\p{L}\p{Nl}\p{No}]\.-?)+)([\p{L}\p{Nl}\p{No}][^.]+)$/u;
// As WORD of sknames/_text/in_latin.py.
const WORD = /[^ ·・‧•･．＝=-]+/gu;

// Undo what typing, copying and files do to a name, as `clean` of sknames/_text/spelling.py does.
function clean(name) {
  name = name
    .replace(IGNORABLE, "")
    .replace(FORMS, (form) => form.normalize("NFKC").trim())
    .replace(APOSTROPHES, "'")
    .replace(QUOTATION_MARKS, '"')
    .replace(HYPHENS, "-")
    .replace(COMMAS, ",")
    .replace(BULLETS, "·")
    .replace(SPACES, " ");
  name = strip(name, '" ');
  return name[0] === "'" && name.at(-1) === "'" ? strip(name, "'\" ") : name;
}

// A text in Unicode's normal form C, as `compose` of sknames/_text/spelling.py.
function compose(text) {
  text = text.replace(TOO_MANY_MARKS, "$1").normalize("NFC");
  return [...text].slice(0, MAX_CHARACTERS).join("");
}

// A text without some characters at its ends. Regular expressions would take quadratic time.
function strip(text, characters) {
  let start = 0;
  while (start < text.length && characters.includes(text[start])) start += 1;
  return stripEnd(text.slice(start), characters);
}

function stripEnd(text, characters) {
  let end = text.length;
  while (end && characters.includes(text[end - 1])) end -= 1;
  return text.slice(0, end);
}

// Names as they are read, as `tidy` of sknames/_text/tidy.py; `settings` are as below.
export function tidy(name, settings) {
  const { clean: cleans, tidy: drops, tidy_rules: rules } = settings;
  if (cleans) name = clean(name);
  name = compose(name);
  if (cleans) name = withoutSigns(name, rules);
  for (let n = MAX_PASSES; n > 0; n -= 1) {
    const before = name;
    if (drops) name = dropTitles(withoutBrackets(name), rules);
    if (cleans) name = clean(punctuate(name, rules, drops));
    if (name === before) break;
  }
  return name;
}

// Leave out emoji, flags, stars and other signs, but never the whole name.
function withoutSigns(name, { signs }) {
  const isSign = (c) =>
    signs.includes(c) || (/[\p{So}🏻-🏿]/u.test(c) && c.normalize("NFKD") === c);
  return clean([...name].map((c) => (isSign(c) ? " " : c)).join("")) || name;
}

// Leave out commas and dots that do not tell a name from another, and the space in Korean names;
// put the parts in order.
function punctuate(name, rules, orders) {
  const isLatin = !OTHER_SCRIPT.test(name);
  const withoutEnd = (text) => {
    const stem = stripEnd(text, ".。, ");
    const last = stem.slice(stem.lastIndexOf(" ") + 1);
    const isShort = last.includes(".") || (isLatin && [...last].length < 3);
    return strip(isShort ? text : stem, ", ");
  };
  let stem = withoutEnd(name);
  let parts = stem.split(",").map((part) => strip(part, " ")).filter(Boolean);
  if (orders) parts = parts.filter((part) => LETTER.test(part)); // "Anna Müller, 42"
  if (!orders || parts.length > 2 || new RegExp(rules.joined, "u").test(name)) {
    stem = parts.join(isLatin ? ", " : " ");
  } else {
    parts = parts.map((part) => wordsIn(withoutEnd(part))).filter((words) => words.length);
    if (parts.length) stem = inOrder(rules, ...parts).join(" ");
  }
  const [, surname, given] = /^([가-힣]{1,2}) ([가-힣]{1,2})$/u.exec(stem) ?? [];
  return (rules.korean_surnames.includes(surname) ? surname + given : stem) || name;
}

// The words of a name in order: initials and given names, then the surname.
function inOrder(rules, words, given = []) {
  const isMixed = /\p{Lowercase}/u.test([...words, ...given].join(" "));
  const isName = (w) => isLower([...w].slice(1).join("")) && !isLower([...w][0]);
  const others = [...given, ...words].filter(isName).map(plain);
  const areInitials = (word) =>
    initialsOf(word, isMixed).length > 0 && !isSurname(word, others, rules);
  words = withoutNumeral(words, others, rules);
  given = withoutNumeral(given, others, rules);
  if (given.length) {
    const initials = given.map((word) => initialsOf(word, isMixed));
    if (initials.every((some) => some.length)) given = initials.flat();
    let last = words.at(-1);
    if (!last.includes(".") && areInitials(last)) {
      const [first, ...rest] = last; // read once more, it would be initials
      const small = last.toLowerCase(); // "Σ" at the end is "ς"
      last = rest.length ? first + small.slice(first.toLowerCase().length) : small;
    }
    words = [...given, ...words.slice(0, -1), last];
  }
  let n = words.length;
  while (n && areInitials(words[n - 1])) {
    if (!words[n - 1].includes(".") && isLower(words[n - 2] ?? "")) break; // "de la O"
    n -= 1;
  }
  const isFull = (word) => [...word].length > 1 && !initialsOf(word, false).length;
  if (!words.slice(0, n).some(isFull)) return words;
  const front = words.slice(n).flatMap((word) => initialsOf(word, isMixed));
  let isLeading = true;
  for (const word of words.slice(0, n).flatMap((word) => GLUED.exec(word)?.slice(1) ?? [word])) {
    const isAlone = [...word].length === 1 && !rules.vowel_surnames.includes(plain(word));
    isLeading &&= initialsOf(word, isAlone).length > 0;
    const initials = initialsOf(word, isLeading && isMixed);
    front.push(...(initials.length ? initials : [word]));
  }
  return front;
}

// Leave out a numeral behind a name, "Ludwig II", unless it is a surname there.
function withoutNumeral(words, others, rules) {
  if (words.length < 2) return words;
  const numeral = stripOnce(words.at(-1), ".");
  const surname = others.slice(-1); // "Anna VI" has a surname, and "George VI" has none
  const isNumeral = has(rules, "numerals", numeral) && !isSurname(numeral, surname, rules);
  return isNumeral ? words.slice(0, -1) : words;
}

// The initials in a word, "A.M." or perhaps "AM", as "A." and "M.", or none.
function initialsOf(word, orCapitals) {
  let letters = word.split(/[.-]/u).filter(Boolean);
  if (!word.includes(".") || letters.some((letter) => [...letter].length > 1)) {
    letters = orCapitals ? [...word.replace(/\.$/u, "").replaceAll("-", "")] : [];
    if (letters.length > 3 || !isUpper(letters.join(""))) letters = [];
  }
  return letters.every((letter) => LETTER.test(letter)) ? letters.map((c) => `${c}.`) : [];
}

// Whether one to three capitals are a surname behind other words: "Minsu KIM".
function isSurname(word, others, rules) {
  word = plain(word);
  const isShort = has(rules, "short_surnames", word);
  const n = [...word].length;
  if (n > 1 && others.length > 1) return n === 3 || isShort;
  if (n === 3 || !others.length) return isShort;
  const isGiven = new RegExp(`^(?:${rules.syllables})$`, "u").test(others.at(-1));
  return isGiven && !has(rules, "long_surnames", others.at(-1)) && isShort;
}

// A word in lower case and without accents.
function plain(word) {
  return lower(word).normalize("NFD").replace(/[\u0300-\u036f]/gu, "").replaceAll("đ", "d");
}

// Whether a list of the rules has a text.
function has(rules, list, text) {
  rules.sets ??= {};
  rules.sets[list] ??= new Set(rules[list]);
  return rules.sets[list].has(text);
}

// Leave out titles, degrees and relatives, but never the whole name.
function dropTitles(name, rules) {
  // Whether a word, with or without its final dot, is in one of some tables.
  const is = (word, ...tables) => {
    const isLetter = [...stripEnd(word, ".")].length === 1;
    const key = isLetter ? word : lower(word);
    const keys = [key, key.replace(/\.$/u, "")];
    return tables.some((table) => keys.some((k) => has(rules, table, k)));
  };
  const isOfTitles = (word) => is(word, "titles", "degrees", "initials", "offices");
  const isFollowing = (word) => has(rules, "following", word); // as written
  let text = name;
  for (const spaced of rules.spaced) {
    const escaped = spaced.replaceAll(".", "\\.");
    const apart = new RegExp(`(?<![\\p{L}\\p{Nl}\\p{No}])${escaped}(?![\\p{L}\\p{Nl}\\p{No}])`, "gu");
    text = text.replace(apart, spaced.replaceAll(" ", ""));
  }
  const hasCapital = /\p{Uppercase}/u.test(text);
  // Without capitals, a word for birth without a dot or an accent may be a name.
  const isForBirth = (phrase, table) => {
    const isAscii = /^[\0-\x7f]*$/u.test(phrase);
    const mayBeName = !hasCapital && /^[\p{L}]+$/u.test(phrase);
    return !mayBeName && has(rules, table, isAscii ? phrase : lower(phrase));
  };
  let isOver = false; // behind a place or a date of birth
  const segments = text.split(",").map((segment, k) => {
    if (isOver) return [];
    const words = segment.split(" ").flatMap((word) => {
      const isWhole = isOfTitles(word) || isFollowing(word);
      const pieces = isWhole ? [word] : word.split(/(?<=\.)(?=[\p{L}\p{Nl}\p{No}])/u);
      let n = 0; // "Prof.Dr.Anna" is three words
      while (n < pieces.length - 1 && (is(pieces[n], "titles") || isFollowing(pieces[n]))) n += 1;
      return [...pieces.slice(0, n), pieces.slice(n).join("")].filter(Boolean);
    });
    for (let i = k > 0 ? 0 : 1; i < words.length; i += 1) {
      if (rules.relative.includes(words[i]) && i < words.length - 1) return words.slice(0, i);
      for (const phrase of [words[i], words.slice(i, i + 2).join(" ")]) {
        const isBorn = isForBirth(phrase, "born");
        if (!isBorn && !isForBirth(phrase, "birth")) continue;
        isOver = isBorn || /\p{Decimal_Number}/u.test(words.slice(i).join(""));
        return words.slice(0, i);
      }
    }
    return words;
  });

  const others = segments.flat().filter((word) => !isOfTitles(word));
  const nFull = others.filter((word) => [...word].length > 1 && !word.includes(".")).length;
  const inCapitals = isUpper(others.join(" "));
  const isIndonesian = segments.flat().some((word) => is(word, "indonesian"));
  const mayBeName = (word) =>
    is(word, "names")
      ? nFull < 2
      : others.length < 2 && isUpper(word) && !inCapitals &&
        ([...word].length === 2 || is(word, "surnames"));
  const isTitle = (word, isBefore) => {
    if (rules.haji.includes(word)) return isBefore && isIndonesian && nFull > 1;
    const isIn = (table) => is(word, table) && is(word.slice(0, -1), table);
    const isDotted = word.endsWith(".") && ["titles", "degrees"].some(isIn);
    return (isDotted || (isBefore && is(word, "titles"))) && !mayBeName(word);
  };
  const isDegree = (words, isList) => {
    const word = words.at(-1);
    if (is(word, "degrees")) return !mayBeName(word);
    const before = words.at(-2) ?? ""; // in capitals, as in "Anatolio NDONG MBA"
    const isBehindCapitals = isUpper(before) && !is(before, "initials");
    const isCapital =
      isUpper(word) && !inCapitals && !isBehindCapitals && !is(word, "surnames");
    const isSure = isList || word.slice(0, -1).includes(".") || isCapital;
    return is(word, "initials") && others.length > 1 && isSure;
  };
  const left = segments.map((words, k) => {
    if (k > 0 && others.length > 1 && words.every((word) => is(word, "offices"))) return "";
    let isBehindTitle = false;
    const kept = words.filter((word, i) => {
      if (isBehindTitle && isFollowing(word)) return false;
      const isAlone = k > 0 && others.length > 1 && !is(word, "names");
      const isBefore = (isBehindTitle || i === 0) && (i + 1 < words.length || isAlone);
      const isSurname = has(rules, "surname_pairs", lower(words.slice(i, i + 2).join(" ")));
      isBehindTitle = !isSurname && isTitle(word, isBefore);
      return !isBehindTitle;
    });
    const isList = kept.every((word) => is(word, "degrees", "initials"));
    while (kept.length > (k === 0 ? 1 : 0) && isDegree(kept, isList)) kept.pop();
    return kept.join(" ");
  });
  const untitled = withoutAttached(left.filter(Boolean).join(", "), rules);
  const letters = (words) => words.replace(/[ ,"']+/gu, "");
  return ["", letters(name)].includes(letters(untitled)) ? name : untitled;
}

function wordsIn(text) {
  return text.split(" ").filter(Boolean);
}

// Leave out what stands in brackets, unless only it is Latin, or only it is not. Names in brackets
// behind a single word stay.
function withoutBrackets(name) {
  const rest = name.replace(BRACKETS, " ");
  if (rest === name || !LETTER.test(rest)) return name;
  const isOther = OTHER_SCRIPT.test(rest);
  const isSurname = strip(rest, " ").split(/ +/u).length === 1;
  const isName = (w) => isUpper([...w][0]) && isUpper(w) === isUpper(rest);
  return name.replace(BRACKETS, (all, inside) => {
    if (LETTER.test(inside) && OTHER_SCRIPT.test(inside) !== isOther) return all;
    const areNames = isSurname && inside.split(" ").filter(Boolean).every(isName);
    return areNames ? ` ${inside} ` : " ";
  });
}

// What is read of a text when it is judged: the rest of it, if that has a letter.
function withoutAnyBrackets(text) {
  const rest = text.replace(BRACKETS, " ");
  return LETTER.test(rest) ? rest : text;
}

function withoutAttached(name, { attached, attached_before: before }) {
  const escaped = before.map((title) => title.replaceAll(".", "\\."));
  name = name.replace(new RegExp(`^(?:${escaped.join("|")})+(?=[\\p{L}\\p{N}_])`, "u"), "");
  const behind = ".。, ";
  const characters = [...stripEnd(name, behind)];
  const length = characters.length;
  const endsIn = (title) => {
    const n = [...title].length;
    return characters.length - n > (n === 1 ? 1 : 0) && characters.slice(-n).join("") === title;
  };
  for (let title; (title = attached.find(endsIn)); ) {
    characters.splice(-[...title].length);
    while (behind.includes(characters.at(-1))) characters.pop();
  }
  return strip(characters.length === length ? name : characters.join(""), ', "');
}

function isUpper(text) {
  return /\p{Uppercase}/u.test(text) && !/[\p{Lowercase}\p{Lt}]/u.test(text);
}

function isLower(text) {
  return /\p{Lowercase}/u.test(text) && !/[\p{Uppercase}\p{Lt}]/u.test(text);
}

// Encode names as `CharEncoder.transform` does; `settings` are the model's metadata "encoder".
export function encode(names, settings) {
  if (!Array.isArray(names)) {
    throw new TypeError(`Expected a list of names, got ${names}. Wrap it in a list: ["Anna"].`);
  }
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
  name = tidy(name, settings);
  const isKnown = (c) => /[^\0-\x7f]/.test(fold(c, settings));
  const others = [...name].filter((c) => OTHER_SCRIPT.test(c));
  // A name in another script is read twice, as written and in Latin letters; only in these if the
  // alphabet lacks one of its letters.
  if (settings.transliterate === "both" && others.length) {
    const latin = inLatin(name, settings);
    name = others.every(isKnown) ? `${name} ${latin}` : latin;
  }
  const folded = [...name].flatMap((character) => [...fold(character, settings)]);
  return folded.slice(0, settings.max_length);
}

// Whether a letter is of another script than Latin, for an alphabet of all scripts.
function isOfOtherScript(letter, { transliterate }) {
  return transliterate === "both" && OTHER_SCRIPT.test(letter);
}

// Whether the alphabet has letters next to this one, or it is of a script too large to know whole.
function isOfKnownScript(letter, { alphabet }) {
  const blockOf = (c) => Math.floor(c.codePointAt(0) / BLOCK);
  return LARGE_SCRIPT.test(letter) || [...alphabet].some((c) => blockOf(c) === blockOf(letter));
}

// Why a text is not a name, or "" for a name, as `why_not_names` of sknames/_text/not_names.py.
export function whyNotName(text, { encoder, not_names: rules }) {
  if (new RegExp(rules.broken, "u").test(text)) return "broken letters";
  text = compose(clean(text));
  if (text === "") return "missing name";
  if (new RegExp(rules.address, "u").test(lower(text))) return "address";
  const { titles, names } = encoder.tidy_rules;
  const isIn = (table, t) => table.includes(t) || table.includes(`${t}.`);
  const isTitle = (t) => isIn(titles, t) && !isIn(names, t) && !t.endsWith(".");
  const isDotted = (t) => t.endsWith(".") && isTitle(t.slice(0, -1));
  if (standsForNone(text, rules) || lower(text).split(" ").every(isDotted)) return "placeholder";
  const isAnyTitle = (word) => {
    const stem = stripOnce(lower(word), ".");
    return isIn(titles, stem) && !stem.endsWith(".");
  };
  const words = text.split(" ");
  const nTitles = words.findIndex((word) => !isAnyTitle(word));
  const behindTitles = words.slice(nTitles).join(" ");
  const isBorne = rules.borne.includes(withoutFinal(behindTitles));
  if (nTitles > 0 && !isBorne && standsForNone(behindTitles, rules)) return "placeholder";
  const read = withoutAnyBrackets(text);
  const isInside = (part) => (part.includes("(") ? text : read).includes(part);
  const isForm = ([, inner]) => has(rules, "in_brackets", tokensOf(lower(inner), rules).join(""));
  if (isOfOrganization(read, rules) || rules.inside.some(isInside)) return "organization";
  if ([...text.matchAll(BRACKETS)].some(isForm)) return "organization";
  const isInAlphabet = (c) => LETTER.test(c) && encoder.alphabet.includes(c);
  // The character itself is a letter: in ASCII, an emoji becomes a word.
  const isSpelt = (c) => [...fold(c, encoder)].some(isInAlphabet);
  const isKnown = (c) => LETTER.test(c) && (isOfOtherScript(c, encoder) ? isOfKnownScript(c, encoder) : isSpelt(c));
  if (![...text].some(isKnown)) return "no known letter";
  if ([...text].length === MAX_CHARACTERS) return "several names";
  if (has(rules, "family", lower(read).split(" ")[0])) return "several names";
  if (isCouple(read, rules, encoder.tidy_rules)) return "several names";
  if (read.split(",").some((part, k) => areSeveral(part, rules, k > 0))) return "several names";
  const parts = dropTitles(read, encoder.tidy_rules).split(",");
  const isWhole = (part) => isWholeName(part, rules);
  // "Smith J, Doe J", "Anna Müller, Max Weber"
  const isList = parts.length > 1 && (parts.every(hasInitials) || parts.every(isWhole));
  return isList ? "several names" : "";
}

function lower(text) {
  return text.replaceAll("İ", "I").toLowerCase().replaceAll("ı", "i");
}

function stripOnce(text, end) {
  return text.endsWith(end) ? text.slice(0, -1) : text;
}

function withoutFinal(text) {
  return stripOnce(stripOnce(text, ","), ".");
}

// Whether a text, or each of its words, is a placeholder, perhaps in brackets.
function standsForNone(text, rules) {
  const inner = strip(lower(withoutFinal(text)), "()[]");
  const isPlaceholder = (t) => has(rules, "placeholder", t);
  if (isPlaceholder(inner)) return true;
  return inner.includes(" ") && inner.split(" ").filter(Boolean).every(isPlaceholder);
}

function tokensOf(text, rules) {
  return text.replaceAll(".", "").match(new RegExp(rules.token, "gu")) ?? [];
}

// Whether a text has a word and, behind or in front of it, initials.
function hasInitials(text) {
  const words = text.split(" ").filter(Boolean);
  const isMixed = /\p{Lowercase}/u.test(text);
  const areInitials = (word) => initialsOf(word, isMixed).length > 0;
  const isName = (w) => [...w].length > 1 && isUpper([...w][0]) && !areInitials(w);
  return words.some(isName) && words.some(areInitials);
}

function isOfOrganization(text, rules) {
  // "S.P.A. Fernando" has initials, and "Smith U.G.", but "Rossi S.P.A." is a company.
  const [found] = /^(?:[A-Z]\.){2,}(?![^ ,])/u.exec(text) ?? [];
  if (found && !rules.front.includes(found.replaceAll(".", ""))) text = text.slice(found.length);
  const two = /(?<![^ ,])[A-Z]\.[A-Z]\.(?![^ ,])/gu;
  const tokens = tokensOf(text, rules);
  const full = tokensOf(text.replace(two, " "), rules);
  const count = (kind, texts) => new Set(texts.filter((text) => has(rules, kind, text))).size;
  const words = tokens.map(lower);
  const nWeak = count("weak_word", words);
  return (
    count("word", full.map(lower)) > 0 ||
    count("word_behind", words.slice(1)) > 0 ||
    count("written", full) > 0 ||
    count("phrase", ends(words).filter((end) => end !== words[0])) > 0 || // "Spa" may be a name
    (nWeak > 0 && nWeak + count("weak_form", ends(tokens)) > 1)
  );
}

// Up to seven tokens at either end, joined.
function ends(tokens) {
  const lengths = tokens.slice(0, 7).map((_, i) => i + 1);
  return lengths.flatMap((n) => [tokens.slice(0, n).join(""), tokens.slice(-n).join("")]);
}

// Whether a word for "and" stands in front of a title: "Signor e Signora Rossi".
function isCouple(text, rules, { titles, names }) {
  const folded = isUpper(text) ? lower(text) : text; // else "Y" is an initial
  const words = folded.split(" ").filter(Boolean);
  const isTitle = (word) => titles.includes(word) && !names.includes(word);
  return words.slice(1, -1).some((word, i) => {
    const behind = lower(words[i + 2]);
    const isBeforeTitle = isTitle(behind) || isTitle(stripOnce(behind, "."));
    return isBeforeTitle && has(rules, "before_title", word);
  });
}

// Whether a text begins with a given name, and ends with a surname.
function isWholeName(text, rules) {
  const words = text.split(" ").filter(Boolean);
  if (words.length < 2 || !has(rules, "given", words[0])) return false;
  const last = stripOnce(words.at(-1), ".");
  return [...last].length > 1 && !isGiven(last, rules);
}

function isGiven(word, rules) {
  return has(rules, "given", word) || has(rules, "iberian_given", word);
}

// Whether a word or sign for "and" stands between names.
function areSeveral(text, rules, isBehindComma) {
  const tokens = tokensOf(text, rules);
  const words = new Set(text.replaceAll(".", "").split(" "));
  for (let k = 1; k < tokens.length - 1; k += 1) {
    const isInsideWord = /^\p{L}+$/u.test(tokens[k]) && !words.has(tokens[k]); // "Young-ja"
    if (!isInsideWord && isBetweenNames(tokens, k, rules, isBehindComma)) return true;
  }
  return false;
}

// Whether the k-th token stands between names, and is a word for "and".
function isBetweenNames(tokens, k, rules, isBehindComma) {
  if (has(rules, "several", tokens[k])) return true;
  const nBehind = tokens.length - k - 1;
  if (has(rules, "between_given", tokens[k]) && isGiven(tokens[k + 1], rules)) {
    const isFirstGiven = nBehind > 1 && isGiven(tokens[0], rules);
    if (isFirstGiven || isGiven(tokens[k - 1], rules)) return true;
  }
  if (!has(rules, "several_or_surname", tokens[k]) || tokens[k - 1] === "von") {
    return false; // "von und zu Gilsa" is a surname
  }
  if (isBehindComma && !tokens.slice(0, k).includes("von")) return true; // "Müller, Hans und Eva"
  return nBehind >= Math.max(k, 2); // "Thurn und Taxis" is a surname
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

// A name in Latin letters, as `in_latin` of sknames/_text/in_latin.py.
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

// The column of the most probable class of a name.
const best = (row) => row.indexOf(Math.max(...row));

// What is answered for the probabilities of a name, as `predict_names` does: the best class, or the
// first of its groups that is above the threshold. `abstain` is the model's metadata.
export function fallBack(row, { classes, abstain: { threshold, levels } }) {
  const label = best(row);
  const steps = [{ level: "label", label: classes[label], probability: row[label] }];
  for (const { name, groups } of levels) {
    const probability = row.reduce((sum, p, k) => (groups[k] === groups[label] ? sum + p : sum), 0);
    steps.push({ level: name, label: groups[label], probability });
  }
  const answer = steps.find(({ probability }) => probability > threshold);
  return { reason: answer ? "" : "unsure", ...(answer ?? steps[0]) };
}

// The `metadata_props` of a model, which onnxruntime does not show to JavaScript: fields number 14
// of its protocol buffer, each a pair of key (1) and value (2).
export function readMetadata(bytes) {
  if (!ArrayBuffer.isView(bytes)) {
    throw new TypeError(
      `Expected a Uint8Array, the bytes of an ONNX model, got ${bytes}. ` +
        "Read the file: await readFile(path) in Node.js, or, in a browser, " +
        "new Uint8Array(await response.arrayBuffer()).",
    );
  }
  const decoder = new TextDecoder();
  const metadata = {};
  for (const [number, pair] of fields(bytes)) {
    if (number !== 14) continue;
    const { 1: key, 2: value } = Object.fromEntries(fields(pair));
    metadata[decoder.decode(key)] = JSON.parse(decoder.decode(value));
  }
  checkFormats(metadata);
  return metadata;
}

// Throw an error unless the rules in the metadata, if any, are in the formats that this file reads.
function checkFormats({ encoder, not_names: rules }) {
  if (!encoder) return;
  checkFormat("tidy_rules", encoder.tidy_rules?.format, TIDY_FORMAT);
  checkFormat("not_names", rules?.format, NOT_NAMES_FORMAT);
}

function checkFormat(key, format, expected) {
  if (format === expected) return;
  throw new Error(
    `Expected ${key} of format ${expected} in the metadata, got ${format ?? "none"}. ` +
      "Convert the model again, or take the index.mjs of the sknames that wrote it.",
  );
}

function noModel() {
  return new Error("Expected an ONNX model, got other bytes. Pass the file that onnx.save wrote.");
}

// Pairs of number and content of the fields of a protocol buffer.
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw noModel();
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 0) {
      yield [tag >>> 3, varint()];
    } else if ((tag & 7) === 2) {
      const end = varint() + at;
      yield [tag >>> 3, bytes.subarray(at, (at = end))];
    } else {
      throw noModel();
    }
  }
}

export class NationalityModel {
  // `ort` is the module onnxruntime-node or onnxruntime-web, `bytes` a Uint8Array of the file, and
  // `options` are those of onnxruntime's session.
  static async load(bytes, ort, options) {
    const model = new NationalityModel();
    Object.assign(model, readMetadata(bytes), { ort });
    if (!ort?.InferenceSession) {
      throw new TypeError(
        `Expected the module onnxruntime-node or onnxruntime-web as ort, got ${ort}. ` +
          'Import it: import * as ort from "onnxruntime-node".',
      );
    }
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
    const shape = [names.length, this.encoder.max_length];
    const codes = new this.ort.Tensor("int32", encode(names, this.encoder), shape);
    const { probabilities } = await this.session.run({ codes });
    const n = this.classes.length;
    return names.map((_, row) => probabilities.data.slice(row * n, (row + 1) * n));
  }

  // What is answered for each name, as Python's `predict` and `reasons` do: a label and its
  // probability, or the label for no answer and the reason. Only a model that abstains has reasons.
  async answer(names) {
    const rows = await this.predictProba(names);
    return rows.map((row, i) => {
      if (!this.abstain) {
        const column = best(row);
        return { label: this.classes[column], probability: row[column], reason: "" };
      }
      const { label, probability, reason: unsure } = fallBack(row, this);
      const reason = whyNotName(names[i], this) || unsure;
      return reason ? { label: this.abstain.label, reason } : { label, probability, reason };
    });
  }

  // The label of each name, or that for no answer, such as "unknown".
  async predict(names) {
    const answers = await this.answer(names);
    return answers.map(({ label }) => label);
  }
}
