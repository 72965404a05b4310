"""The training loss."""

import torch
from torch.nn import functional as F


class Loss(torch.nn.Module):
    """Cross-entropy of the classes, and of the symbol after each prefix.

    In training, `prior`, a multiple of the log class frequencies, is added to the
    logits (logit adjustment, Menon et al. 2021). `gce_q` is the exponent q of the
    generalized cross-entropy (Zhang and Sabuncu 2018), in which improbable labels have
    smaller gradients: 0 is the cross-entropy, and 1 the mean absolute error.
    """

    def __init__(self, prior, gce_q):
        super().__init__()
        self.gce_q = gce_q
        self.register_buffer("prior", torch.as_tensor(prior, dtype=torch.float32))

    def forward(self, logits, batch, training=False):
        """Return the mean weighted cross-entropy of logits (n, n_classes)."""
        if training:
            logits = logits + self.prior
        losses = F.cross_entropy(logits, batch.labels, reduction="none")
        if training and self.gce_q:
            # (1 - p^q) / q for the label's probability p
            losses = -torch.expm1(-self.gce_q * losses) / self.gce_q
        return (losses * batch.weights).sum() / len(batch)

    @staticmethod
    def next_symbol(logits, batch, columns=None):
        """Return the mean cross-entropy of the next symbol over all positions.

        The next symbols of a node are those of its children and, for rows that end at
        the node, the end symbol (0). `columns` (N,) are the columns of `logits` for
        the symbols of the nodes; by default, they are the codes.
        """
        plan = batch.plan
        if columns is None:
            columns = plan.symbols
        weights = batch.node_weights[1:]  # without the root, which is never predicted
        log_probabilities = F.log_softmax(logits, dim=1)  # (N, K)
        symbols = log_probabilities[plan.parents[1:], columns[1:]] @ weights
        ends = log_probabilities[plan.ends, 0] @ batch.weights
        total = weights.sum() + batch.weights.sum()
        # In float32, all weights of a batch may be 0.
        return -(symbols + ends) / total.clamp_min(torch.finfo(total.dtype).tiny)
