"""Compare weights trained on permissive sources only with the shipped weights.

``python -m tools.retrain.permissive FOLDER`` needs the folder written by ``python -m
tools.retrain --permissive --output FOLDER``, and the training data and public sets in
SKNAMES_DATA. It writes permissive.json, which the model card shows: the accuracy of
both on the same people, who are in the training data of neither. These are the held-out
people, and the people in public sets who are in no source, each from the half that is
reported. Priors are uniform.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.metrics import recall_score

from sknames import fingerprint
from sknames.pretrained._load_pretrained import TARGETS, read_model

from . import kept_apart, new_people
from .card import PERMISSIVE, by_group
from .files import write_json


def read_people(target, known):
    """Return the shipped model, and the people to report whose labels it has."""
    model, _, report, _ = kept_apart.load(target)
    public = new_people.public_people(target, known)
    return model, report.joined(public.at(np.isin(public.labels, model.classes_)))


def figures(model, people):
    """Return the accuracy of a model by source, and its mean recall over labels.

    People whose label the model does not have are misclassified.
    """
    predicted = model.predict(people.names)
    groups = {source: people.sources == source for source in np.unique(people.sources)}
    recall = recall_score(
        people.labels, predicted, labels=np.unique(people.labels), average="macro"
    )
    of_weights, _, _ = fingerprint(model).partition("+")  # without that of the priors
    return {
        "fingerprint": of_weights,
        "n_labels": len(model.classes_),
        "by_source": by_group(groups, predicted == people.labels),
        "recall": float(recall),
    }


def main(arguments=None, people=None):
    """Write permissive.json.

    `people` maps targets to results of `read_people`; by default, they are read from
    all sources.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain.permissive",
        description=__doc__.partition("\n")[0],
    )
    parser.add_argument("folder", type=Path, help="Folder of the permissive weights.")
    parser.add_argument(
        "--output",
        type=Path,
        default=PERMISSIVE,
        help="File to write (default: the file that the model card shows).",
    )
    options = parser.parse_args(arguments)
    if people is None:
        known = new_people.source_people()
        people = {target: read_people(target, known) for target in TARGETS}
    found = {}
    for target, (ships, some) in people.items():
        model = read_model(options.folder / target, priors="uniform")
        lacking = sorted({*ships.classes_} - {*model.classes_})
        found[target] = {
            "ships": figures(ships, some),
            "permissive": figures(model, some),
            "lacking": lacking,
        }
    write_json(options.output, found)


if __name__ == "__main__":
    main()
