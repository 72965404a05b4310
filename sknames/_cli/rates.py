"""rates: estimate the rate of an outcome in each nationality of a table."""

import time
from dataclasses import replace

import click

from .._shares.rates import rates_of_list
from .lists import QUESTION, list_command, say_counts, table_of
from .options import column_option
from .output import metadata_of


@click.command()
@list_command
@column_option("outcome", required=True)
def rates(listed, outcome):
    """Estimate the rate of an outcome in each nationality of INPUT.

    These are rates of names, not of people. They are right if names do not depend on
    the outcome given the nationality. A terminal shows text; files and pipes get a
    table.
    """
    start = time.perf_counter()
    columns = listed.columns | {"outcome": outcome}
    predicted = replace(listed, columns=columns).predict_rows()
    names, outcomes = predicted.name_list(predicted.texts_of_key[()])
    estimated = rates_of_list(names, outcomes, QUESTION)
    if listed.output.is_terminal:
        click.echo(str(estimated))
    else:
        listed.write(table_of(estimated), metadata_of(predicted.stack))
    say_counts(estimated.n_names, estimated.n_not_names, predicted.stack, start)
