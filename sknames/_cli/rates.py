"""rates: estimate the rate of an outcome in each nationality of a table."""

import time
from dataclasses import replace

import click
import numpy as np

from .._results.rates import rates_of_list
from .lists import QUESTION, draw_option, list_command, say_counts, warnings_said
from .options import column_option


@click.command()
@list_command
@column_option("outcome", required=True)
@draw_option
def rates(listed, outcome, draw):
    """Estimate the rate of an outcome in each nationality of INPUT.

    The rates are biased if names depend on the outcome within a nationality. A terminal
    shows text; files and pipes get a table.

    --draw 200 writes as many random rows of each outcome, with an empty column for the
    labels that you check. Use them for rates only, not for shares of the list.
    """
    start = time.perf_counter()
    if draw is not None:
        listed.write_draw(draw, outcome)
        return
    listed = replace(listed, columns=listed.columns | {"outcome": outcome})
    rows = listed.predict_rows()
    outcomes = np.array(rows.outcome, dtype=object)
    with warnings_said():
        result = rows.estimate(
            lambda names, index, seeds: rates_of_list(
                names, outcomes[index], QUESTION, seeds
            )
        )
    listed.show(result, rows.stack)
    say_counts(rows.names, rows.stack, start)
