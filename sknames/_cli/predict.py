"""predict: add nationalities to the rows of a table."""

import os
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import replace

import click
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._answers.groups import M49
from .._answers.inside import unwrap
from .._answers.predict_names import UNSURE
from .._answers.predict_table import answer_columns
from .._priors.priors import assumed_priors, check_priors, priors_of_probabilities
from .._priors.shares import COLUMNS
from ..pretrained import load_pretrained
from ..pretrained._load_pretrained import TARGETS
from .files import check_output, say
from .models import Job, answer, answers, load
from .options import jobs_option, model_options, table_options
from .shares import DIGITS, predict_distinct
from .tables import Table, write_table


@click.command()
@table_options
@model_options
@click.option("--top", type=click.IntRange(1), default=1, help="Labels for each name.")
@click.option("--proba", is_flag=True, help="Add the probabilities of all labels.")
@click.option("-o", "--output", default="-", help="File to write, or - for standard output.")
@click.option("--format", type=click.Choice(["csv", "jsonl", "parquet"]), help="Output format.")
@click.option("--excel", is_flag=True, help="Mark CSV as UTF-8, as Excel needs it.")
@click.option(
    "--set", "coverage", type=float, help="Add sets that hold the true nationality so often: 0.9."
)
@click.option("--groups", type=click.Choice(M49), help="Predict groups of the labels.")
@click.option("--known-words", is_flag=True, help="Add how many words of a name were in training.")
@click.option("--priors", help="Set uniform, population, Irish=.6,Polish=.4 or a file of shares.")
@click.option("--adapt-priors", "adapt", is_flag=True, help="Estimate the priors from INPUT.")
@click.option("--abstain", is_flag=True, help="Give no prediction where the model is unsure.")
@click.option("--fallback", is_flag=True, help="Where only a region is sure, give it.")
@click.option("--threshold", type=float, help="Probability to exceed. [default: the model's]")
@click.option("--prefix", default="", help="Prefix of the names of the new columns.")
@jobs_option
def predict(
    table,
    model,
    priors,
    adapt,
    abstain,
    fallback,
    threshold,
    output,
    format,
    excel,
    prefix,
    jobs,
    **asked,
):
    """Add nationalities to the rows of INPUT.

    Every row is written once, in order and unchanged, with new columns: predicted, probability,
    predicted_2 and so on with --top, and reason, which says why a row has no prediction.

    Save a sheet of Excel as CSV first; --excel writes CSV that Excel reads. Names in two columns
    need --column given,family. `sknames explain` takes a single name.
    """
    start = time.perf_counter()
    check_output(output)
    others = {"--priors": priors, "--adapt-priors": adapt, "--groups": asked["groups"]}
    if fallback and (not abstain or model[0] not in TARGETS or any(others.values())):
        raise click.UsageError(
            f"--fallback needs --abstain and a model that ships, without {', '.join(others)}"
        )
    fitted = load(*model, fallback)
    if asked["groups"] and abstain and threshold is None:
        raise click.UsageError("--abstain with --groups needs a --threshold: give one, such as 0.6")
    if adapt and (priors or asked["coverage"] is not None):
        other = "--priors, which it estimates" if priors else "--set, which is for default priors"
        raise click.UsageError(f"--adapt-priors does not go with {other}: give one of them")
    if priors is not None:
        priors = tuple(read_priors(priors, fitted.classes_).tolist())
    threshold = _threshold(model[0], fitted, abstain, threshold)
    job = Job(*model, fallback, priors, threshold=threshold, **asked)
    nothing = answer(job, [])  # it raises for what does not fit, before the names are read
    if job.known_words and nothing.known_words is None:
        raise click.UsageError(f"--known-words: {job.path} has no table of words: leave it out")
    if adapt:
        proba, ids, groups = predict_distinct(table, table.open(), Job(*model, proba=True), jobs)
        rows, counts, _ = groups[()]
        assumed = assumed_priors(fitted)
        priors = priors_of_probabilities(proba[rows], counts, assumed, ids[rows])[0]
        job = replace(job, priors=tuple(priors.tolist()))
    n_of, reader = Counter(), table.open()
    with closing(answers(table.names(reader), job, jobs)) as answered:
        chunks = _add_columns(answered, n_of, prefix)
        write_table(output, format, reader, chunks, excel)
    n_rows, n_predicted = n_of.total(), n_of.pop("", 0)
    if not n_predicted and not n_of[UNSURE]:
        what = "no name in it: check --column" if n_rows else "a header and no rows"
        say(f"sknames: warning: {table.name} has {what}.")
    others = "".join(f", {n:,} {reason}" for reason, n in sorted(n_of.items()))
    say(f"{n_rows:,} rows: {n_predicted:,} predicted{others}; {time.perf_counter() - start:.1f} s")


def _threshold(model, fitted, abstain, given):
    """Return the probability that a prediction must exceed, or None without --abstain."""
    if given is not None and not (abstain and 0 <= given <= 1):  # click lets NaN through
        raise click.UsageError("--threshold needs --abstain, and a number from 0 to 1: give both")
    if not abstain or given is not None:
        return given
    if model in TARGETS and unwrap(fitted).threshold is None:
        fitted = load_pretrained(model, abstain=True)
    threshold = unwrap(fitted).threshold
    if threshold is None:
        raise click.UsageError(f"{model} is no SelectiveClassifier: --abstain needs a --threshold")
    return threshold


def _add_columns(answered, n_of, prefix):
    """Yield each chunk with its new columns; count their reasons in `n_of`."""
    for chunk, found in answered:
        why = found.reasons
        n_of.update(why)
        no_answer, no_name = why != "", ~np.isin(why, ["", UNSURE])
        new, type_ = [], pa.array(found.classes.tolist()).type
        for name, values in answer_columns(found).items():
            if name.startswith("probability"):
                new.append((name, _rounded(values, no_answer)))
            else:
                of_labels = name.startswith("predicted")
                new.append((name, pa.array(values.tolist(), type_ if of_labels else pa.string())))
        if "sets" in found:
            sets = pa.array(map(";".join, found.sets), pa.string())
            new.append(("set", pc.if_else(pa.array(no_name), None, sets)))
        if found.proba is not None:
            columns = zip(found.classes, found.proba.T, strict=True)
            new += [(f"probability_{label}", _rounded(p, no_name)) for label, p in columns]
        if found.known_words is not None:
            new.append(("known_words", pa.array(found.known_words)))
        new.append(("reason", pa.array(why, pa.string(), mask=~no_answer)))
        columns = [values for _, values in new]
        yield chunk, pa.record_batch(columns, [prefix + name for name, _ in new])


def _rounded(probabilities, mask):
    return pa.array(probabilities.round(DIGITS), mask=mask)


def read_priors(text, classes):
    """Return the priors that --priors gives, in class order."""
    if text in ("uniform", "population"):
        return check_priors(text, classes, "--priors")
    pairs = [pair.rpartition("=")[::2] for pair in text.split(",")]
    if "=" not in text or os.path.isfile(text):
        pairs = []
        table = Table(text)
        for chunk in table.open():
            both = (table.texts(chunk, column, "--priors") for column in COLUMNS[:2])
            pairs += zip(*both, strict=True)
    label_of = {str(label): label for label in classes.tolist()}
    priors = {}
    for label, share in pairs:
        with suppress(ValueError):  # check_priors rejects what is no number
            share = float(share)
        label = label_of.get(label.strip(), label)
        if label in priors:
            raise ValueError(f"--priors has {label!r} twice: give each nationality once")
        priors[label] = share
    return check_priors(priors, classes, "--priors")
