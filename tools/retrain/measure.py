"""Write what people kept apart show of the models that ship.

Run ``python -m tools.retrain.measure``. It writes thresholds, sets, bias, operating
points, cards and digests, docs/model_card.md, and the recall in nationalities.csv. It
needs the sources of `tools.retrain`, and the new models in sknames/pretrained, and
takes minutes.
"""

from pathlib import Path

import numpy as np

from sknames._models.priors import check_priors
from sknames.datasets import load_names

from . import countries, kept_apart, people_in_scripts, recipe
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
from .operating_points import operating_points, predicted, write_points
from .risk_coverage import write_bias, write_thresholds

PAGE = Path(__file__).parents[2] / "docs" / "model_card.md"


def write_nationality():
    """Write the files of the model of nationalities, and its model card."""
    model, report, of_halves = write_chosen("nationality")
    lists = load_names(script="all")
    names_of = recipe.training_names()
    known = learned(*names_of, lists, recipe.typical_people(lists))
    card = measure(model, report, birth_years(*read_chess_players()), known)
    rows = people_in_scripts.people()
    found = people_in_scripts.outcomes(people_in_scripts.load(), rows)
    card["by_script"] = people_in_scripts.by_script(found, rows)
    card["locals_in_cyrillic"] = people_in_scripts.by_nationality(
        found, rows, "Cyrillic"
    )
    card |= of_halves
    write_card(MODELS / "nationality", card)
    write_recalls(card)
    PAGE.write_text(page(card, model), encoding="utf-8")


def write_country():
    """Write the files of the model of countries."""
    model, report, of_halves = write_chosen("country")
    sources = countries.people_of_countries()
    dictionaries = countries.read_country_dictionaries()
    _, labels = countries.training_names(sources, dictionaries)
    card = measure_countries(model, report, labels)
    card["by_script"] = people_in_scripts.countries_by_script(
        people_in_scripts.people()
    )
    write_card(MODELS / "country", card | of_halves)


def write_chosen(target):
    """Write what people apart show, so that the model can be loaded.

    Return it under equal priors, the people to report, and what both halves show, as
    the card has it.
    """
    model, choose, report, halves = kept_apart.load(target)
    classes = model.classes_
    folder = MODELS / target
    priors = check_priors("population", classes)
    labels = np.concatenate([half.labels for half in halves])
    n_people = np.bincount(np.searchsorted(classes, labels), minlength=len(classes))
    write_thresholds(folder, model, choose, priors)
    write_bias(folder, model, halves[0], n_people)
    choosing, reported = (predicted(model, half, priors) for half in halves)
    points = operating_points(choosing, reported, classes, priors, n_people)
    write_points(folder, points)
    return model, report, of_people_apart(points, classes, n_people)


if __name__ == "__main__":
    write_nationality()
    write_country()
