"""Retrain the shipped models: ``python -m tools.retrain``."""

import argparse
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sknames.pretrained._load_pretrained import TARGETS, read_model

from . import countries, gate, recipe
from .files import MODELS, write_model
from .spellings import PAIRS

# With these settings, all processors of one manufacturer run the same code. The setting
# for all manufacturers (MKL_CBWR=COMPATIBLE) takes twice the time.
SAME_BITS = {"MKL_CBWR": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


@dataclass(frozen=True)
class Plan:
    """Amounts of training data and parameters; the defaults are the shipped ones."""

    first_phase: recipe.Amounts = recipe.FIRST_PHASE
    second_phase: recipe.Amounts = recipe.SECOND_PHASE
    countries: recipe.Amounts = countries.AMOUNTS
    # Parameters of the classifier that override `recipe.CLASSIFIER`.
    params: Mapping = field(default_factory=dict)


def main(arguments=None, material=None, material_of_countries=None, plan=None):
    """Train the models, write their files, and compare them with the shipped models.

    By default, the material is read from all sources, and the plan is that of the
    shipped models. If only `material` is given, only nationalities are trained.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain",
        description="Retrain the models that ship with sknames. This takes about 45 "
        "minutes on one core. It requires opencc, PyICU and dawg2-python. The folder "
        "$SKNAMES_DATA, or ~/sknames_data, must contain the wheels of name2nat 0.5.1, "
        "rigour 1.2.0, arabic-name-romanizer 0.2.0, arabnamer 0.1.3, "
        "habesha-names 0.2.0 and names-translator 2.1.0; the Debian packages "
        "scid-spell-data and enamdict; the source distribution of jieba; the folder "
        f"data of {PAIRS}, renamed to `pairs`; and the folder `people` that "
        "`python -m tools.retrain.people` writes. On processors of the same "
        "manufacturer with AVX2, the same versions of sknames, numpy, scipy and torch "
        "give bit-identical weights.",
    )
    parser.add_argument(
        "--lists-only",
        action="store_true",
        help="Train only the nationality model, from the lists of the package, without "
        "any of these files. It is less accurate.",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("pretrained"),
        help="Folder for the files (default: pretrained).",
    )
    parser.add_argument(
        "--permissive",
        action="store_true",
        help="Train without sources under the GPL or CC BY-SA (enamdict, RugbyScope "
        "and scid-spell-data), but with Debian's mecab-ipadic. The models are less "
        "accurate.",
    )
    parser.add_argument(
        "--only",
        choices=TARGETS,
        help="Train only one of the models. The country model is a head on the "
        "nationality model, which must be in the folder of --output.",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=recipe.SEED,
        help="Seed of all random numbers (default: the seed of the shipped models).",
    )
    options = parser.parse_args(arguments)
    seed = options.seed
    plan = plan or Plan()
    if material is None:
        permissive = options.permissive
        material = recipe.read_material(
            lists_only=options.lists_only, permissive=permissive
        )
        if not options.lists_only:
            material_of_countries = countries.read_material(
                material, permissive=permissive
            )
    if options.only == "country":
        model = read_model(options.output / "nationality", priors="uniform")
    else:
        model = train_nationalities(material, plan, seed)
        _write(model, options.output, "nationality", material)
    if material_of_countries is not None and options.only != "nationality":
        names, labels = countries.training_names(
            material_of_countries, plan.countries, seed=seed
        )
        print(f"{len(names):,} names of {len({*labels})} countries", flush=True)
        model = countries.fit(model, names, labels, seed=seed, verbose=1)
        _write(model, options.output, "country", material_of_countries)
    print(f"trained in {time.process_time() / 60:.0f} minutes")


def train_nationalities(material, plan, seed):
    """Train the nationality model in two phases, and return it."""
    names, labels = recipe.training_names(material, plan.first_phase, seed=seed)
    print(f"{len(names):,} names of {len({*labels})} nationalities", flush=True)
    model = recipe.fit(names, labels, random_state=seed, verbose=1, **plan.params)
    names, labels = recipe.training_names(material, plan.second_phase, seed=seed)
    print(f"{len(names):,} names in the second phase", flush=True)
    model = recipe.fit_more(model, names, labels, seed=seed, verbose=1)
    return model.set_params(classify__verbose=0)


def _write(model, folder, target, material):
    """Write a model, and compare its weights with the shipped ones.

    Then print how it predicts common names, see `gate.check`.
    """
    write_model(model, folder / target, TARGETS[0] if target != TARGETS[0] else None)
    new, shipped = (_numbers(of) for of in (model, read_model(MODELS / target)))
    if {name: x.shape for name, x in new.items()} != {
        name: x.shape for name, x in shipped.items()
    }:
        found = "the weights and the shipped weights differ in shape"
    elif largest := max(np.abs(new[name] - shipped[name]).max() for name in shipped):
        found = f"the weights differ from the shipped weights by up to {largest:.2g}"
    else:
        found = "the weights are bit-identical to the shipped weights"
    print(f"written to {folder / target}: {found}", flush=True)
    _, common_names = gate.check(folder / target, material.sources)
    print(f"\n{common_names}\n", flush=True)


def _numbers(model):
    """Return all trained weights, including those of words, by name."""
    classifier = model["classify"]
    words = vars(classifier.network_.words)
    return classifier.weights() | {name: x.astype(float) for name, x in words.items()}


if __name__ == "__main__":
    os.environ.update(SAME_BITS)  # before the first import of torch
    main()
