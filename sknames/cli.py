"""The command line: predict, train and evaluate over files."""

import inspect
import os
import re
import sys
import time
from ast import literal_eval
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.metrics import accuracy_score, f1_score, recall_score
from sklearn.pipeline import Pipeline

from ._char_encoder import CharEncoder
from ._model_files import check_model_path, load_model, save_model
from ._name_nationality_classifier import NameNationalityClassifier
from ._table_reader import TableReader
from ._table_writer import TableWriter
from ._version import __version__
from ._whole_files import stop_cleanly, whole_file
from ._workers import answering

# What is left of such a name when it is cleaned is nothing.
NO_NAME = r'^[\s\p{Z}\p{Cc}\p{Cf}"]*$'
MISSING = "missing name"
DIGITS = 6  # of probabilities, which float32 has
MAX_LENGTH = 64  # of a name, in characters, as in the model that ships


class OneLineErrors(click.Group):
    """Commands whose errors are one line that says what to do, and never a traceback."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except MemoryError as error:
            raise click.ClickException("memory is full: give fewer --jobs") from error
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            what = f"{where}{error.strerror or error}"
            raise click.ClickException(f"{what}: {_remedy(error)}") from error
        except (ValueError, TypeError, ImportError, RuntimeError) as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            raise click.ClickException(
                f"{type(error).__name__}: {error}: this is a fault of sknames, please report it"
            ) from error


def _remedy(error):
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "check the path"
    if isinstance(error, PermissionError | IsADirectoryError):
        return "choose another file"
    return "nothing was kept of the output; make room or choose another --output, and run it again"


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sknames")
def cli():
    """Tell nationalities from the names in files.

    A file is CSV, TSV, JSON lines or Parquet, of any size; "-" is standard input or output, and
    gzip and zstd are read as they are. Say `sknames COMMAND --help` for more.
    """


def table_options(function):
    """The options of all commands that read a table."""
    for option in (
        click.option("--encoding", help="Of CSV. [default: UTF-8, or UTF-16 if it is marked]"),
        click.option("--delimiter", help="Of CSV: one character, or tab. [default: found out]"),
        click.option(
            "--column", help='Which holds names. [default: "name", or the only one there is]'
        ),
        click.argument("input"),
    ):
        function = option(function)
    return function


def model_options(function):
    """The options of all commands that use a fitted model."""
    for option in (
        click.option("--trust-pickle", is_flag=True, help="Load a pickle, which can run any code."),
        click.option(
            "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes."
        ),
    ):
        function = option(function)
    return function


@cli.command()
@table_options
@click.option("--model", default="pretrained", show_default=True, help="A file, or pretrained.")
@click.option(
    "--top", type=click.IntRange(1), default=1, show_default=True, help="How many nationalities."
)
@click.option("--proba", is_flag=True, help="Add the probabilities of all nationalities.")
@click.option("--output", default="-", show_default=True, help="A file, or - for standard output.")
@click.option(
    "--format",
    type=click.Choice(["csv", "jsonl", "parquet"]),
    help="Of the output. [default: as the name of the output says, or as the input]",
)
@click.option("--prefix", default="", help="Of the names of new columns.")
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
    prefix,
    jobs,
    trust_pickle,
):
    """Add nationalities to the rows of INPUT.

    Every row comes out once, in order, as it was, with new columns: predicted, probability,
    predicted_2 and so on with --top, and reason, which says why a row has no prediction.
    """
    start = time.perf_counter()
    load = (model, trust_pickle)
    fitted = load_model(*load)
    if top > len(fitted.classes_):
        raise click.UsageError(f"--top {top}: the model tells {len(fitted.classes_)} nationalities")
    n_rows = n_missing = 0
    with (
        TableReader(input, _character(delimiter), encoding) as reader,
        TableWriter(output, format, reader) as writer,
        answering(fitted, load, jobs, top, proba) as answer,
        progress(reader.n_rows) as advance,
    ):
        for (chunk, missing), answers in answer(_with_names(reader, column)):
            writer.write(chunk, _new_columns(missing, fitted.classes_, answers, prefix))
            n_rows += len(chunk)
            n_missing += int(missing.sum())
            advance(len(chunk))
    _say(
        f"{n_rows:,} rows: {n_rows - n_missing:,} predicted, {n_missing:,} without a name; "
        f"{time.perf_counter() - start:.1f} s"
    )


def _with_names(reader, column, label=None):
    """Of each chunk: (it and which rows have no name), the names of the others.

    The columns, that of labels too if there is one, must be in the first chunk.
    """
    chosen = None
    for chunk in reader:
        if chosen is None:
            default = chunk.columns[0] if len(chunk.columns) == 1 else "name"
            chosen = _choose(chunk, column or default, "--column", reader.name)
            if label is not None:
                _choose(chunk, label, "--label", reader.name)
        with reader.errors_name_the_file():
            names = chunk.texts(chosen)
        missing = pc.fill_null(pc.match_substring_regex(names, NO_NAME), True)
        missing = missing.to_numpy(zero_copy_only=False)
        yield (chunk, missing), names.to_numpy(zero_copy_only=False)[~missing].tolist()


def _choose(chunk, column, option, name):
    """The column, if there is one of this name."""
    columns = chunk.columns
    n = columns.count(column)
    if n == 1:
        return column
    if n > 1:
        raise click.UsageError(f"{name} has {n} columns {column!r}: rename one of them")
    listed = ", ".join(map(repr, columns[:20])) + ", ..." * (len(columns) > 20)
    raise click.UsageError(f"{name} has no column {column!r}: give {option}, one of {listed}")


def _new_columns(missing, classes, answers, prefix):
    indices, probabilities, all_probabilities = answers
    labels = pa.array(classes.tolist())
    place = np.cumsum(~missing) - 1  # of a row among those with a name
    place = pa.array(place, mask=missing)
    new = {}
    for k in range(indices.shape[1]):
        end = f"_{k + 1}" if k else ""
        new[f"predicted{end}"] = labels.take(pa.array(indices[:, k])).take(place)
        new[f"probability{end}"] = pa.array(probabilities[:, k].round(DIGITS)).take(place)
    if all_probabilities is not None:
        for label, values in zip(classes, all_probabilities.T, strict=True):
            new[f"probability_{label}"] = pa.array(values.round(DIGITS)).take(place)
    new["reason"] = pc.if_else(pa.array(missing), MISSING, pa.scalar(None, pa.string()))
    return pa.table({f"{prefix}{name}": values for name, values in new.items()})


@cli.command()
@click.argument("model")
@table_options
@click.option("--label", default="nationality", show_default=True, help="Column of the truth.")
@model_options
def evaluate(model, input, column, delimiter, encoding, label, jobs, trust_pickle):
    """Tell how well MODEL (a file, or pretrained) finds the nationalities in INPUT.

    Rows without a name or a label do not count. A label that the model does not know counts as
    wrong, and not in the log loss.
    """
    load = (model, trust_pickle)
    fitted = load_model(*load)
    known = {str(value): i for i, value in enumerate(fitted.classes_)}
    pairs, loss, n_known, n_rows = Counter(), 0.0, 0, 0
    with (
        TableReader(input, _character(delimiter), encoding) as reader,
        answering(fitted, load, jobs, 1, True) as answer,
        progress(reader.n_rows) as advance,
    ):
        for (chunk, missing), answers in answer(_with_names(reader, column, label)):
            truth = chunk.texts(label, convert=True).to_numpy(zero_copy_only=False)[~missing]
            labelled = np.array([bool(value) for value in truth], dtype=bool)
            places = np.array([known.get(value, -1) for value in truth], dtype=np.intp)
            rows = np.flatnonzero(places >= 0)
            loss -= np.log(np.clip(answers[2][rows, places[rows]], 1e-15, 1)).sum()
            n_known += len(rows)
            found = fitted.classes_[answers[0][labelled, 0]].astype(str).tolist()
            pairs.update(zip(truth[labelled].tolist(), found, strict=True))
            n_rows += len(chunk)
            advance(len(chunk))
    if not n_known:
        raise ValueError(
            f"no row of {input} has a name and a label that the model knows: check --label, and "
            f"that labels are written as {', '.join(list(known)[:3])}, ..."
        )
    click.echo(_scores(pairs, loss / n_known))
    n_used = sum(pairs.values())
    _say(
        f"{n_rows:,} rows: {n_used:,} used, {n_used - n_known:,} of them with labels that the "
        f"model does not know; {n_rows - n_used:,} without a name or a label"
    )


def _scores(pairs, log_loss):
    """The figures, as a text, of {(true label, predicted label): number of rows}."""
    truth, found = zip(*pairs, strict=True)
    weights = list(pairs.values())
    labels = sorted(set(truth))
    recall = recall_score(
        truth, found, labels=labels, average=None, sample_weight=weights, zero_division=0
    )
    macro_f1 = f1_score(truth, found, average="macro", sample_weight=weights, zero_division=0)
    n_of = Counter()
    for (label, _), n in pairs.items():
        n_of[label] += n
    width = max(map(len, [*labels, "nationality"]))
    return "\n".join(
        [
            f"accuracy  {accuracy_score(truth, found, sample_weight=weights):.4f}",
            f"macro-F1  {macro_f1:.4f}",
            f"log loss  {log_loss:.4f}",
            "",
            f"{'nationality':{width}}  {'rows':>10}  recall",
            *(
                f"{label:{width}}  {n_of[label]:>10,}  {value:.4f}"
                for label, value in zip(labels, recall, strict=True)
            ),
        ]
    )


def classifier_options(function):
    """An option for each parameter of the classifier, with what its docstring says of it."""
    text = inspect.getdoc(NameNationalityClassifier)
    parameters = inspect.signature(NameNationalityClassifier).parameters
    for name in reversed([name for name in parameters if name not in ("callbacks", "verbose")]):
        description = re.search(rf"^{name} : .*\n((?:    .*\n)+)", text, re.MULTILINE).group(1)
        description = re.sub(r" \([^)]* \d{4}\)", "", " ".join(description.split()))
        # The same command gives the same model.
        default = 0 if name == "random_state" else parameters[name].default
        function = click.option(
            f"--{name.replace('_', '-')}",
            default=str(default),
            help=description.partition(". ")[0].rstrip(".").replace("`", "") + ".",
            show_default=True,
            callback=_value,
        )(function)
    return function


def _value(ctx, option, text):
    """What a Python literal stands for, or the text: the classifier judges it."""
    try:
        return literal_eval(text[:1].upper() + text[1:] if text in ("true", "false") else text)
    except (ValueError, SyntaxError):
        return None if text == "none" else text


@cli.command()
@table_options
@click.option("--label", default="nationality", show_default=True, help="Column of the truth.")
@click.option("--output", required=True, help="File for the model: .skops, or .joblib (a pickle).")
@click.option(
    "--max-length",
    type=click.IntRange(1),
    default=MAX_LENGTH,
    show_default=True,
    help="Characters of a name that are read.",
)
@classifier_options
def train(input, column, delimiter, encoding, label, output, max_length, **params):
    """Train a model on the names and nationalities in INPUT.

    Rows without a name or a label are left out. The names must fit into memory. The options from
    --cell on are the parameters of NameNationalityClassifier.
    """
    start = time.perf_counter()
    check_model_path(output)
    names, labels, n_rows = [], [], 0
    with TableReader(input, _character(delimiter), encoding) as reader:
        for (chunk, missing), some in _with_names(reader, column, label):
            truth = chunk.texts(label, convert=True).to_numpy(zero_copy_only=False)[~missing]
            labelled = [bool(value) for value in truth]
            names += [name for name, use in zip(some, labelled, strict=True) if use]
            labels += [value for value, use in zip(truth, labelled, strict=True) if use]
            n_rows += len(chunk)
    if not names:
        raise ValueError(f"no row of {input} has a name and a label: check --column and --label")
    model = Pipeline(
        [
            ("encode", CharEncoder(max_length=max_length)),
            ("classify", NameNationalityClassifier(**params, verbose=int(sys.stderr.isatty()))),
        ]
    )
    with whole_file(output) as part:
        model.fit(names, labels)
        model.set_params(classify__verbose=0)
        save_model(model, part, output)
    _say(
        f"{n_rows:,} rows: learned {len(names):,} names of {len(model.classes_)} nationalities, "
        f"{n_rows - len(names):,} without a name or a label; "
        f"{time.perf_counter() - start:.1f} s; {Path(output).stat().st_size / 1e6:.1f} MB"
    )


# Later commands (shares, explain) come here: they read with TableReader and answering, as those
# above do, and have one function each. Abstention is an option of predict, whose reason it gives.


def _character(delimiter):
    if delimiter is None:
        return None
    delimiter = {"tab": "\t", r"\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1:
        raise click.UsageError(f"--delimiter {delimiter!r}: give one character, or tab")
    return delimiter


@contextmanager
def progress(n_rows):
    """A function that is told of finished rows, and shows a bar on a terminal."""
    if not sys.stderr.isatty():
        yield lambda n: None
        return
    try:
        from tqdm import tqdm
    except ModuleNotFoundError as error:
        raise ImportError("The bar needs tqdm. Install it: pip install 'sknames[cli]'") from error
    with tqdm(total=n_rows, unit=" rows", unit_scale=True, leave=False) as bar:
        yield bar.update


def _say(text):
    click.echo(text, err=True)


def run(arguments):
    """Run a command in this process, and return its exit code."""
    try:
        code = cli(arguments, prog_name="sknames", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" See `{context.command_path} --help`." if context else ""
        _say(f"sknames: {' '.join(error.format_message().split()).rstrip('.?')}.{hint}")
        return error.exit_code
    except (BrokenPipeError, click.Abort):  # whoever reads has enough
        return 1
    return code or 0


def main():
    """Run the command line in a process of its own."""
    stop_cleanly()
    code = run(sys.argv[1:])
    # No farewell of the interpreter: a thread of pyarrow may still read ahead, which aborts then.
    sys.stderr.flush()
    os._exit(code)
