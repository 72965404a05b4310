"""
Serving
=======

Measure the costs of a web service: the size of the model's file, the time to load it, and the time
of an answer, for one name and for a batch. It needs no torch. ``serve_with_joblib`` in the same
folder is such a service.

Run ``python examples/plot_serving.py``: it takes some seconds and writes `serving.png`. It needs
matplotlib.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import matplotlib.pyplot as plt
import numpy as np

import sknames
from sknames.datasets import make_names

# %%
# A service loads the file once, when it starts.
with TemporaryDirectory() as folder:
    path = Path(folder) / "model.joblib"
    joblib.dump(sknames.load_pretrained(), path)
    start = time.perf_counter()
    model = joblib.load(path)
    seconds = time.perf_counter() - start
    print(f"{path.stat().st_size / 1e6:.0f} MB, loaded in {1000 * seconds:.0f} ms")

# %%
# Each request has other names. In a batch, names with the same beginning share work.
names, _ = make_names(20_000, random_state=0)
model.predict_proba(names[:100])


def milliseconds(size, n_requests=200):
    """How long each of some requests takes."""
    found = []
    for k in range(n_requests):
        some = names[k * size : (k + 1) * size]
        start = time.perf_counter()
        model.predict_proba(some)
        found.append(1000 * (time.perf_counter() - start))
    return np.array(found)


sizes = [1, 10, 100]
times = [milliseconds(size) for size in sizes]
for size, found in zip(sizes, times, strict=True):
    p50, p99 = np.percentile(found, [50, 99])
    print(
        f"{size:3} names a request: p50 {p50:.2f} ms, p99 {p99:.2f} ms; {p50 / size:.2f} ms a name"
    )

# %%
figure, ax = plt.subplots(figsize=(5, 4), layout="constrained")
ax.boxplot(times, whis=(1, 99), showfliers=False, widths=0.5)
ax.set(
    yscale="log",
    ylabel="ms a request, 1st to 99th percentile",
    xticks=range(1, len(sizes) + 1),
    xticklabels=sizes,
    xlabel="names a request",
)
ax.set_yticks([0.5, 1, 2, 5, 10, 20])
ax.yaxis.set_major_formatter("{x:g}")
ax.yaxis.set_minor_formatter("")
ax.grid(axis="y", which="both", alpha=0.3)
figure.savefig("serving.png", dpi=100)
plt.show()
