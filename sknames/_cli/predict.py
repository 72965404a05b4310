"""predict: add predicted nationalities to the rows of a table."""

import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

import click
import numpy as np
import pyarrow as pa

from .._base.counts import counted
from .._base.labels_and_weights import MIN_HELD_OUT
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
from .files import print_message
from .models import predict_distinct, run_summary
from .options import (
    combine_options,
    groups_option,
    model_options,
    output_options,
    reject_empty,
    table_options,
)
from .output import model_metadata, to_arrow
from .priors import read_priors


@dataclass(frozen=True)
class Changes:
    """Options that change what a model predicts or where it abstains.

    Parameters
    ----------
    abstain : bool
        Whether to make no prediction where the model is unsure. A risk or a threshold
        implies this.
    fallback : bool
        Whether to predict a region where the label is unsure.
    risk : float or None
        Largest share of wrong predictions.
    threshold : float or None
        Probability that a prediction must exceed; None for the model's threshold.
    groups : str or None
        Groups whose labels are summed.
    priors : str or None
        Name, file or pairs of class priors.
    adapt : bool
        Whether to estimate the class priors from the table.
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
        """Whether to make no prediction where the model is unsure."""
        return self.abstain or self.risk is not None or self.threshold is not None

    @property
    def changes_probabilities(self):
        """Whether the model's thresholds no longer apply, as probabilities change."""
        return self.priors is not None or self.adapt or self.groups is not None


@click.command()
@table_options
@model_options
@click.option(
    "--top",
    type=click.IntRange(1),
    default=1,
    help="Number of labels to predict per name.",
)
@click.option(
    "--proba", is_flag=True, help="Add a column with the probability of each label."
)
@combine_options(
    "changes",
    Changes,
    groups=groups_option,
    priors=click.option(
        "--priors",
        callback=reject_empty,
        help="Class priors: tempered, population, uniform, a file, Irish=.6,others=.4.",
    ),
    adapt=click.option(
        "--adapt-priors",
        "adapt",
        is_flag=True,
        help="Estimate the class priors from INPUT.",
    ),
    abstain=click.option(
        "--abstain", is_flag=True, help="Make no prediction where the model is unsure."
    ),
    fallback=click.option(
        "--fallback", is_flag=True, help="Predict a region where the label is unsure."
    ),
    risk=click.option(
        "--risk",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        help="Abstain so that at most this share of predictions is wrong, such as 0.1.",
    ),
    threshold=click.option(
        "--threshold",
        type=click.FloatRange(0, 1, max_open=True),
        help="Abstain unless the probability exceeds this threshold.",
    ),
)
@output_options
@click.option("--prefix", default="", help="Prefix of the names of new columns.")
def predict(table, model, output, prefix, changes, top, proba):
    """Predict the nationality of each name in INPUT.

    Every row is written once, in order, with three new columns: predicted, probability,
    and reason, which says why a row has no prediction. --top 3 adds predicted_2,
    probability_2 and so on.

    Save Excel sheets as CSV first. If the names are in two columns, use --column
    given,family.
    """
    start = time.perf_counter()
    output = output.for_table(table, table.format)
    stack, distinct = make_model(model, table, changes)
    if distinct is None:
        ungrouped, _ = stack.without_groups()
        read = partial(predict_list, ungrouped)
    else:  # already predicted, to estimate the priors
        ungrouped = distinct.stack
        read = distinct.take
    chunks = (
        (chunk, _predictions(read(names), stack, ungrouped, top, proba))
        for chunk, names in table.names()
    )
    reason_counts = Counter()
    label_counts = Counter()
    columns = _add_columns(
        chunks, reason_counts, label_counts, prefix, _label_type(stack)
    )
    output.write(columns, model_metadata(stack))
    n_names = reason_counts[""] + reason_counts[UNSURE]
    _print_counts(reason_counts, label_counts, n_names, table, stack, start)
    return int(reason_counts.total() > 0 and n_names == 0)  # the exit code


def _print_counts(reason_counts, label_counts, n_names, table, stack, start):
    """Print warnings, the number of rows with each reason, and the run summary."""
    n_rows = reason_counts.total()
    n_predicted = reason_counts.pop("", 0)
    if not n_names:
        problem = "no names: check --column" if n_rows else "a header but no rows"
        print_message(f"sknames: warning: {table.name} has {problem}.")
    n_broken = reason_counts["broken letters"]
    if n_broken:
        print_message(
            f"sknames: warning: {n_broken:,} names are UTF-8 that was decoded as "
            "Windows-1252: export the table again as UTF-8."
        )
    measured = stack.assumed.measured
    if measured is not None:
        few = stack.classes[measured.n_people < MIN_HELD_OUT]
        n_few = sum(label_counts[label] for label in few.tolist())
        if n_few:
            print_message(
                f"sknames: {n_few:,} predictions of labels with fewer than "
                f"{MIN_HELD_OUT} held-out people, whose accuracy is unknown."
            )
    counts = [f", {n:,} {reason}" for reason, n in sorted(reason_counts.items())]
    closing = run_summary(stack, start)
    print_message(
        f"{counted(n_rows, 'row')}: {n_predicted:,} predicted{''.join(counts)}; "
        f"{closing}"
    )


