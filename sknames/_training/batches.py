"""Create batches of tensors from rows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from .._network.prefixes import PrefixPlan, plan_prefixes
from .bags import Bags

# Below this many rows, finding shared prefixes takes longer than computing them twice.
MIN_ROWS_TO_SHARE = 64
# Rows. Batches draw runs of adjacent rows: rows are sorted, so adjacent rows share long
# prefixes, which a batch computes once. Runs are short because adjacent rows often have
# the same label.
RUN = 4


@dataclass(frozen=True)
class Batch:
    """Input of a training step: rows as tensors, with a plan of their prefixes."""

    plan: PrefixPlan  # of tensors
    node_weights: torch.Tensor  # (n_nodes,), float32, see `PrefixPlan.node_weights`
    labels: torch.Tensor  # (n,), int64, indices of classes
    weights: torch.Tensor  # (n,), float32
    ngrams: Bags | None
    words: torch.Tensor | None  # (n, n_classes), float32, the logits of the words

    @classmethod
    def of(cls, rows, share=None, device="cpu"):
        """Plan the prefixes of rows, and create tensors on a device."""

        def tensor(array):
            return torch.from_numpy(array).to(device)

        if share is None:
            share = len(rows) >= MIN_ROWS_TO_SHARE
        plan = plan_prefixes(rows.codes, share=share)
        node_weights = plan.node_weights(rows.weights).astype(np.float32)
        plan = replace(
            plan,
            symbols=tensor(plan.symbols.astype(np.int64)),
            parents=tensor(plan.parents),
            ends=tensor(plan.ends),
        )
        return cls(
            plan=plan,
            node_weights=tensor(node_weights),
            labels=tensor(rows.labels),
            weights=tensor(rows.weights),
            ngrams=None if rows.ngrams is None else Bags.of(rows.ngrams, device),
            words=None if rows.words is None else tensor(rows.words),
        )

    def __len__(self):
        return len(self.labels)


@dataclass(eq=False)
class Batches:
    """Iterate over rows in batches.

    With `random_state`, each iteration has a new random order.
    """

    rows: Any
    batch_size: int
    random_state: np.random.RandomState | None = None
    unknown: int = 0  # the code of the unknown symbol
    symbol_dropout: float = 0.0  # probability of replacing a symbol by the unknown one
    device: str = "cpu"
    # (n_classes,), labels for scoring callbacks; with None, they receive indices
    classes: np.ndarray | None = None

    def __len__(self):
        return -(-len(self.rows) // self.batch_size)

    def __iter__(self):
        order = np.arange(len(self.rows))
        if self.random_state is not None:
            # Small batches do not share prefixes.
            length = RUN if self.batch_size >= MIN_ROWS_TO_SHARE else 1
            order = runs_in_random_order(len(order), length, self.random_state)
        for start in range(0, len(order), self.batch_size):
            rows = self.rows.select(order[start : start + self.batch_size])
            if self.random_state is not None and self.symbol_dropout:
                # Drop symbols before shared prefixes are merged.
                codes = rows.codes.copy()
                chances = self.random_state.random_sample(codes.shape)
                codes[(chances < self.symbol_dropout) & (codes != 0)] = self.unknown
                rows = replace(rows, codes=codes)
            labels = rows.labels
            if self.classes is not None:
                labels = self.classes[labels]
            yield Batch.of(rows, device=self.device), labels


def runs_in_random_order(n, length, rng):
    """Return the indices 0 to n - 1 as runs of adjacent indices, in random order.

    The first and the last run may be shorter than `length`.
    """
    run = (np.arange(n) + rng.randint(length)) // length
    return np.argsort(rng.permutation(run[-1] + 1)[run], kind="stable")
