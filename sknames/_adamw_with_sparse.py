"""An optimizer whose step costs as much as the batch has n-grams, however many there are in all."""

import torch


class AdamWWithSparse(torch.optim.Optimizer):
    """`torch.optim.AdamW`, and `torch.optim.SparseAdam` for parameters with sparse gradients.

    Of the latter, only the rows that are in the gradient move; their moments wait until then, and
    they are not decayed. Both read and count in the groups of this optimizer, so that a schedule
    of the learning rate moves both.

    Parameters
    ----------
    params : iterable of dict
        Groups of parameters. Those of a group with ``"sparse": True`` have sparse gradients.
    lr : float
    weight_decay : float
    """

    def __init__(self, params, lr, weight_decay):
        defaults = {"lr": lr, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": weight_decay}
        super().__init__(params, defaults | {"sparse": False})
        sparse = [group for group in self.param_groups if group["sparse"]]
        dense = [group for group in self.param_groups if not group["sparse"]]
        self.parts = []
        if dense:
            self.parts.append(torch.optim.AdamW(dense, fused=True))
        if sparse:
            self.parts.append(torch.optim.SparseAdam(sparse))

    def step(self, closure):
        """Compute the loss and its gradients, and move all parameters."""
        loss = closure()
        for part in self.parts:
            part.step()
        return loss
