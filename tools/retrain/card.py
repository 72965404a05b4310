"""Compute the model card: how accurate the recipe is on names whose words it has never seen."""

from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from sknames._wrappers.grouped_classifier import group
from sknames.metrics import expected_calibration_error
from tools.measuring import (
    LINEAR,
    SVM_SCALE,
    differences,
    likeliest_shares,
    machine,
    population_priors,
    svm_probabilities,
    table,
    top_3_hits,
)

from . import people_in_scripts
from .held_out import MADE, ONE_OF, PER_NATIONALITY, SPELLINGS
from .recipe import MOST_PEOPLE
from .tables import read_table

FOLDS = 3  # so often, each time others
PEOPLE = [f"full name, {source}" for source in MOST_PEOPLE]
KINDS = [*PEOPLE, "full name, made", "surname", "given name", "native script"]
FEW = 1_000  # people are few to learn a nationality from

SHORT = {"ours": "sknames", "svm": "LinearSVC", "logreg": "LogisticRegression"}
MODELS = {"ours": "**sknames, the recipe of the shipped model**"}
MODELS |= {key: title for key, (title, _) in LINEAR.items()}
N_RESAMPLES = 200  # for the interval of the calibration error


LEVELS = ("nationality", "subregion", "region")


# ---- Statistics


def hits_by_level(proba, labels, classes):
    """Return whether each most probable nationality, subregion and region is right, by level."""
    hits, places = {}, np.searchsorted(classes, labels)
    for level in LEVELS:
        shares = np.eye(len(classes)) if level == "nationality" else group(level, classes)[1]
        hits[level] = (proba @ shares).argmax(axis=1) == shares.argmax(axis=1)[places]
    return hits


def figures(y, scores, classes, has_probabilities):
    """Accuracy, macro-F1 over the nationalities tested, top-3; of probabilities, loss and error."""
    predicted = classes[scores.argmax(axis=1)]
    found = {
        "accuracy": float(np.mean(predicted == y)),
        "macro_f1": macro_f1(y, predicted),
        "top_3": float(top_3_hits(scores, y, classes).any(axis=1).mean()),
    }
    if has_probabilities:
        found["log_loss"] = float(losses(y, scores, classes).mean())
        found["calibration_error"] = expected_calibration_error(y, scores, labels=classes)
        rng = np.random.RandomState(0)
        rows = [rng.randint(len(y), size=len(y)) for _ in range(N_RESAMPLES)]
        errors = [expected_calibration_error(y[r], scores[r], labels=classes) for r in rows]
        found["calibration_error_interval"] = np.quantile(errors, [0.025, 0.975]).tolist()
    return found


def losses(y, scores, classes):
    return -np.log(scores[np.arange(len(y)), np.searchsorted(classes, y)])


def by_nationality(y, predicted):
    found = {}
    for nationality in np.unique(y).tolist():
        hits = int(np.sum((y == nationality) & (predicted == nationality)))
        n, n_predicted = int(np.sum(y == nationality)), int(np.sum(predicted == nationality))
        found[nationality] = {
            "n": n,
            "recall": hits / n,
            "n_predicted": n_predicted,
            "precision": hits / n_predicted if n_predicted else None,
        }
    return found


def macro_f1(y, predicted):
    """Over the nationalities tested."""
    return float(f1_score(y, predicted, labels=np.unique(y), average="macro"))


def by_mix(y, probabilities, classes):
    """Figures of one list of people under several suppositions of how frequent classes are."""
    true = np.bincount(np.searchsorted(classes, y), minlength=len(classes)) / len(y)
    estimated, root = likeliest_shares(probabilities), population_priors(classes)
    bearers = root**2
    # As if nationalities were as frequent among the names as in the world.
    weights = (bearers / np.maximum(true, 1 / len(y)))[np.searchsorted(classes, y)]
    found = {}
    for name, mix in {
        "equal": np.ones(len(classes)),
        "population, square root": root,
        "population": bearers,
        "estimated": estimated,
        "true": true,
    }.items():
        scores = probabilities * mix
        hits = classes[scores.argmax(axis=1)] == y
        f = figures(y, scores, classes, False)
        found[name] = f | {"accuracy_in_the_world": float(np.average(hits, weights=weights))}
    return found, float(np.abs(estimated - true).sum())


def by_decade(names, y, hits, born):
    """n and the share that is right, by the decade of birth of the players who have one."""
    years = np.array([born.get(row, np.nan) for row in zip(names, y, strict=True)], dtype=float)
    decades, found = years // 10 * 10, {}
    for decade in np.unique(decades[~np.isnan(decades)]).astype(int).tolist():
        rows = decades == decade
        shares = {key: float(hit[rows].mean()) for key, hit in hits.items()}
        found[f"{decade}s"] = {"n": int(rows.sum()), "recall": shares}
    return found


