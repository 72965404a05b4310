"""Time a process without torch; sections return header, rows and figures for the bars."""

import json
from functools import partial

import numpy as np
from sklearn.svm import LinearSVC

from sknames import CharEncoder
from tools.measuring import linear

from .measuring import beside, child, interleave, number, rates
from .rivals import TorchNet

LATENCY = """
import json, sys, time, joblib
from pathlib import Path
models = [joblib.load(path) for path in sys.argv[2:]]
times = [[] for _ in models]
for name in Path(sys.argv[1]).read_text().splitlines():
    for model, seconds in zip(models, times):
        start = time.perf_counter()
        model.predict_proba([name])
        seconds.append(time.perf_counter() - start)
print(json.dumps([times, "torch" in sys.modules]))
"""


def latency(data):
    """`pipeline.predict_proba([name])`, ms, for one name after the other, without torch: 2,000
    calls after 100 more to warm up, the models in turn.
    """
    models = data.pipelines(
        *("GRU 128 alone, float64", "GRU 128 alone, float32"),
        *("default (n-grams)", "default with float64"),
    )
    sample = np.random.default_rng(0).choice(data.names, 300 if data.quick else 2100)
    path = data.folder / "some.txt"
    path.write_text("\n".join(sample))
    times, with_torch = json.loads(child(LATENCY, path, *map(data.saved, models.values())))
    rows, found = [], {}
    for what, seconds in zip(models, times, strict=True):
        p50, p99 = (1000 * np.percentile(seconds[100:], [50, 99])).tolist()
        rows.append([what, number(p50), number(p99), "yes" if with_torch else "no"])
        found |= {f"one name, {what}, p50, ms": p50, f"one name, {what}, p99, ms": p99}
    return ["", "p50", "p99", "torch imported"], rows, found


COLD = "import sys, joblib; joblib.load(sys.argv[1]).predict(sys.argv[2:])"


def cold(data):
    """A new process that loads a pipeline by joblib and answers for one name, seconds, beside one
    that only imports `sklearn.pipeline`.
    """
    net, default = data.pipelines("GRU 128 alone, float32", "default (n-grams)").values()
    functions = {
        "import sklearn.pipeline": partial(child, "import sklearn.pipeline"),
        "GRU 128 alone": partial(child, COLD, data.saved(net), "yamamoto"),
        "default (n-grams)": partial(child, COLD, data.saved(default), "yamamoto"),
    }
    rows, over = beside(interleave(functions, 2 if data.quick else 7), "import sklearn.pipeline")
    found = {f"cold process, {what} / import": x for what, x in over.items()}
    return ["", "s", "/ import"], rows, found


GROWTH = """
import resource, sys, time, joblib, pandas
from pathlib import Path
pipeline = joblib.load(sys.argv[1])
start = time.perf_counter()
for chunk in pandas.read_csv(sys.argv[2], chunksize=500_000, keep_default_na=False):
    pipeline.predict(chunk["name"])
seconds = time.perf_counter() - start
status = Path("/proc/self/status")  # ru_maxrss may be the parent's on Linux
if status.exists():
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(seconds, peak)
"""


def growth(data):
    """Distinct full names (of 1,000 given names) from a CSV file, strings to labels, names/s.

    A process without torch reads 500,000 rows at a time with pandas and predicts (GRU 128 alone,
    float32). Its time has the reading, but not the imports; "peak MB" is its largest resident set.
    Packed `torch.nn.GRU` (chunks of 1,024, our encoder) and TF-IDF + LinearSVC treat the first
    50,000 names at most, without the reading.
    """
    sizes = [1000, 10_000] if data.quick else [10_000, 100_000, 1_000_000]
    sizes += [10_000_000] * data.ten_million
    longest = max(map(len, data.given)) + 1 + max(map(len, data.surnames))
    encoder = CharEncoder(max_length=longest).fit([*data.names, " "])
    model = data.saved(data.pipeline(encoder=encoder))
    packed = TorchNet("GRU 128", data, encoder, packed=True).predict_proba
    svm = linear(LinearSVC()).fit(data.names, data.labels)
    rows, found, path = [], {}, data.folder / "full.csv"
    for n in sizes:
        with path.open("w") as file:
            file.writelines(f"{name}\n" for name in ("name", *data.full_names(n)))
        some, answers = path.read_text().splitlines()[1:50_001], []
        functions = {
            "ours": lambda answers=answers: answers.append(child(GROWTH, model, path).split()),
            "packed": lambda some=some: packed(encoder.transform(some)).argmax(axis=1),
            "LinearSVC": partial(svm.predict, some),
        }
        n_rounds = 1 if data.quick or n > 1_000_000 else 3
        t = interleave(functions, n_rounds, len(some), warm_up=False)
        seconds, peak = np.median(np.array(answers, dtype=float), axis=0)
        shown = [number(n / seconds), *rates(t, "packed", "LinearSVC")]
        rows.append([f"{n:,}", f"{seconds:.3g}", number(peak), *shown])
        if n == 10_000_000:
            found = {"10M full names from CSV, names/s": n / seconds}
            found["10M full names from CSV, peak MB"] = peak
    return ["names", "s", "peak MB", "ours", "packed", "LinearSVC"], rows, found


def plot(path, rows):
    """Plot names/s against the number of names, from the rows of `growth`."""
    from matplotlib.figure import Figure

    columns = zip(*rows, strict=True)
    n, _, _, *lines = ([float(x.replace(",", "")) for x in column] for column in columns)
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    labels = ["sknames, GRU 128, from CSV", "packed torch.nn.GRU 128", "TF-IDF + LinearSVC"]
    for label, line, marker in zip(labels, lines, "os^", strict=True):
        axes.loglog(n, line, marker=marker, label=label)
    axes.set(xlabel="distinct full names", ylabel="names/s, one thread")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(path, dpi=150)
