"""Write what held-out people show of a model that ships: thresholds, sets, bias, card, digests.

``python -m tools.retrain.measure --cache FOLDER`` needs the sources of `tools.retrain`, and the new
model in sknames/pretrained/nationality. Three times it trains the recipe and two linear models
without the held-out names, for some hours on one core. It also writes docs/model_card.md, and the
recall in nationalities.csv. ``--folds 1 --models ours,svm`` is the shortest run; the card says what
was run. What --cache has is not run again; empty it after a change.

With ``--labels country`` it writes the files of sknames/pretrained/country, in minutes: its head is
trained on the first of those models.
"""

import argparse
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from sknames._priors.priors import check_priors, exchange_priors
from sknames.datasets import load_names
from sknames.datasets._load_names import read_rows
from sknames.pretrained._load_pretrained import TARGETS, load_card, read
from tools.measuring import population_priors, some_of, top_3_hits

from . import countries, people_in_scripts, recipe
from .card import FOLDS, MODELS, birth_years, learned, measure, page
from .chess_players import read_chess_players
from .files import FOLDER, write_card, write_recalls
from .held_out import ONE_OF, country_model, halves_of_people, of_half, scores_of, split
from .risk_coverage import write_thresholds

PAGE = Path(__file__).parents[2] / "docs" / "model_card.md"
COUNTRY_TESTS = ("country_people", "country_words")  # see `held_out`


def write_nationality(cache, n_folds, keys):
    """Write the files of the model of nationalities, and its model card."""
    splits, results = [split(cache, fold) for fold in range(n_folds)], {key: [] for key in keys}
    with threadpool_limits(1):
        for key, runs in results.items():
            for fold in range(n_folds):
                classes, scores, minutes = scores_of(key, cache, fold)
                runs.append((classes, scores["words"], minutes))
    if "ours" not in results:
        return
    shipped = read(FOLDER, priors="uniform")
    if not np.array_equal(shipped.classes_, results["ours"][0][0]):
        raise SystemExit(
            f"The model in {FOLDER} tells {len(shipped.classes_)} nationalities, and the training "
            f"names have {len(results['ours'][0][0])}. Train it with `python -m tools.retrain`, "
            "put its files there and run this again: the models in --cache are kept."
        )
    classes, choose, _ = halves_of_people(cache)
    write_thresholds(FOLDER, *choose, classes, population_priors(classes))
    lists = load_names(script="all")
    known = learned(*recipe.training_names(), lists, recipe.typical_people(lists))
    born = birth_years(*read_chess_players())
    card = measure(results, [parts.words for parts in splits], born, known)
    rows = people_in_scripts.people()
    found = people_in_scripts.outcomes(people_in_scripts.load(cache / "ours-0"), rows)
    card["by_script"] = people_in_scripts.by_script(found, rows)
    card["locals_in_cyrillic"] = people_in_scripts.by_nationality(found, rows, "Cyrillic")
    write_card(FOLDER, card)
    write_recalls(card)
    n_kept = round(np.mean([len(parts.train[0]) for parts in splits]))
    options = "" if n_folds == FOLDS else f" --folds {n_folds}"
    options += "" if keys == [*MODELS] else f" --models {','.join(keys)}"
    PAGE.write_text(page(card, shipped, n_kept, options), encoding="utf-8")


def alike(y, power=0.0):
    """Return weights that give countries equal frequencies, or a power of their inhabitants."""
    millions = {row[0]: float(row[3]) for row in read_rows("countries.csv")}
    labels, rows, counts = np.unique(y, return_inverse=True, return_counts=True)
    return (np.array([millions.get(c, 0.1) ** power for c in labels]) / counts)[rows]


def write_country(cache):
    """Write the files of the model of countries: half of the people choose, the others report."""
    folder, parts, held_out = FOLDER.parent / "country", split(cache), country_model(cache)
    classes = read(folder).classes_
    equal, priors = (check_priors(name, classes) for name in ("uniform", "population"))
    is_known = np.isin(classes, held_out.classes_)
    card = load_card("country")
    names = countries.people_of_countries(), countries.read_country_dictionaries()
    labels = countries.training_names(*names)[1].astype(str)
    counts = zip(*np.unique(labels, return_counts=True), strict=True)
    card["n_names_by_country"] = {str(code): int(n) for code, n in counts}
    card["n_names"] = len(labels)
    most = "{:,} and {:,}".format(*countries.MOST_PEOPLE.values())
    source, _, _ = card["learned_from"].rpartition(", at most ")
    card["learned_from"] = f"{source}, at most {most} of a country"
    for test in COUNTRY_TESTS:
        some = np.isin(parts[test][1], held_out.classes_)
        names, y = (column[some] for column in parts[test][:2])
        proba = np.zeros((len(names), len(classes)))
        proba[:, is_known] = held_out.predict_proba(names) / held_out[-1].class_prior_
        proba /= proba.sum(axis=1, keepdims=True)
        y, choose, report = y.astype(str), *(of_half(names, half) for half in (0, 1))
        if test == "country_people":
            write_thresholds(folder, proba[choose], names[choose], y[choose], classes, priors)
        hits = top_3_hits(exchange_priors(proba[report], equal, priors), y[report], classes)
        weights = alike(y[report], 0.5)
        top, top_3 = (np.average(h, weights=weights) for h in (hits[:, 0], hits.any(axis=1)))
        card[test] = {"n": int(report.sum()), "accuracy": float(top), "top_3": float(top_3)}
        hits_alike = top_3_hits(proba[report], y[report], classes)
        for key, hit in (("accuracy", hits_alike[:, 0]), ("top_3", hits_alike.any(axis=1))):
            card[test][f"{key}_alike"] = float(np.average(hit, weights=alike(y[report])))
        if test == "country_people":
            card["by_country"] = {
                code: {"n": int(of.sum()), "recall": float(hits[of, 0].mean())}
                for code in classes.tolist()
                if (of := y[report] == code).any()
            }
    lacking = sorted({row[0] for row in read_rows("countries.csv")} - set(classes.tolist()))
    write_card(folder, card | of_people(card["country_people"], lacking))


def of_people(figures, lacking):
    """Return what the card of countries says under the same names as that of nationalities."""
    return {
        "held_out": "Full names of people, which were not seen in training, under the default "
        "priors; country_words are those with no word seen in training.",
        **{name: figures[name] for name in ("n", "accuracy", "top_3")},
        "missing": "Macro-F1 was not measured. Names of people of other countries and territories "
        f"({', '.join(lacking)} in load_countries) are given to one of these.",
    }


def parse_folds(text):
    """Return the number of held-out parts."""
    if not (text.isdecimal() and 1 <= int(text) <= ONE_OF):
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {ONE_OF}, got {text!r}")
    return int(text)


def main(arguments=None):
    """Write the files of a model."""
    parser = argparse.ArgumentParser(prog="python -m tools.retrain.measure", description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder for finished models")
    parser.add_argument("--labels", choices=TARGETS, default=TARGETS[0], help="of which model")
    parser.add_argument(
        "--folds", type=parse_folds, default=FOLDS, help=f"how many held-out parts ({FOLDS})"
    )
    parser.add_argument(
        "--models",
        type=some_of(MODELS),
        default=[*MODELS],
        help=f"which models, {','.join(MODELS)} by default; without ours, train them and stop",
    )
    args = parser.parse_args(arguments)
    if args.labels == "country":
        write_country(args.cache)
    else:
        write_nationality(args.cache, args.folds, args.models)


if __name__ == "__main__":
    main()
