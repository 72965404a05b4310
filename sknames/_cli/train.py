"""train: fit a model to a table of names and labels."""

import sys
import time
from ast import literal_eval
from contextlib import suppress
from pathlib import Path

import click
import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from .._encoding.char_encoder import CharEncoder
from .._name_encoder import make_own_labels_pipeline
from .._name_nationality_classifier import NameNationalityClassifier
from .._wrappers.prior_shift_classifier import PriorShiftClassifier
from ..pretrained import load_pretrained
from ..pretrained._model_files import check_model_path, save_model
from .files import atomic_output, check_output, print_message
from .options import table_options

# names; with 115,705 names, a net from scratch is still 2 points less accurate than the
# recipe for own labels
MOST_NAMES = 200_000


@click.command()
@table_options
@click.option("--label", default="nationality", help="Column of labels.")
@click.option(
    "-o",
    "--output",
    required=True,
    help="Model file to write: .skops, or .joblib (a pickle).",
)
@click.option("--from-scratch", is_flag=True, help="Train a net on these names only.")
@click.option(
    "--param", multiple=True, help="Parameter of the net: hidden_size=256. Repeatable."
)
def train(table, label, output, from_scratch, param):
    """Train a model on the names and labels in INPUT.

    Up to 200,000 names, the model uses n-grams and features of the shipped model, which
    is more accurate than a net trained from scratch. Rows without a name or a label are
    left out. With --from-scratch, --param sets a parameter of NameNationalityClassifier
    or CharEncoder: cell=rnn, ngram_range=1,4, class_weight=balanced.
    """
    start = time.perf_counter()
    if param and not from_scratch:
        raise click.UsageError(
            "--param sets a parameter of a net from scratch: add --from-scratch"
        )
    net = make_net(param)
    check_model_path(output)
    check_output(output)
    if Path(output).suffix != ".skops":
        print_message(
            f"sknames: {output} is a pickle, which can run any code: commands load it "
            "only with --trust-pickle. Files that end in .skops are safe to load."
        )
    names, labels, n_rows = table.labelled_names(label)
    is_net = from_scratch or len(names) > MOST_NAMES
    if not from_scratch:
        _print_model_choice(is_net, len(names))
    if not is_net and len(set(labels)) == 1:
        raise ValueError(
            f"all {len(names):,} names have the label {labels[0]!r}: two or more "
            "labels are needed"
        )
    with atomic_output(output) as file:
        model = fit_net(net, names, labels) if is_net else fit_own_labels(names, labels)
        save_model(model, file, output)
    seconds = time.perf_counter() - start
    megabytes = Path(output).stat().st_size / 1e6
    print_message(
        f"{n_rows:,} rows: learned {len(names):,} names of {len(model.classes_)} "
        f"labels, {n_rows - len(names):,} without a name or a label; {seconds:.1f} s; "
        f"{megabytes:.1f} MB"
    )


def _print_model_choice(is_net, n_names):
    """Print which of two models is fitted, and why."""
    fitted = "n-grams and features of the shipped model"
    less_accurate = "a net from scratch"
    if is_net:
        fitted, less_accurate = less_accurate, fitted
    print_message(
        f"sknames: fitting {fitted}, which for {n_names:,} names is more accurate than "
        f"{less_accurate}."
    )


def fit_own_labels(names, labels):
    """Return the fitted recipe for own labels, with the frequencies as class priors."""
    # The file contains the shipped model, so that later versions can read it.
    shipped = load_pretrained(priors="uniform")
    model = FrozenEstimator(make_own_labels_pipeline(shipped).fit(names, labels))
    _, counts = np.unique(labels, return_counts=True)
    shares = counts / len(labels)
    return PriorShiftClassifier(model, priors=shares, assumed_prior=shares).fit(None)


def make_net(pairs):
    """Return an unfitted net, with parameters given as "name=value"."""
    # A fixed seed, so that the same command gives the same model.
    classifier = NameNationalityClassifier(random_state=0)
    net = Pipeline([("encode", CharEncoder()), ("classify", classifier)])
    for pair in pairs:
        name, _, value = pair.partition("=")
        if value in ("none", "true", "false"):
            value = value.title()
        with suppress(ValueError, SyntaxError):  # other texts are checked in fit
            value = literal_eval(value)
        step = "encode" if name in net["encode"].get_params() else "classify"
        net.set_params(**{f"{step}__{name}": value})
    return net


def fit_net(net, names, labels):
    """Fit a net on these names only, and return it. A terminal shows the epochs."""
    net.set_params(classify__verbose=int(sys.stderr.isatty())).fit(names, labels)
    return net.set_params(classify__verbose=0)
