"""train: fit a model to a table of names and nationalities."""

import inspect
import re
import sys
import time
from ast import literal_eval
from pathlib import Path

import click
from sklearn.pipeline import Pipeline

from .._encoding.char_encoder import CharEncoder
from .._name_nationality_classifier import NameNationalityClassifier
from ..pretrained._model_files import check_model_path, save_model
from .files import check_output, whole_file
from .options import label_option, say, table_options

OF_ENCODER = ("transliterate", "min_frequency")


def parameter_options(estimator, is_option):
    """Add options for parameters of an estimator, with the help of its docstring."""
    text = inspect.getdoc(estimator)
    parameters = inspect.signature(estimator).parameters

    def add(function):
        for name in reversed([name for name in parameters if is_option(name)]):
            found = re.search(rf"^{name} : (.*), default=.*\n((?:    .*\n)+)", text, re.MULTILINE)
            values, description = found.groups()
            # Some terminals cannot show the references and examples in brackets.
            description = re.sub(r" \([^)]*\)|`", "", " ".join(description.split()))
            about = f"{description.partition('. ')[0].rstrip('.')}.  [{values}]"
            # With a fixed seed, the same command gives the same model.
            default = str(0 if name == "random_state" else parameters[name].default)
            option = f"--{name.replace('_', '-')}"
            function = click.option(option, default=default, help=about, callback=_value)(function)
        return function

    return add


def _value(ctx, option, text):
    """Return the value of a Python literal, or the text; the classifier checks it."""
    try:
        return literal_eval(text[:1].upper() + text[1:] if text in ("true", "false") else text)
    except (ValueError, SyntaxError):
        return None if text == "none" else text


@click.command()
@table_options
@label_option
@click.option("--output", required=True, help="File for the model: .skops, or .joblib (a pickle).")
@click.option("--max-length", type=click.IntRange(1), default=64, help="Characters of each name.")
@parameter_options(CharEncoder, OF_ENCODER.__contains__)
@parameter_options(NameNationalityClassifier, lambda name: name not in ("callbacks", "verbose"))
def train(table, label, output, max_length, **params):
    """Train a model on the names and nationalities in INPUT.

    Rows without a name or a label are left out. The names must fit in memory. The options from
    --cell on are the parameters of NameNationalityClassifier, the three before it those of
    CharEncoder.
    """
    start = time.perf_counter()
    encoder = CharEncoder(max_length=max_length, **{name: params.pop(name) for name in OF_ENCODER})
    check_model_path(output)
    check_output(output)
    names, labels, n_rows = table.labelled_names(label)
    classifier = NameNationalityClassifier(**params, verbose=int(sys.stderr.isatty()))
    model = Pipeline([("encode", encoder), ("classify", classifier)])
    with whole_file(output) as file:
        model.fit(names, labels)
        model.set_params(classify__verbose=0)
        save_model(model, file, output)
    say(
        f"{n_rows:,} rows: learned {len(names):,} names of {len(model.classes_)} nationalities, "
        f"{n_rows - len(names):,} without a name or a label; "
        f"{time.perf_counter() - start:.1f} s; {Path(output).stat().st_size / 1e6:.1f} MB"
    )
