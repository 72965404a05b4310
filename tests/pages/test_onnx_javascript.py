"""The JavaScript example with onnxruntime-node agrees with Python.

These tests need npm packages. test_javascript_rules.py, which covers other settings of
encoders, does not.
"""

import csv
import json

import numpy as np
import onnx
import pytest
from numpy.testing import assert_allclose

from sknames import load_pretrained, predict_names
from sknames.datasets import load_names
from sknames.onnx import to_onnx
from tests.conftest import run_process
from tests.pages.conftest import EXAMPLES, NODE, run_javascript
from tests.test_tidy import LIKE

FOLDER = EXAMPLES / "javascript"
PEOPLE = FOLDER.parents[1] / "tools" / "retrain" / "people_in_scripts.csv"
INSTALL = "npm install --ignore-scripts, in examples/javascript"
# Characters of random names.
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
  reasons: names.map((name) => whyNotName(name, model)),
};
process.stdout.write(JSON.stringify(found));
"""


@pytest.fixture(scope="module", autouse=True)
def needs_node():
    if NODE is None:
        pytest.skip("Node.js is not installed")
    script = "import 'onnxruntime-node'; import 'any-ascii';"
    found = run_javascript(script, code=None, cwd=FOLDER)
    if found.returncode:
        if "ERR_MODULE_NOT_FOUND" in found.stderr:
            pytest.skip(f"The packages of npm are not installed: {INSTALL}")
        pytest.fail(found.stderr)


@pytest.fixture(scope="module")
def names(judged):
    """Real names, random names in many scripts with punctuation, and unusual texts."""
    rng = np.random.RandomState(0)
    real, _ = load_names(return_X_y=True)
    with PEOPLE.open(encoding="utf-8", newline="") as file:
        in_scripts = [row["name"] for row in csv.DictReader(file)][::12]
    names = [*rng.permutation(real)[:100], *ODD, *judged, *LIKE, *in_scripts]
    for _ in range(200):
        pools = [POOLS[i] for i in rng.randint(len(POOLS), size=rng.randint(1, 4))]
        characters = [*"".join(pools)]
        names.append("".join(rng.choice(characters, size=rng.randint(1, 25))))
    return names


@pytest.fixture(scope="module")
def model_file(tmp_path_factory, shipped):
    """The shipped model as an ONNX file."""
    path = tmp_path_factory.mktemp("onnx") / "names.onnx"
    onnx.save(to_onnx(shipped), path)
    return path


def test_javascript_predictions_of_country_model_match_python(names, judged, tmp_path):
    some = ["Foo Ltd", "Kim Min-jun", "Carlos Mendoza", "Hansen", "Emily Wilson"]
    names = [*names, *[*judged][:95], *some]
    model = load_pretrained("country", abstain=True, fallback=["subregion", "region"])
    onnx.save(to_onnx(model), tmp_path / "names.onnx")
    run = run_javascript(SCRIPT, tmp_path / "names.onnx", given=names, cwd=FOLDER)
    found = json.loads(run.stdout)
    codes = np.reshape(found["codes"], (len(names), -1))
    differs = (codes != load_pretrained("country")[0].transform(names)).any(axis=1)
    assert not [names[i] for i in np.flatnonzero(differs)]
    predictions = predict_names(model, names)
    assert_allclose(found["probabilities"], predictions.proba, rtol=0, atol=1e-5)
    reasons = predictions.reasons.tolist()
    assert found["reasons"] == ["" if why == "unsure" else why for why in reasons]
    assert [answer["reason"] for answer in found["answers"]] == reasons[-100:]
    predicted = model.predict(names[-100:]).tolist()
    assert found["predicted"] == predicted
    assert [answer["label"] for answer in found["answers"]] == predicted
    assert {"KR", "Americas", "Northern Europe", "unknown"} < {*predicted}


def test_javascript_command_prints_output_shown_in_its_readme(model_file):
    run = run_process(NODE, FOLDER / "predict.mjs", model_file, "Mehmet Yılmaz", "王伟")
    shown = [f"    {line}" for line in run.stdout.splitlines()]
    assert "\n".join(shown) in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(shown) == 2
