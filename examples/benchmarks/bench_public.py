"""Compare sknames with other packages on public test sets.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_public.py --cache FOLDER``.
It prints the tables of docs/how_it_compares.md. SKNAMES_DATA must contain the wheel of
name2nat, all other sources of people, and the test sets in a folder "public", see
tools/public_sets.py. First run public_rivals.py, which stores the predictions of other
packages in the cache. The predictions of all models are cached. If they use a shipped
model, they are valid for its current files only.

"New" people are people whose names are neither in the sources of the shipped models,
see tools/retrain/new_people.py, nor in the training part of the set, where names are
compared in ASCII and lower case, with their words in any order. In arczi21, only one
half of them is reported, since the other half may be used to choose settings.

The set "nana" is name2nat's own split of its people: our estimator is trained on the
training data of name2nat, which takes several minutes. These people are in the training
data of the shipped models.
"""

import argparse
import csv
import pickle
import resource
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
from public_rivals import RIVALS, SETS
from scipy.special import softmax
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold, train_test_split
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from sknames import CharEncoder, NameEncoder, NameNationalityClassifier, load_pretrained
from sknames.datasets._fetch_names import data_folder
from sknames.metrics._scorecard import scorecard_from
from sknames.pretrained._load_pretrained import ARRAYS, FOLDER, pretrained_sha256
from tools.measuring import kept, linear, machine, ours, table, timed, top_3_hits
from tools.pages import write_blocks
from tools.public_sets import CHOOSING, is_reported, read_set, read_titles
from tools.retrain.biographies import clean_title, read_biographies
from tools.retrain.chess_players import clean_entry, read_chess_players
from tools.retrain.new_people import ISO, country_shares, source_people
from tools.retrain.recipe import person_of

MODELS = {
    "shipped": "the shipped model",
    "country": "the shipped model of countries",
    "svm": "n-grams + LinearSVC",
    "ours": "`NameNationalityClassifier`",
    "logreg": "`NameEncoder` + LogisticRegression(C=10)",
    "union": "`NameEncoder` + n-grams + LinearSVC(C=0.3)",
    "vote": "the last two, averaged",
    "others": "`NameNationalityClassifier`, on other people",
    "logreg_others": "",
    "union_others": "",
    "vote_others": "the average, with features of a model of other people, too",
} | {rival: rival for rival in RIVALS}
VOTES = {
    "vote": ["logreg", "union"],
    "vote_others": ["logreg_others", "union_others"],
}
USE_SHIPPED = {
    key
    for key in MODELS
    if key.split("_")[0] in ("shipped", "country", "logreg", "union", "vote")
}

# Maps nationalities, demonyms, federations and the labels of rivals to those of a set.
with (
    Path(__file__)
    .with_name("public_labels.csv")
    .open(encoding="utf-8", newline="") as file
):
    LABELS = {name: {} for name in SETS}
    for row in csv.DictReader(file):
        LABELS[row["set"]][row["label"]] = row["stands_for"].split()
LABEL_NAMES = {"arczi21": "country", "wikilabels13": "ethnicity"}
SHIPPED = FOLDER / "nationality" / ARRAYS
MOST_OTHERS = 10_000  # largest number of people of a country


# ---- Names


def other_people(names):
    """Return people of biographies and Scid's file, and their countries.

    People in `names` are left out. People have one demonym, or federation, of one
    country. Chess players are added if a country has fewer than `MOST_OTHERS`
    biographies.
    """
    country_of = {}
    for country, words in LABELS["arczi21"].items():
        for word in words:
            country_of.setdefault(word, country)
    found = defaultdict(set)
    seen = {person_of(name) for name in names}
    for title, demonym in zip(*read_biographies(raw=True), strict=True):
        found[clean_title(title)].add(country_of.get(demonym))
    rows = [(name, *several) for name, several in found.items() if len(several) == 1]
    rng = np.random.RandomState(0)
    chosen = []
    counts = defaultdict(int)
    entries, federations, _ = read_chess_players(raw=True)
    players = zip(
        map(clean_entry, entries), map(country_of.get, federations), strict=True
    )
    for part in (rows, list(players)):
        for k in rng.permutation(len(part)):
            name, country = part[k]
            person = person_of(name)
            if (
                name
                and country
                and counts[country] < MOST_OTHERS
                and person not in seen
            ):
                seen.add(person)
                counts[country] += 1
                chosen.append((name, country))
    names, labels = zip(*chosen, strict=True)
    return np.array(names, dtype=object), np.array(labels)


