"""Compare the speed of sknames with TF-IDF + LinearSVC and with torch's recurrent nets.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_speed.py``. It prints tables
in Markdown, for the given sections or for all, and takes a few minutes. ``--every 20``
is a quick trial with a part of the names, whose figures are not meaningful.

Everything runs on one thread. The functions of a comparison are called in turn, in
several rounds, so that other work on the machine affects all of them. Rates are
computed from median times, and ratios are medians over the rounds.
"""

import argparse
import inspect
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence

from sknames import load_pretrained
from sknames.datasets import load_names, make_names
from tools.measuring import clean_names, linear, machine, ours, plain, table

ROUNDS = 5
NETS = {"gru": nn.GRU, "rnn": nn.RNN}
ONE_THREAD = dict.fromkeys(
    ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1"
)


# ---- Timing


def compare(functions, n=1, rounds=ROUNDS):
    """Return rows of a table: the rate of each function, relative to the first, too."""
    seconds = {what: [] for what in functions}
    for k in range(-1, rounds):
        for what, function in functions.items():
            start = time.perf_counter()
            function()
            if k >= 0:
                seconds[what].append(time.perf_counter() - start)
    first = np.array(next(iter(seconds.values())))
    return [
        [what, f"{n / np.median(times):,.4g}", f"{np.median(first / times):.2f}"]
        for what, times in seconds.items()
    ]


def child(code, *args):
    """Run code in a new process on one thread, and return its output."""
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(
        command,
        check=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        env=os.environ | ONE_THREAD,
    ).stdout


# ---- Models


def few_epochs(names, labels, **params):
    """Return a pipeline trained for one epoch; its weights do not affect the speed."""
    return ours(max_epochs=1, random_state=0, **params).fit(names, labels)


class Packed(nn.Module):
    """A net with torch.nn's GRU or RNN on packed sequences."""

    def __init__(self, cell, n_codes, n_classes):
        super().__init__()
        self.embedding = nn.Embedding(n_codes, 64)
        self.net = NETS[cell](64, 128, batch_first=True)
        self.output = nn.Linear(128, n_classes)

    def forward(self, codes):
        lengths = (codes != 0).sum(dim=1)
        x = pack_padded_sequence(
            self.embedding(codes), lengths, batch_first=True, enforce_sorted=False
        )
        return self.output(self.net(x)[1][-1])

    def predict_proba(self, codes, chunk=1024):
        with torch.inference_mode():
            return torch.cat(
                [self(part).softmax(dim=1) for part in codes.split(chunk)]
            ).numpy()

    def epoch(self, codes, y):
        """Train for one epoch in a plain loop."""
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-3, fused=True)
        for index in torch.randperm(len(codes)).split(256):
            optimizer.zero_grad()
            nn.functional.cross_entropy(self(codes[index]), y[index]).backward()
            clip_grad_norm_(self.parameters(), 1.0)
            optimizer.step()


# ---- Sections: each returns the rows of its table


