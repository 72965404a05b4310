"""Write small models of each kind into tests/data, as joblib and as skops files.

tests/test_persistence.py reads them, so they were saved by the oldest releases that
pyproject.toml allows, which .ci/oldest installs: ``PYTHONPATH=. $oldest/bin/python
tests/make_saved_models.py``.

Run it whenever the state of an estimator changes, until 0.1.0 is released. From then
on, do not write over files of a release: they show what it wrote.
"""

import json
from pathlib import Path
from zipfile import ZIP_LZMA

import joblib
import numpy as np
import skops.io
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline, make_pipeline

from sknames import (
    CharEncoder,
    GroupedClassifier,
    JoinNames,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    make_own_labels_pipeline,
    predict_names,
)
from sknames.datasets import make_names
from tests.conftest import random_network

DATA = Path(__file__).parent / "data" / "saved"
LABELS = ["Greek", "Japanese", "Polish", "Turkish"]
PARAMS = {"hidden_size": 4, "embedding_dim": 2, "ngram_range": (1, 2)}


def models():
    """Return a model of random weights for each name of a file."""
    names, labels = make_names(40, nationalities=LABELS, random_state=1)
    encoder = CharEncoder(max_length=24).fit(names)
    seen = encoder.transform(names)
    n = len(encoder.alphabet_)
    network = random_network(
        **PARAMS, seen=seen, symbols=np.arange(1, n + 1), separator=1
    )
    classify = NameNationalityClassifier._from_network(
        network, np.array(LABELS), n_features_in=24, **PARAMS
    )
    net = Pipeline([("encode", encoder), ("classify", classify)])
    own = make_own_labels_pipeline(FrozenEstimator(net)).set_params(
        features__ngrams__max_features=8
    )
    own.fit(names, labels == "Greek")
    shares = [0.75, 0.25]
    careful = SelectiveClassifier(FrozenEstimator(net), coverage=0.8).fit(names, labels)
    return {
        "net": net,
        "own_labels": PriorShiftClassifier(
            FrozenEstimator(own), priors=shares, assumed_prior=shares
        ).fit(None),
        "careful": make_pipeline(JoinNames(), careful),
        "grouped": GroupedClassifier(
            net, groups={"Greek": "Europe", "Polish": "Europe"}
        ),
    }


def save():
    """Write the models, and what they predict."""
    DATA.mkdir(exist_ok=True)
    asked = [
        "Anna Kowalska",
        "Papadopoulos",
        "",
        "Ünknøwn 李",
        "Yamamoto",
        "O'Neil-Smith",
        "7",
    ]
    expected = {"names": asked}
    for name, model in models().items():
        found = predict_names(model, asked)
        figures = {"classes": model.classes_, "probabilities": found.proba.round(9)}
        figures["reasons"] = found.reasons
        expected[name] = {key: values.tolist() for key, values in figures.items()}
        joblib.dump(model, DATA / f"{name}.joblib", compress=9)
        skops.io.dump(model, DATA / f"{name}.skops", compression=ZIP_LZMA)
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    (DATA / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    save()
