"""The network in torch: cells written from scratch, run over the tree of prefixes of a batch.

A cell says what one step does. `RecurrentNet` takes the steps depth by depth, for all prefixes of
one length at once, so that no step ever reads padding and equal prefixes are computed once. The
backward pass of the whole sequence is written by hand in one `torch.autograd.Function` a cell:
autograd would record each step by itself and take about half as long again.
"""

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from ._ngrams import NGRAM_SCALE
from ._torch_settings import DRAWING


def tanh(x):
    """2 sigmoid(2x) - 1: torch's own tanh takes up to five times as long as its sigmoid."""
    return torch.sigmoid(2 * x).mul_(2).sub_(1)


class Dropout(nn.Module):
    """Dropout that takes its randomness from single bytes.

    torch draws a number for each element, which takes longer than the rest of a layer; one number
    of 64 bits serves eight elements. The probability is rounded to a multiple of 1/256: to 0 only
    if it is 0, and never to 1, which would keep nothing.
    """

    def __init__(self, p):
        super().__init__()
        self.n_dropped = min(max(round(256 * p), 1), 255) if p else 0

    def forward(self, x):
        """Drop elements of x in training, and scale the others so that the mean stays."""
        if not self.training or not self.n_dropped:
            return x
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device)
        low, high = torch.iinfo(torch.int64).min, torch.iinfo(torch.int64).max
        with DRAWING:
            words.random_(low, high)
        keep = words.view(torch.uint8)[: x.numel()].view(x.shape) >= self.n_dropped
        return x * (keep * (256 / (256 - self.n_dropped)))


class RNNCell(nn.Module):
    """One step of an Elman network (Elman 1990).

    h_t = f(W_ih x_t + b_ih + W_hh h_prev + b_hh), the parameters as in `torch.nn.RNNCell`.

    Parameters
    ----------
    input_size, hidden_size : int
    nonlinearity : {"tanh", "sigmoid"}, default="tanh"
    """

    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.nonlinearity = nonlinearity
        _add_parameters(self, input_size, hidden_size, n_gates=1)
        if nonlinearity == "tanh":
            nn.init.orthogonal_(self.weight_hh)

    def forward(self, x_t, h_prev):
        """Return h_t (B, H) after x_t (B, I), from h_prev (B, H)."""
        pre = F.linear(x_t, self.weight_ih, self.bias_ih) + F.linear(
            h_prev, self.weight_hh, self.bias_hh
        )
        return tanh(pre) if self.nonlinearity == "tanh" else torch.sigmoid(pre)

    def inputs(self, x):
        """What a step adds to the recurrent part, for inputs x (R, I): (R, H)."""
        return F.linear(x, self.weight_ih, self.bias_ih + self.bias_hh)

    def scan(self, inputs, rows, plan):
        """States of all nodes of the plan (N, H), see `_RNNScan`."""
        return _RNNScan.apply(inputs, rows, self.weight_hh, plan, self.nonlinearity)


