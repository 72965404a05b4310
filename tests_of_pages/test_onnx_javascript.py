"""The JavaScript example names what Python names, letter by letter and to 1e-5.

This needs packages of npm; test_javascript_rules.py needs none.
"""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline

from sknames import CharEncoder, load_pretrained, predict_names
from sknames.datasets import load_names
from sknames.onnx import to_onnx
from tests.conftest import run_process
from tests.test_tidy import LIKE
from tests_of_pages.test_port import PORT, TARGETS

FOLDER = Path(__file__).parent.parent / "examples" / "javascript"
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
  answers: await model.answer(names.slice(-100)),
  predicted: await model.predict(names.slice(-100)),
  known: await model.knownWords(names),
  reasons: names.map((name) => whyNotName(name, model)),
};
process.stdout.write(JSON.stringify(found));
"""
ANSWER = """
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { NationalityModel, tidy, whyNotName } from "./index.mjs";

const [file, target] = process.argv.slice(1);
const texts = JSON.parse(readFileSync(0, "utf-8"));
const model = await NationalityModel.load(readFileSync(file), ort);
const answers = await model.answer(texts);
const rows = texts.map((text, i) => ({
  text,
  tidy: tidy(text, model.encoder),
  reason: whyNotName(text, model),
  [target]: answers[i].label,
  [`${target}_probability`]: answers[i].probability,
}));
process.stdout.write(JSON.stringify(rows));
"""
ENCODE = """
import { readFileSync } from "node:fs";
import { encode } from "./index.mjs";

const [names, settings] = JSON.parse(readFileSync(0, "utf-8"));
const codes = settings.map((of) => [...encode(names, of)]);
process.stdout.write(JSON.stringify(codes));
"""


def node(script, *arguments, **options):
    return run_process(
        NODE, "--input-type=module", "-e", script, *arguments, cwd=FOLDER, **options
    )


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


FALLBACK = {"abstain": True, "fallback": ["subregion", "region"]}
SOME = ["Foo Ltd", "Kim Min-jun", "Carlos Mendoza", "Lee", "Emily Wilson"]


@pytest.mark.parametrize(
    "labels, options, step", [("nationality", {}, 1), ("country", FALLBACK, 5)]
)
def test_javascript_predicts_as_python(names, labels, options, step, judged, tmp_path):
    names = [*names[::step], *[*judged][:95], *SOME]
    model = load_pretrained(labels, **options)
    onnx.save(to_onnx(model), tmp_path / "names.onnx")
    run = node(SCRIPT, str(tmp_path / "names.onnx"), input=json.dumps(names))
    found = json.loads(run.stdout)
    pipeline = load_pretrained(labels)
    codes = np.reshape(found["codes"], (len(names), -1))
    differs = (codes != pipeline[0].transform(names)).any(axis=1)
    assert not [names[i] for i in np.flatnonzero(differs)]
    predictions = predict_names(model, names, known_words=True)
    expected = predictions.proba
    assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-5)
    assert found["known"] == predictions.known_words.tolist()
    reasons = predictions.reasons.tolist()
    assert found["reasons"] == ["" if why == "unsure" else why for why in reasons]
    predicted = model.predict(names[-100:]).tolist()
    assert found["predicted"] == predicted
    assert [answer["label"] for answer in found["answers"]] == predicted
    if options:
        assert [answer["reason"] for answer in found["answers"]] == reasons[-100:]
        assert {"", "unsure", "organization"} < {*reasons[-100:]}
        assert {"KR", "Americas", "Eastern Asia", "unknown"} < {*predicted}


@pytest.mark.parametrize("target", TARGETS)
def test_javascript_gives_the_answers_that_ports_compare(target, tmp_path):
    expected = json.loads(PORT.read_text(encoding="utf-8"))["rows"]
    onnx.save(to_onnx(load_pretrained(target)), tmp_path / "names.onnx")
    texts = json.dumps([row["text"] for row in expected])
    run = node(ANSWER, str(tmp_path / "names.onnx"), target, input=texts)
    for found, row in zip(json.loads(run.stdout), expected, strict=True):
        assert found == pytest.approx({key: row[key] for key in found}, abs=2e-5)


STEPS = [
    {"clean": False},
    {"transliterate": False},
    {"transliterate": True},
    {"transliterate": "both"},
    {"transliterate": True, "lowercase": False},
    {"lowercase": False},
    {"tidy": False},
    {"tidy": True},
    {"clean": False, "tidy": False},
]


def test_javascript_encodes_as_python_with_other_steps(names, tiny):
    encoders = []
    settings = []
    for step in STEPS:
        encoder = CharEncoder(**step, min_frequency=2, max_length=20).fit(names)
        proto = to_onnx(make_pipeline(encoder, tiny[-1]))
        metadata = {field.key: field.value for field in proto.metadata_props}
        encoders.append(encoder)
        settings.append(json.loads(metadata["encoder"]))
    printed = node(ENCODE, input=json.dumps([names, settings])).stdout
    for encoder, codes in zip(encoders, json.loads(printed), strict=True):
        differs = np.reshape(codes, (len(names), -1)) != encoder.transform(names)
        wrong = [names[i] for i in np.flatnonzero(differs.any(axis=1))]
        assert not wrong, encoder


def test_command_prints_what_its_readme_shows(model_file):
    run = run_process(NODE, FOLDER / "predict.mjs", model_file, "Mehmet Yılmaz", "王伟")
    shown = [f"    {line}" for line in run.stdout.splitlines()]
    assert "\n".join(shown) in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(shown) == 2
