"""Predict with a network in numpy, without torch.

The computation is the same as in `_training.recurrent_net`, over the same tree of
prefixes, but only the states of two depths are in memory at a time. The logits of
n-grams are summed along the same tree.
"""

import math
from dataclasses import dataclass

import numpy as np

from .cells import BLOCK_NODES, make_step
from .head import Head
from .ngrams import ABSENT, NGRAM_SCALE
from .prefixes import plan_prefixes, row_lengths, sort_rows
from .product import PRODUCT_ROWS, Product, aligned_zeros, rows_to_multiply
from .quantized import dequantize

PLAN_ROWS = 4096  # maximum number of rows of a plan, to limit memory
PLAN_CODES = 1 << 20  # maximum number of codes of a plan with several rows
BLOCK_TERMS = 1024  # n-grams whose weights are summed at a time; they fit the cache
MIN_ROWS_TO_PLAN = 25  # for fewer rows, making a plan takes longer than it saves


def softmax(logits):
    """Convert rows of logits to probabilities in float64."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def copy_rows(rows, index, out, axis=0):
    """Write the rows at indices into `out`."""
    rows.take(index, axis=axis, out=out, mode="clip")  # the default mode would copy


@dataclass(frozen=True)
class _Blocks:
    """A plan in which the nodes are grouped into blocks.

    In each block, the first child of each parent comes before all other children. The
    product of a parent's state is computed once in a block, in the row of the first
    child. Symbols, parents and ends have the same meaning as in the plan.
    """

    symbols: np.ndarray  # (n_nodes,), int
    parents: np.ndarray  # (n_nodes,), int
    ends: np.ndarray  # (n_rows,), int
    rows: np.ndarray  # (n_nodes,), int, the row of each node's parent in its block
    n_parents: list  # of each block, except the block of the root

    @classmethod
    def of(cls, plan):
        """Renumber the nodes of a plan."""
        depths = [range(first, last, BLOCK_NODES) for first, last in plan.depths()]
        starts = np.concatenate([[0], *depths]).astype(int)
        nodes = np.arange(len(plan.symbols))
        block = np.searchsorted(starts, nodes, side="right") - 1
        is_first = np.append(True, plan.parents[1:] != plan.parents[:-1])
        is_first[starts] = True
        n_parents = np.add.reduceat(is_first, starts, dtype=int)
        rows = np.cumsum(is_first) - 1
        rows -= rows[starts][block]
        index_of_first = starts[block] + rows
        index_of_sibling = nodes + n_parents[block] - rows - 1
        index = np.where(is_first, index_of_first, index_of_sibling)
        order = np.empty_like(index)
        order[index] = nodes
        return cls(
            symbols=plan.symbols[order].astype(int),
            parents=index[plan.parents[order]],
            ends=index[plan.ends],
            rows=rows[order],
            n_parents=n_parents[1:].tolist(),
        )


class _Memory:
    """Arrays that all steps of a call reuse.

    Allocating them for each step would take longer than the step itself.
    """

    def __init__(self, forward, n_rows, n_nodes):
        n_gates = len(forward.table)
        layers = len(forward.steps)
        size = forward.size
        n_rows = forward.fill(n_rows)
        n_nodes = forward.fill(n_nodes)
        rows = aligned_zeros((1 + 2 * layers, n_rows, size), forward.precision)
        # Empty rows sort first and keep the initial state, 0.
        self.final = rows[0]
        self.states = rows[1:].reshape(2, layers, n_rows, size)  # previous, current
        nodes = aligned_zeros((layers + 2 * n_gates, n_nodes, size), forward.precision)
        self.h_prev = nodes[:layers]
        self.products = nodes[layers:-n_gates]
        self.added = nodes[-n_gates:].reshape(-1)


class Forward:
    """Compute logits from codes with a network.

    With the dtype "auto", float32 is used if the bits of a row then do not depend on
    other rows. Otherwise float64 is used, in which they agree to about 1e-15.
    """

    def __init__(self, network, dtype):
        self.dtype = dtype
        self._prepare(network, np.dtype("float32" if dtype == "auto" else dtype))
        if dtype == "auto" and not self.is_fixed:
            self._prepare(network, np.dtype("float64"))

    def _prepare(self, network, dtype):
        """Arrange the weights of a network for products in a dtype."""
        weights = network.weights_in(dtype)
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
        self.n_columns = len(self.bias)  # of the terms of n-grams
        products = [*self.recurrent, *self.inputs[1:], self.output]
        self.head = None
        if "head.weight" in weights:
            self.head = Head(network.weights, dtype)
            self.n_columns += len(self.head.bias)
            products.append(self.head.product)
        self.is_fixed = all(product.is_fixed for product in products)
        self.has_few = all(product.has_few for product in products)
        for product in products:
            product.is_fixed = self.is_fixed
        self.ngrams = network.ngrams
        if self.ngrams is not None:
            self.idf = weights["ngram_idf"]

    def _input_table(self, embedding):
        """Return the input of the first step for each code, (gates, n_codes, H)."""
        step = self.steps[0]
        table = step.input
        if embedding is not None:
            n_codes = len(embedding)
            rows = np.pad(embedding, ((0, -n_codes % PRODUCT_ROWS), (0, 0)))
            table = np.empty((len(step.input), len(rows), self.size), self.precision)
            # Use small products: after a product that OpenBLAS divides among threads,
            # the threads stay busy for 20 ms.
            multiply = Product(step.input)
            multiply(rows, table)
            table = table[:, :n_codes]
        return np.ascontiguousarray(table + step.bias)

    def logits(self, codes):
        """Return the logits (n, n_classes) of rows of codes, right-padded with 0."""
        return self._map(codes, self._finish)

    def probabilities(self, codes):
        """Return the probabilities of the classes, (n, n_classes), float64."""

        def finish(logits, codes):
            return softmax(self._finish(logits, codes))

        return self._map(codes, finish)

    def _finish(self, logits, codes):
        """Return the logits of the classes from the logits of net and n-grams.

        The last columns of `logits` are the n-gram logits of the head, if there is one.
        """
        if self.head is not None:
            n_below = len(self.bias)
            of_ngrams = logits[:, n_below:]
            logits = self.head.multiply(logits[:, :n_below])
            logits += of_ngrams + self.head.bias
        if self.network.words is not None:
            self.network.words.add_to(logits, codes, self.network.separator)
        return logits

    def _map(self, codes, finish):
        """Apply ``finish(logits, codes)`` to distinct rows; return results of all rows.

        The logits are those of net and n-grams.
        """
        if len(codes) < MIN_ROWS_TO_PLAN:
            return finish(self._few(codes), codes)
        order, is_new = sort_rows(codes)
        first = np.flatnonzero(is_new)  # the first of equal rows, in sorted order
        ends = np.append(first[1:], len(codes))
        distinct = codes[order[first]]
        lengths = row_lengths(distinct)
        result = None
        memory = _Memory(self, min(PLAN_ROWS, len(distinct)), BLOCK_NODES)
        for chunk in _chunks(lengths):
            codes_of_chunk = distinct[chunk, : lengths[chunk].max()]
            rows = finish(self._chunk(codes_of_chunk, memory), codes_of_chunk)
            if result is None:
                result = np.empty((len(codes), rows.shape[1]), rows.dtype)
            index = order[first[chunk.start] : ends[chunk.stop - 1]]
            if len(index) > len(rows):
                rows = rows.repeat(ends[chunk] - first[chunk], axis=0)
            result[index] = rows
        return result

    def fill(self, n):
        """Return the number of rows that products need for n rows."""
        return rows_to_multiply(n, self.has_few) if self.is_fixed else n

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
            text, _ = self._marked(codes, lengths)
            features = self.ngrams.find(text[0])
            order, last = np.nonzero(features != ABSENT)
            terms, squares = self._terms(features[order, last])
            terms /= np.sqrt(squares.sum(axis=0))
            spans = np.stack([last - order - self.ngrams.min_n, last], axis=1)
        if self.head is not None:
            of_head = terms[:, len(net) :]
            terms = self.head.multiply(terms[:, : len(net)]) + of_head
            net = self.head.multiply(net[None])[0] + self.head.bias
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
        text, marks = self._marked(codes, lengths)
        features = self.ngrams.find(text.ravel())
        # Sum over lengths, then from the start of each row, in the same order as along
        # the tree, so that the bits are equal.
        sums = []
        for terms in self._terms(features):
            at_positions = np.add.reduce(terms).reshape(*text.shape, -1)
            sums.append(at_positions.cumsum(axis=1)[marks])
        return _with_ngrams(net, *sums)

    def _few_of_net(self, codes, lengths):
        """Return the logits of the net, (n, C), for a few rows without a plan."""
        n = len(codes)
        memory = _Memory(self, n, n)
        before, now = memory.states
        ends = lengths.tolist()
        codes = codes[:, : lengths.max(initial=0)]
        for depth, symbols in enumerate(codes.T, start=1):
            self._step(symbols, before, (), now, memory)
            if depth in ends:
                ended = np.flatnonzero(lengths == depth)
                memory.final[ended] = now[-1, ended]
            before, now = now, before
        return self._logits_of_net(memory.final[: self.fill(n)])[:n]

    def _marked(self, codes, lengths):
        """Add start and end marks to rows; also return the indices of the end marks."""
        codes = codes[:, : lengths.max(initial=0)]
        text = np.zeros((len(codes), codes.shape[1] + 2), dtype=np.int64)
        text[:, 1:-1] = codes
        marks = np.arange(len(codes)), lengths + 1
        text[marks] = self.ngrams.end
        return text, marks

    def _chunk(self, codes, memory):
        """Return the logits of distinct, sorted rows."""
        plan = plan_prefixes(codes, is_sorted=True)
        blocks = _Blocks.of(plan)
        lengths = row_lengths(codes)
        lengths = lengths.astype(np.min_scalar_type(codes.shape[1]))  # sorts faster
        by_length = np.argsort(lengths, kind="stable")
        n_shorter = np.searchsorted(lengths[by_length], np.arange(len(plan.bounds) + 1))
        ends = blocks.ends[by_length]
        n_parents = iter(blocks.n_parents)
        before, now = memory.states  # of the previous and the current depth
        before[:, 0] = 0
        first_before = 0
        for depth, (first, last) in enumerate(plan.depths(), start=1):
            for start in range(first, last, BLOCK_NODES):
                stop = min(start + BLOCK_NODES, last)
                middle = start + next(n_parents)
                index = blocks.parents[start:middle] - first_before
                for states, out in zip(before, memory.h_prev, strict=True):
                    copy_rows(states, index, out[: middle - start])
                self._step(
                    blocks.symbols[start:stop],
                    memory.h_prev,
                    blocks.rows[middle:stop],
                    now[:, start - first :],
                    memory,
                )
            ended = slice(n_shorter[depth], n_shorter[depth + 1])
            copy_rows(now[-1], ends[ended] - first, memory.final[ended])
            before, now = now, before
            first_before = first
        n = len(codes)
        net = np.empty((n, len(self.bias)), dtype=self.precision)
        net[by_length] = self._logits_of_net(memory.final[: self.fill(n)])[:n]
        if self.ngrams is None:
            return net
        return _with_ngrams(net, *self._sum_ngrams(plan))

    def _step(self, symbols, h_prev, siblings, out, memory):
        """Compute the states of all layers at n nodes, in out (layers, n or more, H).

        h_prev (layers, rows, H) has the state of each parent once. The last nodes are
        siblings of earlier nodes; `siblings` are the rows of their parents in h_prev.
        """
        n = len(symbols)
        n_parents = n - len(siblings)
        products = memory.products
        for k, step in enumerate(self.steps):
            shape = len(products), self.fill(n) if k else n, self.size
            added = memory.added[: math.prod(shape)].reshape(shape)
            if k:
                self.inputs[k](out[k - 1, : self.fill(n)], added)
                added += step.bias
            else:
                copy_rows(self.table, symbols, added, axis=1)
            filled = self.fill(n_parents)
            self.recurrent[k](h_prev[k, :filled], products[:, :filled])
            if n_parents < n:
                for rows in (*products, h_prev[k]):
                    copy_rows(rows[:n_parents], siblings, rows[n_parents:n])
            step(added[:, :n], products[:, :n], h_prev[k, :n], out[k, :n])

    def _logits_of_net(self, states):
        """Return the logits of the net for states (n, H)."""
        logits = np.empty((1, len(states), len(self.bias)), dtype=self.precision)
        self.output(states, logits)
        return logits[0] + self.bias

    def _sum_ngrams(self, plan):
        """Sum the n-gram terms of each row, for logits and squared norm (see `_terms`).

        The end mark of each row is treated as another node. The sum of a node is the
        sum of its parent plus the terms of the n-grams that end at the node.
        """
        n_nodes, n_rows = len(plan.symbols), len(plan.ends)
        end_marks = np.full(n_rows, self.ngrams.end)
        text = np.concatenate([plan.symbols.astype(np.int64), end_marks])
        parents = np.concatenate([plan.parents, plan.ends])
        rows, sums, squares = self._sum_terms(self.ngrams.find(text, parents))
        squares = squares[rows]  # (n, 1)
        for first, last in [*plan.depths(), (n_nodes, n_nodes + n_rows)]:
            squares[first:last] += squares[parents[first:last]]
        logits = sums[rows[n_nodes:]]
        self._add_sums_along(plan, rows, sums, logits)
        return logits, squares[n_nodes:]

    def _add_sums_along(self, plan, rows, sums, logits):
        """Add the sums of all nodes on a row's path to the logits of the row, (n, C).

        `rows` are the indices of the nodes in `sums`, see `_sum_terms`.
        """
        by_end = np.argsort(plan.ends, kind="stable")
        # The number of rows that end up to each depth.
        n_ended = np.searchsorted(plan.ends[by_end], plan.bounds).tolist()
        depths = [(0, 1), *plan.depths()]
        width = max(last - first for first, last in depths)
        before, now = np.zeros((2, width, sums.shape[1]), dtype=self.precision)
        of_parents = np.empty((BLOCK_NODES, sums.shape[1]), dtype=self.precision)
        n_ended_before = 0
        first_before = 0
        for (first, last), n in zip(depths, n_ended, strict=True):
            copy_rows(sums, rows[first:last], now[: last - first])
            for start in range(first, last, BLOCK_NODES):
                stop = min(start + BLOCK_NODES, last)
                added = of_parents[: stop - start]
                copy_rows(before, plan.parents[start:stop] - first_before, added)
                now[start - first : stop - first] += added
            ended = by_end[n_ended_before:n]
            logits[ended] += now[plan.ends[ended] - first]
            before, now = now, before
            first_before = first
            n_ended_before = n

    def _sum_terms(self, features):
        """Sum the terms of the n-grams that end at each position.

        Positions with the same longest n-gram have the same sum, because that n-gram
        determines all shorter n-grams that end at the position. Their sum is computed
        only once. Return the row of each position in the sums, the sums for the logits,
        and the sums for the squared norm.
        """
        rows = np.zeros(len(features[0]), dtype=np.int64)
        place = np.empty(len(self.idf), dtype=np.int64)  # of each feature
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
        return rows, *self._sum_lengths(lengths, n_rows)

    def _sum_lengths(self, lengths, n_rows):
        """Sum terms and squares, adding those of shorter n-grams first."""
        sums = np.zeros((n_rows, self.n_columns), dtype=self.precision)
        squares = np.zeros((n_rows, 1), dtype=self.precision)
        for first, distinct, shorter in lengths:
            for start in range(0, len(distinct), BLOCK_TERMS):
                block = slice(start, start + BLOCK_TERMS)
                terms, squared_terms = self._terms(distinct[block])
                out = slice(first + start, first + start + len(terms))
                np.add(sums.take(shorter[block], axis=0), terms, out=sums[out])
                before = squares.take(shorter[block], axis=0)
                np.add(before, squared_terms, out=squares[out])
        return sums, squares

    def _terms(self, features):
        """Return the terms of n-grams (...) for the logits and for the squared norm.

        The shapes are (..., C) and (..., 1). With a head, C is the number of classes of
        the network below plus that of the head. The terms of ABSENT are 0.
        """
        idf = np.where(features == ABSENT, 0, self.idf.take(features))[..., None]
        terms = dequantize(self.network.weights["ngram_weight"].take(features, axis=0))
        if self.head is not None:
            of_head = self.head.ngram_weights(features)
            terms = np.concatenate([terms, of_head], axis=-1)
        terms = terms.astype(self.precision, copy=False)
        terms *= NGRAM_SCALE * idf
        return terms, idf * idf


def _chunks(lengths):
    """Divide rows with these lengths (n,) into slices, one for each plan."""
    start = 0
    while start < len(lengths):
        stop = min(start + PLAN_ROWS, len(lengths))
        while (stop - start) * lengths[start:stop].max() > PLAN_CODES:
            if stop - start == 1:
                break
            stop = start + (stop - start) // 2
        yield slice(start, stop)
        start = stop


def _with_ngrams(net, sums, squares):
    """Add the logits of n-grams to those of the net.

    `sums` and `squares` are sums of the terms of `Forward._terms`.
    """
    norm = np.sqrt(squares)
    norm[norm == 0] = 1
    sums /= norm
    sums[:, : net.shape[1]] += net
    return sums
