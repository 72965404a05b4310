"""predict: add nationalities to the rows of a table."""

import os
import time
from collections import Counter
from contextlib import closing, suppress

import click
import numpy as np
import pyarrow as pa

from .._base.unwrap import unwrap
from .._predict_table import answer_columns
from .._priors.predict_list import priors_of_probabilities
from .._priors.priors import assumed_priors, check_priors
from .._priors.shares import COLUMNS
from .._wrappers.grouped_classifier import LEVELS, GroupedClassifier
from .._wrappers.known_words import count_known_words
from .._wrappers.selective_classifier import UNSURE, withhold
from ..pretrained import load_pretrained
from ..pretrained._model_files import SHIPPED
from ..pretrained._predict_sets import find_thresholds, set_thresholds, sets_of
from .files import check_output
from .models import answers, load
from .options import Table, jobs_option, model_options, say, table_options
from .shares import distinct_names
from .tables import write_table

DIGITS = 6  # of probabilities: those that float32 has


@click.command()
@table_options
@model_options
@click.option("--top", type=click.IntRange(1), default=1, help="Labels for each name.")
@click.option("--proba", is_flag=True, help="Add the probabilities of all labels.")
@click.option("--output", default="-", help="File to write, or - for standard output.")
@click.option("--format", type=click.Choice(["csv", "jsonl", "parquet"]), help="Output format.")
@click.option("--excel", is_flag=True, help="Mark CSV as UTF-8, as Excel needs it.")
@click.option("--set", type=float, help="Add sets that hold the true nationality so often: 0.9.")
@click.option("--level", type=click.Choice([*LEVELS, "country"]), help="Predict this instead.")
@click.option("--known-words", is_flag=True, help="Add how many words of a name were in training.")
@click.option("--priors", help="Set uniform, population, Irish=.6,Polish=.4 or a file of shares.")
@click.option("--adapt-priors", is_flag=True, help="Estimate the priors from INPUT.")
@click.option("--abstain", is_flag=True, help="Give no prediction where the model is unsure.")
@click.option("--threshold", type=float, help="Probability to exceed. [default: the model's]")
@click.option("--prefix", default="", help="Prefix of the names of the new columns.")
@jobs_option
def predict(table, model, top, proba, output, format, excel, prefix, jobs, trust_pickle, **rules):
    """Add nationalities to the rows of INPUT.

    Every row is written once, in order and unchanged, with new columns: predicted, probability,
    predicted_2 and so on with --top, and reason, which says why a row has no prediction.
    """
    start = time.perf_counter()
    check_output(output)
    level = rules["level"]
    if level == "country":  # of a model of their own
        if model not in SHIPPED:
            raise click.UsageError("--level country is for the model that ships: leave out --model")
        model, level = "country", None
    fitted = load(model, trust_pickle)
    classes = (GroupedClassifier(fitted, level) if level else fitted).classes_
    if top > len(classes):
        raise click.UsageError(f"--top {top}: the model has {len(classes)} classes")
    within = rules["set"]
    if within is not None and (level or rules["adapt_priors"]):
        raise click.UsageError("--set is for labels under the default priors: leave it out")
    if rules["known_words"] and count_known_words(fitted, []) is None:
        raise click.UsageError(f"--known-words: {model} has no table of words: leave it out")
    if level and rules["abstain"] and rules["threshold"] is None:
        raise click.UsageError("--abstain with --level needs a --threshold: give one, such as 0.6")
    threshold = _threshold(model, fitted, rules["abstain"], rules["threshold"])
    spec, priors = (model, trust_pickle), rules["priors"]
    if rules["adapt_priors"]:
        if priors is not None:
            raise click.UsageError("--adapt-priors estimates what --priors gives: give one of them")
        probabilities, groups, _ = distinct_names(table, spec, jobs)
        priors = priors_of_probabilities(probabilities, groups[""][1], assumed_priors(fitted))[0]
    elif priors is not None:
        priors = read_priors(priors, fitted.classes_)
    spec = (*spec, None if priors is None else tuple(priors.tolist()), level)
    if within is not None:
        within = set_thresholds(within, of=find_thresholds(load(*spec)))
    options = top, proba or within is not None, rules["known_words"]
    n_of, reader = Counter(), table.open()
    names = table.names(reader, unwrap(fitted).encoder)
    with closing(answers(names, spec, jobs, *options)) as answered:
        chunks = _add_columns(answered, n_of, classes, threshold, prefix, within, proba)
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
    fitted = load_pretrained(SHIPPED[model], abstain=True) if model in SHIPPED else fitted
    threshold = unwrap(fitted).threshold
    if threshold is None:
        raise click.UsageError(f"{model} is no SelectiveClassifier: --abstain needs a --threshold")
    return threshold


def _add_columns(answered, n_of, classes, threshold, prefix, within, proba):
    """Yield each chunk with its new columns; count their reasons in `n_of`."""
    for (chunk, why), (indices, probabilities, all_probabilities, known) in answered:
        named = why == ""
        index = np.cumsum(named) - 1  # of a row among those with a name, null for the other rows
        why[named] = withhold(why[named], probabilities[:, 0], threshold)
        n_of.update(why)
        named, sure = pa.array(index, mask=~named), pa.array(index, mask=why != "")
        labels, new = pa.array(classes.tolist()), []
        for k, (predicted, probability) in enumerate(answer_columns(indices.shape[1])):
            new.append((predicted, labels.take(pa.array(indices[:, k])).take(sure)))
            new.append((probability, pa.array(probabilities[:, k].round(DIGITS)).take(sure)))
        if within is not None:
            sets = sets_of(classes, all_probabilities, within)
            new.append(("set", pa.array(map(";".join, sets), pa.string()).take(named)))
        for k, label in enumerate(classes if proba else []):
            values = pa.array(all_probabilities[:, k].round(DIGITS))
            new.append((f"probability_{label}", values.take(named)))
        if known is not None:
            new.append(("known_words", pa.array(known).take(named).fill_null(0)))
        new.append(("reason", pa.array(why, pa.string(), mask=why == "")))
        columns = [values for _, values in new]
        yield chunk, pa.record_batch(columns, [prefix + name for name, _ in new])


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
