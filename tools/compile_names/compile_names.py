"""Compile ``sknames/datasets/data/names.csv``: names of the world by nationality.

Run it by hand to compile the data again::

    pip install faker==40.63.0 mimesis==22.2.0
    python tools/compile_names/compile_names.py

It reads the lists of names in Faker and Mimesis (both under the MIT licence) and in
``handwritten/``, as listed in ``sources.txt``. It romanises names in other scripts for
which there is a reliable table, cleans all names, and writes ``names.csv``,
``name_orders.csv`` and the counts in ``sknames/datasets/descr/names.rst``. The package
does not need this script at run time.
"""

import csv
import gzip
import importlib
import itertools
import json
import re
import sys
import unicodedata
from collections import Counter
from functools import partial
from importlib import resources
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATASETS = HERE.parent.parent / "sknames" / "datasets"
DATA = DATASETS / "data"
DESCR = DATASETS / "descr" / "names.rst"
CAP = {"surname": 1500, "given": 1000}
# Higher limits, so that surnames written by hand do not push out others.
WIDER = {"Dutch": 1637, "Polish": 2140, "Turkish": 1600}

# -------------------------------------------------------------------------------
# romanisation


def read_letters():
    """Return the tables of ``letters.txt``, a dict by name."""
    tables = {"-": {}}
    for line in (HERE / "letters.txt").read_text(encoding="utf-8").splitlines():
        if line and line[0] != "#":
            name, base, *pairs = line.split(" ")
            tables[name] = tables[base] | dict(pair.split("=") for pair in pairs)
    return tables


LETTERS = read_letters()


def script_code(name, nationality, part, script):
    """Return the ISO 15924 code of a name's script.

    Japanese names in kana or Han get the common code "Jpan".
    """
    if script == "Latin":
        return "Latn"
    first = unicodedata.name(name[0]).split()[0]
    return "Jpan" if nationality == "Japanese" else LETTERS["scripts"][first]


def capital(name):
    """Capitalize the first letter of every word, and leave the others unchanged."""
    return re.sub(r"(^|[\s-])(\w)", lambda m: m[1] + m[2].upper(), name)


def spell(name, letters, first=None):
    """Romanise a name by a table of letters, longest matches first.

    At the start of a word, the table ``first`` takes precedence.
    """
    name = unicodedata.normalize("NFC", name).lower()
    longest = max(map(len, itertools.chain(letters, first or {})))
    out = []
    at = 0
    while at < len(name):
        start = at == 0 or not (name[at - 1].isalpha() or name[at - 1] in "'’ʼ")
        for size in range(longest, 0, -1):
            piece = name[at : at + size]
            if len(piece) < size:
                continue
            if start and first and piece in first:
                out.append(first[piece])
                break
            if piece in letters:
                out.append(letters[piece])
                break
        else:
            size = 1
            out.append(name[at])
        at += size
    return capital("".join(out))


SERBIAN_BACK = {latin: cyrillic for cyrillic, latin in LETTERS["serbian"].items()}


def by_letters(script):
    return partial(spell, letters=LETTERS[script], first=LETTERS.get(f"{script}-first"))


def russian(name):
    name = spell(name, LETTERS["russian"])
    return re.sub(r"(iy|yy)\b", "y", name)


def bulgarian(name):
    return re.sub(r"iya\b", "ia", spell(name, LETTERS["bulgarian"]))


def kazakh(name):
    return re.sub(r"iya\b", "iya", spell(name, LETTERS["kazakh"], {"е": "ye"}))


def kana(name):
    """Romanise kana by the Hepburn system, without long vowels, as in passports."""
    plain = "".join(chr(ord(c) - 96) if "ァ" <= c <= "ヶ" else c for c in name)
    if any(c not in LETTERS["japanese"] and c not in "ゃゅょっ" for c in plain):
        return ""
    plain = re.sub(r"(?<=[おこそとのほもよろごぞどぼょ])う", "", plain)
    plain = re.sub(r"(?<=[うくすつゆるぐじゅ])う", lambda m: m[0], plain)
    plain = re.sub(r"おお", "お", plain)
    out = spell(plain, LETTERS["japanese"]).lower()
    out = re.sub(r"っ(\w)", r"\1\1", out).replace("cch", "tch")
    return capital(out.replace("uu", "u"))


