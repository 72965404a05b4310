"""Retrain the model that ships with the package: ``python -m tools.retrain``."""

import argparse
import os
import time
from pathlib import Path

import numpy as np

from sknames.pretrained._load_pretrained import TARGETS, read

from .files import FOLDER, write_model
from .recipe import fit, training_names
from .spellings import PAIRS

# Processors of one maker run the same code, whatever else they can do. What is the same on those of
# all makers (MKL_CBWR=COMPATIBLE) takes twice the time.
SAME_BITS = {"MKL_CBWR": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


def main(arguments=None):
    """Train the model, write its files, and compare them with those that ship."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain",
        description="Retrain the model that ships with sknames. It takes an hour on one core. It "
        "needs opencc and PyICU, and in the same folder as the wheel Debian's enamdict, the source "
        "distribution of jieba, the wheel of rigour 1.2.0, and as `pairs` the folder data of "
        f"{PAIRS}. "
        "On processors of the same maker with AVX2, the same releases of sknames, numpy, scipy "
        "and torch give the same weights to the bit.",
    )
    parser.add_argument(
        "--wheel",
        help="Path of name2nat-0.5.1-py3-none-any.whl (`pip download --no-deps name2nat==0.5.1`). "
        "By default, it is looked for in $SKNAMES_DATA, or in ~/sknames_data.",
    )
    parser.add_argument(
        "--players",
        help="Path of spelling.ssp of Scid, or of an archive that holds it (`apt-get download "
        "scid-spell-data`). By default, it is looked for in the same folders.",
    )
    parser.add_argument(
        "--lists-only",
        action="store_true",
        help="Train without all those files, which gives a less accurate model.",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("pretrained"),
        help="Folder for the files (default: pretrained).",
    )
    parser.add_argument(
        "--labels",
        choices=TARGETS,
        default=TARGETS[0],
        help="What the model is to predict. That of countries is a head on the model of "
        "nationalities that ships, and takes two minutes.",
    )
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    if options.labels == "country":
        from . import countries  # torch, which reads SAME_BITS when it is imported

        people = countries.people_of_countries(options.wheel, options.players)
        head = countries.fit(read(FOLDER), *countries.training_names(people), verbose=1)
        write_model(head, options.output, TARGETS[0])
        return

    names, nationalities = training_names(
        options.wheel, options.players, lists_only=options.lists_only
    )
    print(f"{len(names):,} names of {len(set(nationalities))} nationalities", flush=True)
    start = time.perf_counter()
    model = fit(names, nationalities, verbose=1)
    print(f"trained in {(time.perf_counter() - start) / 60:.0f} minutes")
    model.set_params(classify__verbose=0)
    write_model(model, options.output)
    print(f"written to {options.output}: {_compare(options.output)}")
    print("To ship them, see CONTRIBUTING.md.")


def _compare(folder):
    """Describe how the weights in a folder differ from those that ship."""
    new, shipped = (_weights_and_words(read(path)["classify"]) for path in (folder, FOLDER))
    if {name: array.shape for name, array in new.items()} != {
        name: array.shape for name, array in shipped.items()
    }:
        return "not of the shape of the weights that ship"
    largest = max(float(np.abs(new[name] - shipped[name]).max()) for name in shipped)
    if largest == 0:
        return "to the bit the weights that ship"
    return f"weights differ from those that ship by up to {largest:.2g}"


def _weights_and_words(classifier):
    """Return all numbers that training gives, by name."""
    words = classifier.network_.words
    return classifier.weights_ | {name: getattr(words, name).astype(float) for name in vars(words)}


if __name__ == "__main__":
    os.environ.update(SAME_BITS)  # before the first import of torch
    main()
