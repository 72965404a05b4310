"""Time encoding; the section returns header, rows and figures for the bars."""

import tracemalloc
import unicodedata
from functools import partial

import numpy as np

from sknames import CharEncoder
from sknames.datasets import load_names

from .measuring import interleave, number, rates, ratio
from .rivals import python_loop


def encode(data):
    """`CharEncoder.transform`, names/s, and its peak of memory above the input, by tracemalloc.

    Non-ASCII names are repeated names of `load_names()`, in NFC or in NFD. The Python loop
    normalizes and transliterates if needed, and looks each character up in a dict.
    """
    n, rows, found = (20_000 if data.quick else 500_000), [], {}
    composed = [name for name in load_names().data if not name.isascii()]
    decomposed = [unicodedata.normalize("NFD", name) for name in composed]
    kinds = {"ASCII": data.names, "non-ASCII": composed, "non-ASCII, NFD": decomposed}
    for kind, some in kinds.items():
        names = np.resize(np.array(some, dtype=object), n).tolist()
        encoder = CharEncoder().fit(names)
        functions = {"loop": partial(python_loop, encoder, names)}
        functions["ours"] = partial(encoder.transform, names)
        t = interleave(functions, data.rounds, n)
        tracemalloc.start()
        codes = encoder.transform(names)
        peak = tracemalloc.get_traced_memory()[1] / n
        tracemalloc.stop()
        assert np.array_equal(codes, python_loop(encoder, names))
        over = ratio(t, "loop", "ours")
        rows.append([kind, *rates(t), number(over), number(peak)])
        found[f"encode {kind}, names/s"] = 1 / np.median(t["ours"])
        found |= {f"encode {kind} / Python loop": over, f"encode {kind}, peak bytes a name": peak}
    return ["", "Python loop", "ours", "ours / loop", "peak bytes a name"], rows, found
