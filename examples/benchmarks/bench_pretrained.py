"""How accurate the recipe of the shipped model is on names whose parts it has never seen.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_pretrained.py --cache folder``, with the
wheel of name2nat in SKNAMES_DATA. Three times it trains the recipe and two linear models without
the held-out names, for an hour or two on one core, prints the model card in Markdown, and writes
the figures to sknames/pretrained/card.json. What --cache has is not run again; empty it after a
change.
"""

import argparse
import json
import re
import time
import unicodedata
from collections import Counter
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from bench_accuracy import (
    BASELINES,
    calibration_error,
    machine,
    standard_error,
    table,
    top_3_hits,
)
from sklearn.base import clone
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from sknames._spelling import fold
from sknames.datasets import load_names, make_names
from sknames.pretrained import _load_pretrained, _train

ONE_OF = 8  # parts of names is held out
FOLDS = 3  # so often, each time others
PER_NATIONALITY = 100  # full names to test on each time, at most
MADE = 50  # made names fill up to so many
# Words within names that are no names.
PARTICLES = set(
    "al ap as az bar ben bin bint da de degli dei del della den der des di do dos du e el het "
    "i ibn ii iii la las le los mac mc na o of op san st ten ter the ul van vom von y z zu "
    "zur".split()
)
KINDS = ["full name", "full name, made", "surname", "given name", "native script"]


LINEAR = ["svm", "logreg"]  # of BASELINES
MODELS = {"ours": "**sknames, the recipe of the shipped model**"}
MODELS |= {key: BASELINES[key][0] for key in LINEAR}


# ---- Names that are held out


def words(name):
    """The names in a name, in plain ASCII letters and lower case."""
    return {w for w in re.split("[^a-z]+", fold(name)) if w and w not in PARTICLES}


def all_words(name):
    """The same, with all that a name without spaces may be put together from."""
    found = words(name)
    if " " not in name and unicodedata.name(name[0]).startswith(("CJK", "HANGUL", "HIRA", "KATA")):
        for k in range(1, len(name)):
            found |= words(name[:k]) | words(name[k:])
    return found


def is_held_out(word, eighth):
    return sha256(f"held out:{word}".encode()).digest()[0] % ONE_OF == eighth


def is_all_held_out(name, eighth, least=1):
    """Whether a name has at least so many words, and all are held out."""
    found = words(name)
    return len(found) >= least and all(is_held_out(word, eighth) for word in found)


def held_out_split(names, nationalities, lists, biographies, eighth):
    """Rows to train on, without any held-out part, and rows to test on, with no other part.

    Parameters
    ----------
    names, nationalities : ndarray of object
        All that the recipe learns.
    lists : Bunch
        Of `load_names`.
    biographies : dict of list of str
        Names by nationality.
    eighth : int
        Which of all parts is held out.

    Returns
    -------
    train : tuple (names, nationalities) of ndarray of object
    test : tuple (names, nationalities, kinds) of ndarray of object
    """
    kept = np.array([not any(is_held_out(w, eighth) for w in all_words(name)) for name in names])
    rng = np.random.RandomState(0)
    test = []
    for nationality in lists.target_names:
        full = biographies.get(nationality, [])
        full = [name for name in full if is_all_held_out(name, eighth, 2)]
        full = [full[i] for i in rng.permutation(len(full))[:PER_NATIONALITY]]
        test += [(name, nationality, "full name") for name in full]
        if len(full) < MADE:
            made, _ = make_names(40_000, nationalities=[nationality], random_state=rng)
            made = [name for name in dict.fromkeys(made) if is_all_held_out(name, eighth, 2)]
            test += [(n, nationality, "full name, made") for n in made[: MADE - len(full)]]
    rows = zip(lists.data, lists.target, lists.part, lists.script, strict=True)
    for name, nationality, part, script in rows:
        if is_all_held_out(name, eighth):
            kind = "given name" if part == "given" else "surname"
            test.append((name, nationality, kind if script == "Latin" else "native script"))
    return (names[kept], nationalities[kept]), tuple(np.array(test, dtype=object).T)


# ---- Models


def scores_of(key, eighth, train, test_names, cache):
    """Classes, scores of the test names and of the same turned, and the minutes it took.

    The scores are probabilities, but for the SVM.
    """
    path = cache / f"{key}-{eighth}.npz"
    if not path.exists():
        start = time.perf_counter()
        names = list(test_names) + [_train._turn(name) for name in test_names]
        if key == "ours":
            with TemporaryDirectory() as folder:  # rounded as what ships
                model = _train.make_pipeline().fit(*train)
                _load_pretrained.write(model, Path(folder))
                model = _load_pretrained.read(Path(folder))
            scores = model.predict_proba(names)
        else:
            model = clone(BASELINES[key][1]).set_params(tfidfvectorizer__min_df=3)
            model.fit([fold(name) for name in train[0]], train[1])
            method = getattr(model, "predict_proba", None) or model.decision_function
            scores = method([fold(name) for name in names])
        minutes = (time.perf_counter() - start) / 60
        np.savez(path, classes=model.classes_.astype(str), scores=scores, minutes=minutes)
    file = np.load(path)
    straight, turned = np.split(file["scores"], 2)
    return file["classes"], straight, turned, float(file["minutes"])


