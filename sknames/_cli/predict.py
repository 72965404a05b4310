"""predict: add nationalities to the rows of a table."""

import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

import click
import numpy as np
import pyarrow as pa

from .._base.labels_and_weights import FEW_HELD_OUT
from .._models.groups import M49
from .._models.predict_names import (
    INITIALS,
    SAMPLED_NAMES,
    UNSURE,
    have_initials,
    predict_list,
    predictions_of,
)
from .._models.priors import assumed_priors
from .._models.stack import resolve
from .._text.names import Names
from .._wrappers.grouped_classifier import GroupedClassifier
from .._wrappers.prior_shift_classifier import (
    PriorShiftClassifier,
    priors_of_list,
)
from .._wrappers.selective_classifier import SelectiveClassifier
from ..pretrained._load_pretrained import TARGETS
from .files import say
from .models import closing_words, predict_distinct
from .options import (
    as_one,
    groups_option,
    model_options,
    not_empty,
    output_options,
    table_options,
)
from .output import metadata_of, to_arrow
from .priors import read_priors


@dataclass(frozen=True)
class Changes:
    """Options that change what a model predicts, or where it abstains.

    Parameters
    ----------
    abstain : bool
        Whether to give no prediction where the model is unsure. A risk or a threshold
        does so, too.
    fallback : bool
        Whether to give a region where only that is sure.
    risk : float or None
        Largest share of wrong answers.
    threshold : float or None
        Probability to exceed; None for the model's.
    groups : str or None
        Groups of labels to predict.
    priors : str or None
        Name, file or pairs of priors.
    adapt : bool
        Whether to estimate the priors from the table.
    """

    abstain: bool
    fallback: bool
    risk: float | None
    threshold: float | None
    groups: str | None
    priors: str | None
    adapt: bool

    @property
    def abstains(self):
        """Whether to give no prediction where the model is unsure."""
        return self.abstain or self.risk is not None or self.threshold is not None

    @property
    def of_probabilities(self):
        """Whether they change probabilities, for which thresholds were chosen."""
        return self.priors is not None or self.adapt or self.groups is not None


@click.command()
@table_options
@model_options
@click.option(
    "--top", type=click.IntRange(1), default=1, help="Number of labels for each name."
)
@click.option("--proba", is_flag=True, help="Add the probabilities of all labels.")
@as_one(
    "changes",
    Changes,
    groups=groups_option,
    priors=click.option(
        "--priors",
        callback=not_empty,
        help="Priors: tempered, population, uniform, Irish=.6,others=.4 or a file.",
    ),
    adapt=click.option(
        "--adapt-priors", "adapt", is_flag=True, help="Estimate the priors from INPUT."
    ),
    abstain=click.option(
        "--abstain", is_flag=True, help="Predict nothing where the model is unsure."
    ),
    fallback=click.option(
        "--fallback", is_flag=True, help="Predict a region where only that is sure."
    ),
    risk=click.option(
        "--risk",
        type=float,
        help="Abstain so that at most this share of predictions is wrong: 0.1.",
    ),
    threshold=click.option(
        "--threshold",
        type=float,
        help="Abstain unless a probability exceeds this number.",
    ),
)
@output_options
@click.option("--prefix", default="", help="Prefix for the names of new columns.")
def predict(table, model, output, prefix, changes, top, proba):
    """Predict the nationality of each name in INPUT.

    Every row is written once, in order, with new columns: predicted, probability and
    reason, which says why a row has no prediction. --top 3 adds predicted_2,
    probability_2 and so on.

    Save sheets of Excel as CSV first. Names in two columns need --column given,family.
    """
    start = time.perf_counter()
    output = output.for_table(table, table.format)
    stack, distinct = make_model(model, table, changes)
    if distinct is None:
        below, _ = stack.without_groups()
        read = partial(predict_list, below)
    else:  # predicted when the priors were estimated
        below = distinct.stack
        read = distinct.take
    chunks = (
        (chunk, _predictions(read(names), stack, below, top, proba))
        for chunk, names in table.names()
    )
    n_of_reason = Counter()
    n_of_answer = Counter()
    columns = _add_columns(
        chunks, n_of_reason, n_of_answer, prefix, _type_of_answers(stack)
    )
    output.write(columns, metadata_of(stack))
    n_names = n_of_reason[""] + n_of_reason[UNSURE]
    _say_counts(n_of_reason, n_of_answer, n_names, table, stack, start)
    return int(n_of_reason.total() > 0 and n_names == 0)  # the exit code


def _say_counts(n_of_reason, n_of_answer, n_names, table, stack, start):
    """Say how many rows have which reason, what to check, and the closing words."""
    n_rows = n_of_reason.total()
    n_predicted = n_of_reason.pop("", 0)
    if not n_names:
        problem = "no name in it: check --column" if n_rows else "a header and no rows"
        say(f"sknames: warning: {table.name} has {problem}.")
    n_broken = n_of_reason["broken letters"]
    if n_broken:
        say(
            f"sknames: warning: {n_broken:,} names are UTF-8 that was read as "
            "Windows-1252: export the table again as UTF-8."
        )
    n_held_out = stack.assumed.n_people
    if n_held_out is not None:
        few = stack.classes[n_held_out < FEW_HELD_OUT]
        n_few = sum(n_of_answer[label] for label in few.tolist())
        if n_few:
            say(
                f"sknames: predictions of labels with fewer than {FEW_HELD_OUT} "
                f"held-out people, whose accuracy is not known: {n_few:,}."
            )
    counts = [f", {n:,} {reason}" for reason, n in sorted(n_of_reason.items())]
    closing = closing_words(stack, start)
    say(f"{n_rows:,} rows: {n_predicted:,} predicted{''.join(counts)}; {closing}")


