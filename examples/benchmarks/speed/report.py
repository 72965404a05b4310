"""Write the report, and compare its figures with the bars."""

import inspect
import operator
import os

from tools.measuring import machine, table

from .measuring import number

AT_LEAST = {
    "predict GRU 128, float32 / padded": 10,
    "predict GRU 128, float32 / packed": 3.2,
    "predict GRU 128, share of the limit": 0.55,
    "predict GRU 128, float64 / packed": 1.6,
    "predict GRU 256, float32 / padded": 8,
    "predict GRU 256, float32 / packed": 3,
    "predict Elman 128, float32 / padded": 12,
    "predict Elman 128, float32 / packed": 3.8,
    "strings to labels, GRU 128 alone, float32 / LinearSVC": 2.5,
    "strings to labels, Elman 128 alone, float32 / LinearSVC": 5,
    "strings to labels, default (n-grams) / LinearSVC": 2.3,
    "1M surnames with repetition, float32 / packed": 20,
    "1M distinct full names, float32 / packed": 3.3,
    "train GRU 128, 256, ours / padded": 3.8,
    "train GRU 128, 256, ours / packed": 1.65,
    "train GRU 128, 512, ours / padded": 4.8,
    "train GRU 128, 512, ours / packed": 2.0,
    "train GRU 256 x 2, 128, ours / the blog's loop": 13,
    "train RNN 256, 128, ours / the blog's loop": 18,
    "10M full names from CSV, names/s": 100_000,
    "predict, two threads beside a busy core / one": 0.8,
    "train, two threads beside a busy core / one": 0.8,
    "encode ASCII, names/s": 5_000_000,
    "encode ASCII / Python loop": 6,
    "encode non-ASCII, names/s": 1_500_000,
}
AT_MOST = {
    "fit, default / LogisticRegression(C=10), time": 1.0,
    "train GRU 128, 256, time through skorch / bare loop": 1.05,
    "one name, GRU 128 alone, float64, p50, ms": 0.25,
    "one name, GRU 128 alone, float64, p99, ms": 0.5,
    "one name, default (n-grams), p50, ms": 0.35,
    "cold process, GRU 128 alone / import": 1.1,
    "10M full names from CSV, peak MB": 1000,
    "encode ASCII, peak bytes a name": 250,
    "encode non-ASCII, peak bytes a name": 250,
}

REPORT = """# Speed

Printed by `{command}` on

- {machine}

{n:,} names of `fetch_names()`, in ASCII and lower case, {n_distinct:,} of them distinct. All run on
one thread. The functions of a comparison are called in turn, in rounds; a ratio is the median of
the rounds' ratios, a rate that of the median time. The load average was {before:.1f} at the start
and {after:.1f} at the end; the benchmark keeps one core busy by itself.
{quick}
## Bars

{bars}

{sections}
"""


def bars_table(found):
    rows = []
    for sense, holds, bars in [
        ("at least", operator.ge, AT_LEAST),
        ("at most", operator.le, AT_MOST),
    ]:
        for what, limit in bars.items():
            x, verdict = found.get(what), "not run"
            if x is not None:
                short = f"**short by {number(abs(x - limit))}**"
                verdict = "pass" if holds(x, limit) else short
            measured = "-" if x is None else number(x)
            rows.append([what, f"{sense} {number(limit)}", measured, verdict])
    return table(["", "bar", "measured", ""], rows)


def section_text(function, name, header, rows):
    """Return the text of a section: its docstring and its table."""
    return f"## {name.capitalize()}\n\n{inspect.getdoc(function)}\n\n{table(header, rows)}"


def report(data, options, load_before, found, sections):
    """The page.

    Parameters
    ----------
    data : Data
    options : str
        Of the command, with a space before each.
    load_before : float
        The load average at the start.
    found : dict
        What the bars ask for.
    sections : list of str
    """
    return REPORT.format(
        command=f"python examples/benchmarks/bench_speed.py{options}",
        machine=machine(),
        n=len(data.names),
        n_distinct=len(data.surnames),
        before=load_before,
        after=os.getloadavg()[0],
        quick="\n**A quick run, on tiny sizes: its figures mean nothing.**\n" * data.quick,
        bars=bars_table(found),
        sections="\n\n".join(sections),
    )