# ---- Statistics


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
        hit, confidence = predicted == y, scores.max(axis=1)
        found["calibration_error"] = float(calibration_error(hit, confidence))
        rng = np.random.RandomState(0)
        again = [rng.randint(len(y), size=len(y)) for _ in range(1000)]
        errors = [calibration_error(hit[rows], confidence[rows]) for rows in again]
        found["calibration_error_interval"] = np.percentile(errors, [2.5, 97.5]).tolist()
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


def differences(ours, theirs, folds=None):
    """Paired: the mean over the folds with its standard error, and the difference in each."""
    gaps = np.asarray(ours, dtype=float) - theirs
    if folds is not None:
        gaps = np.bincount(folds, weights=gaps) / np.bincount(folds)
    mean = f"{gaps.mean():+.4f} ± {standard_error(gaps):.4f}"
    return mean, ", ".join(f"{gap:+.4f}" for gap in gaps)


# ---- The card


REPORT = """# Model card of `sknames.load_pretrained()`

Printed by `python examples/benchmarks/bench_pretrained.py` on {machine}. The same figures are in
`sknames.pretrained.load_card()`.

## What it is

A `Pipeline` of `CharEncoder` (to ASCII, lower case) and `NameNationalityClassifier` (a GRU of
{hidden_size} units and {n_ngrams:,} n-grams of 1 to 5 characters), for surnames, given names and
full names in either order. It has {n_classes} nationalities:

{nationalities}.

**Missing**: every other nationality, which it gives to one of these with whatever confidence. A
nationality here is where a name is at home: Austrian names are German, Brazilian ones Portuguese,
Latin American ones Spanish, names of all Arabic-speaking countries Arabic, Welsh ones English.
There is no American, Belgian, Swiss, South African or Australian name.

**Must not be used** to decide about a person (hiring, credit, housing, asylum, policing, or to
guess at ethnicity, religion or citizenship of someone), nor as a measurement of a group without
its error by nationality, below. A name does not tell who bears it: people migrate, marry, are
adopted and choose. It is for statistics of names, for choosing a language to greet in where a wrong
guess does no harm, and for study.

## What it learned from

{n_train:,} names ({n_train_distinct:,} distinct): those of `load_names(script="all")`; full names
made of them; at most {max_biographies:,} names a nationality of `fetch_biographies()`, whose labels
come from the categories of the English Wikipedia and are often wrong; a quarter of the full names
once more with the last word first. No nationality has many more names than another, so the
probabilities suppose that all are about equally frequent; where they are not, multiply by the
frequencies and divide by the sum.

Danish, Finnish, Icelandic, Polish, Scottish, Sinhalese, Swedish, Turkish and Zulu names, and nearly
all Croatian, Georgian, Kazakh, Slovenian and Uzbek ones, are from lists alone: the rows that say
"made" below. Their full names are put together at random, and real ones may be harder.

## Held-out names

One in {one_of} name parts (words of a name, without particles such as *van*, *de*, *bin*) is held
out, by a hash; {folds} times, each time others. The models here were trained without any name that
has such a part ({n_kept:,} of the training names are left), and are tested on names that have no
other part: at most {per_nationality} full names of people a nationality, made ones where there are
fewer than {made}, and the names of the lists. All figures are over the {n:,} names of the {folds}
parts. So they are for names of which the model knows nothing; on names with familiar parts it does
better. The shipped model has learned from all names. It is rounded to single bytes, as the models
here were.

{overall}

Accuracy by kind of name:

{kinds}

Paired differences on the {folds} parts:

{paired}

With the last word first ("Surname Given"), accuracy on full names is {turned:.4f} instead of
{straight:.4f}. Case and diacritics make no difference: they are not read.

## By nationality

{by_nationality}

## Confusions

The most frequent of the {n_wrong:,} wrong answers among {n:,}:

{confusions}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder for finished models")
    parser.add_argument("--wheel", help="of name2nat; by default it is looked for in SKNAMES_DATA")
    parser.add_argument("--only", choices=MODELS, help="train this model and stop")
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)

    names, nationalities = _train.training_names(args.wheel)
    lists = load_names(script="all")
    biographies = _train._biographies(args.wheel, lists)
    n_kept, tests, results = [], [], {key: [] for key in ([args.only] if args.only else MODELS)}
    with threadpool_limits(1):
        for eighth in range(FOLDS):
            train, test = held_out_split(names, nationalities, lists, biographies, eighth)
            n_kept.append(len(train[0]))
            tests.append(test)
            for key, runs in results.items():
                runs.append(scores_of(key, eighth, train, test[0], args.cache))
    if args.only:
        return
    folds = np.repeat(np.arange(FOLDS), [len(test[0]) for test in tests])
    y = np.concatenate([test[1] for test in tests]).astype(str)
    kinds = np.concatenate([test[2] for test in tests])
    classes = results["ours"][0][0]
    straight, turned, minutes = {}, {}, {}
    for key, runs in results.items():
        assert all(np.array_equal(run[0], classes) for run in runs)
        straight[key], turned[key] = (np.concatenate([run[k] for run in runs]) for k in (1, 2))
        minutes[key] = np.mean([run[3] for run in runs])
    predicted = {key: classes[scores.argmax(axis=1)] for key, scores in straight.items()}
    turned = classes[turned["ours"].argmax(axis=1)]

    found = {
        key: figures(y, scores, classes, key != "svm") | {"minutes": minutes[key]}
        for key, scores in straight.items()
    }
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
    by_kind = []
    for kind in KINDS:
        rows = kinds == kind
        accuracies = [np.mean(p[rows] == y[rows]) for p in predicted.values()]
        by_kind.append([kind, rows.sum(), *(f"{accuracy:.4f}" for accuracy in accuracies)])
    hits = {key: p == y for key, p in predicted.items()}
    loss = {key: losses(y, straight[key], classes) for key in ("ours", "logreg")}
    f1 = {
        key: np.array([macro_f1(y[folds == k], p[folds == k]) for k in range(FOLDS)])
        for key, p in predicted.items()
    }
    paired = [
        ["accuracy, to LinearSVC", *differences(hits["ours"], hits["svm"], folds)],
        ["accuracy, to LogisticRegression", *differences(hits["ours"], hits["logreg"], folds)],
        ["macro-F1, to LinearSVC", *differences(f1["ours"], f1["svm"])],
        ["macro-F1, to LogisticRegression", *differences(f1["ours"], f1["logreg"])],
        ["log loss, to LogisticRegression", *differences(loss["ours"], loss["logreg"], folds)],
    ]
    ours, svm = (by_nationality(y, predicted[key]) for key in ("ours", "svm"))
    n_made = Counter(y[kinds == "full name, made"].tolist())
    nationality_rows = [
        [
            nationality,
            f["n"],
            f"{f['recall']:.3f}",
            f"{svm[nationality]['recall']:.3f}",
            "-" if f["precision"] is None else f"{f['precision']:.3f}",
            f["n_predicted"],
            n_made[nationality] or "",
        ]
        for nationality, f in ours.items()
    ]
    missed = ~hits["ours"]
    wrong = Counter(zip(y[missed].tolist(), predicted["ours"][missed].tolist(), strict=True))
    full = np.char.startswith(kinds.astype(str), "full")
    shipped = _load_pretrained.read(_load_pretrained.FOLDER)["classify"]

    card = {
        "nationalities": shipped.classes_.tolist(),
        "learned_from": "load_names(script='all'), make_names, and at most "
        f"{_train.MAX_BIOGRAPHIES:,} names a nationality of fetch_biographies()",
        "n_names": len(names),
        "missing": "Every other nationality; its names are given to one of these. There is no "
        "American, Belgian, Swiss, South African or Australian name.",
        "must_not": "Do not decide about a person by it: a name does not tell who bears it.",
        "held_out": "Full names of people, made full names, surnames and given names of which no "
        "part was seen in training; by a model of the same recipe, trained without them.",
        "n": len(y),
        **found["ours"],
        "baselines": {MODELS[key]: found[key] for key in LINEAR},
        "by_nationality": ours,
        "confusions": [[*pair, n] for pair, n in wrong.most_common(30)],
    }
    text = json.dumps(card, indent=1) + "\n"
    (_load_pretrained.FOLDER / _load_pretrained.CARD).write_text(text, encoding="utf-8")
    print(
        REPORT.format(
            machine=machine(),
            hidden_size=shipped.hidden_size,
            n_ngrams=shipped.network_.n_ngrams,
            n_classes=len(shipped.classes_),
            nationalities=", ".join(shipped.classes_),
            n_train=len(names),
            n_train_distinct=len(set(zip(names, nationalities, strict=True))),
            n_kept=round(np.mean(n_kept)),
            folds=FOLDS,
            max_biographies=_train.MAX_BIOGRAPHIES,
            one_of=ONE_OF,
            per_nationality=PER_NATIONALITY,
            made=MADE,
            overall=table(
                ["", "accuracy", "macro-F1", "top-3", "log loss", "ECE (95 %)", "fit, min"],
                overall,
            ),
            kinds=table(["", "n", "sknames", "LinearSVC", "LogisticRegression"], by_kind),
            paired=table(["sknames minus", "mean ± standard error", "each"], paired),
            turned=np.mean(turned[full] == y[full]),
            straight=np.mean(hits["ours"][full]),
            by_nationality=table(
                ["", "n", "recall", "LinearSVC's recall", "precision", "n predicted", "made"],
                nationality_rows,
            ),
            n_wrong=missed.sum(),
            n=len(y),
            confusions=table(
                ["is", "was taken for", "n", "of"],
                [[a, b, n, ours[a]["n"]] for (a, b), n in wrong.most_common(30)],
            ),
        )
    )


if __name__ == "__main__":
    main()