def splits(name, names, labels):
    """Return pairs of training and test rows."""
    if name == "wikilabels13":  # as published: at random
        return [train_test_split(np.arange(len(names)), test_size=0.2, random_state=0)]
    people = [person_of(found) for found in names]
    cv = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    return list(cv.split(names, labels, people))


# ---- Models


def shares_of(key, classes, labels):
    """Return how each class of a model is divided among the labels of a set.

    The shape is (n_classes, n_labels). Rows of classes without a label are 0.
    """
    if key == "shipped" and "AT" in labels:
        return country_shares(classes, [ISO.get(label, label) for label in labels])
    if key == "country":
        codes = np.array([ISO.get(label, label) for label in labels])
        return (np.asarray(classes)[:, None] == codes).astype(float)
    words = [(LABELS["arczi21"] | LABELS["wikilabels13"])[label] for label in labels]
    shares = np.array([[c in some for some in words] for c in classes], dtype=float)
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)


def estimator(key, others=None):
    """Return the estimator that is trained on the labels of a set.

    `others` is a model that was trained on other people, for its features.
    """
    if key == "ours":
        return ours(random_state=0)
    if key == "svm":
        return linear(LinearSVC(C=1))
    encoders = [NameEncoder()] + [NameEncoder(FrozenEstimator(others))] * key.endswith(
        "others"
    )
    if key.startswith("logreg"):
        return make_pipeline(make_union(*encoders), LogisticRegression(C=10))
    return make_pipeline(make_union(*encoders, linear(None)[0]), LinearSVC(C=0.3))


