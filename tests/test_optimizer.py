"""The optimizer: AdamW, and lazy Adam for sparse gradients."""

import copy
import pickle
from functools import partial

import pytest
import torch
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR

from sknames._training.optimizer import AdamWWithSparse

N = 30
WIDTH = 4


def train(make_optimizer, *, sparse, n_steps=12, rows=N):
    """The weights after some steps that each read five of the first `rows` rows."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(N, WIDTH, generator=generator))
    optimizer = make_optimizer(weight)
    schedule = OneCycleLR(optimizer, max_lr=0.1, total_steps=n_steps)
    for step in range(n_steps):
        index = torch.randint(rows, (5,), generator=generator)
        if step % 2:
            index = index.sort().values  # rows that repeat may be sorted
        target = torch.randn(5, WIDTH, generator=generator)

        def closure(index=index, target=target):
            optimizer.zero_grad()
            loss = F.mse_loss(F.embedding(index, weight, sparse=sparse), target)
            loss.backward()
            return loss

        assert optimizer.step(closure).requires_grad
        schedule.step()
    return weight.detach()


def ours(weight, sparse):
    group = {"params": [weight], "sparse": sparse}
    return AdamWWithSparse([group], lr=1.0, weight_decay=0.3)


def sparse_adam(weight):
    return torch.optim.SparseAdam([weight])


def adamw(weight):
    return torch.optim.AdamW([weight], weight_decay=0.3)


def test_optimizer_with_sparse_gradients_equals_sparse_adam():
    found = train(partial(ours, sparse=True), sparse=True)
    theirs = train(sparse_adam, sparse=True)
    assert torch.equal(found, theirs)


def test_optimizer_with_dense_gradients_equals_adamw():
    found = train(partial(ours, sparse=False), sparse=False)
    theirs = train(adamw, sparse=False)
    torch.testing.assert_close(found, theirs, rtol=0, atol=1e-6)


def load_state(optimizer, copied):
    """Load an optimizer's state into a new one of the same groups, without steps."""
    groups = [{**group, "lr": 9.0} for group in copied.param_groups]
    new = AdamWWithSparse(groups, lr=1.0, weight_decay=0.0)
    new.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    return new


def pickle_and_load(optimizer, copied):
    return pickle.loads(pickle.dumps(copied))


def move(optimizer, lr, factor):
    """Take a step, and return the table and the bias after it."""
    table, bias = (group["params"][0] for group in optimizer.param_groups)
    for group in optimizer.param_groups:
        group["lr"] = lr

    def closure():
        optimizer.zero_grad()
        rows = F.embedding(torch.arange(3), table, sparse=True)
        loss = (rows * factor + bias).square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return table.detach(), bias.detach()


@pytest.mark.parametrize("reload", [load_state, pickle_and_load])
def test_loaded_optimizer_continues_identically(reload):
    table = torch.nn.Parameter(torch.ones(6, 2))
    bias = torch.nn.Parameter(torch.ones(1, 2))
    groups = [{"params": [table], "sparse": True}, {"params": [bias]}]
    optimizer = AdamWWithSparse(groups, lr=0.1, weight_decay=0.5)
    table_after, bias_after = move(optimizer, 0.1, 2)
    assert (table_after[:3] < 1).all()
    assert (table_after[3:] == 1).all()
    assert (bias_after < 1).all()

    loaded = reload(optimizer, copy.deepcopy(optimizer))
    table_loaded, bias_loaded = move(loaded, 0.05, 3)

    table_after, bias_after = move(optimizer, 0.05, 3)
    assert torch.equal(table_loaded, table_after)
    assert torch.equal(bias_loaded, bias_after)
