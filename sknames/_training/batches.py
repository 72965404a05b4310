"""Make batches of tensors from rows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from .._network.prefixes import PrefixPlan, plan_prefixes
from .bags import Bags

# Below this many rows, finding shared prefixes takes longer than computing them twice.
MIN_ROWS_TO_SHARE = 64
# Rows are sorted, so neighbours share long prefixes, which a batch computes once. So
# batches draw runs of neighbours, short ones, since neighbours often have the same
# label.
RUN = 4


@dataclass(frozen=True)
class Batch:
    """Hold rows as tensors with their plan of prefixes, to input to a training step."""

    plan: PrefixPlan
    node_weights: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    ngrams: Bags | None
    words: torch.Tensor | None

    @classmethod
    def of(cls, rows, share=None):
        """Plan the prefixes of rows and make tensors."""
        share = len(rows) >= MIN_ROWS_TO_SHARE if share is None else share
        plan = plan_prefixes(rows.codes, share=share)
        node_weights = torch.from_numpy(
            plan.node_weights(rows.weights).astype(np.float32)
        )
        ngrams = None if rows.ngrams is None else Bags.of(*rows.ngrams)
        plan = replace(
            plan,
            symbols=torch.from_numpy(plan.symbols.astype(np.int64)),
            parents=torch.from_numpy(plan.parents),
            ends=torch.from_numpy(plan.ends),
        )
        labels, weights = torch.from_numpy(rows.labels), torch.from_numpy(rows.weights)
        words = None if rows.words is None else torch.from_numpy(rows.words)
        return cls(plan, node_weights, labels, weights, ngrams, words)

    def __len__(self):
        return len(self.labels)

    def to(self, device):
        """Move to another device."""
        names = ("symbols", "parents", "ends")
        plan = replace(
            self.plan, **{name: getattr(self.plan, name).to(device) for name in names}
        )
        others = self.node_weights, self.labels, self.weights, self.ngrams, self.words
        return Batch(plan, *(None if x is None else x.to(device) for x in others))


@dataclass(eq=False)
class Batches:
    """Iterate over rows in whole batches.

    With `random_state`, the order is new and random each time.
    """

    rows: Any
    batch_size: int
    random_state: np.random.RandomState | None = None
    unknown: int = 0  # the code of the unknown symbol
    symbol_dropout: float = (
        0.0  # probability of replacing a symbol by it, before prefixes merge
    )
    device: str = "cpu"
    classes: np.ndarray | None = (
        None  # the labels that scoring callbacks read; None gives indices
    )

    def __len__(self):
        return -(-len(self.rows) // self.batch_size)

    def __iter__(self):
        n, rng = len(self.rows), self.random_state
        length = (
            RUN if self.batch_size >= MIN_ROWS_TO_SHARE else 1
        )  # small batches share nothing
        order = np.arange(n) if rng is None else runs_in_random_order(n, length, rng)
        for start in range(0, n, self.batch_size):
            rows = self.rows.take(order[start : start + self.batch_size])
            if rng is not None and self.symbol_dropout:
                chances = rng.random_sample(rows.codes.shape)
                dropped = (chances < self.symbol_dropout) & (rows.codes != 0)
                codes = np.where(
                    dropped, rows.codes.dtype.type(self.unknown), rows.codes
                )
                rows = replace(rows, codes=codes)
            labels = rows.labels if self.classes is None else self.classes[rows.labels]
            yield Batch.of(rows).to(self.device), labels


def runs_in_random_order(n, length, rng):
    """Return the indices below n as runs of neighbours in random order.

    The first run may be short.
    """
    run = (np.arange(n) + rng.randint(length)) // length
    return np.argsort(rng.permutation(run[-1] + 1)[run], kind="stable")