VOICED = "βγδζλμνραεηιουω"


def greek(name):
    """Romanise Greek by ELOT 743, without stress marks."""
    name = unicodedata.normalize("NFD", name.lower())
    # If the first vowel is stressed, or has a dieresis, the pair is not a diphthong.
    name = re.sub("([αεη])(\u0301)υ", r"\1" + "|υ", name)
    name = unicodedata.normalize("NFC", name.replace("\u0301", ""))
    name = re.sub(f"([αεη])υ(?=[{VOICED}])", lambda m: m[1] + "β", name)
    name = re.sub("([αεη])υ", lambda m: m[1] + "φ", name)
    return spell(name, LETTERS["greek"], LETTERS["greek-first"]).replace("|", "")


INITIAL = "k kk n d tt r m b pp s ss  j jj ch k t p h".split(" ")
MEDIAL = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
FINAL = " k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split(" ")


def korean(name):
    """Romanise a given name by syllables, the most common way: 민준 is Min-jun."""
    out = []
    for char in name:
        code = ord(char) - 0xAC00
        if not 0 <= code < 11172:
            return ""
        first = INITIAL[code // 588]
        first = "g" if first == "k" and code // 588 == 0 else first
        plain = first + MEDIAL[code % 588 // 28] + FINAL[code % 28]
        out.append(LETTERS["korean"].get(char, plain))
    return "-".join(out).capitalize()


def pinyin(name):
    """Romanise a given name, or return "" if a character is rare or ambiguous."""
    if all(char in LETTERS["chinese"] for char in name):
        return "".join(LETTERS["chinese"][char] for char in name).capitalize()
    return ""


ROMAN = {
    "Russian": russian,
    "Bulgarian": bulgarian,
    "Kazakh": kazakh,
    "Ukrainian": by_letters("ukrainian"),
    "Macedonian": by_letters("macedonian"),
    "Georgian": by_letters("georgian"),
    "Armenian": by_letters("armenian"),
    "Greek": greek,
    "Japanese": kana,
    "Korean": korean,
    "Chinese": pinyin,
}

# -------------------------------------------------------------------------------
# surnames of the other gender


def swap(name, *rules):
    """Apply the first rule (ending, new ending) that fits; return a list of 0 or 1."""
    for old, new in rules:
        if name.endswith(old):
            return [name[: len(name) - len(old)] + new]
    return []


def czech(name):
    if name.endswith("ová") or name.endswith("á"):
        return []
    found = swap(
        name, ("ý", "á"), ("Švec", "Švecová"), ("něk", "ňková"), ("těk", "ťková"),
        ("děk", "ďková"), ("ek", "ková"), ("ec", "cová"), ("avel", "avlová"),
        ("orel", "orlová"), ("a", "ová"), ("o", "ová"), ("í", "í"), ("ů", "ů"),
    )  # fmt: skip
    return found or [name + "ová"]


def slavic(name):
    return swap(
        name, ("ов", "ова"), ("ев", "ева"), ("ёв", "ёва"), ("ин", "ина"),
        ("ски", "ска"), ("ський", "ська"), ("цький", "цька"), ("ov", "ova"),
        ("ev", "eva"), ("yev", "yeva"),
    )  # fmt: skip


def polish(name):
    return swap(name, ("ski", "ska"), ("cki", "cka"), ("dzki", "dzka"))


def lithuanian(name):
    pairs = ("ius", "iūtė"), ("us", "utė"), ("as", "aitė"), ("is", "ytė"), ("ys", "ytė")
    for end, unmarried in pairs:
        if name.endswith(end):
            stem = name[: -len(end)]
            return [stem + "ienė", stem + unmarried]
    return []


def latvian(name):
    return swap(name, ("is", "e"), ("us", "us"), ("š", "a"), ("s", "a"))


def icelandic(stem):
    return [stem + "son", stem + "dóttir"]


FEMININE = {
    "Czech": czech,
    "Bulgarian": slavic,
    "Azerbaijani": slavic,
    "Uzbek": slavic,
    "Kazakh": slavic,
    "Ukrainian": slavic,
    "Macedonian": slavic,
    "Polish": polish,
    "Lithuanian": lithuanian,
    "Latvian": latvian,
}

# ------------------------------------------------------------------------------------
# cleaning

PARTICLES = (
    "van de der den het ten ter te 't 's von zu zum da do dos das d' di del della la "
    "le du al el bin ibn"
).split()
LATIN = re.compile(r"[^\W\d_]+(?:[ '’ʻ‘ʼ.\-][^\W\d_]+)*$")
INNER_CAPITAL = re.compile(r"^(Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|Del|D)(?=[A-Z])")
TITLES = re.compile(
    r"(?i)^(mr|mrs|ms|dr|prof|ing|mgr|bc|ir|sr|jr|st|doe|name|test|unknown)\.?$"
)


def is_latin(name):
    return all("LATIN" in unicodedata.name(c, "") for c in name if c.isalpha())


def fold(name):
    """Return the name in lower case without diacritics, for comparisons."""
    plain = unicodedata.normalize(
        "NFD", name.lower().replace("ł", "l").replace("ø", "o")
    )
    return "".join(c for c in plain if not unicodedata.combining(c))


def clean(name, part):
    """Return the cleaned name, or "" if it is not a name."""
    name = unicodedata.normalize("NFC", name).strip(
        " ,;\u200c\u200d\u200e\u200f\ufeff\t"
    )
    name = name.replace("’", "'").replace("ʼ", "'").replace("‘", "'").replace("ʻ", "'")
    name = re.sub(r"\s+", " ", name).replace("‐", "-").replace("ـ", "")
    if not name or any(c.isdigit() for c in name) or TITLES.match(name):
        return ""
    if not is_latin(name):
        if any("LATIN" in unicodedata.name(c, "") for c in name):
            return ""
        if not re.search(
            r"[\u0d80-\u0dff\u0600-\u06ff]", name
        ):  # Sinhala and Persian need them
            name = name.replace("\u200d", "").replace("\u200c", "")
        kinds = {"Zs", "Pd"}
        for char in name:
            kind = unicodedata.category(char)
            if (
                kind[0] not in "LM"
                and kind not in kinds
                and char not in "'\u200c\u200d"
            ):
                return ""
        return name if name.count(" ") <= 2 else ""
    if not LATIN.match(name.replace("' ", "'").lstrip("'")) or len(name) < 2:
        return ""
    if "." in name or (len(name) > 2 and name.isupper()):
        return ""
    words = name.split(" ")
    if len(words) > (2 if part == "given" else 4):
        return ""
    for word in words:
        if (
            word[0].islower()
            and word not in PARTICLES
            and not re.match(r"[a-z]'[A-Z]", word)
        ):
            return ""
    if all(word in PARTICLES for word in words):
        return ""
    if re.search(r"[a-zß-ÿ][A-Z]", INNER_CAPITAL.sub("", name)):
        return ""
    return name


# -------------------------------------------------------------------------------------
# sources


def faker_names(locale, *attributes):
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    out = []
    for attribute in attributes:
        out += [name for name in getattr(provider, attribute) if isinstance(name, str)]
    return out


def mimesis_names(locale, key):
    """Return Mimesis' names of a key: names or surnames, with .male or .female."""
    path = resources.files("mimesis") / "datasets" / locale / "person.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    key, _, gender = key.partition(".")
    value = value[key]
    if isinstance(value, dict):
        value = value[gender] if gender else value["male"] + value["female"]
    return list(value)


def read_source(text):
    """Return the names of ``F:locale:attribute+...`` (Faker) or ``M:locale:key+...``.

    F stands for Faker and M for Mimesis.
    """
    package, locale, keys = text.split(":")
    if package == "M":
        return [name for key in keys.split("+") for name in mimesis_names(locale, key)]
    short = {"m": "first_names_male", "f": "first_names_female", "s": "last_names"}
    return faker_names(locale, *(short.get(k, k) for k in keys.split("+")))


def handwritten(nationality):
    """Return the sections of a handwritten list, a dict of lists of names.

    In the file, spaces separate names, and ``_`` is a space within a name.
    """
    sections = {}
    section = None
    path = HERE / "handwritten" / f"{nationality}.txt"
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                section = sections.setdefault(line.strip("[] "), [])
            else:
                section += [word.replace("_", " ") for word in line.split()]
    return sections


def thin(names, limit):
    """Return ``limit`` of the names, spread evenly over the list."""
    names = list(dict.fromkeys(names))
    if limit is None or len(names) <= limit:
        return names
    return [names[i * len(names) // limit] for i in range(limit)]


HAND_ONLY = "Albanian Ethiopian Filipino Mongolian Scottish Serbian".split()
# From these sources, an unmarked name is dropped if the same name with marks exists.
ONCE = "Spanish Portuguese Czech Slovak Hungarian Polish Turkish Swedish".split()
BOTH_ORDERS = "Chinese Hungarian Japanese Korean Vietnamese".split()


def from_afar():
    """Return names of immigrants, which are frequent in today's European lists."""
    sections = handwritten("from-afar")
    names = set(sections["afar"])
    for nationality in ("Arabic", "Turkish"):
        names |= {fold(name) for name in handwritten(nationality).get("given", [])}
    for nationality in ("Arabic", "Persian"):
        names |= {fold(name) for name in handwritten(nationality).get("surname", [])}
    return names - set(sections["not"])


def both(nationality, names):
    """Yield surnames, each followed by its forms for the other gender."""
    other = FEMININE.get(nationality)
    for name in names:
        yield name
        if other:
            yield from other(name)


def choose(nationality, part, source, options, afar, english):
    """Return the names of a line in ``sources.txt``, and whether it has "native"."""
    names = read_source(source)
    limit = None
    native_only = False
    for option in options:
        key, _, value = option.partition("=")
        if key in ("in", "not"):
            other = {fold(name) for name in read_source(value)}
            names = [name for name in names if (fold(name) in other) == (key == "in")]
        elif key == "like":
            names = [name for name in names if re.search(value, name)]
        elif key == "home":
            names = [name for name in names if fold(name) not in afar]
        elif key == "english":
            names = [name for name in names if fold(name) not in english]
        elif key == "read":
            names = [name for name in names if ROMAN[nationality](name)]
        elif key == "title":
            names = [name.capitalize() for name in names]
        elif key == "native":
            native_only = True
        elif key.isdigit():
            limit = int(key)
        else:
            sys.exit(f"unknown option {option}")
    return thin([name for name in names if clean(name, part)], limit), native_only


def compile_all():
    """Return all rows (name, nationality, part, script), sorted."""
    afar = from_afar()
    english = {
        fold(n) for n in read_source("F:en_GB:s+m+f") + read_source("F:en_US:m+f")
    }
    found = {}  # (nationality, script, part) -> names in order

    def put(nationality, part, names, native_only=False):
        roman = ROMAN.get(nationality)
        for name in names:
            name = clean(name, part)
            if not name:
                continue
            if is_latin(name):
                if native_only:
                    continue
                found.setdefault((nationality, "Latin", part), {})[name] = None
                if nationality == "Serbian":
                    native = spell(name, SERBIAN_BACK)
                    found.setdefault((nationality, "native", part), {})[native] = None
                continue
            latin = "" if native_only or roman is None else clean(roman(name), part)
            if latin and is_latin(latin):
                found.setdefault((nationality, "Latin", part), {})[latin] = None
            if (
                nationality == "Japanese"
                and re.search(r"[ァ-ヶ]", name)
                and part == "surname"
            ):
                continue  # surnames are written in kanji
            found.setdefault((nationality, "native", part), {})[name] = None

    lines = (HERE / "sources.txt").read_text(encoding="utf-8").splitlines()
    lines = [
        line.replace("\\ ", "\\s").split() for line in lines if not line.startswith("#")
    ]
    nationalities = sorted({line[0] for line in lines} | set(HAND_ONLY))
    for nationality in nationalities:
        sections = handwritten(nationality)
        for stem in sections.get("stems", []):
            put(nationality, "surname", icelandic(stem))
        put(nationality, "surname", both(nationality, sections.get("surname", [])))
        put(nationality, "given", sections.get("given", []))
    for nationality, part, source, *options in lines:
        names, native_only = choose(nationality, part, source, options, afar, english)
        if part == "surname" and nationality in ("Polish", "Kazakh", "Macedonian"):
            names = both(nationality, names)
        put(nationality, part, names, native_only)
    rows = []
    for (nationality, script, part), names in found.items():
        dropped = set(handwritten(nationality).get("drop", []))
        kept = [name for name in names if name not in dropped]
        if nationality in ONCE:
            marked = {fold(name) for name in kept if fold(name) != name.lower()}
            kept = [n for n in kept if fold(n) != n.lower() or fold(n) not in marked]
        cap = WIDER.get(nationality, CAP[part]) if part == "surname" else CAP[part]
        for name in kept[:cap]:
            rows.append((name, nationality, part, script))
    return sorted(rows, key=lambda row: (row[1], row[3], row[2], row[0]))


def check(rows, path):
    """Raise AssertionError if the data breaks a rule; return the compressed size."""
    latin = Counter(row[1] for row in rows if row[3] == "Latin")
    parts = {(row[1], row[2]) for row in rows if row[3] == "Latin"}
    distinct = {row[:2] for row in rows if row[3] == "Latin"}
    assert len(latin) >= 40, len(latin)
    assert len(distinct) >= 30_000, len(distinct)
    assert min(latin.values()) >= 250, [n for n, count in latin.items() if count < 250]
    assert len(parts) == 2 * len(latin), "a nationality lacks a part"
    assert len(set(rows)) == len(rows), "duplicates"
    for name, *_, script in rows:
        assert name == unicodedata.normalize("NFC", name), name
        assert not any(c.isdigit() for c in name), name
        assert is_latin(name) == (script == "Latin"), name
    size = len(gzip.compress(path.read_bytes(), mtime=0))
    assert size < 1_500_000, size
    return size


def count(rows):
    """Return a table of the counts in reStructuredText."""
    counts = Counter((row[1], row[3], row[2]) for row in rows)
    rule = f"{'=' * 12}  {'=' * 8}  {'=' * 8}  {'=' * 8}"
    lines = [
        rule,
        f"{'nationality':12}  {'surnames':>8}  {'given':>8}  {'native':>8}",
        rule,
    ]
    for nationality in sorted({row[1] for row in rows}):
        native = sum(counts[nationality, "native", part] for part in CAP)
        surnames, given = (counts[nationality, "Latin", part] for part in CAP)
        lines.append(f"{nationality:12}  {surnames:8}  {given:8}  {native:8}")
    return "\n".join([*lines, rule])


def write(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main():
    rows = compile_all()
    path = DATA / "names.csv"
    nationalities = sorted({row[1] for row in rows})
    header = ["name", "nationality", "part", "script"]
    write(path, header, ((*row[:3], script_code(*row)) for row in rows))
    orders = [
        (name, "both" if name in BOTH_ORDERS else "given-surname")
        for name in nationalities
    ]
    write(DATA / "name_orders.csv", ["nationality", "order"], orders)
    counts = count(rows)
    print(counts)
    size = check(rows, path)
    distinct = len({row[:2] for row in rows if row[3] == "Latin"})
    native = sum(row[3] == "native" for row in rows)
    total = (
        f"{len(nationalities)} nationalities, {len(rows):,} rows, {distinct:,} "
        f"distinct pairs of\nLatin name and nationality, {native:,} rows in a native "
        "script."
    )
    print(total, size, "bytes when gzipped")
    head, _, tail = DESCR.read_text(encoding="utf-8").partition(".. counts begin\n")
    tail = tail.partition(".. counts end\n")[2]
    text = f"{head}.. counts begin\n\n{total}\n\n{counts}\n\n.. counts end\n{tail}"
    DESCR.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
