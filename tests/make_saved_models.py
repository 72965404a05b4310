"""Write small models of each kind into tests/data, as joblib and as skops files.

tests/test_persistence.py reads them, so they were saved by the oldest releases that pyproject.toml
allows, which .ci/run installs. These need no torch; any other environment trains the network:

    PYTHONPATH=. python tests/make_saved_models.py train network.joblib
    PYTHONPATH=. $oldest/bin/python tests/make_saved_models.py save network.joblib

Do not write over files of a release: they show what earlier versions wrote.
"""

import json
import sys
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
from sknames._network.network import Network
from sknames.datasets import make_names

DATA = Path(__file__).parent / "data" / "saved"
LABELS = ["Greek", "Japanese", "Polish", "Turkish"]
PARAMS = {"hidden_size": 4, "embedding_dim": 2, "max_epochs": 3, "ngram_range": (1, 2)}


def train(path):
    """Train a network, and write its arrays, which are of no release."""
    names, labels = make_names(40, nationalities=LABELS, random_state=0)
    encoder = CharEncoder(max_length=24).fit(names)
    classify = NameNationalityClassifier(**PARAMS, random_state=0)
    classify.fit(encoder.transform(names), labels)
    arrays = classify.network_.to_arrays()
    joblib.dump((encoder.alphabet_, arrays, classify.classes_.tolist()), path)


def models(path):
    """Return a fitted model for each name of a file."""
    names, labels = make_names(40, nationalities=LABELS, random_state=1)
    alphabet, arrays, classes = joblib.load(path)
    classify = NameNationalityClassifier._from_network(
        Network.from_arrays(arrays), np.array(classes), n_features_in=24, **PARAMS
    )
    net = Pipeline([("encode", CharEncoder.from_alphabet(alphabet, 24)), ("classify", classify)])
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
        "grouped": GroupedClassifier(net, groups={"Greek": "Europe", "Polish": "Europe"}),
    }


def save(path):
    """Write the models, and what they predict."""
    DATA.mkdir(exist_ok=True)
    asked = ["Anna Kowalska", "Papadopoulos", "", "Ünknøwn 李", "Yamamoto", "O'Neil-Smith", "7"]
    expected = {"names": asked}
    for name, model in models(path).items():
        found = predict_names(model, asked)
        figures = {"classes": model.classes_, "probabilities": found.proba.round(9)}
        figures["reasons"] = found.reasons
        expected[name] = {key: values.tolist() for key, values in figures.items()}
        joblib.dump(model, DATA / f"{name}.joblib", compress=9)
        skops.io.dump(model, DATA / f"{name}.skops", compression=ZIP_LZMA)
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    (DATA / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    {"train": train, "save": save}[sys.argv[1]](sys.argv[2])
