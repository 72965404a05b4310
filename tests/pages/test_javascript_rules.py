"""The JavaScript port of tidying, encoding and rejecting names agrees with Python.

These tests need Node.js, but no npm package: the package any-ascii is replaced by a
table that Python's anyascii fills.
"""

import json
import unicodedata

import numpy as np
import pytest
from anyascii import anyascii
from numpy.testing import assert_allclose

from sknames import CharEncoder, load_pretrained, predict_names
from sknames._models.stack import Stack, resolve
from sknames._text.names import Names
from sknames._text.not_names import RULES
from sknames._text.titles import TIDY
from sknames.onnx import _metadata, to_onnx
from tests.pages.conftest import EXAMPLES, NODE, run_javascript
from tests.test_char_encoder import READINGS
from tests.test_spelling import FORMS
from tests.test_tidy import LIKE, NAMES

INDEX = EXAMPLES / "javascript" / "index.mjs"
IMPORT = 'import anyAscii from "any-ascii";\n'
N_CODE_POINTS = 0x20000  # higher code points are very rare in names

pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a copy of index.mjs that does not import any-ascii."""
    folder = tmp_path_factory.mktemp("javascript")
    ascii_of = {}
    for character in [*map(chr, range(N_CODE_POINTS)), *"".join(READINGS["names"])]:
        ascii_of[character] = anyascii(character)
    text = INDEX.read_text(encoding="utf-8")
    assert text.count(IMPORT) == 1
    table = (
        f"const ascii = {json.dumps(ascii_of)};\nconst anyAscii = (c) => ascii[c];\n"
    )
    (folder / "index.mjs").write_text(text.replace(IMPORT, table), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def evaluate(folder):
    """Return a function that evaluates a JavaScript expression.

    The expression can use `given`, the keyword arguments, and `js`, the module
    index.mjs. With code=1, the expected error is returned.
    """

    def evaluate(expression, code=0, **given):
        script = f"""
import {{ readFileSync }} from "node:fs";
import * as js from "./index.mjs";
const given = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify({expression}));
"""
        run = run_javascript(script, given=given, code=code, cwd=folder)
        return run.stderr if code else json.loads(run.stdout)

    return evaluate


def model_of(encoder):
    """Return the metadata of an encoder's ONNX model, decoded from JSON."""
    metadata = _metadata(Stack(steps=(encoder,)), np.array([]))
    return {key: json.loads(value) for key, value in metadata.items()}


def test_javascript_encode_of_single_string_raises_type_error(evaluate, shipped):
    settings = model_of(shipped[0])["encoder"]
    error = evaluate("js.encode('Anna', given.settings)", code=1, settings=settings)
    assert "TypeError: Expected a list of names, got Anna. Wrap it in a list" in error


def test_javascript_encode_matches_table_of_expected_readings(evaluate):
    names = READINGS["names"]
    encoders = []
    for row in READINGS["encoders"]:
        encoders.append(CharEncoder(tidy=False, **row["params"]).fit(names))
    all_codes = evaluate(
        "given.settings.map((of) => [...js.encode(given.names, of)])",
        names=names,
        settings=[model_of(encoder)["encoder"] for encoder in encoders],
    )
    rows = zip(READINGS["encoders"], encoders, all_codes, strict=True)
    for expected, encoder, codes in rows:
        codes = np.reshape(codes, (len(names), encoder.max_length_))
        readings = encoder.inverse_transform(codes).tolist()
        assert readings == expected["readings"], expected["params"]


def test_javascript_fallback_to_regions_matches_python(evaluate, judged):
    names = [*judged, *LIKE.values()]
    model = load_pretrained("country", abstain=True, fallback=["subregion", "region"])
    found = predict_names(model, names)
    levels = [
        {"name": of.name, "groups": of.groups.tolist()}
        for of in resolve(model).threshold.fallback
    ]
    metadata = {
        "classes": model.classes_.tolist(),
        "abstain": {"threshold": model.threshold_, "levels": levels},
    }
    rows = evaluate(
        "given.rows.map((row) => js.fallBack(row, given.metadata))"
        ".map((a) => [a.label, a.level, a.probability, a.reason])",
        rows=found.proba.tolist(),
        metadata=metadata,
    )
    # For other texts, `whyNotName` gives the reason.
    is_name = np.isin(found.reasons, ["", "unsure"])
    labels, levels, probabilities, reasons = zip(*rows, strict=True)
    assert {*found.levels} == {"label", "subregion", "region"}
    assert np.array(labels)[is_name].tolist() == found.labels[is_name, 0].tolist()
    assert np.array(levels)[is_name].tolist() == found.levels[is_name].tolist()
    assert np.array(reasons)[is_name].tolist() == found.reasons[is_name].tolist()
    expected = found.top_proba[is_name, 0]
    assert_allclose(np.array(probabilities)[is_name], expected, rtol=0, atol=1e-6)


