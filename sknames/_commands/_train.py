"""train: fit a model to a table of names and nationalities."""

import inspect
import re
import sys
import time
from ast import literal_eval
from pathlib import Path

import click
from sklearn.pipeline import Pipeline

from .._char_encoder import CharEncoder
from .._model_files import check_model_path, save_model
from .._name_nationality_classifier import NameNationalityClassifier
from .._whole_files import check_output, whole_file
from ._common import say, table_options
from ._labelled_names import labelled_names

MAX_LENGTH = 64  # of a name, in characters, as in the model that ships
OF_ENCODER = ("transliterate", "min_frequency")


def parameter_options(estimator, is_option):
    """Add an option for parameters of an estimator, with the text of its docstring."""
    text = inspect.getdoc(estimator)
    parameters = inspect.signature(estimator).parameters

    def add(function):
        for name in reversed([name for name in parameters if is_option(name)]):
            found = re.search(rf"^{name} : (.*), default=.*\n((?:    .*\n)+)", text, re.MULTILINE)
            values, description = found.groups()
            # Neither references nor examples that some terminals cannot show.
            no_help = r" \([^)]*( \d{4}|[^\x00-\x7f][^)]*)\)"
            description = re.sub(no_help, "", " ".join(description.split()))
            sentence = description.partition(". ")[0].rstrip(".").replace("`", "")
            # The same command gives the same model.
            default = 0 if name == "random_state" else parameters[name].default
            function = click.option(
                f"--{name.replace('_', '-')}",
                default=str(default),
                help=f"{sentence}.  [{values}]",
                show_default=True,
                callback=_value,
            )(function)
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
@click.option(
    "--label", default="nationality", show_default=True, help="Column that holds the labels."
)
@click.option("--output", required=True, help="File for the model: .skops, or .joblib (a pickle).")
@click.option(
    "--max-length",
    type=click.IntRange(1),
    default=MAX_LENGTH,
    show_default=True,
    help="Number of characters to read of each name.",
)
@parameter_options(CharEncoder, OF_ENCODER.__contains__)
@parameter_options(NameNationalityClassifier, lambda name: name not in ("callbacks", "verbose"))
def train(input, column, delimiter, encoding, label, output, max_length, **params):
    """Train a model on the names and nationalities in INPUT.

    Rows without a name or a label are left out. The names must fit in memory. The options from
    --cell on are the parameters of NameNationalityClassifier, the three before it those of
    CharEncoder.
    """
    start = time.perf_counter()
    encoder = CharEncoder(max_length=max_length, **{name: params.pop(name) for name in OF_ENCODER})
    check_model_path(output)
    check_output(output)
    names, labels, n_rows = labelled_names(input, column, label, delimiter, encoding)
    model = Pipeline(
        [
            ("encode", encoder),
            ("classify", NameNationalityClassifier(**params, verbose=int(sys.stderr.isatty()))),
        ]
    )
    with whole_file(output) as part:
        model.fit(names, labels)
        model.set_params(classify__verbose=0)
        save_model(model, part, output)
    say(
        f"{n_rows:,} rows: learned {len(names):,} names of {len(model.classes_)} nationalities, "
        f"{n_rows - len(names):,} without a name or a label; "
        f"{time.perf_counter() - start:.1f} s; {Path(output).stat().st_size / 1e6:.1f} MB"
    )
