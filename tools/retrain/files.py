"""Write the files of a model: weights, description, digest of the description, card."""

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
    """Write a fitted pipeline to the files that `load_pretrained` reads.

    The name of the folder is the target of the model. For a head, `trunk` is
    "nationality": only the differences from the nationality model, which is in the
    folder next to it, are written.
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
            # The durations of epochs differ between trainings, so they are left out.
            "history": [row | {"dur": 0.0} for row in classifier.history_],
        }
    folder.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    # Not compressed, since this loads four times as fast, and the wheel is compressed.
    np.savez(content, **arrays)
    (folder / ARRAYS).write_bytes(content.getvalue())
    description |= {
        "sha256": hashlib.sha256(content.getvalue()).hexdigest(),
        "classify": classify,
    }
    write_description(folder, description)


def write_description(folder, description):
    """Write the description with the fingerprint of the weights, and its digest."""
    path = folder / DESCRIPTION
    path.write_bytes(_lines({"fingerprint": None} | description))
    digits = fingerprint(read_model(folder)).removeprefix("network")
    content = _lines({"fingerprint": f"{folder.name}{digits}"} | description)
    path.write_bytes(content)
    # The format of `sha256sum model.json`.
    line = f"{hashlib.sha256(content).hexdigest()}  {DESCRIPTION}\n"
    (folder / DIGEST).write_bytes(line.encode())


def _lines(description):
    """Return the bytes of a description, which are equal on all systems."""
    return f"{json.dumps(description, ensure_ascii=False, indent=1)}\n".encode()


def write_card(folder, card):
    """Write the card for `load_card`, with the fingerprint of the model."""
    description = json.loads((folder / DESCRIPTION).read_bytes())
    stored = {"fingerprint": description["fingerprint"]} | card
    write_json(folder / CARD, stored)


def write_recalls(card, path=NATIONALITIES):
    """Write the figures of the card that are in the table of `load_nationalities`."""
    rows = [*csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
    for row in rows:
        row["n_names"] = card["n_names_by_nationality"].get(row["nationality"], 0)
        row["recall"] = (
            card["by_nationality"].get(row["nationality"], {}).get("recall", "")
        )
    write_csv(path, [*rows[0]], (row.values() for row in rows))


def write_json(path, content):
    """Write a JSON file whose bytes are equal on all systems."""
    path.write_bytes(f"{json.dumps(content, indent=1)}\n".encode())


def write_csv(path, header, rows):
    """Write a CSV file whose bytes are equal on all systems."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