class Set:
    """A public set, its splits, and the predictions of models."""

    def __init__(self, name, cache):
        self.name = name
        self.cache = cache
        self.names, self.labels = read_set(data_folder(None), name)
        self.classes = np.unique(self.labels)
        self.splits = splits(name, self.names, self.labels)
        is_new = kept(cache / f"{name}-in_no_source.npz", self._is_new)["is_new"]
        self.tested = np.sort(np.concatenate([test for _, test in self.splits]))
        self.new = self.tested[is_new[self.tested]]

    def _is_new(self):
        sources = source_people()
        people = [person_of(name) for name in self.names]
        is_new = np.array([person not in sources for person in people])
        for train, test in self.splits:
            learned = {people[k] for k in train}
            is_new[test] &= [people[k] not in learned for k in test]
        if self.name in CHOOSING:
            is_new &= [is_reported(name) for name in self.names]
        return {"is_new": is_new}

    def answers(self, key):
        """Return a model's scores of all rows, seconds and size, using the cache.

        The CPU seconds are to fit once, and to predict all test rows. The size is that
        of a pickle. Return None if the model is not available for this set.
        """
        version = f"-{pretrained_sha256()[:8]}" if key in USE_SHIPPED else ""
        path = self.cache / f"{self.name}-{key}{version}.npz"
        of_countries = key == "country" or "others" in key
        if (key in RIVALS and not path.exists()) or (
            of_countries and self.name != "arczi21"
        ):
            return None
        found = kept(path, self._found, key)
        found["has_proba"] = found["scores"].min() >= 0
        # These models also predict the training rows.
        if key in {"shipped", "country", "others", *RIVALS}:
            found["seconds"] = found["seconds"] * [
                1,
                len(self.tested) / len(self.names),
            ]
        if list(found["classes"]) != list(self.classes):
            shares = shares_of(key, found["classes"], self.classes)
            scores = found["scores"].astype(float) @ shares
            found["scores"] = scores / np.maximum(
                scores.sum(axis=1, keepdims=True), 1e-9
            )
            found["known"] = shares.any(axis=0)
            # If a class is divided among several labels, only the largest of them can
            # be predicted.
            largest = shares.argmax(axis=1)[shares.any(axis=1)]
            found["predicted"] = np.isin(np.arange(len(self.classes)), largest)
            if not shares.any():
                return None
        return found

    def _found(self, key):
        scores, classes, seconds, size = self._measured(key)
        size += SHIPPED.stat().st_size * (key in USE_SHIPPED and key not in VOTES)
        print(self.name, key, seconds, file=sys.stderr, flush=True)
        return {"scores": scores, "classes": classes, "seconds": seconds, "size": size}

    def _measured(self, key):
        if key in VOTES:
            parts = [self.answers(part) for part in VOTES[key]]
            proba = [
                part["scores"]
                if part["has_proba"]
                else softmax(6 * part["scores"], axis=1)
                for part in parts
            ]
            seconds, size = (
                sum(part[what] for part in parts) for what in ("seconds", "size")
            )
            if key == "vote_others":  # include the training of the model of others
                seconds = seconds + self.answers("others")["seconds"] * [1, 0]
            return sum(proba) / 2, self.classes, seconds, size - SHIPPED.stat().st_size
        if key in ("shipped", "country"):
            target = "country" if key == "country" else "nationality"
            model = load_pretrained(target, priors="uniform")
            seconds, proba = timed(model.predict_proba, self.names)
            head = (FOLDER / "country" / ARRAYS).stat().st_size
            return proba, model.classes_, [0, seconds], head * (key == "country")
        if key == "others":
            fit, (model, _) = timed(self.model_of_others)
            seconds, proba = timed(model.predict_proba, self.names)
            return proba, model.classes_, [fit, seconds], len(pickle.dumps(model))
        scores = np.zeros((len(self.names), len(self.classes)), dtype=np.float32)
        seconds = []
        for train, test in self.splits:
            others = self.model_of_others()[0] if key.endswith("others") else None
            model = estimator(key, others)
            fit, _ = timed(model.fit, self.names[train], self.labels[train])
            predict = getattr(model, "predict_proba", None) or model.decision_function
            took, scores[test] = timed(predict, self.names[test])
            seconds.append([fit, took * len(self.splits)])
        return scores, self.classes, np.mean(seconds, axis=0), len(pickle.dumps(model))

    def model_of_others(self):
        """Return our classifier, trained on people who are not in the set, and n."""
        path = self.cache / f"{self.name}-others.joblib"
        if not path.exists():
            model = make_pipeline(
                CharEncoder(transliterate="unknown", min_frequency=20),
                NameNationalityClassifier(logit_adjustment=1, random_state=0),
            )
            names, countries = other_people(self.names)
            joblib.dump((model.fit(names, countries), len(names)), path)
        return joblib.load(path)


# ---- The report

# From the repositories: (model, training labels, training, accuracy, macro-F1).
MANY = "several hundred thousand"
CUDA = "CUDA, time not stated"
PUBLISHED = {
    "arczi21": [
        ("nationalize.io, published", "not stated", "-", "0.655", "0.653"),
        ("LSTM, published", MANY, CUDA, "0.688", "0.685"),
        ("GRU, published", MANY, CUDA, "0.705", "0.702"),
        ("BERT, published", MANY, CUDA, "0.715", "0.715"),
        ("ByT5, published", MANY, CUDA, "0.733", "-"),
    ],
    "wikilabels13": [
        (
            "ethnicolr's LSTM, published",
            "107,097",
            "4,389 s, machine not stated",
            "0.74",
            "0.69",
        )
    ],
}


def card(a_set, found, rows, among=None):
    """Return a model's scorecard on some rows, with predictions limited to `among`."""
    among = np.arange(len(a_set.classes)) if among is None else np.flatnonzero(among)
    classes = a_set.classes[among]
    scores = found["scores"][rows][:, among]
    if found["has_proba"]:
        scores = np.maximum(scores, 1e-9)
        scores = scores / scores.sum(axis=1, keepdims=True)
    predicted = classes[scores.argmax(axis=1)]
    result = scorecard_from(
        a_set.names[rows], a_set.labels[rows], predicted,
        scores if found["has_proba"] else None, classes,
    )  # fmt: skip
    hits = top_3_hits(scores, a_set.labels[rows], classes)
    return replace(result, top_3=hits.any(axis=1).mean())


