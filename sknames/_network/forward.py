"""Predict with a network in numpy, without torch.

The computation is the same as in `_training.recurrent_net`, over the same tree of
prefixes, but only the states of two depths are in memory at a time. The logits of
n-grams are summed along the same tree.
"""

import numpy as np
from scipy.special import softmax

from .cells import BLOCK_NODES, make_step
from .head import Head
from .network import QUANTIZED
from .ngrams import ABSENT, NGRAM_SCALE, add_marks, flatten
from .prefixes import differs_from_above, plan_prefixes, row_keys, row_lengths
from .product import Product, aligned_zeros
from .quantized import dequantize

PLAN_ROWS = 4096  # maximum number of rows of a plan, to limit memory
BLOCK_TERMS = 1024  # n-grams whose weights are summed at a time; they fit the cache
MIN_ROWS_TO_PLAN = 25  # for fewer rows, making a plan takes longer than it saves


class _Memory:
    """Aligned arrays that all steps of a call reuse."""

    def __init__(self, forward, n_rows, n_nodes):
        layers = len(forward.steps)
        n_gates = len(forward.table)
        rows = forward.output.fill(n_rows), forward.size
        nodes = forward.output.fill(n_nodes), forward.size
        # Empty rows sort first and keep the initial state, 0.
        self.final = aligned_zeros(rows, forward.precision)
        self.before = aligned_zeros((layers, *rows), forward.precision)
        self.now = aligned_zeros((layers, *rows), forward.precision)
        self.h_prev = aligned_zeros((layers, *nodes), forward.precision)
        self.products = aligned_zeros((n_gates, *nodes), forward.precision)