def make_model(model, table, changes):
    """Return the changed model as a `Stack`, and the predictions of distinct texts.

    Estimating priors (--adapt-priors) requires predictions for the whole table, which
    are returned for reuse. Without --adapt-priors, the second result is None.
    """
    _check_changes(changes, model)
    if model.source in TARGETS and not changes.changes_probabilities:
        fitted = model.load(
            abstain=changes.abstains,
            risk=changes.risk,
            threshold=changes.threshold,
            fallback=[*M49] if changes.fallback else None,
        )
        return resolve(fitted), None
    fitted = model.load()
    if changes.abstain and changes.threshold is None:
        if not isinstance(fitted, SelectiveClassifier):
            raise click.UsageError(
                f"{model.source} is not a SelectiveClassifier: --abstain needs a "
                "--threshold"
            )
        return resolve(fitted), None
    fallback = None
    if isinstance(fitted, SelectiveClassifier):
        if changes.groups is None:  # groups have no fallback
            fallback = fitted.fallback
        fitted = fitted.estimator_
    priors, distinct = _new_priors(resolve(fitted), table, changes)
    if priors is not None:
        fitted = PriorShiftClassifier(fitted, priors=priors)
    if changes.groups is not None:
        fitted = GroupedClassifier(fitted, groups=changes.groups)
    if changes.threshold is not None:
        fitted = SelectiveClassifier(
            fitted, threshold=changes.threshold, fallback=fallback
        )
    return resolve(fitted), distinct


def _new_priors(stack, table, changes):
    """Return the given or estimated priors, and the distinct texts if estimated."""
    if changes.adapt:
        distinct = predict_distinct(stack, (names for _, names in table.names()), table)
        assumed = assumed_priors(stack)
        priors, _ = priors_of_list(stack, distinct.predicted, assumed, distinct.counts)
        return priors, distinct
    if changes.priors is not None:
        return read_priors(changes.priors, stack), None
    return None, None


def _check_changes(changes, model):
    """Raise UsageError for incompatible options, before a long computation."""
    threshold = changes.threshold
    if changes.adapt and changes.priors is not None:
        raise click.UsageError(
            "--adapt-priors and --priors both set the class priors: use only one"
        )
    is_changed = model.source not in TARGETS or changes.changes_probabilities
    if changes.fallback and (is_changed or not changes.abstains):
        raise click.UsageError(
            "--fallback needs a shipped model and --abstain, --risk or --threshold, "
            "without --priors, --adapt-priors and --groups"
        )
    if changes.risk is not None and (is_changed or threshold is not None):
        raise click.UsageError(
            "--risk needs a shipped model, without --priors, --adapt-priors, --groups "
            "and --threshold: use only --threshold, such as 0.6"
        )
    if changes.changes_probabilities and changes.abstain and threshold is None:
        raise click.UsageError(
            "--abstain with --groups, --priors or --adapt-priors needs a --threshold, "
            "such as 0.6, because the model's own is for other probabilities"
        )


def _predictions(predicted, stack, ungrouped, top, proba):
    """Return the predictions of a list, given the probabilities of `ungrouped`."""
    changed = replace(
        predicted, proba=stack.change(predicted.proba, len(ungrouped.layers))
    )
    predictions = predictions_of(stack, changed, top=top)
    # Probabilities of all labels take much memory.
    return predictions if proba else replace(predictions, proba=None)


def _label_type(stack):
    """Return the Arrow type of a model's labels and groups, text if they differ."""
    labels = stack.classes.tolist()
    if stack.threshold is not None:
        for level in stack.threshold.fallback:
            labels += level.groups.tolist()
    try:
        return pa.array(labels).type
    except pa.ArrowException:
        return pa.string()


def _add_columns(chunks, reason_counts, label_counts, prefix, label_type):
    """Yield each chunk with its new columns; count reasons and predicted labels."""
    for chunk, predictions in chunks:
        reasons = predictions.reasons
        first_names = Names(predictions.names[:SAMPLED_NAMES])
        if not reason_counts and have_initials(
            first_names.tidy, reasons[:SAMPLED_NAMES]
        ):
            cost = INITIALS.format("accuracy is 13 to 16 points lower")
            print_message(f"sknames: warning: {cost}")
        reason_counts.update(reasons)
        label_counts.update(predictions.labels[reasons == "", 0].tolist())
        has_proba = predictions.proba is not None
        columns = predictions.columns(prefix=prefix, proba=has_proba)
        columns[f"{prefix}reason"] = np.where(reasons == "", None, reasons)
        for name, values in columns.items():
            type_ = None
            if values.dtype.kind in "OU":
                is_answer = name.startswith(f"{prefix}predicted")
                type_ = label_type if is_answer else pa.string()
            columns[name] = to_arrow(values, type_)
        yield chunk, pa.RecordBatch.from_pydict(columns)