def shipped(names, labels, every):
    """Predict labels of full names, names/s: the shipped models, and TF-IDF + LinearSVC
    trained on the names of the package, with all nationalities.
    """
    known, nationalities = (x[::every] for x in load_names(return_X_y=True))
    full, _ = make_names(9_000 // every, random_state=0)
    svm = linear(LinearSVC()).fit(known, nationalities)
    models = {
        f"load_pretrained({key!r})": load_pretrained(key)
        for key in ("nationality", "country")
    }
    models = {"TF-IDF + LinearSVC": svm, **models}
    return compare(
        {what: partial(model.predict, full) for what, model in models.items()},
        len(full),
    )


def strings(names, labels, every):
    """Predict labels of names, names/s: models trained on the tutorial's names."""
    models = {
        "TF-IDF + LinearSVC": linear(LinearSVC()).fit(names, labels),
        "TF-IDF + LogisticRegression": linear(LogisticRegression(max_iter=5)).fit(
            names, labels
        ),
        "default": few_epochs(names, labels),
        "net alone": few_epochs(names, labels, ngram_range=None),
        'net alone, cell="rnn"': few_epochs(
            names, labels, ngram_range=None, cell="rnn"
        ),
    }
    return compare(
        {what: partial(model.predict, names) for what, model in models.items()},
        len(names),
    )


def torch_nets(names, labels, every):
    """Predict probabilities from codes, and train for one epoch in batches of 256,
    names/s: the net alone, and a plain loop with torch.nn on packed sequences.
    """
    rows = []
    for cell in NETS:
        settings = {
            "ngram_range": None,
            "regularization": 0,
            "logit_adjustment": 0,
            "dropout": 0,
        }
        model = few_epochs(
            names, labels, cell=cell, batch_size=256, hidden_size=128, **settings
        )
        codes = model[0].transform(names)
        net = model[-1]
        classes, y = np.unique(labels, return_inverse=True)
        packed = Packed(cell, model[0].unknown_code_ + 1, len(classes))
        rows_of_torch = torch.from_numpy(codes.astype(np.int64))
        y = torch.from_numpy(y)
        for title, theirs, own in [
            ("predict", partial(packed.predict_proba, rows_of_torch),
             partial(net.predict_proba, codes)),
            ("fit", partial(packed.epoch, rows_of_torch, y),
             partial(net.fit, codes, labels)),
        ]:  # fmt: skip
            functions = {
                f"{title}, {cell}, torch": theirs,
                f"{title}, {cell}, sknames": own,
            }
            rows += compare(functions, len(names), rounds=3)
    return rows


LATENCY = """
import json, sys, time, joblib
from pathlib import Path
model, seconds = joblib.load(sys.argv[1]), []
for name in Path(sys.argv[2]).read_text().splitlines():
    start = time.perf_counter()
    model.predict_proba([name])
    seconds.append(time.perf_counter() - start)
assert "torch" not in sys.modules
print(json.dumps(seconds[100:]))
"""
COLD = "import sys, joblib; joblib.load(sys.argv[1]).predict(sys.argv[2:])"


def one_name(names, labels, every):
    """`predict_proba([name])`, calls/s, the median of 2,000 calls; and new processes/s
    that load a model with joblib and predict one name, compared with processes that
    only import `sklearn.pipeline`.
    """
    models = {"default": few_epochs(names, labels), "shipped": load_pretrained()}
    with TemporaryDirectory() as folder:
        some = Path(folder, "names.txt")
        some.write_text(
            "\n".join(np.random.default_rng(0).choice(names, 2_100 // every + 100)),
            encoding="utf-8",
        )
        rows = []
        functions = {
            "import sklearn.pipeline": partial(child, "import sklearn.pipeline")
        }
        for what, model in models.items():
            path = Path(folder, f"{what}.joblib")
            joblib.dump(model, path)
            seconds = json.loads(child(LATENCY, path, some))
            p50, p99 = 1000 * np.percentile(seconds, [50, 99])
            rows.append(
                [
                    f"one name, {what}: p50 {p50:.2f} ms",
                    f"{1000 / p50:,.4g}",
                    f"p99 {p99:.2f} ms",
                ]
            )
            functions[f"a first answer, {what}"] = partial(
                child, COLD, path, "yamamoto"
            )
        return rows + compare(functions)


SECTIONS = {
    function.__name__: function for function in (shipped, strings, torch_nets, one_name)
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "sections", nargs="*", help=f"sections to measure, of {', '.join(SECTIONS)}"
    )
    parser.add_argument(
        "--every", type=int, default=1, help="use only every n-th name (default: 1)"
    )
    args = parser.parse_args()
    print(f"- {machine()}")
    torch.set_num_threads(1)
    names, labels = (x[:: args.every] for x in clean_names())
    names = np.array([plain(name) for name in names], dtype=object)
    with threadpool_limits(1):
        for name in args.sections or SECTIONS:
            rows = SECTIONS[name](names, labels, args.every)
            print(f"\n## {name}\n\n{inspect.getdoc(SECTIONS[name])}\n")
            print(table(["", "a second", "times the first"], rows), flush=True)
    print(f"\nThe load average is {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
