"""The JavaScript example names what Python names, letter by letter and to 1e-5."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from sknames import CharEncoder, load_pretrained, predict_names
from sknames._models.stack import Stack, resolve
from sknames._text.names import Names
from sknames._text.not_names import RULES
from sknames._text.spelling import clean, compose
from sknames._text.tidy import tidy
from sknames._text.titles import TIDY
from sknames.datasets import load_names
from sknames.onnx import _metadata, to_onnx
from sknames.pretrained._load_pretrained import TARGETS
from tests.conftest import run_process
from tests.test_tidy import LIKE

FOLDER = Path(__file__).parent.parent / "examples" / "javascript"
DATA = Path(__file__).parent / "data"
NODE = shutil.which("node")
PEOPLE = FOLDER.parents[1] / "tools" / "retrain" / "people_in_scripts.csv"
INSTALL = "npm install --ignore-scripts, in examples/javascript"
# What a random name is made of.
POOLS = [
    "aábcčdđeéęfgğhiıİíjklłmnñoöøprřsşßtțuüvwxyýzžÆŒ",
    "АБВГҐДЕЁЖЗИЙІЇКЛЛМНОПРСТУЎФХЦЧШЩЪЫЬЭЮЯабвгдежзиклмнопрстуфхцчшщъыьэюя",
    "王伟李娜張偉陳明佐藤さくらアー김철수가",
    "ΑΒΓΔΩάέήίόύώςσαβγ אבגד محمدعليأ देवनागरी สมชาย აბგდ Հայկ",
    " '\"-.,`´‘’“”«»–—−⁃•∙ʻʼ()/\\_@#☃😀\t\n\x1c\x85\xa0\u2003\u3000",
    "\u200b\u200d\u200e\u202e\u2060\ufeff\xad\u034f\u3164\ufe0f\U000e0101\u0301\u0308\u0327\u0345\u093e\u05b8\u05c1\u064e\u0651\u0670\u0654\u0640\u0941",
]
ODD = [
    "",
    " ",
    "'",
    "''",
    "'a",
    "'a'",
    "\"'a'\"",
    "' \"a\" '",
    "\0",
    "x" * 80,
    "é" * 70,
    "北" * 40,
]
ODD += [
    "e\u0301",
    "a" + "\u0301" * 40 + "\u0327b",
    *"O’Brien Nguyễn ﬁ Ǆ ＷＡＮＧ ½ ß".split(),
]
# Words whose place and signs in a text count.
FORMS = """
Anna Juan Ana Smith Müller MÜLLER müller A. A.M. AM A J.-P. J-P NG LI O U é. Ý , . 。 ..
- ' " ( ) (Ana) (singer) (李伟) ★ 😀 * ™ † 👍🏽 田中 さん. 王先生 김 민수 씨.
Иван И.П. ПИ محمد
د. van der geb. S/O 2 _ A.Müller J.-P.Sartre ½ ㈱ a e i y u. en og ja + & und S.P.A.
U.G. S.A.R.L. MÃ¼ller Ð˜Ð² k.A (GmbH) [s.r.o.] (Ltd Spa
"""
SCRIPT = """
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import { NationalityModel, encode, whyNotName } from "./index.mjs";

const [file] = process.argv.slice(1);
const names = JSON.parse(readFileSync(0, "utf-8"));
const model = await NationalityModel.load(await readFile(file), ort);
const probabilities = [];
for (let start = 0; start < names.length; start += 100) {
  probabilities.push(...await model.predictProba(names.slice(start, start + 100)));
}
const found = {
  codes: [...encode(names, model.encoder)],
  probabilities: probabilities.map((row) => [...row]),
  predicted: await model.predict(names.slice(0, 10)),
  known: await model.knownWords(names),
  reasons: names.map((name) => whyNotName(name, model)),
};
process.stdout.write(JSON.stringify(found));
"""


def node(script, *arguments, **options):
    return run_process(
        NODE, "--input-type=module", "-e", script, *arguments, cwd=FOLDER, **options
    )


def evaluate(expression, code=0, **given):
    """Return the value in JavaScript of an expression of `given` and `js`, index.mjs.

    With code=1, return the error that it raises.
    """
    script = f"""
import {{ readFileSync }} from "node:fs";
import * as js from "./index.mjs";
const given = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify({expression}));
"""
    found = node(script, input=json.dumps(given), code=code)
    return found.stderr if code else json.loads(found.stdout)


@pytest.fixture(scope="module", autouse=True)
def needs_node():
    if NODE is None:
        pytest.skip("Node.js is not installed")
    found = node("import 'onnxruntime-node'; import 'any-ascii';", code=None)
    if found.returncode:
        if "ERR_MODULE_NOT_FOUND" in found.stderr:
            pytest.skip(f"The packages of npm are not installed: {INSTALL}")
        pytest.fail(found.stderr)


@pytest.fixture(scope="module")
def names(judged):
    """1,000 texts: real names, random ones of many scripts and signs, and odd ones."""
    rng = np.random.RandomState(0)
    real, _ = load_names(return_X_y=True)
    with PEOPLE.open(encoding="utf-8", newline="") as file:
        in_scripts = [row["name"] for row in csv.DictReader(file)][::12]
    names = [*rng.permutation(real)[:300], *ODD, *judged, *LIKE, *in_scripts]
    while len(names) < 1000:
        pools = [POOLS[i] for i in rng.randint(len(POOLS), size=rng.randint(1, 4))]
        characters = [*"".join(pools)]
        names.append("".join(rng.choice(characters, size=rng.randint(1, 25))))
    return names


@pytest.fixture(scope="module")
def model_file(tmp_path_factory, shipped):
    """The model that ships, in ONNX."""
    path = tmp_path_factory.mktemp("onnx") / "names.onnx"
    onnx.save(to_onnx(shipped), path)
    return path


@pytest.mark.parametrize("labels", TARGETS)
def test_javascript_predicts_thousand_names_as_python(names, labels, judged, tmp_path):
    model = load_pretrained(labels)
    onnx.save(to_onnx(model), tmp_path / "names.onnx")
    run = node(SCRIPT, str(tmp_path / "names.onnx"), input=json.dumps(names))
    found = json.loads(run.stdout)
    codes = np.reshape(found["codes"], (len(names), -1))
    expected = model[0].transform(names)
    different = [names[i] for i in np.flatnonzero((codes != expected).any(axis=1))]
    assert not different
    expected = model.predict_proba(names)
    np.testing.assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-5)
    assert found["predicted"] == model.predict(names[:10]).tolist()
    assert (
        found["known"]
        == predict_names(model, names, known_words=True).known_words.tolist()
    )
    assert found["reasons"] == Names(names, model[0]).reasons.tolist()
    assert set(found["reasons"]) == set(judged.values())


def test_javascript_climbs_as_python(names):
    model = load_pretrained("country", abstain=True, fallback=["subregion", "region"])
    found = predict_names(model, names[:300])
    levels = [
        {"name": of.name, "groups": of.groups.tolist()}
        for of in resolve(model).threshold.levels
    ]
    metadata = {
        "classes": model.classes_.tolist(),
        "abstain": {"threshold": model.threshold_, "levels": levels},
    }
    rows = evaluate(
        "given.rows.map((row) => js.climb(row, given.metadata))"
        ".map((a) => [a.label, a.level, a.probability, a.reason])",
        rows=found.proba.tolist(),
        metadata=metadata,
    )
    is_name = np.isin(
        found.reasons, ["", "unsure"]
    )  # what else it is, `whyNotName` says
    labels, levels, probabilities, reasons = zip(*rows, strict=True)
    assert {*found.levels} == {"label", "subregion", "region"}
    assert np.array(labels)[is_name].tolist() == found.labels[is_name, 0].tolist()
    assert np.array(levels)[is_name].tolist() == found.levels[is_name].tolist()
    assert np.array(reasons)[is_name].tolist() == found.reasons[is_name].tolist()
    expected = found.probabilities[is_name, 0]
    np.testing.assert_allclose(
        np.array(probabilities)[is_name], expected, rtol=0, atol=1e-6
    )


def test_javascript_is_unsure_at_the_threshold():
    metadata = {"classes": ["a", "b"], "abstain": {"threshold": 0.75, "levels": []}}
    climb = "given.rows.map((row) => js.climb(row, given.metadata).reason)"
    assert evaluate(climb, rows=[[0.75, 0.25], [0.25, 0.76]], metadata=metadata) == [
        "unsure",
        "",
    ]


@pytest.mark.parametrize(
    "step",
    [
        {"clean": False},
        {"transliterate": False},
        {"transliterate": True},
        {"transliterate": "both"},
        {"transliterate": True, "lowercase": False},
        {"lowercase": False},
        {"tidy": False},
        {"tidy": True},
        {"clean": False, "tidy": False},
    ],
    ids=str,
)
def test_javascript_encodes_as_python_with_other_steps(names, step):
    encoder = CharEncoder(**step, min_frequency=2, max_length=20).fit(names)
    settings = json.loads(_metadata(Stack(steps=(encoder,)), np.array([]))["encoder"])
    found = evaluate(
        "[...js.encode(given.names, given.settings)]", names=names, settings=settings
    )
    codes = np.reshape(found, (len(names), -1))
    different = np.flatnonzero((codes != encoder.transform(names)).any(axis=1))
    assert not [names[i] for i in different]


@pytest.mark.parametrize(
    "is_tidy, rules",
    [(True, 2), (True, 1), ("auto", 2)],
    ids=["tidy", "as in older files", "as typed, since many have titles"],
)
def test_javascript_reads_and_judges_forms_as_python(is_tidy, rules):
    rng = np.random.RandomState(0)
    tables = [
        table
        for of in (TIDY, RULES)
        for table in of.values()
        if isinstance(table, list)
    ]
    pool = [word for table in tables for word in rng.choice(table, min(len(table), 9))]
    pool += FORMS.split() * 3
    texts = []
    for _ in range(1_500):
        words = rng.choice(pool, rng.randint(1, 7))
        ends = rng.choice([" ", " ", " ", ",", ", ", ".", ". ", ""], len(words))
        texts.append("".join(word + end for word, end in zip(words, ends, strict=True)))
    encoder = CharEncoder(tidy=is_tidy).fit(texts)
    encoder.rules_ = rules
    metadata = _metadata(Stack(steps=(encoder,)), np.array([]))
    model = {key: json.loads(value) for key, value in metadata.items()}
    asked = (
        "given.texts.map((t) => "
        "[js.tidy(t, given.model.encoder), js.whyNotName(t, given.model)])"
    )
    found = evaluate(asked, texts=texts, model=model)
    tidied = tidy(texts, encoder)
    assert encoder.tidy_ is (is_tidy is True)
    assert found == [
        list(of) for of in zip(tidied, Names(texts, encoder).reasons, strict=True)
    ]
    assert rules == 1 or tidy(tidied, encoder) == tidied
    long = [
        "a" + "." * 100_000 + "b",
        ", " * 50_000,
        "Ab " + "A " * 20_000,
        "'\" " * 30_000 + "a",
    ]
    asked = (
        "[Date.now(), given.texts.map((t) => js.tidy(t, given.settings)), Date.now()]"
    )
    start, _, end = evaluate(asked, texts=long, settings=model["encoder"])
    assert (
        end - start < 20_000
    )  # in milliseconds; quadratic, the first alone took as long


def test_javascript_judges_by_rules_of_earlier_models():
    judged = {"Muster AG": "organization", "MUSTER AG": "", "foo gmbh": "organization"}
    judged |= {"Foo S.A.": "organization"}
    judged |= {
        "Pizzeria Napoli": "",
        "PT Telkom": "organization",
        "n/a": "placeholder",
        "😀": "no",
    }
    judged |= {"(주)삼성": "organization", "a@b.org": "address", "Ann & Bo": ""}
    model = json.loads((DATA / "not_names_format_1.json").read_text(encoding="utf-8"))
    asked = "given.texts.map((text) => js.whyNotName(text, given.model))"
    found = evaluate(asked, texts=[*judged], model=model)
    assert [reason[:2] for reason in found] == [
        reason[:2] for reason in judged.values()
    ]


def test_javascript_reads_older_files_as_they_were(names):
    """Those with tidy=False have no rules."""
    encoder = load_pretrained(tidy=False)[0]
    settings = json.loads(_metadata(Stack(steps=(encoder,)), np.array([]))["encoder"])
    del settings["tidy"]
    asked = "given.names.map((name) => js.tidy(name, given.settings))"
    assert evaluate(asked, names=names, settings=settings) == compose(clean(names))


def test_command_prints_what_its_readme_shows(model_file):
    run = run_process(NODE, FOLDER / "predict.mjs", model_file, "Mehmet Yılmaz", "王伟")
    shown = [f"    {line}" for line in run.stdout.splitlines()]
    assert "\n".join(shown) in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(shown) == 2


def test_errors_say_what_to_do(tiny):
    classifier = to_onnx(tiny[-1]).SerializeToString()
    load = "await js.NationalityModel.load(Uint8Array.from(given.bytes))"
    rules = "Expected rules for titles of format 1 or 2, got"
    for expression, given, message in [
        (
            "js.tidy('a', given)",
            {"drop_titles": True, "tidy": {"format": 3}},
            f"{rules} 3. Convert",
        ),
        ("js.tidy('a', given)", {"drop_titles": True}, f"{rules} none. Convert"),
        (
            load,
            {"bytes": [*classifier]},
            "Expected a model that to_onnx made of a pipeline",
        ),
        (load, {"bytes": [*b"no model"]}, "Expected an ONNX model"),
    ]:
        assert message in evaluate(expression, code=1, **given)
