"""predict: add nationalities to the rows of a table."""

import os
import time
from collections import Counter, defaultdict
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from itertools import chain

import click
import numpy as np
import pyarrow as pa

from .._models.groups import M49
from .._models.predict_names import (
    INITIALS,
    UNSURE,
    have_initials,
    predict_list,
    predictions_of,
)
from .._models.priors import assumed_priors, check_priors
from .._models.stack import resolve
from .._shares.shares import COLUMNS
from .._wrappers.grouped_classifier import GroupedClassifier
from .._wrappers.prior_shift_classifier import (
    PriorShiftClassifier,
    priors_of_list,
)
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
    stack, threshold, distinct = make_model(model, table, jobs, **settings)
    asked = {"top": top, "threshold": threshold, "known_words": known_words}
    asked |= {"coverage": coverage, "proba": proba}
    if distinct is None:
        predicted = answers(partial(predict_texts, stack, **asked), table.names(), jobs)
    else:
        predicted = _predicted_again(stack, distinct, table, **asked)
    n_of = Counter()
    with closing(predicted) as answered:
        output.write(
            _add_columns(answered, n_of, prefix, _type_of_answers(stack)),
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
    """Return what the model holds, its threshold, and texts that it has predicted.

    Only estimating priors predicts texts, each once.
    """
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
        held = resolve(fitted).threshold
        threshold = None if held is None else held.least
        if threshold is None:
            wrong = (
                f"{model.source} is no SelectiveClassifier: --abstain needs a "
                "--threshold"
            )
            raise click.UsageError(wrong)
    if is_changed and isinstance(fitted, SelectiveClassifier):
        fitted = fitted.estimator_  # its threshold would not hold
    distinct = None
    if adapt:
        distinct, priors = estimate_priors(resolve(fitted), table, jobs)
    elif priors:
        priors = read_priors(priors, fitted.classes_)
    if priors is not None:
        fitted = PriorShiftClassifier(fitted, priors=priors)
    if groups is not None:
        fitted = GroupedClassifier(fitted, groups=groups)
    return resolve(fitted), threshold, distinct


def estimate_priors(stack, table, jobs):
    """Return the distinct texts of a table, predicted, and the priors of its list."""
    n_of = defaultdict(Counter)
    distinct = predict_distinct(stack, table.count_names(n_of), jobs, table)
    weights = [n_of[()][text] for text in distinct.row_of]
    assumed = assumed_priors(stack)
    return distinct, priors_of_list(stack, distinct.listed, assumed, weights)[0]


def predict_texts(stack, texts, *, coverage, **asked):
    """Return the predictions of texts, with `sets` for a coverage."""
    below = stack
    if coverage is not None:
        below, _ = stack.without_groups()
    listed = predict_list(below, texts)
    return _predictions(stack, below, listed, coverage=coverage, **asked)


def _predicted_again(stack, distinct, table, **asked):
    """Yield chunks of a table with their predictions, of texts predicted before."""
    below = distinct.stack
    predictions = _predictions(stack, below, distinct.listed, **asked)
    for chunk, texts in table.names():
        rows = [distinct.row_of[text] for text in texts]
        yield chunk, predictions._take(rows)


def _predictions(stack, below, listed, *, coverage, proba, **asked):
    """Return predictions of a list that the stack below some layers has predicted."""
    changed = replace(listed, proba=stack.change_from(below, listed.proba))
    predictions = predictions_of(stack, changed, **asked)
    if coverage is not None:
        predictions.sets = sets_of_probabilities(stack, listed.proba, coverage)
    if not proba:  # they are many
        predictions.proba = None
    if asked["known_words"] and predictions.known_words is None:
        raise click.UsageError(
            "--known-words: the model has no table of words: leave it out"
        )
    return predictions


def _type_of_answers(stack):
    """Return the type of a model's labels and groups; text if these differ."""
    answers = stack.classes.tolist()
    levels = () if stack.threshold is None else stack.threshold.fallback
    for level in levels:
        answers += level.groups.tolist()
    try:
        return pa.array(answers).type
    except pa.ArrowException:
        return pa.string()


def _add_columns(answered, n_of, prefix, type_of_answers):
    """Yield each chunk with its new columns; count their reasons in `n_of`."""
    for chunk, found in answered:
        if not n_of and have_initials(found.names, found.reasons):
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
