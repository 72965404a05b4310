"""train: fit a model to a table of names and nationalities."""

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
    defaults |= {"max_length": 64, "random_state": 0}
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
@parameter_options
def train(table, label, output, **params):
    """Train a model on the names and nationalities in INPUT.

    Rows without a name or a label are left out. The names must fit in memory. The options from
    --cell on are the parameters of NameNationalityClassifier, the three before it those of
    CharEncoder. Python's documentation of both says more.
    """
    start = time.perf_counter()
    encoder = CharEncoder(**{name: params.pop(name) for name in OF_ENCODER})
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
