"""Find the distinct prefixes of rows of codes, each with its parent.

"anna" and "annie" share the prefixes a, an and ann, after each of which a recurrent net
has the same state. So the net runs over the tree of distinct prefixes, depth by depth,
and a row's result is the state at its last node. The 20,070 names of the PyTorch
tutorial have 143,592 characters but 59,714 prefixes.
"""

from dataclasses import dataclass

import numpy as np

SLICE_CODES = 1 << 21


def row_slices(codes):
    """Cut rows into slices of at most SLICE_CODES codes, to limit memory."""
    n = max(1, SLICE_CODES // max(1, codes.shape[1]))
    return [slice(start, start + n) for start in range(0, len(codes), n)]


def compact(codes):
    """Move the symbols of each row to the left, so that padding (0) is on the right."""
    padding = codes == 0
    if not (padding[:, :-1] & ~padding[:, 1:]).any():
        return codes
    return np.take_along_axis(codes, np.argsort(padding, axis=1, kind="stable"), axis=1)


def row_lengths(codes):
    """Return the number of symbols in each row of right-padded codes, (n,)."""
    return np.count_nonzero(codes, axis=1)


def row_keys(codes):
    """Pack codes into uint64 words, whose order is that of the rows.

    Return a list of arrays (n,). Eight codes of one byte (four of two, two of four)
    fill a word from its high end.
    """
    n, length = codes.shape
    per_word = 8 // codes.dtype.itemsize
    padded = np.zeros(
        (n, -(-length // per_word) * per_word), dtype=codes.dtype.newbyteorder(">")
    )
    padded[:, :length] = codes
    return list(padded.view(">u8").astype(np.uint64).T)


def sort_rows(codes):
    """Return indices that sort rows lexicographically, and which sorted rows are new.

    A row is new if it differs from the one before. Both are arrays of shape (n,).
    """
    keys = row_keys(codes)
    order = np.lexsort(keys[::-1]) if keys else np.arange(len(codes))
    new = np.zeros(len(codes), dtype=bool)
    new[:1] = True
    for key in keys:
        key = key[order]
        new[1:] |= key[1:] != key[:-1]
    return order, new


@dataclass(frozen=True)
class PrefixPlan:
    """Hold the distinct prefixes of rows as nodes of a tree.

    Node 0, the root, is the empty prefix.
    """

    symbols: np.ndarray  # (n_nodes,), the last symbol of each prefix; 0 at the root
    parents: (
        np.ndarray
    )  # (n_nodes,), the node that is one symbol shorter; 0 at the root
    bounds: list  # nodes of depth d are bounds[d - 1] to bounds[d]
    ends: np.ndarray  # (n_rows,), the node at which each row ends

    def depths(self):
        """Yield (first, last) of the nodes of each depth, from depth 1."""
        return zip(self.bounds[:-1], self.bounds[1:], strict=True)

    def node_weights(self, row_weights):
        """Sum the weights of the rows that pass through each node or end there.

        Return an array of shape (n_nodes,).
        """
        weights = np.bincount(
            self.ends, weights=row_weights, minlength=len(self.symbols)
        )
        for first, last in reversed(list(self.depths())):
            weights += np.bincount(
                self.parents[first:last],
                weights=weights[first:last],
                minlength=len(weights),
            )
        return weights


def plan_prefixes(codes, *, share=True, is_sorted=False):
    """Find the distinct prefixes of rows (n, length), padded with 0 on the right.

    1. Sort the rows, unless they are. A row then shares its longest prefix with the row
       above.
    2. Longer prefixes are new. In the matrix (depth, row) they are the nodes, counted
       by depth.
    3. So the running count at (depth, row) is the node of that prefix, shared or not,
       and the count above it in the column is its parent.

    Without `share`, each row has its own nodes, and nothing is sorted: cheaper for few
    rows.
    """
    n_rows = len(codes)
    if share and not is_sorted:
        order, _ = sort_rows(codes)
        codes = codes[order]
    lengths = row_lengths(codes)
    max_length = int(lengths.max(initial=0))
    codes = codes[:, :max_length]
    depths = np.arange(max_length)[:, None]
    new = depths < lengths
    if share and n_rows > 1 and max_length:
        differs = codes[1:] != codes[:-1]
        first = differs.argmax(axis=1)
        equal = ~differs[np.arange(n_rows - 1), first]
        first[equal] = max_length
        new[:, 1:] &= depths >= first
    node = np.cumsum(new.ravel(), dtype=np.int32).reshape(new.shape)
    depth, row = np.nonzero(new)
    symbols = np.zeros(len(depth) + 1, dtype=codes.dtype)
    symbols[1:] = codes[row, depth]
    parents = np.zeros(len(depth) + 1, dtype=np.int64)
    below = depth > 0
    parents[1:][below] = node[depth[below] - 1, row[below]]
    ends = np.zeros(n_rows, dtype=np.int64)
    if max_length:
        filled = lengths > 0
        ends[filled] = node[lengths[filled] - 1, np.flatnonzero(filled)]
    if share and not is_sorted:
        ends[order] = ends.copy()
    bounds = (1 + np.concatenate([[0], np.cumsum(new.sum(axis=1))])).tolist()
    return PrefixPlan(symbols, parents, bounds, ends)
