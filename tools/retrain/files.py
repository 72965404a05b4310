"""Write the files of the shipped model, its card, and its figures by nationality."""

import csv
import hashlib
import io
import json

import numpy as np

from sknames import __version__
from sknames.pretrained._load_pretrained import (
    ARRAYS,
    CARD,
    DESCRIPTION,
    DIGESTS,
    FORMAT,
    pretrained_sha256,
)
from sknames.pretrained._load_pretrained import FOLDER as MODELS

FOLDER = MODELS / "nationality"
NATIONALITIES = MODELS.parent / "datasets" / "data" / "nationalities.csv"


def write_model(pipeline, folder, trunk=None):
    """Write a fitted pipeline to the two files that `load_pretrained` reads.

    For a head, `trunk` is "nationality", and only what differs from that model is written.
    """
    encoder, classifier = pipeline["encode"], pipeline["classify"]
    arrays = classifier.network_.to_arrays()
    description = {"format": FORMAT, "version": __version__}
    classify = {"classes": classifier.classes_.tolist()}
    if trunk:
        own = ("class_prior", "head.", "word_")
        arrays = {name: array for name, array in arrays.items() if name.startswith(own)}
        description |= {"trunk": trunk, "trunk_sha256": pretrained_sha256(labels=trunk)}
    else:
        description["encode"] = {
            "params": encoder.get_params(),
            "alphabet": encoder.alphabet_,
            "max_length": encoder.max_length_,
        }
        classify |= {
            "params": classifier.get_params() | {"ngram_range": list(classifier.ngram_range)},
            # Leave out seconds, which differ in each training.
            "history": [row | {"dur": 0.0} for row in classifier.history_],
        }
    content = io.BytesIO()
    # Stored, which loads four times as fast: the wheel is compressed anyway.
    np.savez(content, **arrays)
    (folder / ARRAYS).write_bytes(content.getvalue())
    description |= {"sha256": hashlib.sha256(content.getvalue()).hexdigest(), "classify": classify}
    text = json.dumps(description, ensure_ascii=False, indent=1)
    (folder / DESCRIPTION).write_bytes(f"{text}\n".encode())  # the same on all systems


def write_card(card):
    """Write the figures of the card for `load_card`, and some also for `load_nationalities`."""
    (FOLDER / CARD).write_bytes(f"{json.dumps(card, indent=1)}\n".encode())
    write_digests(FOLDER)
    rows = [*csv.DictReader(NATIONALITIES.read_text(encoding="utf-8").splitlines())]
    for row in rows:
        row["n_names"] = card["n_names_by_nationality"].get(row["nationality"], 0)
        row["recall"] = card["by_nationality"].get(row["nationality"], {}).get("recall", "")
    with open(NATIONALITIES, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_digests(folder):
    """Write the digests that the package checks, as `sha256sum *.csv *.json` prints them."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".json"))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths]
    (folder / DIGESTS).write_bytes("".join(lines).encode())
