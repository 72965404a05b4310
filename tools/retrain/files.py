"""Write the files of a model: weights, description and its digest, card."""

import csv
import hashlib
import io
import json
from dataclasses import replace

import numpy as np

from sknames import __version__, fingerprint
from sknames.pretrained._load_pretrained import (
    ARRAYS,
    CARD,
    DESCRIPTION,
    DIGEST,
    FORMAT,
    read_model,
)
from sknames.pretrained._load_pretrained import FOLDER as MODELS

NATIONALITIES = MODELS.parent / "datasets" / "data" / "nationalities.csv"


def write_model(pipeline, folder, trunk=None):
    """Write a fitted pipeline to the files of `load_pretrained`.

    The folder is called as what the model predicts. For a head, `trunk` is
    "nationality", and only what differs from that model is written, which is in the
    folder of that name.
    """
    encoder = pipeline["encode"]
    classifier = pipeline["classify"]
    arrays = replace(classifier.network_, fingerprint=None).to_arrays()
    description = {"format": FORMAT, "version": __version__}
    classify = {"classes": classifier.classes_.tolist()}
    if trunk:
        own = ("class_prior", "head.", "word_")
        arrays = {name: array for name, array in arrays.items() if name.startswith(own)}
        below = (folder.parent / trunk / DESCRIPTION).read_bytes()
        description |= {
            "trunk": trunk,
            "trunk_sha256": hashlib.sha256(below).hexdigest(),
        }
    else:
        description["encode"] = {
            "params": encoder.get_params(),
            "alphabet": encoder.alphabet_,
            "max_length": encoder.max_length_,
        }
        classify |= {
            "params": classifier.get_params()
            | {"ngram_range": list(classifier.ngram_range)},
            # Leave out seconds, which differ in each training.
            "history": [row | {"dur": 0.0} for row in classifier.history_],
        }
    folder.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    # Stored, which loads four times as fast: the wheel is compressed anyway.
    np.savez(content, **arrays)
    (folder / ARRAYS).write_bytes(content.getvalue())
    description |= {
        "sha256": hashlib.sha256(content.getvalue()).hexdigest(),
        "classify": classify,
    }
    write_description(folder, description)


def write_description(folder, description):
    """Write the description, with the fingerprint of its weights, and its digest."""
    path = folder / DESCRIPTION
    path.write_bytes(_lines({"fingerprint": None} | description))
    digits = fingerprint(read_model(folder)).removeprefix("network")
    content = _lines({"fingerprint": f"{folder.name}{digits}"} | description)
    path.write_bytes(content)
    # As `sha256sum model.json` prints it.
    line = f"{hashlib.sha256(content).hexdigest()}  {DESCRIPTION}\n"
    (folder / DIGEST).write_bytes(line.encode())


def _lines(description):
    """Return the bytes of a description, the same on all systems."""
    return f"{json.dumps(description, ensure_ascii=False, indent=1)}\n".encode()


def write_card(folder, card):
    """Write the figures of the card for `load_card`.

    The card says which model they are of.
    """
    description = json.loads((folder / DESCRIPTION).read_bytes())
    stored = {"fingerprint": description["fingerprint"]} | card
    write_json(folder / CARD, stored)


def write_recalls(card, path=NATIONALITIES):
    """Write the figures of the card that `load_nationalities` has."""
    rows = [*csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
    for row in rows:
        row["n_names"] = card["n_names_by_nationality"].get(row["nationality"], 0)
        row["recall"] = (
            card["by_nationality"].get(row["nationality"], {}).get("recall", "")
        )
    write_csv(path, [*rows[0]], (row.values() for row in rows))


def write_json(path, content):
    """Write a file that is equal on each system."""
    path.write_bytes(f"{json.dumps(content, indent=1)}\n".encode())


def write_csv(path, header, rows):
    """Write a table, the same on all systems."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
