"""Retrain the model that ships with the package: ``python -m tools.retrain``."""

import argparse
import os
import time
from pathlib import Path

import numpy as np

from sknames.pretrained._load_pretrained import TARGETS, read

from .files import FOLDER, write_model
from .recipe import fit, fit_more, training_names
from .spellings import PAIRS

# Processors of one maker run the same code, whatever else they can do. What is the same on those of
# all makers (MKL_CBWR=COMPATIBLE) takes twice the time.
SAME_BITS = {"MKL_CBWR": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


def main(arguments=None):
    """Train the model, write its files, and compare them with those that ship."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain",
        description="Retrain the model that ships with sknames. It takes an hour and a half on one "
        "core. It needs opencc, PyICU and dawg2-python, and in $SKNAMES_DATA, or in "
        "~/sknames_data, the wheels of name2nat 0.5.1, rigour 1.2.0, arabic-name-romanizer 0.2.0, "
        "arabnamer 0.1.3, "
        "habesha-names 0.2.0, names-translator 2.1.0, Debian's scid-spell-data and enamdict, the "
        f"source distribution of jieba, and as `pairs` the folder data of {PAIRS}. "
        "On processors of the same maker with AVX2, the same releases of sknames, numpy, scipy "
        "and torch give the same weights to the bit.",
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
        "nationalities that ships, and takes a quarter of an hour.",
    )
    options = parser.parse_args(arguments)
    if options.labels == "country":
        from . import countries  # torch, which reads SAME_BITS when it is imported

        people = countries.people_of_countries()
        names = countries.training_names(people, countries.read_country_dictionaries())
        write_model(countries.fit(read(FOLDER), *names, verbose=1), options.output, TARGETS[0])
        return

    start, model, shipped = time.perf_counter(), None, read(FOLDER)
    for second_phase in (False, True):
        names, nationalities = training_names(
            lists_only=options.lists_only, second_phase=second_phase
        )
        print(f"{len(names):,} names of {len(set(nationalities))} nationalities", flush=True)
        if second_phase:
            model = fit_more(model, names, nationalities, verbose=1)
        else:
            model = fit(names, nationalities, verbose=1)
    print(f"trained in {(time.perf_counter() - start) / 60:.0f} minutes")
    model.set_params(classify__verbose=0)
    write_model(model, options.output)
    print(f"written to {options.output}: {_compare(model, shipped)}")


def _compare(model, shipped):
    """Describe how the weights of a model differ from those that ship."""
    new, shipped = (_weights_and_words(of["classify"]) for of in (model, shipped))
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
    return classifier.weights() | {name: getattr(words, name).astype(float) for name in vars(words)}


if __name__ == "__main__":
    os.environ.update(SAME_BITS)  # before the first import of torch
    main()
