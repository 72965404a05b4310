"""What training minimizes."""

import torch
from torch.nn import functional as F


class Loss(torch.nn.Module):
    """Cross-entropy of the classes, and of the symbol that follows each prefix.

    Parameters
    ----------
    prior : ndarray of shape (n_classes,)
        Added to the logits in training: a multiple of the log class frequencies (logit adjustment,
        Menon et al. 2021).
    label_doubt : float
        See `NameNationalityClassifier`.
    """

    def __init__(self, prior, label_doubt=0.0):
        super().__init__()
        self.label_doubt = label_doubt
        self.register_buffer("prior", torch.as_tensor(prior, dtype=torch.float32))

    def forward(self, logits, batch, training=False):
        """Weighted cross-entropy of logits (n, n_classes) a row."""
        if training:
            logits = logits + self.prior
        losses = F.cross_entropy(logits, batch.labels, reduction="none")
        if training and self.label_doubt:
            # (1 - p^q) / q of the label's probability p
            losses = -torch.expm1(-self.label_doubt * losses) / self.label_doubt
        return (losses * batch.weights).sum() / len(batch)

    @staticmethod
    def next_symbol(logits, batch, places=None):
        """Mean cross-entropy of the next symbol, or the end, over all symbols of all rows.

        The rows' symbols are the nodes below a node and, for the rows that end there, the end (0).
        `places` are the columns of the nodes' symbols, by default their codes; 0 is the end's.
        """
        plan = batch.plan
        places = plan.symbols if places is None else places
        log_probabilities = F.log_softmax(logits, dim=1)  # (N, K)
        symbols = log_probabilities[plan.parents[1:], places[1:]] @ batch.node_weights[1:]
        ends = log_probabilities[plan.ends, 0] @ batch.weights
        total = batch.node_weights[1:].sum() + batch.weights.sum()
        # Weights may be so small that all of a batch are 0 in float32.
        return -(symbols + ends) / total.clamp_min(torch.finfo(total.dtype).tiny)
