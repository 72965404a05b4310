"""Compare weights trained on permissive sources only with the shipped weights.

``python -m tools.retrain.permissive FOLDER`` needs the folder that ``python -m
tools.retrain --permissive --output FOLDER`` wrote, and the sources and public sets in
SKNAMES_DATA. It writes permissive.json, which the model card shows: how accurate both
are on the same people, whom neither has learned. These are the people kept apart, and
the new ones of the public sets, of the half that chooses nothing. Priors are equal.
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
    """Return the model that ships, and the people whom it can predict."""
    model, _, report, _ = kept_apart.load(target)
    public = new_people.public_people(target, known)
    return model, report.joined(public.at(np.isin(public.labels, model.classes_)))


def figures(model, people):
    """Return how accurate a model is by source, and its recall, with labels alike.

    Labels that the model lacks count as wrong.
    """
    predicted = model.predict(people.names)
    groups = {source: people.sources == source for source in np.unique(people.sources)}
    recall = recall_score(
        people.labels, predicted, labels=np.unique(people.labels), average="macro"
    )
    of_weights, _, _ = fingerprint(model).partition("+")  # without equal priors
    return {
        "fingerprint": of_weights,
        "n_labels": len(model.classes_),
        "by_source": by_group(groups, predicted == people.labels),
        "recall": float(recall),
    }


def main(arguments=None, people=None):
    """Write permissive.json.

    `people` are what `read_people` returns, by target; by default, of all sources.
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
        help="File to write (default: that of the model card).",
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