class GRUCell(nn.Module):
    """One step of a gated recurrent unit (Cho et al. 2014).

    reset  = sigmoid(W_ir x_t + b_ir + W_hr h_prev + b_hr)
    update = sigmoid(W_iz x_t + b_iz + W_hz h_prev + b_hz)
    new    = tanh(W_in x_t + b_in + reset * (W_hn h_prev + b_hn))
    h_t    = (1 - update) * new + update * h_prev, the parameters as in `torch.nn.GRUCell`.

    Parameters
    ----------
    input_size, hidden_size : int
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        _add_parameters(self, input_size, hidden_size, n_gates=3)

    def forward(self, x_t, h_prev):
        """Return h_t (B, H) after x_t (B, I), from h_prev (B, H)."""
        x_reset, x_update, x_new = F.linear(x_t, self.weight_ih, self.bias_ih).chunk(3, dim=1)
        h_reset, h_update, h_new = F.linear(h_prev, self.weight_hh, self.bias_hh).chunk(3, dim=1)
        reset = torch.sigmoid(x_reset + h_reset)  # (B, H)
        update = torch.sigmoid(x_update + h_update)  # (B, H)
        new = tanh(x_new + reset * h_new)  # (B, H)
        return torch.lerp(new, h_prev, update)  # (B, H)

    def inputs(self, x):
        """What x (R, I) adds to reset, update, the recurrent part of new, and new: (R, 4H)."""
        size = self.hidden_size
        gates = F.linear(x, self.weight_ih, self.bias_ih)  # (R, 3H)
        reset_update = gates[:, : 2 * size] + self.bias_hh[: 2 * size]
        new = self.bias_hh[2 * size :].expand(len(x), size)
        return torch.cat([reset_update, new, gates[:, 2 * size :]], dim=1)  # (R, 4H)

    def scan(self, inputs, rows, plan):
        """States of all nodes of the plan (N, H), see `_GRUScan`."""
        return _GRUScan.apply(inputs, rows, self.weight_hh, plan)


CELLS = {
    "gru": GRUCell,
    "rnn": RNNCell,
    "sigmoid_rnn": partial(RNNCell, nonlinearity="sigmoid"),
}


def _add_parameters(cell, input_size, hidden_size, n_gates):
    bound = 1 / math.sqrt(hidden_size)
    for name, shape in [
        ("weight_ih", (n_gates * hidden_size, input_size)),
        ("weight_hh", (n_gates * hidden_size, hidden_size)),
        ("bias_ih", (n_gates * hidden_size,)),
        ("bias_hh", (n_gates * hidden_size,)),
    ]:
        cell.register_parameter(name, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))


class _RNNScan(torch.autograd.Function):
    """h = f(inputs[rows] + h_prev U) over a plan, with U = W_hh transposed.

    Backward, with dh the gradient of a state from everything above it: da = dh f'(a), where f' is
    1 - h^2 for tanh and h (1 - h) for sigmoid; the parent gains da W_hh. da of all nodes is kept,
    so that dW_hh = da^T h_prev is one product, and the gradient of `inputs` one sum by rows.
    """

    @staticmethod
    def forward(ctx, inputs, rows, weight_hh, plan, nonlinearity):
        recurrent = weight_hh.t().contiguous()  # (H, H)
        nodes = inputs if rows is None else inputs.index_select(0, rows)  # (N, H)
        states = inputs.new_zeros(len(plan.symbols), weight_hh.shape[1])  # (N, H)
        before = torch.zeros_like(states)  # (N, H), the parents' states
        for first, last in plan.levels():
            h_prev = torch.index_select(states, 0, plan.parents[first:last], out=before[first:last])
            pre = torch.addmm(nodes[first:last], h_prev, recurrent)  # (B, H)
            if nonlinearity == "tanh":
                states[first:last] = tanh(pre)
            else:
                torch.sigmoid(pre, out=states[first:last])
        ctx.save_for_backward(rows, weight_hh, states, before)
        ctx.plan, ctx.nonlinearity, ctx.n_inputs = plan, nonlinearity, len(inputs)
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_states):
        rows, weight_hh, states, before = ctx.saved_tensors
        d_states = grad_states.clone()  # (N, H)
        slope = 1 - states**2 if ctx.nonlinearity == "tanh" else states * (1 - states)  # (N, H)
        d_pre = torch.zeros_like(d_states)  # (N, H)
        for first, last in reversed(list(ctx.plan.levels())):
            torch.mul(d_states[first:last], slope[first:last], out=d_pre[first:last])
            d_states.index_add_(0, ctx.plan.parents[first:last], d_pre[first:last] @ weight_hh)
        return _sum_rows(d_pre, rows, ctx.n_inputs), None, d_pre.t() @ before, None, None


class _GRUScan(torch.autograd.Function):
    """The recurrence of `GRUCell` over a plan; `inputs` are those of `GRUCell.inputs`, U = W_hh
    transposed.

    Forward keeps of every node the gates, hn = h_prev U_n + b_hn, n and h_prev. Backward, with dh
    the gradient of a state from everything above it (a the argument of a gate):

        da_n = dh (1 - z) (1 - n^2)      d_hn = da_n r      da_r = da_n hn r (1 - r)
        da_z = dh (h_prev - n) z (1 - z)
        the parent gains dh z + [da_r, da_z, d_hn] W_hh

    The factors of dh are computed for all nodes at once, only the products depth by depth.
    """

    @staticmethod
    def forward(ctx, inputs, rows, weight_hh, plan):
        size = weight_hh.shape[1]
        recurrent = weight_hh.t().contiguous()  # (H, 3H)
        nodes = inputs.clone() if rows is None else inputs.index_select(0, rows)  # (N, 4H)
        gates, new = nodes[:, : 3 * size], nodes[:, 3 * size :]  # (N, 3H), (N, H)
        states = inputs.new_zeros(len(plan.symbols), size)  # (N, H)
        before = torch.zeros_like(states)  # (N, H), the parents' states
        for first, last in plan.levels():
            h_prev = torch.index_select(states, 0, plan.parents[first:last], out=before[first:last])
            gate = gates[first:last].addmm_(h_prev, recurrent)  # (B, 3H)
            reset, update = gate[:, : 2 * size].sigmoid_().chunk(2, dim=1)  # (B, H) each
            n = new[first:last].addcmul_(reset, gate[:, 2 * size :])
            n.mul_(2).sigmoid_().mul_(2).sub_(1)
            torch.lerp(n, h_prev, update, out=states[first:last])
        ctx.save_for_backward(rows, weight_hh, nodes, before)
        ctx.plan, ctx.n_inputs = plan, len(inputs)
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_states):
        rows, weight_hh, nodes, before = ctx.saved_tensors
        size = weight_hh.shape[1]
        reset, update, hn, new = nodes.split(size, dim=1)  # (N, H) each
        keep = 1 - update
        for_new = (1 - new * new).mul_(keep)  # (N, H)
        for_update = (before - new).mul_(update).mul_(keep)  # (N, H)
        for_reset = (1 - reset).mul_(reset).mul_(hn)  # (N, H)
        d_states = grad_states.clone()  # (N, H)
        d_nodes = torch.empty_like(nodes)  # (N, 4H), as inputs
        d_nodes[0] = 0
        for first, last in reversed(list(ctx.plan.levels())):
            level = slice(first, last)
            dh = d_states[level]
            d_reset, d_update, d_hn, d_new = d_nodes[level].split(size, dim=1)
            torch.mul(dh, for_new[level], out=d_new)
            torch.mul(dh, for_update[level], out=d_update)
            torch.mul(d_new, reset[level], out=d_hn)
            torch.mul(d_new, for_reset[level], out=d_reset)
            d_prev = torch.addmm(dh * update[level], d_nodes[level, : 3 * size], weight_hh)
            d_states.index_add_(0, ctx.plan.parents[level], d_prev)
        d_weight = d_nodes[:, : 3 * size].t() @ before  # (3H, H)
        return _sum_rows(d_nodes, rows, ctx.n_inputs), None, d_weight, None


def _sum_rows(gradient, rows, n_rows):
    """The gradient of inputs from that of inputs[rows]."""
    if rows is None:
        return gradient
    return gradient.new_zeros(n_rows, gradient.shape[1]).index_add_(0, rows, gradient)


class RecurrentNet(nn.Module):
    """Symbols -> logits, of a recurrent net and of the n-grams together ("wide and deep", Cheng et
    al. 2016).

    Parameters
    ----------
    n_codes : int
        Number of codes that a row may hold: padding, the symbols, the unknown symbol.
    n_classes : int
    cell : {"gru", "rnn", "sigmoid_rnn"}
    hidden_size : int
    num_layers : int
    embedding_dim : int or None
        None stands for one-hot input: the first layer's input weights are then the embedding.
    n_ngrams : int
        Number of n-gram features, 0 for none.
    dropout, embedding_dropout, ngram_dropout : float
        Of the states that a linear layer reads, of the embedding, of the entries of n-gram vectors.
    """

    def __init__(
        self,
        *,
        n_codes,
        n_classes,
        cell,
        hidden_size,
        num_layers,
        embedding_dim,
        n_ngrams,
        dropout,
        embedding_dropout,
        ngram_dropout,
    ):
        super().__init__()
        self.dropout = Dropout(dropout)
        self.embedding_dropout = Dropout(embedding_dropout)
        self.ngram_dropout = Dropout(ngram_dropout)
        one_hot = embedding_dim is None
        self.embedding = None if one_hot else nn.Parameter(torch.randn(n_codes, embedding_dim))
        sizes = [n_codes if one_hot else embedding_dim] + [hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(CELLS[cell](size, hidden_size) for size in sizes)
        self.output = nn.Linear(hidden_size, n_classes)
        # The symbol after a prefix, or its end, which takes the place of padding.
        self.next_symbol = nn.Linear(hidden_size, n_codes)
        self.ngram_weight = nn.Parameter(torch.zeros(n_ngrams, n_classes)) if n_ngrams else None

    def states(self, plan):
        """The last layer's state after each prefix, (N, H)."""
        if self.embedding is None:
            eye = torch.eye(self.cells[0].weight_ih.shape[1], dtype=self.output.weight.dtype)
            x = eye.to(self.output.weight.device)
        else:
            x = self.embedding_dropout(self.embedding)  # (n_codes, E)
        states = self.cells[0].scan(self.cells[0].inputs(x), plan.symbols, plan)  # (N, H)
        for cell in self.cells[1:]:
            states = cell.scan(cell.inputs(states), None, plan)
        return states

    def forward(self, plan, ngrams=None):
        """Compute the logits of rows.

        Parameters
        ----------
        plan : PrefixPlan of tensors
        ngrams : tuple (features, starts, values) of tensors, or None
            The n-grams of each row: `torch.nn.functional.embedding_bag`'s input, offsets and
            per_sample_weights.

        Returns
        -------
        logits : tensor of shape (n_rows, n_classes)
        states : tensor of shape (n_nodes, hidden_size)
        """
        states = self.states(plan)
        logits = self.output(self.dropout(states.index_select(0, plan.ends)))  # (n, C)
        if self.ngram_weight is not None:
            features, starts, values = ngrams
            logits = logits + F.embedding_bag(
                features,
                self.ngram_weight,
                starts,
                mode="sum",
                per_sample_weights=self.ngram_dropout(values) * NGRAM_SCALE,
            )  # (n, C)
        return logits, states

    def next_symbol_logits(self, states):
        """Logits of the symbol that follows each prefix, (N, n_codes); 0 stands for the end."""
        return self.next_symbol(self.dropout(states))
