"""Evaluate the shipped models on held-out people, and write the files with the results.

Run ``python -m tools.retrain.measure``. It writes thresholds, class bias and cards with
operating points, docs/model_card.md, and the recall in nationalities.csv. It needs the
training data of `tools.retrain` and the new models in sknames/pretrained, and takes
several minutes.
"""

from pathlib import Path

import numpy as np

from sknames._models.priors import check_priors

from . import countries, gate, kept_apart, people_in_scripts, recipe
from .card import (
    birth_years,
    learned,
    measure,
    measure_countries,
    of_people_apart,
    page,
)
from .chess_players import read_chess_players
from .files import MODELS, write_card, write_recalls
from .operating_points import operating_points, predicted
from .risk_coverage import write_bias, write_thresholds

PAGE = Path(__file__).parents[2] / "docs" / "model_card.md"


def write_nationality(folder, people, training, born, common):
    """Write the results of the nationality model; return the model and its card.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    people : kept_apart.People
        All held-out people.
    training : dict
        Result of `learned`.
    born : dict
        Result of `birth_years`.
    common : dict
        Figures of `gate.check`.
    """
    model, report, of_halves = write_chosen(folder, people)
    card = measure(model, report, born, training)
    rows = people_in_scripts.people()
    found = people_in_scripts.outcomes(people_in_scripts.load(), rows)
    card["by_script"] = people_in_scripts.by_script(found, rows)
    card["locals_in_cyrillic"] = people_in_scripts.by_nationality(
        found, rows, "Cyrillic"
    )
    card |= of_halves
    card["common_names"] = common
    write_card(folder, card)
    return model, card


def write_country(folder, people, training_labels, common):
    """Write the results of the country model; return the model and its card.

    `training_labels` are the labels of the training names, and `common` are the figures
    of `gate.check`.
    """
    model, report, of_halves = write_chosen(folder, people)
    card = measure_countries(model, report, training_labels)
    card["by_script"] = people_in_scripts.countries_by_script(
        people_in_scripts.people()
    )
    card |= of_halves
    card["common_names"] = common
    write_card(folder, card)
    return model, card


def write_chosen(folder, people):
    """Write thresholds and class bias, which `load_pretrained` needs.

    The name of the folder is the target of the model.

    Returns
    -------
    model : Pipeline
        The model with uniform priors.
    report : kept_apart.People
        Held-out people to report.
    of_halves : dict
        Result of `of_people_apart`, a part of the card.
    """
    model, choose, report, halves = kept_apart.load(folder.name, folder, people)
    classes = model.classes_
    priors = check_priors("tempered", classes)
    labels = np.concatenate([half.labels for half in halves])
    n_people = np.bincount(np.searchsorted(classes, labels), minlength=len(classes))
    write_thresholds(folder, model, choose, priors)
    write_bias(folder, model, halves[0], n_people)
    choosing, reported = (predicted(model, half, priors) for half in halves)
    points = operating_points(choosing, reported, classes, priors, n_people)
    probabilities = np.concatenate([choosing.probabilities, reported.probabilities])
    best = probabilities.argmax(axis=1)
    return model, report, of_people_apart(points, classes, n_people, best)


def main():
    """Write the results of both models, and docs/model_card.md."""
    material = recipe.read_material()
    names, labels = recipe.training_names(material)
    models = {}
    cards = {}
    models["nationality"], cards["nationality"] = write_nationality(
        MODELS / "nationality",
        kept_apart.people_apart(material.sources),
        learned(names, labels, material.lists, material.sources),
        birth_years(*read_chess_players()),
        gate.check(MODELS / "nationality", material.sources)[0],
    )
    write_recalls(cards["nationality"])
    material = countries.read_material(material)
    _, labels = countries.training_names(material)
    people = kept_apart.people_apart(material.sources)
    common, _ = gate.check(MODELS / "country", material.sources)
    models["country"], cards["country"] = write_country(
        MODELS / "country", people, labels, common
    )
    PAGE.write_text(page(cards, models), encoding="utf-8")


if __name__ == "__main__":
    main()
