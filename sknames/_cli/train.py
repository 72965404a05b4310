"""train: fit a model to a table of names and labels."""

import sys
import time
from ast import literal_eval
from pathlib import Path

import click
import numpy as np
from click.core import ParameterSource
from sklearn.pipeline import Pipeline

from .._encoding.char_encoder import CharEncoder
from .._name_encoder import make_own_labels_pipeline
from .._name_nationality_classifier import NameNationalityClassifier
from .._wrappers.prior_shift_classifier import PriorShiftClassifier
from ..pretrained import load_pretrained
from ..pretrained._model_files import check_model_path, save_model
from .files import check_output, whole_file
from .options import label_option, say, table_options

# About where a net from scratch becomes more accurate: it is 17 points behind with 1,000 names, 8
# with 19,200 and 2 with 115,705.
MOST_NAMES = 200_000
OF_ENCODER = {
    "max_length": "Characters of each name.",
    "transliterate": "ASCII for characters outside the alphabet: unknown, or true, false or both.",
    "min_frequency": "How often a character must occur to be in the alphabet, or its share.",
}
OF_CLASSIFIER = {
    "cell": "Recurrent cell: gru, rnn (twice as fast, less accurate) or sigmoid_rnn (Elman's).",
    "hidden_size": "Units in each layer.",
    "num_layers": "Recurrent layers.",
    "embedding_dim": "Length of the embedding vector of a character, or none.",
    "dropout": "Dropout probability.",
    "regularization": "Strength of the other regularization.",
    "ngram_range": "Shortest and longest n-grams: 1,5; or none.",
    "min_df": "Distinct names in which an n-gram must occur.",
    "word_weight": "Weight of known words.",
    "logit_adjustment": "How equal to assume the classes: 0 as in the data, 1 equal.",
    "class_weight": "Weights of the classes: balanced, or none.",
    "lr": "Maximum learning rate of AdamW.",
    "max_epochs": "Passes over the names.",
    "batch_size": "Names in a training step.",
    "early_stopping": "Hold out a tenth of the names, and stop when they are predicted no better.",
    "n_iter_no_change": "Epochs without improvement after which early stopping stops.",
    "device": "Device to train on: cpu, cuda or auto.",
    "random_state": "Seed: the same command gives the same model.",
}


def parameter_options(function):
    """Give a command the parameters of the encoder and the classifier as options."""
    defaults = CharEncoder().get_params() | NameNationalityClassifier().get_params()
    defaults["random_state"] = 0
    for name, about in reversed((OF_ENCODER | OF_CLASSIFIER).items()):
        how = {"default": str(defaults[name]), "help": about, "callback": _value}
        function = click.option(f"--{name.replace('_', '-')}", **how)(function)
    return function


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
@click.option("--from-scratch", is_flag=True, help="Train a net on these names alone.")
@parameter_options
@click.pass_context
def train(context, table, label, output, from_scratch, **params):
    """Train a model on the names and nationalities, or other labels, in INPUT.

    Up to 200,000 names, it learns from n-grams and from what the shipped model says of them, which
    is more accurate than a net from scratch. Rows without a name or a label are left out. The names
    must fit in memory. The options from --cell on are parameters of the net, of
    NameNationalityClassifier in Python, the three before it those of CharEncoder.
    """
    start = time.perf_counter()
    given = [n for n in params if context.get_parameter_source(n) is ParameterSource.COMMANDLINE]
    if given and not from_scratch:
        option = f"--{given[0].replace('_', '-')}"
        raise click.UsageError(f"{option} is of a net from scratch: give --from-scratch, too")
    check_model_path(output)
    check_output(output)
    names, labels, n_rows = table.labelled_names(label)
    is_net = from_scratch or len(names) > MOST_NAMES
    if not from_scratch:
        both = "n-grams and features of the shipped model", "a net from scratch"
        fits, other = both[is_net], both[not is_net]
        say(f"sknames: fits {fits}, for {len(names):,} names more accurate than {other}.")
    with whole_file(output) as file:
        model = fit_net(names, labels, **params) if is_net else fit_own_labels(names, labels)
        save_model(model, file, output)
    say(
        f"{n_rows:,} rows: learned {len(names):,} names of {len(model.classes_)} labels, "
        f"{n_rows - len(names):,} without a name or a label; "
        f"{time.perf_counter() - start:.1f} s; {Path(output).stat().st_size / 1e6:.1f} MB"
    )


def fit_own_labels(names, labels):
    """Return the recipe for own labels, fitted, with the priors of the labels."""
    # The shipped model goes into the file, so later versions read it, too.
    model = make_own_labels_pipeline(load_pretrained(priors="uniform")).fit(names, labels)
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    return PriorShiftClassifier(model, priors=shares, class_prior=shares).fit(None)


def fit_net(names, labels, **params):
    """Return a net, fitted on these names alone."""
    encoder = CharEncoder(**{name: params.pop(name) for name in OF_ENCODER})
    classifier = NameNationalityClassifier(**params, verbose=int(sys.stderr.isatty()))
    model = Pipeline([("encode", encoder), ("classify", classifier)]).fit(names, labels)
    return model.set_params(classify__verbose=0)
