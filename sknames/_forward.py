"""The same network in numpy: prediction, in a process that need not have torch.

The steps are those of `_recurrent_net`, over the same tree of prefixes. Only two levels of states
are held at a time; a row's logits are computed at the depth where it ends. The n-grams' logits run
along the same tree.
"""

import os
import threading
from contextlib import contextmanager, nullcontext
from functools import partial

import numpy as np
from threadpoolctl import OpenBLASController, ThreadpoolController

from ._ngrams import NGRAM_SCALE, START
from ._prefixes import plan_prefixes, row_lengths, sort_rows

CHUNK_ROWS = 16_384
CHUNK_CODES = 1 << 20
BLOCK_NODES = 256
MIN_ROWS_TO_PLAN = 4
MIN_ROWS_TO_GUARD = 64


class _OneBlasThread:
    """Let BLAS use one thread in a block, then as many as before; blocks of threads may overlap.

    Several threads make products of this size slower, and very much slower beside a busy core.
    """

    def __init__(self):
        self.lock = threading.RLock()
        self.n_inside = 0
        self.controller = None

    def __enter__(self):
        with self.lock:
            if self.controller is None:
                self.controller = ThreadpoolController()
            if not self.n_inside:
                with _any_thread_may_limit():
                    self.limiter = self.controller.limit(limits=1)
            self.n_inside += 1

    def __exit__(self, *exception):
        with self.lock:
            # It is 0 already in a child that was forked inside.
            self.n_inside = max(0, self.n_inside - 1)
            if not self.n_inside:
                self.restore()

    def restore(self):
        """Give BLAS the number of threads that it had."""
        with _any_thread_may_limit():
            self.limiter.restore_original_limits()

    def give_back_after_fork(self):
        """A forked child has none of the other threads inside, which would leave."""
        if self.n_inside:
            self.n_inside = 0
            self.restore()
        self.lock.release()


@contextmanager
def _any_thread_may_limit():
    """threadpoolctl from 3.8 on ignores limits of OpenBLAS set by another thread than the first."""
    release = getattr(OpenBLASController, "clear_controlling_thread", lambda force: None)
    release(force=True)
    yield
    release(force=True)


_ONE_BLAS_THREAD = _OneBlasThread()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_ONE_BLAS_THREAD.lock.acquire,
        after_in_parent=_ONE_BLAS_THREAD.lock.release,
        after_in_child=_ONE_BLAS_THREAD.give_back_after_fork,
    )


def one_blas_thread(n_rows):
    """The guard of prediction; switching takes some 0.1 ms, which a few rows are not worth."""
    return _ONE_BLAS_THREAD if n_rows >= MIN_ROWS_TO_GUARD else nullcontext()


