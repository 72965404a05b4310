"""Compute the loss of training."""

import torch
from torch.nn import functional as F


class Loss(torch.nn.Module):
    """Compute the cross-entropy of the classes, and of the symbol after each prefix.

    Training adds `prior`, a multiple of the log class frequencies, to the logits (logit
    adjustment, Menon et al. 2021). `gce_q` is the exponent q of the generalized
    cross-entropy (Zhang and Sabuncu 2018), which learns less from improbable labels: 0
    is the cross-entropy, 1 the mean absolute error.
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
        """Return the mean cross-entropy, over all symbols, of the next one or the end.

        The symbols that follow a node are its children and, for rows that end there,
        the end (0). `columns` (N,) are those of the nodes' symbols, by default their
        codes; 0 is the end.
        """
        plan = batch.plan
        if columns is None:
            columns = plan.symbols
        weights = batch.node_weights[1:]  # without the root, which follows nothing
        log_probabilities = F.log_softmax(logits, dim=1)  # (N, K)
        symbols = log_probabilities[plan.parents[1:], columns[1:]] @ weights
        ends = log_probabilities[plan.ends, 0] @ batch.weights
        total = weights.sum() + batch.weights.sum()
        # All weights of a batch may be 0 in float32.
        return -(symbols + ends) / total.clamp_min(torch.finfo(total.dtype).tiny)
