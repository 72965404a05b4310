"""The network in torch: cells written from scratch, run over the tree of prefixes of a batch.

A cell says what one step does, and what it does to gradients. `Scan` takes the steps depth by
depth, for all prefixes of one length at once, so that no step ever reads padding and equal prefixes
are computed once. The backward pass is written by hand: autograd would record each step by itself
and take about half as long again.
"""

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from .._network.ngrams import NGRAM_SCALE
from .bags import SumOfBags
from .torch_settings import DRAWING

# A tensor: a number as an operand is converted each time, which takes as long again.
MINUS_ONE = torch.tensor(-1.0)


def tanh(x):
    """2 sigmoid(2x) - 1: torch's own tanh takes up to five times as long as its sigmoid."""
    return torch.add(MINUS_ONE, (x + x).sigmoid_(), alpha=2)


def tanh_backward(d_y, y, d_x):
    """Write d_y (1 - y^2), the gradient of x if y = tanh(x), into d_x."""
    torch.addcmul(d_y, d_y * y, y, value=-1, out=d_x)


def sigmoid_backward(d_y, y, d_x):
    """Write d_y y (1 - y), the gradient of x if y = sigmoid(x), into d_x."""
    torch.ops.aten.sigmoid_backward.grad_input(d_y, y, grad_input=d_x)


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


def linear(x, weight, bias):
    """W x + b, for the identity (x is None) without a product that takes the square of its size."""
    return weight.t().contiguous() + bias if x is None else F.linear(x, weight, bias)


class Cell(nn.Module):
    """What `Scan` asks of a cell, and the parameters of `torch.nn`'s cells.

    inputs(x)
        The part of a step that does not depend on the state, for inputs x (R, I): (R, K). It is
        computed for all steps at once; for `step` and `step_backward`, x_t (B, K) is this part.
        None stands for the identity: all one-hot inputs.
    step(x_t, h_prev, recurrent)
        h_t (B, H) after h_prev (B, H), and a tuple of what else `step_backward` is to have.
        `recurrent` is W_hh transposed, (H, G). It serves to add h_prev @ recurrent to the first G
        columns of x_t, so that the gradient of W_hh can be told from theirs.
    step_backward(d_h_t, h_t, h_prev, kept, weight_hh, d_x_t)
        From the gradient of h_t (B, H), write that of x_t into d_x_t (B, K) and return that of
        h_prev (B, H).
    """

    def __init__(self, input_size, hidden_size, n_gates):
        super().__init__()
        self.hidden_size = hidden_size
        bound = 1 / math.sqrt(hidden_size)
        for name, shape in [
            ("weight_ih", (n_gates * hidden_size, input_size)),
            ("weight_hh", (n_gates * hidden_size, hidden_size)),
            ("bias_ih", (n_gates * hidden_size,)),
            ("bias_hh", (n_gates * hidden_size,)),
        ]:
            self.register_parameter(name, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))


class RNNCell(Cell):
    """One step of an Elman network (Elman 1990).

    h_t = f(W_ih x_t + b_ih + W_hh h_prev + b_hh), the parameters as in `torch.nn.RNNCell`.

    Parameters
    ----------
    input_size, hidden_size : int
    nonlinearity : {"tanh", "sigmoid"}, default="tanh"
    """

    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__(input_size, hidden_size, n_gates=1)
        self.nonlinearity = nonlinearity
        if nonlinearity == "tanh":
            nn.init.orthogonal_(self.weight_hh)

    def inputs(self, x):
        """W_ih x + b_ih + b_hh, (R, H)."""
        return linear(x, self.weight_ih, self.bias_ih + self.bias_hh)

    def step(self, x_t, h_prev, recurrent):
        """h_t; the step back needs no more."""
        pre = torch.addmm(x_t, h_prev, recurrent)  # (B, H)
        h_t = tanh(pre) if self.nonlinearity == "tanh" else torch.sigmoid(pre)  # (B, H)
        return h_t, ()

    def step_backward(self, d_h_t, h_t, h_prev, kept, weight_hh, d_x_t):
        """d_x_t is the gradient of f's argument."""
        f_backward = tanh_backward if self.nonlinearity == "tanh" else sigmoid_backward
        f_backward(d_h_t, h_t, d_x_t)  # (B, H)
        return d_x_t @ weight_hh  # (B, H)