def learned(a_set, key):
    if key in RIVALS:
        return "its own"
    if key in ("shipped", "country"):
        return "none"
    n = f"{len(a_set.splits[0][0]):,}"
    if "others" in key:
        _, n_others = a_set.model_of_others()
        n = f"{n_others:,} of others" + f", {n}" * (key != "others")
    return n


def share(value, interval=None):
    between = " ({:.3f} to {:.3f})".format(*interval) if interval else ""
    return f"{value:.3f}{between}"


def tables(a_set, keys):
    """Yield the short table for the guide, and the long one for the results."""
    short = [[*row, "-", "-"] for row in PUBLISHED[a_set.name]]
    long = []
    for key in keys:
        found = a_set.answers(key)
        if found is None or not found.get("known", np.True_).all() or not MODELS[key]:
            continue
        every, new = (card(a_set, found, rows) for rows in (a_set.tested, a_set.new))
        seconds = [f"{x:,.0f}" if x >= 0.5 else "-" for x in found["seconds"]]
        title = MODELS[key]
        fit = f"{seconds[0]} s of one CPU core"
        fit = "-" if seconds[0] == "-" else fit
        figures = [every.accuracy, every.macro_f1, new.accuracy, new.macro_f1]
        short.append([title, learned(a_set, key), fit, *map(share, figures)])
        for people, c in (("all", every), ("new", new)):
            has = c.log_loss is not None
            long.append([
                title, people, share(c.accuracy, c.accuracy_interval),
                share(c.macro_f1, c.macro_f1_interval), share(c.top_3),
                share(c.log_loss) if has else "-",
                share(c.calibration_error) if has else "-",
                *seconds, f"{found['size'] / 1e6:,.0f}",
            ])  # fmt: skip
    header = ["", "labels learned", "training", "accuracy", "macro-F1"]
    header += ["accuracy, new people", "macro-F1, new people"]
    yield table(header, short)
    header = [
        "",
        "people",
        "accuracy",
        "macro-F1",
        "first three",
        "log loss",
        "calibration error",
    ]
    yield table([*header, "fit, s", "predict, s", "MB"], long)


def rivals_table(a_set):
    """Return recalls by label of the shipped model and rivals, on their common labels.

    Rivals with the same labels are compared with the same column of the shipped model.
    """
    groups = {}
    ours = a_set.answers("shipped")["predicted"]
    for rival in RIVALS:
        if found := a_set.answers(rival):
            known = found.get("known", np.ones(len(a_set.classes), dtype=bool))
            groups.setdefault(tuple(known & ours), []).append(rival)
    columns = {}
    for known, rivals in groups.items():
        rows = a_set.new[np.isin(a_set.labels[a_set.new], a_set.classes[list(known)])]
        for key in ("shipped", *rivals):
            columns[known, key] = card(a_set, a_set.answers(key), rows, known)
    counts = Counter(a_set.labels[a_set.new])
    lines = []
    for label in a_set.classes.tolist():
        recalls = []
        for c in columns.values():
            place = np.flatnonzero(c.by_class["label"] == label)
            recalls.append(
                f"{c.by_class['recall'][place[0]]:.2f}" if len(place) else "-"
            )
        if set(recalls) != {"-"}:
            lines.append([label, f"{counts[label]:,}", *recalls])
    for what in ("accuracy", "macro_f1"):
        title = f"**{what.replace('_f', '-F')}**"
        lines.append(
            [title, "", *(f"**{getattr(c, what):.3f}**" for c in columns.values())]
        )
    titles = [
        f"sknames, labels of {' and '.join(groups[known])}" if key == "shipped" else key
        for known, key in columns
    ]
    return table([LABEL_NAMES[a_set.name], "people", *titles], lines)