def birth_years(names, nationalities, years):
    """{(name, nationality): year}, of the players whose name is one person's."""
    rows = [*zip(names, nationalities, strict=True)]
    n = Counter(rows)
    return {
        row: year
        for row, year in zip(rows, years.tolist(), strict=True)
        if n[row] == 1 and not np.isnan(year)
    }


# ---- The card


PAGE = Path(__file__).with_name("model_card.txt")
NO_SUCH = (
    "There is no American, Argentine, Australian, Belgian, Canadian, Singaporean or Swiss name. "
    "Of South African names there are only Zulu ones."
)


def listing(items):
    return ", ".join(items) or "none"


def tried():
    """The demonyms that were tried as nationalities and left out."""
    rows = read_table("demonyms.csv")
    return [row["demonym"] for row in rows if row["reason"].startswith("tried")]


def learned(names, nationalities, lists, sources):
    """What the training names are of: numbers of names, and the nationalities known least."""
    rows, seen, n_learned = set(zip(names, nationalities, strict=True)), set(), {}
    n_people = Counter()
    for source, names_of in sources.items():
        pairs = {(name, label) for label, found in names_of.items() for name in found}
        new = pairs & rows - seen
        seen |= new
        n_learned[source] = len(new)
        n_people.update(label for _, label in new)
    listed = set(lists.target_names)
    return {
        "n_names": len(names),
        "n_distinct": len(rows),
        "n_names_of_people": n_learned,
        "n_names_by_nationality": dict(sorted(Counter(nationalities).items())),
        "from_lists_alone": sorted(listed - n_people.keys()),
        "from_few_people": {k: n for k, n in sorted(n_people.items()) if n < FEW},
        "from_people_alone": sorted(n_people.keys() - listed),
    }


def measure(results, tests, born, known):
    """All figures, as the card has them.

    Parameters
    ----------
    results : dict of list
        What `scores_of` returned for each fold, by model.
    tests : list of tuple
        What `held_out_split` returned to test on, for each fold.
    born : dict
        Of `birth_years`.
    known : dict
        Of `learned`.
    """
    folds = np.repeat(np.arange(len(tests)), [len(test[0]) for test in tests])
    names, y, kinds = (np.concatenate([test[k] for test in tests]) for k in range(3))
    y, kinds = y.astype(str), kinds.astype(str)
    classes = results["ours"][0][0]
    straight, found, right = {}, {}, {}
    for key, runs in results.items():
        assert all(np.array_equal(run[0], classes) for run in runs)
        scores = {k: np.concatenate([run[1][k] for run in runs]) for k in SPELLINGS}
        right[key] = {k: classes[of.argmax(axis=1)] == y for k, of in scores.items()}
        straight[key] = scores["as_written"]
        found[key] = figures(y, straight[key], classes, key != "svm")
        found[key]["minutes"] = float(np.mean([run[2] for run in runs]))
    predicted = {key: classes[scores.argmax(axis=1)] for key, scores in straight.items()}
    hits = {key: right_of["as_written"] for key, right_of in right.items()}

    by_kind = {
        kind: {"n": int(rows.sum())}
        | {"accuracy": {key: float(hit[rows].mean()) for key, hit in hits.items()}}
        for kind in KINDS
        if (rows := kinds == kind).any()
    }
    differ = []
    for key in [key for key in LINEAR if key in results]:
        pair = [hits[k] for k in ("ours", key)]
        differ.append([f"accuracy, to {SHORT[key]}", *differences(*pair, folds)])
        pair = [
            [macro_f1(y[folds == k], predicted[m][folds == k]) for k in range(len(tests))]
            for m in ("ours", key)
        ]
        differ.append([f"macro-F1, to {SHORT[key]}", *differences(*pair)])
        if "log_loss" in found[key]:
            pair = [losses(y, straight[k], classes) for k in ("ours", key)]
            differ.append([f"log loss, to {SHORT[key]}", *differences(*pair, folds)])

    people = np.isin(kinds, PEOPLE)
    mixes, mix_errors = {}, {}
    # Not LogisticRegression: it supposes the frequencies of its training names.
    for key in [key for key in ("ours", "svm") if key in results]:
        scores = straight[key][people]
        probabilities = svm_probabilities(scores) if key == "svm" else scores
        mixes[key], mix_errors[key] = by_mix(y[people], probabilities, classes)
    players = kinds == PEOPLE[1]
    decades = by_decade(
        names[players], y[players], {key: hit[players] for key, hit in hits.items()}, born
    )
    full = np.char.startswith(kinds, "full")
    is_native = kinds == "native script"
    is_ascii = np.array([name.isascii() for name in names])
    ours = by_nationality(y, predicted["ours"])
    n_made = Counter(y[kinds == "full name, made"].tolist())
    for nationality, row in ours.items():
        row["n_made"] = n_made[nationality]
    missed = ~hits["ours"]
    wrong = Counter(zip(y[missed].tolist(), predicted["ours"][missed].tolist(), strict=True))
    return {
        "nationalities": classes.tolist(),
        "learned_from": ", ".join(
            ["load_names(script='all')", "make_names"]
            + [f"at most {n:,} {source} a nationality" for source, n in MOST_PEOPLE.items()]
        ),
        **known,
        "missing": f"Every other nationality; its names are given to one of these. {NO_SUCH}",
        "must_not": "Do not decide about a person by it: a name does not tell who bears it.",
        "held_out": "Full names of people, made full names, surnames and given names of which no "
        "part was seen in training; by a model of the same recipe, trained without them.",
        "folds": len(tests),
        "n": len(y),
        **found["ours"],
        "baselines": {MODELS[key]: found[key] for key in LINEAR if key in found},
        "differences": differ,
        "by_kind": by_kind,
        "accuracy_by_level": {
            level: float(hit.mean())
            for level, hit in hits_by_level(straight["ours"], y, classes).items()
        },
        "last_word_first": {
            "accuracy": float(np.mean(hits["ours"][full])),
            "accuracy_turned": float(np.mean(right["ours"]["turned"][full])),
        },
        "in_ascii": {
            group: {"n": int(rows.sum())}
            | {
                spelling: {key: float(right[key][spelling][rows].mean()) for key in results}
                for spelling in ("as_written", "in_ascii")
            }
            for group, rows in {
                "diacritics": ~is_ascii & ~is_native,
                "native script": is_native,
            }.items()
            if rows.any()
        },
        "by_birth_decade": decades,
        "n_people": int(people.sum()),
        "by_frequencies": mixes,
        "error_of_estimated_frequencies": mix_errors,
        "by_nationality": ours,
        "baselines_recall": {
            MODELS[key]: {k: row["recall"] for k, row in by_nationality(y, predicted[key]).items()}
            for key in LINEAR
            if key in predicted
        },
        "confusions": [[*pair, n] for pair, n in wrong.most_common(30)],
    }