class Forward:
    """Compute logits from codes with a network.

    The dtype "auto" is float32 if the result of a row is then bit-identical, whatever
    the other rows are. Otherwise, it is float64, where results agree to about 1e-15.
    """

    def __init__(self, network, dtype):
        self._prepare(network, np.dtype("float32" if dtype == "auto" else dtype))
        if dtype == "auto" and not self.is_fixed:
            self._prepare(network, np.dtype("float64"))

    def _prepare(self, network, dtype):
        """Arrange the weights of a network for products in a dtype."""
        weights = {}
        for name, weight in network.weights.items():
            if name not in QUANTIZED:
                weights[name] = weight.astype(dtype, copy=False)
        self.network = network
        self.precision = dtype
        self.size = network.hidden_size
        self.steps = [
            make_step(network.cell, weights, k) for k in range(network.num_layers)
        ]
        self.table = self._input_table(weights.get("embedding"))
        self.recurrent = [Product(step.recurrent) for step in self.steps]
        self.inputs = [None] + [Product(step.input) for step in self.steps[1:]]
        self.output = Product(weights["output.weight"].T[None])
        self.bias = weights["output.bias"]
        self.n_columns = len(self.bias) + 1  # of the terms of n-grams, see `_terms`
        products = [*self.recurrent, *self.inputs[1:], self.output]
        self.head = None
        if "head.weight" in weights:
            self.head = Head(network.weights, dtype)
            self.n_columns += len(self.head.bias)
            products.append(self.head.product)
        self.is_fixed = all(product.is_fixed for product in products)
        has_few = all(product.has_few for product in products)
        for product in products:
            product.is_fixed = self.is_fixed
            product.has_few = has_few
        self.ngrams = network.ngrams
        if self.ngrams is not None:
            self.idf = weights["ngram_idf"]

    def _input_table(self, embedding):
        """Return the input of the first step for each code, (gates, n_codes, H)."""
        step = self.steps[0]
        table = step.input
        if embedding is not None:
            # Multiply in small products: after OpenBLAS has divided a product among
            # threads, the threads stay busy for 20 ms.
            table = Product(step.input).of(embedding)
        return np.ascontiguousarray(table + step.bias)

    def probabilities(self, codes):
        """Return the probabilities of the classes, (n, n_classes), float64."""
        return self._map(codes, _to_probabilities, np.float64)

    def logits(self, codes):
        """Return the logits (n, n_classes) of rows of codes, right-padded with 0."""
        return self._map(codes, np.asarray, self.precision)

    def _map(self, codes, function, dtype):
        """Return a function of the logits of each row, (n, n_classes).

        The logits of equal rows are computed once. With many rows, only the logits of
        one plan are in memory.
        """
        if len(codes) < MIN_ROWS_TO_PLAN:
            return function(self._finish(self._few(codes), codes))
        order = np.lexsort(row_keys(codes))
        sorted_codes = codes[order]
        is_new = differs_from_above(sorted_codes)
        distinct = sorted_codes[is_new]
        index = np.cumsum(is_new) - 1  # the distinct row of each sorted row
        values = np.empty((len(codes), self.network.n_classes), dtype)
        memory = _Memory(self, min(PLAN_ROWS, len(distinct)), BLOCK_NODES)
        for start in range(0, len(distinct), PLAN_ROWS):
            rows = slice(start, start + PLAN_ROWS)
            of_net_and_ngrams = self._chunk(distinct[rows], memory)
            of_rows = function(self._finish(of_net_and_ngrams, distinct[rows]))
            equal = slice(*np.searchsorted(index, [start, start + PLAN_ROWS]))
            values[order[equal]] = of_rows[index[equal] - start]
        return values

    def _finish(self, logits, codes):
        """Return the logits of the classes from the logits of net and n-grams.

        The last columns of `logits` are the n-gram logits of the head, if there is one.
        """
        if self.head is not None:
            n_below = len(self.bias)
            of_ngrams = logits[:, n_below:]
            logits = self.head.product.of(logits[:, :n_below])[0]
            logits += of_ngrams + self.head.bias
        if self.network.words is not None:
            self.network.words.add_to(logits, codes, self.network.separator)
        return logits

    def logit_terms(self, codes):
        """Split the logits of a row (1, length) into terms of net, n-grams and words.

        Returns
        -------
        net : ndarray of shape (n_classes,)
            The logits of the net, with the bias.
        terms : ndarray of shape (n_terms, n_classes)
            The logits of each occurrence of a known n-gram, then of each known word.
        spans : ndarray of shape (n_terms, 2)
            Start and stop of each n-gram or word in the row. The start mark is at -1,
            and the end mark is after the last symbol.
        """
        lengths = row_lengths(codes)
        (net,) = self._few_of_net(codes, lengths)
        terms = np.empty((0, len(net)))
        spans = np.empty((0, 2), dtype=int)
        if self.ngrams is not None:
            text, _ = flatten(codes, self.ngrams.end)
            features = self.ngrams.find(text)
            order, last = np.nonzero(features != ABSENT)
            terms = self._terms(features[order, last])
            terms = terms[:, :-1] / np.sqrt(terms[:, -1].sum())
            spans = np.stack([last - order - self.ngrams.min_n, last], axis=1)
        if self.head is not None:
            of_head = terms[:, len(net) :]
            terms = self.head.product.of(terms[:, : len(net)])[0] + of_head
            net = self.head.product.of(net[None])[0, 0] + self.head.bias
        if self.network.words is not None:
            of_words, spans_of_words = self.network.words.logit_terms(
                codes, self.network.separator, len(net)
            )
            terms = np.concatenate([terms, of_words])
            spans = np.concatenate([spans, spans_of_words])
        return net, terms, spans

    def _few(self, codes):
        """Return the logits of a few rows without a plan, which would take longer."""
        lengths = row_lengths(codes)
        net = self._few_of_net(codes, lengths)
        if self.ngrams is None:
            return net
        text = add_marks(codes, lengths, self.ngrams.end)
        features = self.ngrams.find(text.ravel())
        # Sum over lengths first, then along each row. A tree of prefixes sums in the
        # same order, so the results are bit-identical.
        at_positions = np.add.reduce(self._terms(features))
        sums = at_positions.reshape(*text.shape, -1).cumsum(axis=1)
        return _with_ngrams(net, sums[np.arange(len(codes)), lengths + 1])

    def _few_of_net(self, codes, lengths):
        """Return the logits of the net, (n, C), for a few rows without a plan."""
        n = len(codes)
        memory = _Memory(self, n, n)
        before = memory.before
        now = memory.now
        ends = lengths.tolist()
        for depth, symbols in enumerate(codes.T, start=1):
            self._step(symbols, before, now, memory)
            if depth in ends:
                ended = np.flatnonzero(lengths == depth)
                memory.final[ended] = now[-1, ended]
            before, now = now, before
        return self.output.of(memory.final[:n])[0] + self.bias

    def _chunk(self, codes, memory):
        """Return the logits of distinct, sorted rows."""
        plan = plan_prefixes(codes, is_sorted=True)
        lengths = row_lengths(codes)
        before = memory.before  # states at the previous depth
        now = memory.now  # states at the current depth
        before[:, 0] = 0
        first_before = 0
        for depth, (first, last) in enumerate(plan.depths(), start=1):
            for start in range(first, last, BLOCK_NODES):
                stop = min(start + BLOCK_NODES, last)
                index = plan.parents[start:stop] - first_before
                # The default mode would copy the output.
                out = memory.h_prev[:, : stop - start]
                before.take(index, axis=1, out=out, mode="clip")
                symbols = plan.symbols[start:stop]
                self._step(symbols, memory.h_prev, now[:, start - first :], memory)
            ended = np.flatnonzero(lengths == depth)
            memory.final[ended] = now[-1, plan.ends[ended] - first]
            before, now = now, before
            first_before = first
        net = self.output.of(memory.final[: len(codes)])[0] + self.bias
        if self.ngrams is None:
            return net
        return _with_ngrams(net, self._sum_ngrams(plan, lengths))

    def _step(self, symbols, h_prev, out, memory):
        """Compute the states of all layers at n nodes, in out (layers, n or more, H).

        h_prev (layers, n or more, H) has the states of their parents.
        """
        n = len(symbols)
        filled = self.output.fill(n)
        products = memory.products[:, :filled]
        added = self.table.take(symbols, axis=1)
        for k, step in enumerate(self.steps):
            if k:
                added = np.empty(products.shape, dtype=self.precision)
                self.inputs[k](out[k - 1, :filled], added)
                added += step.bias
            self.recurrent[k](h_prev[k, :filled], products)
            step(added[:, :n], products[:, :n], h_prev[k, :n], out[k, :n])

    def _sum_ngrams(self, plan, lengths):
        """Sum the n-gram terms of each row, for logits and squared norm (see `_terms`).

        The end mark of each row is treated as another node. The sum of a node is the
        sum of its parent plus the terms of the n-grams that end at the node.
        """
        n_nodes, n_rows = len(plan.symbols), len(plan.ends)
        end_marks = np.full(n_rows, self.ngrams.end)
        text = np.concatenate([plan.symbols.astype(np.int64), end_marks])
        parents = np.concatenate([plan.parents, plan.ends])
        rows, sums = self._sum_terms(self.ngrams.find(text, parents))
        result = sums.take(rows[n_nodes:], axis=0)
        before = np.zeros((1, self.n_columns), dtype=self.precision)
        first_before = 0
        for depth, (first, last) in enumerate([(0, 1), *plan.depths()]):
            now = sums.take(rows[first:last], axis=0)
            now += before.take(plan.parents[first:last] - first_before, axis=0)
            ended = np.flatnonzero(lengths == depth)
            result[ended] += now[plan.ends[ended] - first]
            before = now
            first_before = first
        return result

    def _sum_terms(self, features):
        """Sum the terms of the n-grams that end at each position.

        Positions with the same longest n-gram have the same sum, because that n-gram
        determines all shorter n-grams that end at the position. Their sum is computed
        only once. Return the row of each position in the sums, and the sums.
        """
        rows = np.zeros(len(features[0]), dtype=np.int64)
        place = np.empty(len(self.idf), dtype=np.int64)  # by feature
        n_rows = 1  # row 0 is for positions without an n-gram
        lengths = []  # by length: first row, features, rows of the shorter n-grams
        for features_of_length in features:
            positions = np.flatnonzero(features_of_length != ABSENT)
            present = features_of_length[positions]
            place[present] = positions
            is_last = place[present] == positions  # True once for each feature
            distinct = present[is_last]
            shorter = rows[positions[is_last]]
            place[distinct] = np.arange(n_rows, n_rows + len(distinct))
            rows[positions] = place[present]
            lengths.append((n_rows, distinct, shorter))
            n_rows += len(distinct)
        sums = np.zeros((n_rows, self.n_columns), dtype=self.precision)
        for first, distinct, shorter in lengths:
            for start in range(0, len(distinct), BLOCK_TERMS):
                block = slice(start, start + BLOCK_TERMS)
                terms = self._terms(distinct[block])
                out = sums[first + start : first + start + len(terms)]
                np.add(sums.take(shorter[block], axis=0), terms, out=out)
        return rows, sums

    def _terms(self, features):
        """Return the terms of n-grams (...), (..., n_columns); 0 for ABSENT.

        The columns are the logits of the classes, with a head followed by the logits of
        its classes, and the squared TF-IDF value, whose sum is the squared norm.
        """
        idf = np.where(features == ABSENT, 0, self.idf.take(features))
        scale = NGRAM_SCALE * idf[..., None]
        n_below = len(self.bias)
        terms = np.empty((*features.shape, self.n_columns), dtype=self.precision)
        weights = dequantize(
            self.network.weights["ngram_weight"].take(features, axis=0)
        )
        np.multiply(weights, scale, out=terms[..., :n_below])
        if self.head is not None:
            weights = self.head.ngram_weights(features)
            np.multiply(weights, scale, out=terms[..., n_below:-1])
        terms[..., -1] = idf * idf
        return terms


def _to_probabilities(logits):
    """Convert rows of logits to probabilities in float64."""
    return softmax(logits.astype(np.float64), axis=1)


def _with_ngrams(net, sums):
    """Add the logits of n-grams to those of the net.

    `sums` are sums of the terms of `Forward._terms`.
    """
    norm = np.sqrt(sums[:, -1:])
    norm[norm == 0] = 1
    logits = sums[:, :-1] / norm
    logits[:, : net.shape[1]] += net
    return logits
