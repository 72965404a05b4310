"""predict: add nationalities to the rows of a table."""

import os
import time
from math import isnan

import click
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._model_files import load_model
from .._no_names import find_encoder, why_no_names
from .._prior_shift_classifier import priors_of_probabilities
from .._priors import supposed_priors
from .._selective_classifier import UNSURE
from .._table_reader import TableReader
from .._table_writer import TableWriter
from .._whole_files import check_output
from .._workers import answering
from ..pretrained import load_pretrained
from ._common import character, model_options, progress, say, table_options, with_names
from ._list_of_names import ListOfNames
from ._priors_option import read_priors

MISSING = "missing name"
DIGITS = 6  # of probabilities: those that float32 has


@click.command()
@table_options
@click.option(
    "--model", default="pretrained", show_default=True, help="File of a model, or pretrained."
)
@click.option(
    "--top",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of nationalities for each name.",
)
@click.option("--proba", is_flag=True, help="Add the probabilities of all nationalities.")
@click.option(
    "--output", default="-", show_default=True, help="File to write, or - for standard output."
)
@click.option(
    "--format",
    type=click.Choice(["csv", "jsonl", "parquet"]),
    help="Format of the output. [default: from the name of the output, or that of the input]",
)
@click.option(
    "--priors",
    help="Frequencies of the nationalities: uniform, population, Irish=.6,Polish=.4, or a file "
    "that `sknames shares` wrote. [default: those that the model assumes]",
)
@click.option(
    "--adapt-priors", is_flag=True, help="Estimate the priors from INPUT, which is then read twice."
)
@click.option(
    "--abstain",
    is_flag=True,
    help="Give a reason instead of a prediction where the model is unsure or nothing is a name.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Probability that a prediction must exceed with --abstain. [default: the model's]",
)
@click.option("--prefix", default="", help="Prefix of the names of the new columns.")
@model_options
def predict(
    input,
    column,
    delimiter,
    encoding,
    model,
    top,
    proba,
    output,
    format,
    priors,
    adapt_priors,
    abstain,
    threshold,
    prefix,
    jobs,
    trust_pickle,
):
    """Add nationalities to the rows of INPUT.

    Every row is written once, in order and unchanged, with new columns: predicted, probability,
    predicted_2 and so on with --top, and reason, which says why a row has no prediction.
    """
    start = time.perf_counter()
    if threshold is not None and not abstain:
        raise click.UsageError("--threshold is one of --abstain: give both")
    if threshold is not None and isnan(threshold):  # which FloatRange lets through
        raise click.UsageError("--threshold nan: give a number from 0 to 1")
    if adapt_priors:
        _check_twice(input, priors)
        check_output(output)
    load = (model, trust_pickle)
    fitted = load_model(*load)
    if abstain and threshold is None:
        threshold = _threshold(model, fitted)
    encoder = find_encoder(fitted)
    if adapt_priors:
        names = ListOfNames(fitted, load, jobs, input, column, delimiter, encoding)
        supposed = supposed_priors(fitted)
        priors, _ = priors_of_probabilities(names.probabilities, names.counts, supposed)
    elif priors is not None:
        priors = read_priors(priors, fitted.classes_)
    if priors is not None:
        load = (*load, priors)
        fitted = load_model(*load)
    if top > len(fitted.classes_):
        raise click.UsageError(f"--top {top}: the model tells {len(fitted.classes_)} nationalities")
    if proba:
        _check_columns(top, fitted.classes_, prefix)
    n_rows = n_missing = n_withheld = 0
    with (
        TableReader(input, character(delimiter), encoding) as reader,
        TableWriter(output, format, reader) as writer,
        answering(fitted, load, jobs, top, proba) as answer,
        progress(reader.n_rows) as advance,
    ):
        chunks = with_names(reader, column)
        if abstain:
            chunks = _judged(chunks, encoder)
        for (chunk, missing, *reasons), answers in answer(chunks):
            reasons = reasons[0] if abstain else np.full(len(answers[0]), "")
            if abstain:
                reasons[(reasons == "") & ~(answers[1][:, 0] > threshold)] = UNSURE
            writer.write(chunk, _new_columns(missing, reasons, fitted.classes_, answers, prefix))
            n_rows += len(chunk)
            n_missing += int(missing.sum())
            n_withheld += int((reasons != "").sum())
            advance(len(chunk))
    withheld = f"{n_withheld:,} without an answer, " if abstain else ""
    say(
        f"{n_rows:,} rows: {n_rows - n_missing - n_withheld:,} predicted, {withheld}"
        f"{n_missing:,} without a name; {time.perf_counter() - start:.1f} s"
    )


def _threshold(model, fitted):
    """The model's own."""
    if model == "pretrained":
        return load_pretrained(abstain=True).threshold_
    if not hasattr(fitted, "abstain_label_"):
        raise click.UsageError(
            f"--abstain: {model} is no SelectiveClassifier, which has a threshold: give --threshold"
        )
    return fitted.threshold_


def _judged(chunks, encoder):
    """Chunks of names, with why each is no name."""
    for head, names in chunks:
        yield (*head, why_no_names(names, len(names), encoder)), names


def _check_twice(input, priors):
    if priors is not None:
        raise click.UsageError("--adapt-priors estimates what --priors gives: give one of them")
    if os.path.exists(input) and not os.path.isfile(input) or input == "-":
        raise click.UsageError(
            "--adapt-priors reads INPUT twice, and standard input or a pipe can be read once: save "
            "it to a file first"
        )


def _check_columns(top, classes, prefix):
    """With --top and --proba, labels such as 2 may give two columns one name."""
    ranks = {str(k) for k in range(2, top + 1)}
    clash = [label for label in map(str, classes.tolist()) if label in ranks]
    if clash:
        column = f"{prefix}probability_{clash[0]}"
        raise click.UsageError(
            f"--top {top} and --proba both have a column {column!r}, since a nationality is called "
            f"{clash[0]!r}: leave out --top or --proba"
        )


def _new_columns(missing, reasons, classes, answers, prefix):
    indices, probabilities, all_probabilities = answers
    labels = pa.array(classes.tolist())
    place = np.cumsum(~missing) - 1  # of a row among those with a name
    withheld = missing.copy()
    withheld[~missing] = reasons != ""
    answered, place = pa.array(place, mask=withheld), pa.array(place, mask=missing)
    new = {}
    for k in range(indices.shape[1]):
        end = f"_{k + 1}" if k else ""
        new[f"predicted{end}"] = labels.take(pa.array(indices[:, k])).take(answered)
        new[f"probability{end}"] = pa.array(probabilities[:, k].round(DIGITS)).take(answered)
    if all_probabilities is not None:
        for label, values in zip(classes, all_probabilities.T, strict=True):
            new[f"probability_{label}"] = pa.array(values.round(DIGITS)).take(place)
    why = pa.array([reason or None for reason in reasons.tolist()], type=pa.string())
    new["reason"] = pc.if_else(pa.array(missing), MISSING, why.take(place))
    return pa.table({f"{prefix}{name}": values for name, values in new.items()})