def page(card, shipped, n_kept, options):
    """The card in Markdown. Whatever it says was run is taken from the figures."""
    folds, keys = (
        card["folds"],
        [key for key in SHORT if key in card["by_kind"]["surname"]["accuracy"]],
    )
    linear = [key for key in keys if key in LINEAR]
    found = {"ours": card} | {key: card["baselines"][MODELS[key]] for key in linear}
    overall = [
        [MODELS[key]]
        + [f"{f[name]:.4f}" for name in ("accuracy", "macro_f1", "top_3")]
        + (
            [
                f"{f['log_loss']:.4f}",
                "{:.4f} ({:.4f} to {:.4f})".format(
                    f["calibration_error"], *f["calibration_error_interval"]
                ),
            ]
            if "log_loss" in f
            else ["-", "-"]
        )
        + [f"{f['minutes']:.0f}"]
        for key, f in found.items()
    ]
    kinds = [
        [kind, row["n"], *(f"{row['accuracy'][key]:.4f}" for key in keys)]
        for kind, row in card["by_kind"].items()
    ]
    ascii_rows = [
        [group, row["n"]]
        + [f"{row[k][key]:.4f}" for key in keys for k in ("as_written", "in_ascii")]
        for group, row in card["in_ascii"].items()
    ]
    decades = [
        [decade, row["n"], *(f"{row['recall'][key]:.3f}" for key in keys)]
        for decade, row in card["by_birth_decade"].items()
    ]
    mixes = [
        [SHORT[key], name]
        + [f"{f[k]:.4f}" for k in ("accuracy", "macro_f1", "top_3", "accuracy_in_the_world")]
        for key in keys
        for name, f in card["by_frequencies"].get(key, {}).items()
    ]
    mix_errors = "; ".join(
        f"{SHORT[key]} {error:.3f}"
        for key in keys
        if (error := card["error_of_estimated_frequencies"].get(key)) is not None
    )
    recalls = [card["baselines_recall"][MODELS[key]] for key in linear]
    nationality_rows = [
        [
            nationality,
            f["n"],
            f"{f['recall']:.3f}",
            *(f"{recall[nationality]:.3f}" for recall in recalls),
            "-" if f["precision"] is None else f"{f['precision']:.3f}",
            f["n_predicted"],
            f["n_made"] or "",
        ]
        if (f := card["by_nationality"].get(nationality))
        else [nationality, 0, *["-"] * (len(recalls) + 3), ""]
        for nationality in card["nationalities"]
    ]
    untested = [name for name in card["nationalities"] if name not in card["by_nationality"]]
    skipped = [MODELS[key] for key in LINEAR if key not in keys]
    stops = " LogisticRegression stops at its default of 100 iterations."
    n_people = card["n_names_of_people"]
    many = folds > 1
    return PAGE.read_text(encoding="utf-8").format(
        options=options,
        machine=machine(),
        n_characters=len(shipped["encode"].alphabet_),
        hidden_size=shipped["classify"].hidden_size,
        n_ngrams=shipped["classify"].network_.n_ngrams,
        n_words=len(np.unique(shipped["classify"].network_.words.keys)),
        n_classes=len(card["nationalities"]),
        nationalities=", ".join(card["nationalities"]),
        no_such=NO_SUCH,
        tried=listing(tried()),
        n_names=card["n_names"],
        n_distinct=card["n_distinct"],
        n_biographies=n_people["biographies"],
        n_players=n_people["chess players"],
        max_biographies=MOST_PEOPLE["biographies"],
        max_players=MOST_PEOPLE["chess players"],
        lists_alone=listing(card["from_lists_alone"]),
        few=FEW,
        few_people=listing(f"{name} ({n})" for name, n in card["from_few_people"].items()),
        people_alone=listing(card["from_people_alone"]),
        one_of=ONE_OF,
        times=f"; {folds} times, each time others" if many else "; once",
        of_folds=f" of the {folds} parts" if many else "",
        each_time=" each time" if many else "",
        models_run=f"Each model was trained {f'{folds} times' if many else 'once'}, from one seed."
        + (f" Not run: {' and '.join(skipped)}." if skipped else "")
        + (stops if "logreg" in keys else ""),
        untested=f" Nothing could be tested of: {', '.join(untested)}." if untested else "",
        n_kept=n_kept,
        per_nationality=PER_NATIONALITY,
        made=MADE,
        overall=table(
            ["", "accuracy", "macro-F1", "top-3", "log loss", "ECE (95 %)", "fit, min"], overall
        ),
        kinds=table(["", "n", *(SHORT[key] for key in keys)], kinds),
        paired_title=paired_title(linear, folds),
        paired=table(["sknames minus", "mean ± standard error", "each"], card["differences"])
        if linear
        else "No other model was run.",
        subregion=card["accuracy_by_level"]["subregion"],
        region=card["accuracy_by_level"]["region"],
        turned=card["last_word_first"]["accuracy_turned"],
        straight=card["last_word_first"]["accuracy"],
        in_ascii=table(
            ["names with", "n", *(f"{SHORT[key]}{t}" for key in keys for t in ("", ", in ASCII"))],
            ascii_rows,
        ),
        n_in_scripts=sum(row[1] for row in card["by_script"] if row[0].startswith("all")),
        scripts=table(people_in_scripts.HEADER, card["by_script"]),
        cyrillic=table([*people_in_scripts.HEADER, "wrong answers"], card["locals_in_cyrillic"]),
        decades=table(["born in the", "n", *(f"{SHORT[key]}, recall" for key in keys)], decades),
        n_people=card["n_people"],
        svm_note="\n- LinearSVC has no probabilities: its scores go through a softmax, times "
        f"{SVM_SCALE}."
        if "svm" in keys
        else "",
        mixes=table(
            ["", "frequencies", "accuracy", "macro-F1", "top-3", "accuracy, as in the world"], mixes
        ),
        mix_errors=f"Sum of the absolute errors of the estimated shares: {mix_errors}.",
        by_nationality=table(
            ["", "n", "recall", *(f"{SHORT[key]}'s recall" for key in linear)]
            + ["precision", "n predicted", "made"],
            nationality_rows,
        ),
        n_wrong=card["n"] - round(card["accuracy"] * card["n"]),
        n=card["n"],
        confusions=table(
            ["is", "was taken for", "n", "of"],
            [[a, b, n, card["by_nationality"][a]["n"]] for a, b, n in card["confusions"]],
        ),
    )


def paired_title(linear, folds):
    if not linear:
        return "Paired differences:"
    if folds > 1:
        return f"Paired differences on the {folds} parts, with the standard error over these:"
    return (
        "Paired differences, with the standard error over the names of the one part, which says "
        "nothing of another part or seed; macro-F1 has none:"
    )