def make_model(model, table, changes):
    """Return what the model holds, and texts that it has predicted.

    Only estimating priors predicts texts, each once.
    """
    _check_changes(changes, model)
    if model.source in TARGETS and not changes.of_probabilities:
        fitted = model.load(
            abstain=changes.abstains,
            risk=changes.risk,
            threshold=changes.threshold,
            fallback=[*M49] if changes.fallback else None,
        )
        return resolve(fitted), None
    fitted = model.load()
    is_selective = isinstance(fitted, SelectiveClassifier)
    if changes.abstain and changes.threshold is None:
        if not is_selective:
            raise click.UsageError(
                f"{model.source} is not a SelectiveClassifier: --abstain needs a "
                "--threshold"
            )
        return resolve(fitted), None
    fallback = None
    if is_selective:
        if changes.groups is None:  # which fall back on nothing
            fallback = fitted.fallback
        fitted = fitted.estimator_
    distinct = None
    priors = None
    if changes.adapt:
        stack = resolve(fitted)
        distinct = predict_distinct(stack, (names for _, names in table.names()), table)
        assumed = assumed_priors(stack)
        priors, _ = priors_of_list(stack, distinct.listed, assumed, distinct.counts)
    elif changes.priors is not None:
        priors = read_priors(changes.priors, resolve(fitted))
    if priors is not None:
        fitted = PriorShiftClassifier(fitted, priors=priors)
    if changes.groups is not None:
        fitted = GroupedClassifier(fitted, groups=changes.groups)
    if changes.threshold is not None:
        fitted = SelectiveClassifier(
            fitted, threshold=changes.threshold, fallback=fallback
        )
    return resolve(fitted), distinct


def _check_changes(changes, model):
    """Raise UsageError for options that do not go together, before long work."""
    threshold = changes.threshold
    if changes.adapt and changes.priors is not None:
        raise click.UsageError(
            "--adapt-priors estimates what --priors gives: give one of them"
        )
    is_changed = model.source not in TARGETS or changes.of_probabilities
    if changes.fallback and (is_changed or not changes.abstains):
        raise click.UsageError(
            "--fallback needs --abstain, --risk or --threshold, and a model that "
            "ships, without other priors and groups"
        )
    if changes.risk is not None and (is_changed or threshold is not None):
        raise click.UsageError(
            "--risk needs a model that ships, without other priors, groups and "
            "--threshold: give a --threshold instead, such as 0.6"
        )
    # click lets NaN through.
    if threshold is not None and not 0 <= threshold < 1:
        raise click.UsageError(
            f"--threshold {threshold}: give a number of at least 0 and below 1"
        )
    if changes.risk is not None and not 0 < changes.risk < 1:
        raise click.UsageError(
            f"--risk {changes.risk}: give a number above 0 and below 1, such as 0.1"
        )
    if changes.of_probabilities and changes.abstain and threshold is None:
        raise click.UsageError(
            "--abstain with --groups, --priors or --adapt-priors needs a --threshold, "
            "since that of the model is for other probabilities: give one, such as 0.6"
        )


def _predictions(listed, stack, below, top, proba):
    """Return predictions of a list, which the stack below layers has predicted."""
    changed = replace(listed, proba=stack.change(listed.proba, len(below.layers)))
    predictions = predictions_of(stack, changed, top=top)
    return predictions if proba else replace(predictions, proba=None)  # they are many


def _type_of_answers(stack):
    """Return the type of a model's labels and groups; text if these differ."""
    labels = stack.classes.tolist()
    if stack.threshold is not None:
        for level in stack.threshold.fallback:
            labels += level.groups.tolist()
    try:
        return pa.array(labels).type
    except pa.ArrowException:
        return pa.string()


def _add_columns(chunks, n_of_reason, n_of_answer, prefix, type_of_answers):
    """Yield each chunk with its new columns; count their reasons and answers."""
    for chunk, predictions in chunks:
        reasons = predictions.reasons
        first_names = Names(predictions.names[:SAMPLED_NAMES])
        if not n_of_reason and have_initials(first_names.tidy, reasons[:SAMPLED_NAMES]):
            cost = INITIALS.format("accuracy is 13 to 16 points lower")
            say(f"sknames: warning: {cost}")
        n_of_reason.update(reasons)
        n_of_answer.update(predictions.labels[reasons == "", 0].tolist())
        has_proba = predictions.proba is not None
        columns = predictions.columns(prefix=prefix, proba=has_proba)
        columns[f"{prefix}reason"] = np.where(reasons == "", None, reasons)
        for name, values in columns.items():
            type_ = None
            if values.dtype.kind in "OU":
                is_answer = name.startswith(f"{prefix}predicted")
                type_ = type_of_answers if is_answer else pa.string()
            columns[name] = to_arrow(values, type_)
        yield chunk, pa.RecordBatch.from_pydict(columns)
