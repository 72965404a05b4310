"""Write what people kept apart show of a model that ships: thresholds, sets, bias, card, digests.

``python -m tools.retrain.measure`` needs the sources of `tools.retrain`, and the new model in
sknames/pretrained/nationality. It takes minutes, and an hour more for each linear model of --models
that --cache does not have; empty it if the training names changed. It also writes
docs/model_card.md, and the recall in nationalities.csv.

With ``--labels country`` it writes the files of sknames/pretrained/country.
"""

import argparse
from pathlib import Path

from threadpoolctl import threadpool_limits

from sknames._priors.priors import check_priors
from sknames.datasets import load_names
from sknames.pretrained._load_pretrained import TARGETS
from tools.measuring import LINEAR, some_of

from . import countries, kept_apart, people_in_scripts, recipe
from .card import TITLES, birth_years, learned, measure, measure_countries, page
from .chess_players import read_chess_players
from .files import MODELS, write_card, write_digests, write_recalls
from .risk_coverage import write_thresholds

PAGE = Path(__file__).parents[2] / "docs" / "model_card.md"
DEFAULT = ["ours", "svm"]


def write_nationality(keys, cache):
    """Write the files of the model of nationalities, and its model card."""
    model, choose, report = kept_apart.load()
    names, labels = recipe.training_names()
    if {*labels} != {*model.classes_}:
        raise SystemExit(
            f"The model in {MODELS} predicts {len(model.classes_)} nationalities, and the training "
            f"names have {len({*labels})}. Train it with `python -m tools.retrain`, put its files "
            "there and run this again."
        )
    lists = load_names(script="all")
    known = learned(names, labels, lists, recipe.typical_people(lists))
    del names, labels  # linear models need the memory
    write_chosen("nationality", model, choose)
    with threadpool_limits(1):
        linear = {
            key: kept_apart.linear_scores(key, report.names, cache) for key in keys if key in LINEAR
        }
    card = measure(model, report, linear, birth_years(*read_chess_players()), known)
    rows = people_in_scripts.people()
    found = people_in_scripts.outcomes(people_in_scripts.load(), rows)
    card["by_script"] = people_in_scripts.by_script(found, rows)
    card["locals_in_cyrillic"] = people_in_scripts.by_nationality(found, rows, "Cyrillic")
    write_card(MODELS / "nationality", card)
    write_recalls(card)
    options = "" if keys == DEFAULT else f" --models {','.join(keys)}"
    PAGE.write_text(page(card, model, options), encoding="utf-8")


def write_country():
    """Write the files of the model of countries."""
    model, choose, report = kept_apart.load("country")
    write_chosen("country", model, choose)
    sources, dictionaries = countries.people_of_countries(), countries.read_country_dictionaries()
    _, labels = countries.training_names(sources, dictionaries)
    card = measure_countries(model, report, labels)
    card["by_script"] = people_in_scripts.countries_by_script(people_in_scripts.people())
    write_card(MODELS / "country", card)


def write_chosen(target, model, people):
    """Write what the half of the people shows that chooses, so that the model can be loaded."""
    priors = check_priors("population", model.classes_)
    proba = model.predict_proba(people.names)
    write_thresholds(MODELS / target, proba, people, model.classes_, priors)
    write_digests(MODELS / target)


def main(arguments=None):
    """Write the files of a model."""
    parser = argparse.ArgumentParser(prog="python -m tools.retrain.measure", description=__doc__)
    parser.add_argument("--cache", type=Path, help="folder for the scores of linear models")
    parser.add_argument("--labels", choices=TARGETS, default=TARGETS[0], help="of which model")
    parser.add_argument(
        "--models",
        type=some_of(TITLES),
        default=DEFAULT,
        help=f"some of {','.join(TITLES)}, {','.join(DEFAULT)} by default; ours is always measured",
    )
    args = parser.parse_args(arguments)
    if args.labels == "country":
        write_country()
    else:
        write_nationality(args.models, args.cache)


if __name__ == "__main__":
    main()
