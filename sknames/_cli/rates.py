"""rates: estimate the rate of an outcome in each nationality of a table."""

import time
import warnings
from collections import Counter, defaultdict

import click
import pyarrow as pa

from .._models.stack import resolve
from .._shares.rates import Rates, rates_of_list
from .._wrappers.grouped_classifier import GroupedClassifier
from .files import say
from .models import predict_distinct
from .options import (
    groups_option,
    jobs_option,
    list_options,
    model_options,
    output_options,
    table_options,
)
from .output import rounded
from .shares import list_of_entries, say_warnings


@click.command()
@table_options
@model_options
@click.option("--outcome", required=True, help="Column of the outcome.")
@groups_option
@output_options
@list_options
@jobs_option
def rates(table, model, outcome, groups, output, more, jobs):
    """Estimate the rate of an outcome in each nationality of INPUT.

    These are rates of names, not of people. They are right if names do not depend on
    the outcome given the nationality. A terminal shows text; files and pipes get a
    table.
    """
    start = time.perf_counter()
    fitted = model.load()
    if groups is not None:
        fitted = GroupedClassifier(fitted, groups=groups)
    stack = resolve(fitted)
    below, group_index = stack.without_groups()
    texts_of_key = defaultdict(Counter)
    columns = {"--outcome": outcome, **more.columns}
    chunks = table.count_names(texts_of_key, None, columns)
    distinct = predict_distinct(below, chunks, jobs, table)
    listed, values = list_of_entries(distinct, columns, texts_of_key[()])
    outcomes = [text or None for text in values["--outcome"]]
    with warnings.catch_warnings(record=True) as caught:
        estimated = rates_of_list(
            stack,
            listed,
            outcomes,
            group_index=group_index,
            random_state=0,
            **more.parameters(values),
        )
    say_warnings(caught, "")
    if output.is_terminal:
        click.echo(str(estimated))
    else:
        answers = {}
        for name in Rates._columns:
            answers[name] = rounded(estimated[name]).tolist()
        answers["rate"] = [None if rate != rate else rate for rate in answers["rate"]]
        batch = pa.Table.from_pydict(answers).to_batches()[0]
        output.write([(batch, pa.record_batch([], []))], "csv", table.delimiter)
    say(
        f"{estimated.n_names + estimated.n_not_names:,} rows: {estimated.n_names:,} "
        f"names, {estimated.n_not_names:,} not names; "
        f"{time.perf_counter() - start:.1f} s"
    )