class GRUCell(Cell):
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
        super().__init__(input_size, hidden_size, n_gates=3)

    def inputs(self, x):
        """What is added in reset, in update, to W_hn h_prev, and in new, side by side: (R, 4H)."""
        sizes = 2 * self.hidden_size, self.hidden_size
        b_reset_update, b_new = self.bias_hh.split(sizes)  # (2H,), (H,)
        gates = linear(x, self.weight_ih, self.bias_ih)  # (R, 3H)
        x_reset_update, x_new = gates.split(sizes, dim=1)  # (R, 2H), (R, H)
        parts = [x_reset_update + b_reset_update, b_new.expand_as(x_new), x_new]
        return torch.cat(parts, dim=1)  # (R, 4H)

    def step(self, x_t, h_prev, recurrent):
        """h_t, and the gates; h_new is W_hn h_prev + b_hn."""
        size = self.hidden_size
        x_gates, x_new = x_t.split([3 * size, size], dim=1)  # (B, 3H), (B, H)
        gates = torch.addmm(x_gates, h_prev, recurrent)  # (B, 3H)
        gates[:, : 2 * size].sigmoid_()  # (B, 2H), in place, to keep less for the step back
        reset, update, h_new = gates.chunk(3, dim=1)  # (B, H) each
        new = tanh(torch.addcmul(x_new, reset, h_new))  # (B, H)
        h_t = torch.lerp(new, h_prev, update)  # (B, H)
        return h_t, (reset, update, h_new, new)

    def step_backward(self, d_h_t, h_t, h_prev, kept, weight_hh, d_x_t):
        """d_reset, d_update and d_new are the gradients of the arguments of sigmoid and tanh."""
        reset, update, h_new, new = kept  # (B, H) each
        d_reset, d_update, d_h_new, d_new = d_x_t.chunk(4, dim=1)  # (B, H) each
        d_h_prev = d_h_t * update  # (B, H)
        tanh_backward(d_h_t - d_h_prev, new, d_new)  # (B, H)
        sigmoid_backward((h_prev - new).mul_(d_h_t), update, d_update)  # (B, H)
        torch.mul(d_new, reset, out=d_h_new)  # (B, H)
        sigmoid_backward(d_new * h_new, reset, d_reset)  # (B, H)
        return d_h_prev.addmm_(d_x_t[:, : 3 * self.hidden_size], weight_hh)  # (B, H)


CELLS = {
    "gru": GRUCell,
    "rnn": RNNCell,
    "sigmoid_rnn": partial(RNNCell, nonlinearity="sigmoid"),
}


def cut(plan, *tensors):
    """The parts of tensors (N, ...) at each depth: a list of tuples.

    A slice for each would take as long as an operation of a step.
    """
    sizes = [last - first for first, last in plan.levels()]
    return list(zip(*(tensor.split([1, *sizes]) for tensor in tensors), strict=True))[1:]


class Scan(torch.autograd.Function):
    """The states of all nodes of a plan (N, H), given their x_t (N, K): the loop over depths.

    A node's state is one step from its parent's; the root's is 0. Backward, from the last depth:
    the gradient of a state is whole once its children have added theirs.
    """

    @staticmethod
    def forward(ctx, x, weight_hh, plan, cell):
        """`weight_hh` is the cell's own: autograd gives gradients to arguments only."""
        recurrent = weight_hh.t().contiguous()  # (H, G), a copy multiplies faster than a view
        states = x.new_empty(len(x), cell.hidden_size)  # (N, H)
        states[0] = 0
        saved = []
        for x_t, parents, out in cut(plan, x, plan.parents, states):
            h_prev = states.index_select(0, parents)  # (B, H)
            h_t, kept = cell.step(x_t, h_prev, recurrent)
            out.copy_(h_t)
            saved += kept
        ctx.save_for_backward(weight_hh, states, *saved)
        ctx.plan, ctx.cell, ctx.n_columns = plan, cell, x.shape[1]
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_states):
        """All d_x_t are kept, so that the gradient of W_hh is one product."""
        weight_hh, states, *saved = ctx.saved_tensors
        parents = ctx.plan.parents
        before = states.index_select(0, parents)  # (N, H)
        d_states = grad_states.clone()  # (N, H)
        d_x = d_states.new_empty(len(states), ctx.n_columns)  # (N, K)
        d_x[0] = 0
        levels = cut(ctx.plan, parents, d_states, states, before, d_x)
        n_kept = len(saved) // max(1, len(levels))
        for k, (parents_t, d_h_t, h_t, h_prev, d_x_t) in reversed(list(enumerate(levels))):
            kept = saved[k * n_kept : (k + 1) * n_kept]
            d_h_prev = ctx.cell.step_backward(d_h_t, h_t, h_prev, kept, weight_hh, d_x_t)
            d_states.index_add_(0, parents_t, d_h_prev)
        return d_x, d_x[:, : len(weight_hh)].t() @ before, None, None


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
        one_hot = self.embedding is None
        x = None if one_hot else self.embedding_dropout(self.embedding)  # (n_codes, E)
        first, *above = self.cells
        inputs = first.inputs(x)  # (n_codes, K), once a symbol rather than once a node
        inputs = inputs.index_select(0, plan.symbols)  # (N, K)
        states = Scan.apply(inputs, first.weight_hh, plan, first)  # (N, H)
        for cell in above:
            states = Scan.apply(cell.inputs(states), cell.weight_hh, plan, cell)  # (N, H)
        return states

    def forward(self, plan, ngrams=None):
        """Compute the logits of rows.

        Parameters
        ----------
        plan : PrefixPlan of tensors
        ngrams : Bags or None
            The n-grams of the rows.

        Returns
        -------
        logits : tensor of shape (n_rows, n_classes)
        states : tensor of shape (n_nodes, hidden_size)
        """
        states = self.states(plan)
        logits = self.output(self.dropout(states.index_select(0, plan.ends)))  # (n, C)
        if self.ngram_weight is not None:
            values = self.ngram_dropout(ngrams.values) * NGRAM_SCALE
            logits = logits + SumOfBags.apply(self.ngram_weight, values, ngrams)  # (n, C)
        return logits, states

    def next_symbol_logits(self, states, codes=None):
        """Logits of the symbol that follows each prefix, 0 for the end: (N, n_codes), or (N, K) of
        the K given codes alone."""
        weight, bias = self.next_symbol.weight, self.next_symbol.bias
        if codes is not None:
            weight, bias = weight.index_select(0, codes), bias.index_select(0, codes)
        return F.linear(self.dropout(states), weight, bias)