def softmax(logits):
    """Probabilities of logits, each row by itself, in float64."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def _give(rows, child_of, out):
    """Parents' rows to their children, in out; None if each row is its own child.

    mode="clip" writes straight into out, where the default would go through a copy.
    """
    return rows if child_of is None else rows.take(child_of, axis=0, out=out, mode="clip")


class _RNNStep:
    """h = f(added + h_prev U), with U = W_hh transposed; sigmoid(a) = tanh(a / 2) / 2 + 1 / 2."""

    def __init__(self, weight_ih, weight_hh, bias_ih, bias_hh, is_sigmoid=False):
        self.is_sigmoid = is_sigmoid
        half = weight_hh.dtype.type(0.5 if self.is_sigmoid else 1)
        self.recurrent = np.ascontiguousarray(half * weight_hh.T)
        self.input = np.ascontiguousarray(half * weight_ih.T)
        self.bias = half * (bias_ih + bias_hh)
        self.widths = (weight_hh.shape[1],)

    def prepare(self, x):
        """What inputs x (R, I) add to the recurrent part."""
        return (x @ self.input + self.bias,)

    def scratch(self, n):
        """Memory for a step of n nodes."""
        return (np.empty((n, len(self.recurrent)), dtype=self.recurrent.dtype),)

    def __call__(self, added, h_parents, child_of, scratch, out):
        product = scratch[0][: len(h_parents)]
        np.matmul(h_parents, self.recurrent, out=product)
        np.add(_give(product, child_of, out), added[0], out=out)
        np.tanh(out, out=out)
        if self.is_sigmoid:
            out += 1
            out *= 0.5


class _GRUStep:
    """A GRU with the gates as sigmoid(a) = tanh(a / 2) / 2 + 1 / 2: numpy's tanh is faster than
    its exp.

    With R and Z the tanh of half the gates' arguments, and the halves moved into the weights,
    n = tanh(x_n + (R + 1) hn / 2) and h = n + (Z + 1) (h_prev - n) / 2.
    """

    def __init__(self, weight_ih, weight_hh, bias_ih, bias_hh):
        self.size = size = weight_hh.shape[1]
        half = weight_hh.dtype.type(0.5)
        self.recurrent_gates = np.ascontiguousarray(half * weight_hh[: 2 * size].T)
        self.recurrent_new = np.ascontiguousarray(half * weight_hh[2 * size :].T)
        self.input_gates = np.ascontiguousarray(half * weight_ih[: 2 * size].T)
        self.input_new = np.ascontiguousarray(weight_ih[2 * size :].T)
        self.bias_gates = half * (bias_ih + bias_hh)[: 2 * size]
        self.bias_new = bias_ih[2 * size :]
        self.bias_recurrent_new = half * bias_hh[2 * size :]
        self.widths = (2 * size, size)

    def prepare(self, x):
        """What inputs x (R, I) add to the gates and to new."""
        return x @ self.input_gates + self.bias_gates, x @ self.input_new + self.bias_new

    def scratch(self, n):
        """Memory for a step of n nodes."""
        size, dtype = self.size, self.recurrent_new.dtype
        return [np.empty((n, width), dtype=dtype) for width in (2 * size, size, 2 * size, size)]

    def __call__(self, added, h_parents, child_of, scratch, out):
        size, n, n_parents = self.size, len(out), len(h_parents)
        gates, new = scratch[0][:n_parents], scratch[1][:n_parents]
        np.matmul(h_parents, self.recurrent_gates, out=gates)
        gates = _give(gates, child_of, scratch[2][:n])
        gates += added[0]
        np.tanh(gates, out=gates)
        gates += 1
        np.matmul(h_parents, self.recurrent_new, out=new)
        new += self.bias_recurrent_new
        new = _give(new, child_of, scratch[3][:n])
        new *= gates[:, :size]
        new += added[1]
        np.tanh(new, out=new)
        np.subtract(_give(h_parents, child_of, out), new, out=out)
        out *= gates[:, size:]
        out *= 0.5
        out += new


_STEPS = {
    "gru": _GRUStep,
    "rnn": _RNNStep,
    "sigmoid_rnn": partial(_RNNStep, is_sigmoid=True),
}


class Forward:
    """Codes -> logits, of a network that is prepared once.

    Parameters
    ----------
    network : Network
    dtype : {"float32", "float64"}
        In which it is computed.
    """

    def __init__(self, network, dtype):
        weights = {name: value.astype(dtype) for name, value in network.weights.items()}
        self.dtype = np.dtype(dtype)
        self.steps = [
            _STEPS[network.cell](
                *(
                    weights[f"cells.{k}.{part}"]
                    for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                )
            )
            for k in range(network.num_layers)
        ]
        self.size = network.hidden_size
        embedding = weights.get("embedding")
        if embedding is None:
            embedding = np.eye(network.n_codes, dtype=dtype)
        self.table = self.steps[0].prepare(embedding)
        self.output = np.ascontiguousarray(weights["output.weight"].T)
        self.bias = weights["output.bias"]
        self.ngrams = network.ngrams
        if self.ngrams is not None:
            # The last row stands for an absent n-gram, whose index is -1.
            idf = np.append(weights["ngram_idf"], 0).astype(dtype)
            self.ngram_squares = idf**2
            self.ngram_logits = np.zeros((len(idf), len(self.bias)), dtype=dtype)
            self.ngram_logits[:-1] = NGRAM_SCALE * idf[:-1, None] * weights["ngram_weight"]

    def logits(self, codes):
        """Logits of rows of codes that are padded with 0 on the right, (n, n_classes)."""
        return self._map(codes, np.asarray, self.dtype)

    def probabilities(self, codes):
        """Probabilities of the classes, (n, n_classes), float64."""
        return self._map(codes, softmax, np.float64)

    def _map(self, codes, finish, dtype):
        """Apply a function to the logits of rows.

        Equal rows are computed once. All are sorted first, then cut into chunks, so that rows that
        share a prefix meet in one chunk.
        """
        if len(codes) < MIN_ROWS_TO_PLAN:
            return finish(np.concatenate([self._one(row[row != 0]) for row in codes]))
        order, new = sort_rows(codes)
        first_of = np.flatnonzero(new)
        ends = np.append(first_of[1:], len(codes))
        distinct = codes[order[first_of]]
        lengths = row_lengths(distinct)
        result = np.empty((len(codes), len(self.bias)), dtype=dtype)
        start = 0
        while start < len(distinct):
            stop = min(start + CHUNK_ROWS, len(distinct))
            while stop - start > 1 and (stop - start) * lengths[start:stop].max() > CHUNK_CODES:
                stop = start + (stop - start) // 2
            chunk = slice(start, stop)
            rows = finish(self._chunk(distinct[chunk, : lengths[chunk].max()]))
            places = order[first_of[start] : ends[stop - 1]]
            if len(places) > len(rows):
                rows = rows.repeat(ends[chunk] - first_of[chunk], axis=0)
            result[places] = rows
            start = stop
        return result

    def _one(self, symbols):
        """The direct path: the plan would take longer than the steps of one row."""
        state = [np.zeros((1, self.size), dtype=self.dtype) for _ in self.steps]
        scratch = [step.scratch(1) for step in self.steps]
        for symbol in symbols:
            added = tuple(part[symbol : symbol + 1] for part in self.table)
            for k, step in enumerate(self.steps):
                if k:
                    added = step.prepare(state[k - 1])
                h_t = np.empty_like(state[k])
                step(added, state[k], None, scratch[k], h_t)
                state[k] = h_t
        logits = state[-1] @ self.output + self.bias
        if self.ngrams is not None:
            text = np.concatenate([[START], symbols, [self.ngrams.end]])
            features = np.concatenate(self.ngrams.find(text, np.arange(-1, len(text) - 1)))
            norm = np.sqrt(self.ngram_squares[features].sum())
            logits += self.ngram_logits[features].sum(axis=0) / (norm or 1)
        return logits

    def _chunk(self, codes):
        """Logits of distinct, sorted rows."""
        plan = plan_prefixes(codes, is_sorted=True)
        lengths = row_lengths(codes)
        by_length = np.argsort(lengths.astype(np.min_scalar_type(codes.shape[1])), kind="stable")
        n_shorter = np.searchsorted(lengths[by_length], np.arange(len(plan.bounds) + 1))
        widest = max([last - first for first, last in plan.levels()], default=1)
        now = [np.empty((widest, self.size), dtype=self.dtype) for _ in self.steps]
        before = [np.zeros((widest, self.size), dtype=self.dtype) for _ in self.steps]
        scratch = [step.scratch(BLOCK_NODES) for step in self.steps]
        gathered = [
            np.empty((BLOCK_NODES, width), dtype=self.dtype) for width in self.steps[0].widths
        ]
        h_prev = np.empty((BLOCK_NODES, self.size), dtype=self.dtype)
        logits = np.empty((len(codes), len(self.bias)), dtype=self.dtype)
        logits[by_length[: n_shorter[1]]] = self.bias  # of empty rows, whose state is 0
        offset = 0
        for depth, (first, last) in enumerate(plan.levels(), start=1):
            # Children of a parent lie side by side: what a parent gives to them is computed once.
            children = plan.parents[first:last]
            is_first = np.append(True, children[1:] != children[:-1])
            parents = children[is_first] - offset
            parent_of = np.cumsum(is_first) - 1
            symbols = plan.symbols[first:last]
            for start in range(0, last - first, BLOCK_NODES):
                block = slice(start, min(start + BLOCK_NODES, last - first))
                n = block.stop - start
                child_of = parent_of[block] - parent_of[start]
                own_parents = parents[parent_of[start] : parent_of[block.stop - 1] + 1]
                added = [
                    _give(part, symbols[block], out[:n])
                    for part, out in zip(self.table, gathered, strict=True)
                ]
                for k, step in enumerate(self.steps):
                    if k:
                        added = step.prepare(now[k - 1][block])
                    h_parents = _give(before[k], own_parents, h_prev[: len(own_parents)])
                    step(added, h_parents, child_of, scratch[k], now[k][block])
            rows = by_length[n_shorter[depth] : n_shorter[depth + 1]]
            logits[rows] = now[-1][plan.ends[rows] - first] @ self.output + self.bias
            now, before, offset = before, now, first
        if self.ngrams is not None:
            logits += self._ngram_logits(plan)
        return logits

    def _ngram_logits(self, plan):
        """The n-grams' part of the logits of rows.

        The end of each row becomes a node too. A node adds the n-grams that end there to the sum
        of its parent.
        """
        n_nodes, n_rows = len(plan.symbols), len(plan.ends)
        text = np.concatenate([plan.symbols.astype(np.int64), np.full(n_rows, self.ngrams.end)])
        parents = np.concatenate([plan.parents, plan.ends])
        features = self.ngrams.find(text, parents)
        sums = self.ngram_logits[features[0]]  # (nodes and rows, C)
        squares = self.ngram_squares[features[0]]
        part = np.empty_like(sums)
        for feature in features[1:]:
            # mode="wrap" takes the last row for ABSENT, and writes straight into out.
            sums += np.take(self.ngram_logits, feature, axis=0, out=part, mode="wrap")
            squares += self.ngram_squares[feature]
        for first, last in [*plan.levels(), (n_nodes, n_nodes + n_rows)]:
            sums[first:last] += sums[parents[first:last]]
            squares[first:last] += squares[parents[first:last]]
        norm = np.sqrt(squares[n_nodes:])
        norm[norm == 0] = 1
        return sums[n_nodes:] / norm[:, None]
