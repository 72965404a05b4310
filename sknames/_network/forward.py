"""Predict with a network in numpy, without torch.

The steps are those of `_training.recurrent_net`, over the same tree of prefixes. Only
two depths of states are in memory at a time. The logits of n-grams are summed along the
same tree.
"""

import math

import numpy as np

from .cells import BLOCK_NODES, STEPS
from .network import QUANTIZED
from .ngrams import ABSENT, NGRAM_SCALE
from .prefixes import plan_prefixes, row_lengths, sort_rows
from .product import PRODUCT_ROWS, Product, aligned_zeros, rows_to_multiply
from .quantized import dequantize

CHUNK_ROWS = 4096
CHUNK_CODES = 1 << 20
BLOCK_TERMS = 1024
MIN_ROWS_TO_PLAN = 25


def softmax(logits):
    """Return the probabilities of logits, row by row, in float64."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def _take(rows, index, out, axis=0):
    # The default mode would copy; "clip" writes into out.
    rows.take(index, axis=axis, out=out, mode="clip")


def _arrange(plan):
    """Renumber the nodes of a plan: in each block first children, then their siblings.

    The product of a parent's state is computed once in a block, in the row of its first
    child. Return symbols, parents and ends as in the plan, the row of each node's
    parent in its block, and the number of first children of each block.
    """
    depths = [range(first, last, BLOCK_NODES) for first, last in plan.depths()]
    starts = np.concatenate([[0], *depths]).astype(int)
    nodes = np.arange(len(plan.symbols))
    block = np.searchsorted(starts, nodes, side="right") - 1
    is_first = np.append(True, plan.parents[1:] != plan.parents[:-1])
    is_first[starts] = True
    n_parents = np.add.reduceat(is_first, starts, dtype=int)
    rows = np.cumsum(is_first) - 1
    rows -= rows[starts][block]
    index = np.where(
        is_first, starts[block] + rows, nodes + n_parents[block] - rows - 1
    )
    order = np.empty_like(index)
    order[index] = nodes
    symbols, parents = plan.symbols[order].astype(int), index[plan.parents[order]]
    return symbols, parents, index[plan.ends], rows[order], n_parents[1:].tolist()


class _Memory:
    """Hold the arrays of a call.

    Allocating them in each step would take longer than the step.
    """

    def __init__(self, forward, n_rows, n_nodes):
        n_gates, layers, size = len(forward.table), len(forward.steps), forward.size
        n_rows, n_nodes = forward.fill(n_rows), forward.fill(n_nodes)
        rows = aligned_zeros((1 + 2 * layers, n_rows, size), forward.precision)
        # The state of an empty row is 0, and stands in final, since such a row sorts
        # first.
        self.final, self.states = rows[0], rows[1:].reshape(2, layers, n_rows, size)
        nodes = aligned_zeros((layers + 2 * n_gates, n_nodes, size), forward.precision)
        self.h_prev, self.products = nodes[:layers], nodes[layers:-n_gates]
        self.added = nodes[-n_gates:].reshape(-1)


class Forward:
    """Prepare a network to compute logits from codes.

    A dtype of "auto" is float32 if a row's bits then depend on that row alone;
    otherwise it is float64, whose rows agree to about 1e-15.
    """

    def __init__(self, network, dtype):
        self.dtype = dtype
        self._prepare(network, np.dtype("float32" if dtype == "auto" else dtype))
        if dtype == "auto" and not self.is_fixed:
            self._prepare(network, np.dtype("float64"))

    def _prepare(self, network, dtype):
        weights = {
            name: value.astype(dtype, copy=False)
            for name, value in network.weights.items()
            if name not in QUANTIZED
        }
        self.precision = dtype
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        self.steps = [
            STEPS[network.cell](*(weights[f"cells.{k}.{name}"] for name in names))
            for k in range(network.num_layers)
        ]
        self.size = network.hidden_size
        table, embedding = self.steps[0].input, weights.get("embedding")
        if embedding is not None:
            # In small products: after one that OpenBLAS divides, its threads stay busy
            # for 20 ms.
            n_codes, multiply = len(embedding), Product(table)
            rows = np.pad(embedding, ((0, -n_codes % PRODUCT_ROWS), (0, 0)))
            table = np.empty((len(table), len(rows), self.size), dtype)
            multiply(rows, table)
            table = table[:, :n_codes]
        self.table = np.ascontiguousarray(
            table + self.steps[0].bias
        )  # (gates, n_codes, H)
        self.recurrent = [Product(step.recurrent) for step in self.steps]
        self.inputs = [None] + [Product(step.input) for step in self.steps[1:]]
        self.output = Product(weights["output.weight"].T[None])
        products = [*self.recurrent, *self.inputs[1:], self.output]
        self.is_fixed = all(product.is_fixed for product in products)
        self.has_few = all(product.has_few for product in products)
        for product in products:
            product.is_fixed = self.is_fixed
        self.network, self.bias, self.ngrams = (
            network,
            weights["output.bias"],
            network.ngrams,
        )
        if self.ngrams is not None:
            # As they are, since they are most of a model.
            self.idf, self.ngram_weight = (
                weights["ngram_idf"],
                network.weights["ngram_weight"],
            )
            self.n_columns = self._terms(np.zeros(0, dtype=int))[0].shape[1]

    def logits(self, codes):
        """Return the logits (n, n_classes) of rows of codes, right-padded with 0."""
        return self._map(codes, self._finish)

    def probabilities(self, codes):
        """Return the probabilities of the classes, (n, n_classes), float64."""
        return self._map(codes, lambda *rows: softmax(self._finish(*rows)))

    def _finish(self, logits, codes):
        """Return the logits of the classes from those of net and n-grams."""
        return self.network.add_words(logits, codes)

    def _map(self, codes, finish):
        """Apply a function to distinct rows' codes, and logits of net and n-grams.

        The logits are its first argument.
        """
        if len(codes) < MIN_ROWS_TO_PLAN:
            return finish(self._few(codes), codes)
        order, new = sort_rows(codes)
        first_of = np.flatnonzero(new)
        ends = np.append(first_of[1:], len(codes))
        distinct = codes[order[first_of]]
        lengths = row_lengths(distinct)
        result = None
        memory = _Memory(self, min(CHUNK_ROWS, len(distinct)), BLOCK_NODES)
        start = 0
        while start < len(distinct):
            stop = min(start + CHUNK_ROWS, len(distinct))
            while (
                stop - start > 1
                and (stop - start) * lengths[start:stop].max() > CHUNK_CODES
            ):
                stop = start + (stop - start) // 2
            chunk = slice(start, stop)
            some = distinct[chunk, : lengths[chunk].max()]
            rows = finish(self._chunk(some, memory), some)
            if result is None:
                result = np.empty((len(codes), rows.shape[1]), rows.dtype)
            index = order[first_of[start] : ends[stop - 1]]
            if len(index) > len(rows):
                rows = rows.repeat(ends[chunk] - first_of[chunk], axis=0)
            result[index] = rows
            start = stop
        return result

    def fill(self, n):
        """Return the number of rows that products take for n."""
        return rows_to_multiply(n, self.has_few) if self.is_fixed else n

    def logit_terms(self, codes):
        """Split the logits of a row (1, length) into those of net, n-grams and words.

        Return the net's with the bias, (n_classes,); a term for each known n-gram, by
        occurrence, and then for each known word, (n_terms, n_classes); and the start
        and stop of each in the row, (n_terms, 2), where the start mark is at -1, and
        the end mark after the last symbol.
        """
        lengths = row_lengths(codes)
        net = self._few_of_net(codes, lengths)[0]
        terms, spans = np.empty((0, len(net))), np.empty((0, 2), dtype=int)
        if self.ngrams is not None:
            text, _ = self._marked(codes, lengths)
            features = self.ngrams.find(text[0], np.arange(-1, text.size - 1))
            order, last = np.nonzero(features != ABSENT)
            terms, squares = self._terms(features[order, last])
            terms /= np.sqrt(squares.sum(axis=0))
            spans = np.stack([last - order - self.ngrams.min_n, last], axis=1)
        return net, *self.network.with_word_terms(terms, spans, codes)

    def _few(self, codes):
        """Return the logits of rows that are too few for a plan."""
        lengths = row_lengths(codes)
        net = self._few_of_net(codes, lengths)
        if self.ngrams is None:
            return net
        text, marks = self._marked(codes, lengths)
        features = self.ngrams.find(text.ravel(), np.arange(-1, text.size - 1))
        # Sum over lengths, and from the start of a row, as along the tree, for the same
        # bits.
        terms, squares = (
            np.add.reduce(array).reshape(*text.shape, -1).cumsum(axis=1)[marks]
            for array in self._terms(features)
        )
        return _logits(net, terms, squares)

    def _few_of_net(self, codes, lengths):
        n = len(codes)
        memory = _Memory(self, n, n)
        before, now = memory.states
        ends = lengths.tolist()
        for depth, symbols in enumerate(codes[:, : lengths.max(initial=0)].T, start=1):
            self._step(symbols, before, (), now, memory)
            if depth in ends:
                ended = np.flatnonzero(lengths == depth)
                memory.final[ended] = now[-1, ended]
            before, now = now, before
        return self._logits(memory.final[: self.fill(n)])[:n]

    def _marked(self, codes, lengths):
        """Return rows between their marks, and the positions of the end marks."""
        codes = codes[:, : lengths.max(initial=0)]
        text = np.zeros((len(codes), codes.shape[1] + 2), dtype=np.int64)
        text[:, 1:-1] = codes
        marks = np.arange(len(codes)), lengths + 1
        text[marks] = self.ngrams.end
        return text, marks

    def _chunk(self, codes, memory):
        """Return the logits of distinct, sorted rows."""
        plan = plan_prefixes(codes, is_sorted=True)
        lengths = row_lengths(codes)
        by_length = np.argsort(
            lengths.astype(np.min_scalar_type(codes.shape[1])), kind="stable"
        )
        n_shorter = np.searchsorted(lengths[by_length], np.arange(len(plan.bounds) + 1))
        symbols, parents, ends, rows, n_parents = _arrange(plan)
        ends, n_parents = ends[by_length], iter(n_parents)
        before, now = memory.states
        before[:, 0] = 0
        offset = 0
        for depth, (first, last) in enumerate(plan.depths(), start=1):
            for start in range(first, last, BLOCK_NODES):
                stop = min(start + BLOCK_NODES, last)
                middle = start + next(n_parents)
                index = parents[start:middle] - offset
                for states, out in zip(before, memory.h_prev, strict=True):
                    _take(states, index, out[: middle - start])
                out = now[:, start - first :]
                self._step(
                    symbols[start:stop], memory.h_prev, rows[middle:stop], out, memory
                )
            some = slice(n_shorter[depth], n_shorter[depth + 1])
            _take(now[-1], ends[some] - first, memory.final[some])
            now, before, offset = before, now, first
        net = np.empty((len(codes), len(self.bias)), dtype=self.precision)
        net[by_length] = self._logits(memory.final[: self.fill(len(codes))])[
            : len(codes)
        ]
        return net if self.ngrams is None else _logits(net, *self._sum_ngrams(plan))

    def _step(self, symbols, h_prev, siblings, out, memory):
        """Write the states at nodes (n,) of each layer into out (layers, n or more, H).

        h_prev (layers, rows, H) holds the state of each parent once. `siblings` are the
        rows of the parents of the last nodes.
        """
        n, n_parents = len(symbols), len(symbols) - len(siblings)
        products = memory.products
        for k, step in enumerate(self.steps):
            shape = len(products), self.fill(n) if k else n, self.size
            added = memory.added[: math.prod(shape)].reshape(shape)
            if k:
                self.inputs[k](out[k - 1, : self.fill(n)], added)
                added += step.bias
            else:
                _take(self.table, symbols, added, axis=1)
            filled = self.fill(n_parents)
            self.recurrent[k](h_prev[k, :filled], products[:, :filled])
            if n_parents < n:
                for rows in (*products, h_prev[k]):
                    _take(rows[:n_parents], siblings, rows[n_parents:n])
            step(added[:, :n], products[:, :n], h_prev[k, :n], out[k, :n])

    def _logits(self, states):
        """Return the net's logits for states (n, H)."""
        logits = np.empty((1, len(states), len(self.bias)), dtype=self.precision)
        self.output(states, logits)
        return logits[0] + self.bias

    def _sum_ngrams(self, plan):
        """Return the sums of both terms of the n-grams of rows, see `_terms`.

        The end of each row becomes a node, too. Each node adds the n-grams that end
        there to the sum of its parent.
        """
        n_nodes, n_rows = len(plan.symbols), len(plan.ends)
        text = np.concatenate(
            [plan.symbols.astype(np.int64), np.full(n_rows, self.ngrams.end)]
        )
        parents = np.concatenate([plan.parents, plan.ends])
        rows, sums, squares = self._sum_terms(self.ngrams.find(text, parents))
        squares = squares[rows]  # (n, 1)
        for first, last in [*plan.depths(), (n_nodes, n_nodes + n_rows)]:
            squares[first:last] += squares[parents[first:last]]
        logits = sums[rows[n_nodes:]]
        by_end = np.argsort(plan.ends, kind="stable")
        depths = [(0, 1), *plan.depths()]
        ended = np.searchsorted(plan.ends[by_end], plan.bounds).tolist()
        width = max(last - first for first, last in depths)
        before, now = np.zeros((2, width, sums.shape[1]), dtype=self.precision)
        of_parents, offset = (
            np.empty((BLOCK_NODES, sums.shape[1]), dtype=self.precision),
            0,
        )
        for (first, last), some in zip(
            depths, map(slice, [0, *ended], ended), strict=True
        ):
            _take(sums, rows[first:last], now[: last - first])
            for start in range(first, last, BLOCK_NODES):
                stop = min(start + BLOCK_NODES, last)
                _take(before, parents[start:stop] - offset, of_parents[: stop - start])
                now[start - first : stop - first] += of_parents[: stop - start]
            logits[by_end[some]] += now[plan.ends[by_end[some]] - first]
            now, before, offset = before, now, first
        return logits, squares[n_nodes:]

    def _sum_terms(self, features):
        """Sum the terms of the n-grams that end at each position.

        Equal positions are computed once. An n-gram contains all shorter ones that end
        with it, so that positions of the same longest n-gram have the same sum. Return
        the row of each position among the sums, the sums, and the sums for the squared
        norm.
        """
        rows = np.zeros(len(features[0]), dtype=np.int64)
        of_feature = np.empty(len(self.idf), dtype=np.int64)
        n_rows, lengths = 1, []  # the first row is that of no n-gram
        for of_length in features:
            there = np.flatnonzero(of_length != ABSENT)
            of_length = of_length[there]
            of_feature[of_length] = there
            is_last = of_feature[of_length] == there
            distinct, before = of_length[is_last], rows[there[is_last]]
            of_feature[distinct] = np.arange(n_rows, n_rows + len(distinct))
            rows[there] = of_feature[of_length]
            lengths.append((n_rows, distinct, before))
            n_rows += len(distinct)
        sums = np.zeros((n_rows, self.n_columns), dtype=self.precision)
        squares = np.zeros((n_rows, 1), dtype=self.precision)
        for first, distinct, before in lengths:
            for start in range(0, len(distinct), BLOCK_TERMS):
                some = slice(start, start + BLOCK_TERMS)
                terms, more = self._terms(distinct[some])
                at = slice(first + start, first + start + len(terms))
                np.add(sums.take(before[some], axis=0), terms, out=sums[at])
                np.add(squares.take(before[some], axis=0), more, out=squares[at])
        return rows, sums, squares

    def _terms(self, features):
        """Return the terms of n-grams (...) for the logits and for the squared norm.

        Their shapes are (..., C) and (..., 1). Those of ABSENT are 0. The weights may
        have more columns than the net has classes.
        """
        idf = np.where(features == ABSENT, 0, self.idf.take(features))[..., None]
        terms = dequantize(self.ngram_weight.take(features, axis=0))
        terms = terms.astype(self.precision, copy=False)
        terms *= NGRAM_SCALE * idf
        return terms, idf * idf


def _logits(net, sums, squares):
    """Return the logits of net and n-grams, from the net's and sums of its terms.

    The sums are those of `Forward._terms`.
    """
    norm = np.sqrt(squares)
    norm[norm == 0] = 1
    sums /= norm
    sums[:, : net.shape[1]] += net
    return sums
