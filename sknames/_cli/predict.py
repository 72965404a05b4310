"""predict: add nationalities to the rows of a table."""

import os
import time
from collections import Counter, defaultdict
from contextlib import closing, suppress
from functools import partial
from itertools import chain

import click
import numpy as np
import pyarrow as pa
from sklearn.frozen import FrozenEstimator

from .._models.groups import M49
from .._models.inside import unwrap
from .._models.predict_names import (
    INITIALS,
    UNSURE,
    have_initials,
    predict_inside,
    predict_names,
)
from .._models.priors import check_priors
from .._shares.shares import COLUMNS
from .._wrappers.grouped_classifier import GroupedClassifier
from .._wrappers.prior_shift_classifier import PriorShiftClassifier
from .._wrappers.selective_classifier import SelectiveClassifier
from ..pretrained._load_pretrained import TARGETS
from ..pretrained._predict_sets import sets_of_probabilities
from .files import say
from .models import answers, predict_distinct
from .options import (
    groups_option,
    jobs_option,
    model_options,
    output_options,
    table_options,
)
from .output import rounded
from .tables import Table


@click.command()
@table_options
@model_options
@click.option(
    "--top",
    type=click.IntRange(1),
    default=1,
    help="Labels for each name. With --fallback, the most probable label follows a "
    "region as predicted_2.",
)
@click.option("--proba", is_flag=True, help="Add the probabilities of all labels.")
@click.option(
    "--set",
    "coverage",
    type=float,
    help="Add sets that hold the true nationality so often: 0.9.",
)
@groups_option
@click.option(
    "--known-words", is_flag=True, help="Add how many words of a name were in training."
)
@click.option(
    "--priors", help="Set uniform, population, Irish=.6,Polish=.4 or a file of shares."
)
@click.option(
    "--adapt-priors", "adapt", is_flag=True, help="Estimate the priors from INPUT."
)
@click.option(
    "--abstain", is_flag=True, help="Give no prediction where the model is unsure."
)
@click.option("--fallback", is_flag=True, help="Where only a region is sure, give it.")
@click.option(
    "--threshold", type=float, help="Probability to exceed. [default: the model's]"
)
@output_options
@click.option("--prefix", default="", help="Prefix of the names of the new columns.")
@jobs_option
def predict(
    table, model, output, prefix, jobs, top, proba, coverage, known_words, **settings
):
    """Add nationalities to the rows of INPUT.

    Every row is written once, in order and unchanged, with new columns: predicted,
    probability, predicted_2 and so on with --top, and reason, which says why a row has
    no prediction.

    Save a sheet of Excel as CSV first; --excel writes CSV that Excel reads. Names in
    two columns need --column given,family. `sknames explain` takes a single name.
    """
    start = time.perf_counter()
    if settings["adapt"] and coverage is not None:
        raise click.UsageError(
            "--adapt-priors does not go with --set, which is for default priors"
        )
    fitted, threshold = make_model(model, table, jobs, **settings)
    asked = {"top": top, "threshold": threshold, "known_words": known_words}
    ask = partial(answer, fitted, coverage=coverage, proba=proba, **asked)
    n_of = Counter()
    with closing(answers(ask, table.names(), jobs)) as answered:
        output.write(
            _add_columns(answered, n_of, prefix, _type_of_answers(fitted)),
            table.format,
            table.delimiter,
        )
    n_rows, n_predicted = n_of.total(), n_of.pop("", 0)
    if not n_predicted and not n_of[UNSURE]:
        what = "no name in it: check --column" if n_rows else "a header and no rows"
        say(f"sknames: warning: {table.name} has {what}.")
    if n := n_of["broken letters"]:
        step = "give --encoding auto, or export the table again as UTF-8"
        say(
            f"sknames: warning: {n:,} names are UTF-8 that was read as Windows-1252: "
            f"{step}."
        )
    others = "".join(f", {n:,} {reason}" for reason, n in sorted(n_of.items()))
    say(
        f"{n_rows:,} rows: {n_predicted:,} predicted{others}; "
        f"{time.perf_counter() - start:.1f} s"
    )


