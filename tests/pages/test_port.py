"""Texts with expected answers, for tests of ports to other languages.

Run ``PYTHONPATH=. python tests/pages/test_port.py`` to update the answers after a
change of models or rules. To add a row, write its text only, and run this.
"""

import json
import re
from pathlib import Path

import pytest

from sknames import (
    CharEncoder,
    SelectiveClassifier,
    fingerprint,
    load_pretrained,
    predict_names,
)
from sknames.onnx import to_onnx

PORT = Path(__file__).parent / "data" / "port.json"
PAGE = Path(__file__).parents[2] / "examples" / "javascript" / "port.md"
TARGETS = ["nationality", "country"]


def answers(texts):
    """Return the answers for texts, one row each, and the models' fingerprints.

    The models also predict labels for texts that are not names.
    """
    encoder = CharEncoder(
        transliterate=False, lowercase=False, tidy=True, max_length=None
    )
    tidy = encoder.inverse_transform(encoder.fit_transform(texts)).tolist()
    rows = [{"text": text, "tidy": tidy[i]} for i, text in enumerate(texts)]
    fingerprints = {}
    for target in TARGETS:
        model = load_pretrained(target)
        fingerprints[target] = fingerprint(model)
        found = predict_names(model, texts)
        for i, row in enumerate(rows):
            row["reason"] = str(found.reasons[i])
            row[target] = found.labels[i, 0]
            row[f"{target}_probability"] = round(float(found.top_proba[i, 0]), 6)
    return {"models": fingerprints, "rows": rows}


def read():
    return json.loads(PORT.read_text(encoding="utf-8"))


def test_stored_rows_for_ports_match_current_python_predictions():
    expected = read()
    texts = [row["text"] for row in expected["rows"]]
    found = answers(texts)
    assert len({*texts}) == len(texts) == 200
    assert found["models"] == expected["models"]
    for row, expected_row in zip(found["rows"], expected["rows"], strict=True):
        # Processors differ in the sixth digit.
        assert row == pytest.approx(expected_row, abs=2e-5)


def test_port_page_documents_all_onnx_metadata(tiny):
    metadata = {}
    for field in to_onnx(SelectiveClassifier(tiny, threshold=0.5)).metadata_props:
        metadata[field.key] = json.loads(field.value)
    encoder = metadata["encoder"]
    names = {*metadata, *encoder, *encoder["tidy_rules"], *metadata["not_names"]}
    code = re.findall("`+([^`]+)`", PAGE.read_text(encoding="utf-8"))
    assert names <= {*re.findall(r"\w+", " ".join(code))}


if __name__ == "__main__":
    written = answers([row["text"] for row in read()["rows"]])
    PORT.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