def test_javascript_abstains_if_probability_equals_threshold(evaluate):
    metadata = {
        "classes": ["a", "b"],
        "abstain": {"threshold": 0.5, "levels": []},
    }
    rows = [[0.3, 0.7], [0.29, 0.71], [0.9, 0.1], [0.5, 0.5]]
    climb = "given.rows.map((row) => js.fallBack(row, given.metadata))"
    answers = evaluate(climb, rows=rows, metadata=metadata)
    assert [answer["label"] for answer in answers] == ["b", "b", "a", "a"]
    assert [answer["reason"] for answer in answers] == ["", "", "", "unsure"]


CONTROLS = [*map(chr, [*range(0x20), *range(0x7F, 0xA0)])]
OF_OTHER_SCRIPTS = ["ᏣᎳᎩ", "ⵎⵓⵃⵎⴷ", "ᏣᎳᎩ Anna", "乜", "㐂", "Ѣ"]
MODIFIERS = [c for c in map(chr, range(0x3000)) if unicodedata.category(c) == "Lm"]
LONG = [
    "née X, " * 80,
    "Ab " * 166 + "A",
    "Ab " * 166 + "Ana",
    "𐍈" * 499,
    "e\u0301" * 600,
]


@pytest.fixture(scope="module")
def texts(judged):
    """Texts of tables, and 1,500 random texts with words that occur in the rules."""
    rng = np.random.RandomState(0)
    pool = FORMS * 3
    for table in [*TIDY.values(), *RULES.values()]:
        if isinstance(table, list):
            pool += [*rng.choice(table, min(len(table), 9))]
    texts = [*LIKE, *NAMES, *judged, *OF_OTHER_SCRIPTS, *LONG]
    texts += [f"Anna {modifier}." for modifier in MODIFIERS]
    texts += [f"An{control}na" for control in CONTROLS]
    for _ in range(1_500):
        words = rng.choice(pool, rng.randint(1, 7))
        ends = rng.choice([" ", " ", " ", ",", ", ", ".", ". ", ""], len(words))
        texts.append("".join(word + end for word, end in zip(words, ends, strict=True)))
    return texts


def test_javascript_tidied_texts_and_reasons_match_python(evaluate, texts, shipped):
    as_typed = CharEncoder(tidy=False).fit(texts)
    unclean = CharEncoder(tidy=True, clean=False).fit(texts)
    asked = "[js.tidy(t, given.model.encoder), js.whyNotName(t, given.model)]"
    for encoder in (shipped[0], as_typed, unclean):
        model = model_of(encoder)
        found = evaluate(f"given.texts.map((t) => {asked})", texts=texts, model=model)
        names = Names(texts, encoder._rules)
        assert [name for name, _ in found] == names.tidy
        assert [reason for _, reason in found] == names.reasons.tolist()
        assert Names(names.tidy, encoder._rules).tidy == names.tidy


def test_javascript_tidy_of_long_texts_takes_linear_time(evaluate, shipped):
    texts = [
        "a" + "." * 100_000 + "b",
        ", " * 50_000,
        "Ab " + "A " * 20_000,
        "'\" " * 30_000 + "a",
    ]
    read = "given.texts.map((t) => js.tidy(t, given.settings))"
    settings = model_of(shipped[0])["encoder"]
    asked = f"[Date.now(), {read}, Date.now()]"
    start, _, end = evaluate(asked, texts=texts, settings=settings)
    # Milliseconds. With quadratic time, the first text alone took as long.
    assert end - start < 20_000


LOAD = """
await Promise.all(given.models.map((bytes) =>
  js.NationalityModel.load(Uint8Array.from(bytes), given.ort).catch(String)))
"""
ORT = {"InferenceSession": {}}


def test_javascript_load_rejects_other_models_paths_and_runtimes(evaluate, tiny):
    classifier = to_onnx(tiny[-1]).SerializeToString()
    models = [[*classifier], [*b"no model"], [200]]
    errors = evaluate(LOAD, models=models, ort=ORT)
    assert "Expected a model that to_onnx made of a pipeline" in errors[0]
    assert "Expected an ONNX model" in errors[1]
    assert "Expected an ONNX model" in errors[2]
    path = "await js.NationalityModel.load('names.onnx', given.ort).catch(String)"
    expected = "TypeError: Expected a Uint8Array, the bytes of an ONNX model, got names"
    assert expected in evaluate(path, ort=ORT)
    model = [*to_onnx(tiny).SerializeToString()]
    for ort in (None, {}):
        (error,) = evaluate(LOAD, models=[model], ort=ort)
        assert "TypeError: Expected the module onnxruntime-node or" in error


@pytest.mark.parametrize(
    "field, key", [("encoder", "tidy_rules"), ("not_names", "not_names")]
)
def test_javascript_load_rejects_rules_with_unknown_format_number(
    evaluate, tiny, field, key
):
    proto = to_onnx(tiny)
    (field,) = (part for part in proto.metadata_props if part.key == field)
    value = json.loads(field.value)
    rules = value.get(key, value)
    expected = rules["format"]
    models = []
    for format_ in (99, None):
        rules["format"] = format_
        field.value = json.dumps(value)
        models.append([*proto.SerializeToString()])
    errors = evaluate(LOAD, models=models, ort=ORT)
    for error, got in zip(errors, ("99", "none"), strict=True):
        assert (
            f"Expected {key} of format {expected} in the metadata, got {got}. Conv"
            in error
        )