def make_model(
    model, table, jobs, *, abstain, fallback, threshold, groups, priors, adapt
):
    """Return the model that predicts, and the threshold of its probabilities."""
    is_changed = bool(priors or adapt or groups)
    if adapt and priors:
        raise click.UsageError(
            "--adapt-priors estimates what --priors gives: give one of them"
        )
    if fallback and (not abstain or model.source not in TARGETS or is_changed):
        wrong = (
            "--fallback needs --abstain and a model that ships, without other priors "
            "and groups"
        )
        raise click.UsageError(wrong)
    if threshold is not None and not (
        abstain and 0 <= threshold <= 1
    ):  # click lets NaN through
        raise click.UsageError(
            "--threshold needs --abstain, and a number from 0 to 1: give both"
        )
    if groups and abstain and threshold is None:
        raise click.UsageError(
            "--abstain with --groups needs a --threshold: give one, such as 0.6"
        )
    fitted = model.load(abstain=abstain, fallback=[*M49] if fallback else None)
    if abstain and threshold is None:
        threshold = unwrap(fitted).threshold
        if threshold is None:
            wrong = (
                f"{model.source} is no SelectiveClassifier: --abstain needs a "
                "--threshold"
            )
            raise click.UsageError(wrong)
    if is_changed and isinstance(fitted, SelectiveClassifier):
        fitted = fitted.estimator_  # its threshold would not hold
    if adapt:
        n_of = defaultdict(Counter)
        repeats, _ = predict_distinct(fitted, table.count_names(n_of), jobs, table)
        texts, weights = zip(*n_of[()].items(), strict=True)
        found = PriorShiftClassifier(FrozenEstimator(repeats)).fit(
            texts, sample_weight=weights
        )
        priors = found.class_prior_
    elif priors:
        priors = read_priors(priors, fitted.classes_)
    if priors is not None:
        fitted = PriorShiftClassifier(fitted, priors=priors)
    return fitted if groups is None else GroupedClassifier(
        fitted, groups=groups
    ), threshold


def answer(model, names, *, coverage, proba, **asked):
    """Return what `predict_names` does, with `sets` for a coverage."""
    found = predict_names(model, names, **asked)
    if coverage is not None:
        inside = unwrap(model)
        below, index = inside.without_groups()
        all_proba = found.proba if index is None else predict_inside(below, names).proba
        found.sets = sets_of_probabilities(inside, all_proba, coverage)
    if not proba:  # they are many
        found.proba = None
    if asked["known_words"] and found.known_words is None:
        raise click.UsageError(
            "--known-words: the model has no table of words: leave it out"
        )
    return found


def _type_of_answers(model):
    """Return the type of a model's labels and groups; text if these differ."""
    answers = model.classes_.tolist()
    for level in unwrap(model).levels:
        answers += level.groups.tolist()
    try:
        return pa.array(answers).type
    except pa.ArrowException:
        return pa.string()


def _add_columns(answered, n_of, prefix, type_of_answers):
    """Yield each chunk with its new columns; count their reasons in `n_of`."""
    for chunk, found in answered:
        if not n_of and have_initials(found):
            cost = INITIALS.format("accuracy is 15 to 20 points lower")
            say(f"sknames: warning: {cost}")
        n_of.update(found.reasons)
        columns = found.columns(prefix=prefix, proba=found.proba is not None)
        columns[f"{prefix}reason"] = np.where(found.reasons == "", None, found.reasons)
        for name, values in columns.items():
            type_ = None
            if values.dtype.kind in "OU":
                type_ = pa.string()
                if name.startswith(f"{prefix}predicted"):
                    type_ = type_of_answers
            columns[name] = _as_arrow(values, type_)
        yield chunk, pa.RecordBatch.from_pydict(columns)


def _as_arrow(values, type_):
    """Return a column of answers as it is written."""
    values = rounded(values)
    if type_ == pa.string():
        values = [value if value is None else str(value) for value in values.tolist()]
    return pa.array(values, type_, from_pandas=True)


def read_priors(text, classes):
    """Return the priors that --priors gives, in class order."""
    if text in ("uniform", "population"):
        return check_priors(text, classes, "--priors")
    if "=" in text and not os.path.isfile(text):
        pairs = [pair.rpartition("=")[::2] for pair in text.split(",")]
    else:
        table = Table(text)
        columns = (
            [table.texts(c, name, "--priors") for name in COLUMNS[:2]] for c in table
        )
        pairs = chain.from_iterable(zip(*both, strict=True) for both in columns)
    label_of = {str(label): label for label in classes.tolist()}
    priors = {}
    for label, share in pairs:
        with suppress(ValueError):  # check_priors rejects what is no number
            share = float(share)
        label = label_of.get(label.strip(), label)
        if label in priors:
            raise ValueError(
                f"--priors has {label!r} twice: give each nationality once"
            )
        priors[label] = share
    return check_priors(priors, classes, "--priors")