# ---- NaNa: name2nat's own split

NANA = "nana"
# Published figures: model, training labels, training, memory, top-1 to top-5 accuracy,
# and macro-F1.
NANA_PUBLISHED = [
    ("name2nat", "its own", "-", "-", "0.551", "0.696", "0.779", "0.830", "0.868", "-"),
    ("a fork of it", "its own", "-", "-", "0.557", "-", "-", "-", "-", "0.26"),
]


def nana_people(data):
    """Return the names and labels of the training set, and those of the test set.

    The training set has name2nat's people who are not in its test or development set.
    """
    tested = read_titles(data, "nana_test")
    apart = {*tested[0], *read_titles(data, "nana_dev")[0]}
    names, labels = read_biographies(raw=True)
    is_learned = np.array([name not in apart for name in names])
    return (names[is_learned], labels[is_learned].astype(str)), tested


def nana_answers(learned, tested_names):
    """Return our five most probable labels, CPU seconds, and memory in bytes.

    The memory is the peak of this process so far.
    """
    model = ours(random_state=0)
    fit, _ = timed(model.fit, *learned)
    took, proba = timed(model.predict_proba, tested_names)
    five = np.argsort(-proba, axis=1, kind="stable")[:, :5]
    return {
        "answers": model.classes_[five],
        "seconds": [fit, took],
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def nana_table(cache):
    """Return the table of the set "nana"."""
    learned, (names, labels) = nana_people(data_folder(None))
    found = kept(cache / f"{NANA}-ours.npz", nana_answers, learned, names)
    header = ["", "labels learned", "training", "memory"]
    header += [f"among the first {k}" for k in range(1, 6)] + ["macro-F1"]
    seconds = f"{found['seconds'][0]:,.0f} s of one CPU core"
    memory = f"{found['memory'] / 1e9:.1f} GB"
    row = [MODELS["ours"], f"{len(learned[0]):,}", seconds, memory]
    row += map(share, first_hits(found["answers"], labels))
    row.append(share(f1_score(labels, found["answers"][:, 0], average="macro")))
    published = [[f"{title}, published", *rest] for title, *rest in NANA_PUBLISHED]
    return table(header, [*published, row])


def first_hits(answers, labels):
    """Return the top-1, top-2, ... accuracy; `answers` has shape (n, k)."""
    is_hit = answers == labels[:, None]
    return is_hit.cumsum(axis=1).astype(bool).mean(axis=0)


def rivals_without_predictions(args):
    """Return the requested rivals without predictions in the cache."""
    rivals = []
    for rival in RIVALS:
        names = [name for name in args.sets.split(",") if name != NANA]
        paths = [args.cache / f"{name}-{rival}.npz" for name in names]
        if rival in args.models.split(",") and not all(path.exists() for path in paths):
            rivals.append(rival)
    return rivals


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", default=",".join([NANA, *SETS]))
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--cache", type=Path, default=Path("public_cache"))
    parser.add_argument(
        "--write",
        nargs="*",
        default=[],
        type=Path,
        help="pages into which the tables are written",
    )
    args = parser.parse_args()
    args.cache.mkdir(exist_ok=True)
    found = {"machine": f"- {machine()}"}
    if rivals := rivals_without_predictions(args):
        # make retrained repeats this line.
        line = (
            f"Not available: predictions of {', '.join(rivals)}; run public_rivals.py."
        )
        print(line, file=sys.stderr, flush=True)
        found["machine"] += f"\n- {line}"
    with threadpool_limits(1):
        for name in args.sets.split(","):
            if name == NANA:
                found[NANA] = nana_table(args.cache)
                continue
            a_set = Set(name, args.cache)
            found[name], found[f"{name}, all figures"] = tables(
                a_set, args.models.split(",")
            )
            found[f"{name}, rivals"] = rivals_table(a_set)
    blocks = {}
    for name, content in found.items():
        print(f"\n## {name}\n\n{content}")
        blocks[f"{name} of bench_public.py"] = content
    write_blocks(args.write, blocks)


if __name__ == "__main__":
    main()
