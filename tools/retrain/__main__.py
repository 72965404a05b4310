"""Retrain the models that ship with the package: ``python -m tools.retrain``."""

import argparse
import os
import time
from pathlib import Path

import numpy as np

from sknames.pretrained._load_pretrained import TARGETS, read_model

from .files import MODELS, write_model
from .recipe import SEED, fit, fit_more, training_names
from .spellings import PAIRS

# Processors of one maker run the same code, no matter what else they can do. What is
# the same on those of all makers (MKL_CBWR=COMPATIBLE) takes twice the time.
SAME_BITS = {"MKL_CBWR": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


def main(arguments=None):
    """Train the models, write their files, and compare them with those that ship."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain",
        description="Retrain the models that ship with sknames, in three quarters of "
        "an hour of one core. It needs opencc, PyICU and dawg2-python, and in "
        "$SKNAMES_DATA, or in ~/sknames_data, the wheels of name2nat 0.5.1, "
        "rigour 1.2.0, arabic-name-romanizer 0.2.0, arabnamer 0.1.3, "
        "habesha-names 0.2.0, names-translator 2.1.0, Debian's scid-spell-data and "
        "enamdict, the source "
        f"distribution of jieba, as `pairs` the folder data of {PAIRS}, and the folder "
        "`people` that `python -m tools.retrain.people` makes. On processors of the "
        "same maker with AVX2, the same releases of sknames, numpy, scipy and torch "
        "give the same weights to the bit.",
    )
    parser.add_argument(
        "--lists-only",
        action="store_true",
        help="Train nationalities without all those files, which gives a less accurate "
        "model.",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("pretrained"),
        help="Folder for the files (default: pretrained).",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=SEED,
        help="Of all that is drawn at random (default: that of the models that ship).",
    )
    options = parser.parse_args(arguments)
    seed = options.seed
    names, labels = training_names(lists_only=options.lists_only, seed=seed)
    print(f"{len(names):,} names of {len({*labels})} nationalities", flush=True)
    model = fit(names, labels, random_state=seed, verbose=1)
    names, labels = training_names(
        lists_only=options.lists_only, second_phase=True, seed=seed
    )
    print(f"{len(names):,} names in the second phase", flush=True)
    model = fit_more(model, names, labels, seed=seed, verbose=1)
    model.set_params(classify__verbose=0)
    _write(model, options.output, "nationality")
    if not options.lists_only:
        from . import countries  # torch, which reads SAME_BITS when it is imported

        people = countries.people_of_countries()
        names, labels = countries.training_names(
            people, countries.read_country_dictionaries(), seed=seed
        )
        print(f"{len(names):,} names of {len({*labels})} countries", flush=True)
        model = countries.fit(model, names, labels, seed=seed, verbose=1)
        _write(model, options.output, "country")
    print(f"trained in {time.process_time() / 60:.0f} minutes")


def _write(model, folder, target):
    """Write a model, and say how its weights differ from those that ship."""
    write_model(model, folder / target, TARGETS[0] if target != TARGETS[0] else None)
    new, shipped = (_numbers(of) for of in (model, read_model(MODELS / target)))
    if {name: x.shape for name, x in new.items()} != {
        name: x.shape for name, x in shipped.items()
    }:
        found = "not of the shape of the weights that ship"
    elif largest := max(np.abs(new[name] - shipped[name]).max() for name in shipped):
        found = f"weights differ from those that ship by up to {largest:.2g}"
    else:
        found = "to the bit the weights that ship"
    print(f"written to {folder / target}: {found}", flush=True)


def _numbers(model):
    """Return all numbers that training gives, by name."""
    classifier = model["classify"]
    words = vars(classifier.network_.words)
    return classifier.weights() | {name: x.astype(float) for name, x in words.items()}


if __name__ == "__main__":
    os.environ.update(SAME_BITS)  # before the first import of torch
    main()
