"""AdamW that updates only the n-gram weights that occur in a batch."""

from math import sqrt

import torch


class AdamWWithSparse(torch.optim.Optimizer):
    """`torch.optim.AdamW`, with lazy Adam for groups with ``"sparse": True``.

    Lazy Adam updates only the rows in the gradient, without weight decay. The result
    equals that of `torch.optim.SparseAdam`, in half the time. Both parts use the
    parameter groups and the state of this optimizer, so that learning rate schedules
    and saved states cover both.
    """

    def __init__(self, params, lr, weight_decay):
        defaults = {
            "lr": lr,
            "betas": (0.9, 0.999),
            "eps": 1e-8,
            "weight_decay": weight_decay,
            "sparse": False,
        }
        super().__init__(params, defaults)
        self._share()

    def __setstate__(self, state):
        super().__setstate__(state)
        self._share()

    def _share(self):
        """Create the AdamW of the dense groups, which shares the state of self."""
        dense = [group for group in self.param_groups if not group["sparse"]]
        self.adamw = torch.optim.AdamW(dense, fused=True) if dense else None
        if dense:
            self.adamw.state = self.state

    @torch.no_grad()
    def step(self, closure):
        """Compute the loss and its gradients, and update all parameters."""
        with torch.enable_grad():
            loss = closure()
        if self.adamw is not None:
            self.adamw.step()
        sparse_groups = [group for group in self.param_groups if group["sparse"]]
        for group in sparse_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:  # a callback may have frozen it
                    self._move_rows(parameter, group)
        return loss

    def _move_rows(self, parameter, group):
        """Apply Adam (Kingma and Ba 2015) to the rows in the gradient."""
        gradient = parameter.grad
        rows = gradient._indices()[0]
        # Rows are usually sorted and distinct, and `coalesce` is slow.
        if not (rows[1:] > rows[:-1]).all():
            gradient = gradient.coalesce()
            rows = gradient._indices()[0]
        gradient = gradient._values()
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state["mean"] = torch.zeros_like(parameter)
            state["mean_of_squares"] = torch.zeros_like(parameter)
        state["step"] += 1
        beta_1, beta_2 = group["betas"]
        mean = _average(state["mean"], rows, gradient, beta_1)
        mean_of_squares = _average(
            state["mean_of_squares"], rows, gradient * gradient, beta_2
        )
        # Bias correction, because running averages start at 0.
        correction = sqrt(1 - beta_2 ** state["step"]) / (1 - beta_1 ** state["step"])
        move = mean.div_(mean_of_squares.sqrt_().add_(group["eps"]))
        move.mul_(-group["lr"] * correction)
        parameter.index_copy_(0, rows, parameter.index_select(0, rows).add_(move))


def _average(average, rows, new, beta):
    """Update rows of a running average with new values, and return these rows."""
    moved = average.index_select(0, rows)
    moved.add_((new - moved).mul_(1 - beta))
    average.index_copy_(0, rows, moved)
    return moved
