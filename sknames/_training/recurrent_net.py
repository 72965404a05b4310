"""The network in torch: recurrent cells that run over the prefix tree of a batch.

A cell defines one step and its gradients. `Scan` runs the steps depth by depth, for all
prefixes of one length at once. No step reads padding, and equal prefixes are computed
once. The backward pass is written by hand, because autograd would record each step and
take 50 % longer.
"""

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from .._network.ngrams import NGRAM_SCALE
from .bags import SumOfBags

# With more codes, a batch computes inputs and next-symbol logits only for codes that
# occur in the batch. For all codes, this would take longer than the rest of the net.
MANY_CODES = 128
MINUS_ONE = torch.tensor(-1.0)  # converting a float in each call takes twice as long


def tanh(x):
    """Return tanh(x) as 2 sigmoid(2x) - 1, up to five times as fast as torch's tanh."""
    return torch.add(MINUS_ONE, (x + x).sigmoid_(), alpha=2)


def tanh_backward(d_y, y, d_x):
    """Write d_y (1 - y^2), the gradient of x if y = tanh(x), into d_x."""
    torch.addcmul(d_y, d_y * y, y, value=-1, out=d_x)


def sigmoid_backward(d_y, y, d_x):
    """Write d_y y (1 - y), the gradient of x if y = sigmoid(x), into d_x."""
    torch.ops.aten.sigmoid_backward.grad_input(d_y, y, grad_input=d_x)


class Dropout(nn.Module):
    """Dropout that uses one random byte per element.

    A random 64-bit integer provides eight bytes. torch draws a random number for each
    element, which takes longer than the rest of a layer. The probability is rounded to
    a multiple of 1/256 between 1/256 and 255/256, unless it is 0.
    """

    def __init__(self, p):
        super().__init__()
        self.n_dropped = min(max(round(256 * p), 1), 255) if p else 0

    def forward(self, x):
        """Set random elements of x to 0 in training, and rescale the others."""
        if not self.training or not self.n_dropped:
            return x
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device)
        int64 = torch.iinfo(torch.int64)
        words.random_(int64.min, int64.max)
        keep = words.view(torch.uint8)[: x.numel()].view(x.shape) >= self.n_dropped
        return x * (keep * (256 / (256 - self.n_dropped)))


def linear(x, weight, bias):
    """Return W x + b; x = None stands for the identity matrix."""
    if x is None:
        return weight.t().contiguous() + bias
    return F.linear(x, weight, bias)


class Cell(nn.Module):
    """Base of cells, with the parameters of the cells of `torch.nn`.

    Subclasses define the methods that `Scan` calls:

    inputs(x)
        Return the part of a step that does not depend on the state, (R, K) for inputs x
        (R, I). It is computed for all steps at once; its rows for one step are x_t
        (B, K) below. None stands for all one-hot inputs.
    step(x_t, h_prev, recurrent)
        Return h_t (B, H), and a tuple of tensors to keep for `step_backward`.
        `recurrent` is W_hh transposed, (H, G). h_prev @ recurrent must be added to the
        first G columns of x_t, whose gradient then determines the gradient of W_hh.
    step_backward(d_h_t, h_t, h_prev, kept, weight_hh, d_x_t)
        From the gradient of h_t (B, H), write the gradient of x_t into d_x_t (B, K),
        and return the gradient of h_prev (B, H).
    """

    def __init__(self, input_size, hidden_size, n_gates):
        super().__init__()
        self.hidden_size = hidden_size
        bound = 1 / math.sqrt(hidden_size)
        size = n_gates * hidden_size
        self.weight_ih = _uniform((size, input_size), bound)
        self.weight_hh = _uniform((size, hidden_size), bound)
        self.bias_ih = _uniform((size,), bound)
        self.bias_hh = _uniform((size,), bound)


def _uniform(shape, bound):
    """Return a parameter drawn uniformly from -bound to bound."""
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


class RNNCell(Cell):
    """Elman network (Elman 1990) with f = tanh or sigmoid.

    h_t = f(W_ih x_t + b_ih + W_hh h_prev + b_hh), with the parameters of
    `torch.nn.RNNCell`.
    """

    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__(input_size, hidden_size, n_gates=1)
        self.nonlinearity = nonlinearity
        if nonlinearity == "tanh":
            # Preserves the norm of the state over many steps where tanh is near linear.
            nn.init.orthogonal_(self.weight_hh)

    def inputs(self, x):
        """Return W_ih x + b_ih + b_hh, (R, H)."""
        return linear(x, self.weight_ih, self.bias_ih + self.bias_hh)

    def step(self, x_t, h_prev, recurrent):
        """Return h_t, and an empty tuple."""
        activation = tanh if self.nonlinearity == "tanh" else torch.sigmoid
        h_t = activation(torch.addmm(x_t, h_prev, recurrent))  # (B, H)
        return h_t, ()

    def step_backward(self, d_h_t, h_t, h_prev, kept, weight_hh, d_x_t):
        """Write the gradient of the argument of f into d_x_t."""
        f_backward = tanh_backward if self.nonlinearity == "tanh" else sigmoid_backward
        f_backward(d_h_t, h_t, d_x_t)  # (B, H)
        return d_x_t @ weight_hh  # (B, H)


class GRUCell(Cell):
    """Gated recurrent unit (Cho et al. 2014).

    reset  = sigmoid(W_ir x_t + b_ir + W_hr h_prev + b_hr)
    update = sigmoid(W_iz x_t + b_iz + W_hz h_prev + b_hz)
    new    = tanh(W_in x_t + b_in + reset * (W_hn h_prev + b_hn))
    h_t    = (1 - update) * new + update * h_prev

    The parameters are those of `torch.nn.GRUCell`.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size, n_gates=3)

    def inputs(self, x):
        """Return the terms to add to reset, update, W_hn h_prev and new, (R, 4H)."""
        sizes = 2 * self.hidden_size, self.hidden_size
        b_reset_update, b_new = self.bias_hh.split(sizes)  # (2H,), (H,)
        gates = linear(x, self.weight_ih, self.bias_ih)  # (R, 3H)
        x_reset_update, x_new = gates.split(sizes, dim=1)  # (R, 2H), (R, H)
        terms = [x_reset_update + b_reset_update, b_new.expand_as(x_new), x_new]
        return torch.cat(terms, dim=1)  # (R, 4H)

    def step(self, x_t, h_prev, recurrent):
        """Return h_t, and the gates with h_new = W_hn h_prev + b_hn."""
        size = self.hidden_size
        x_gates, x_new = x_t.split([3 * size, size], dim=1)  # (B, 3H), (B, H)
        gates = torch.addmm(x_gates, h_prev, recurrent)  # (B, 3H)
        gates[:, : 2 * size].sigmoid_()  # (B, 2H), in place, to keep less memory
        reset, update, h_new = gates.chunk(3, dim=1)  # (B, H) each
        new = tanh(torch.addcmul(x_new, reset, h_new))  # (B, H)
        h_t = torch.lerp(new, h_prev, update)  # (B, H)
        return h_t, (reset, update, h_new, new)

    def step_backward(self, d_h_t, h_t, h_prev, kept, weight_hh, d_x_t):
        """Write d_reset, d_update, d_h_new and d_new into d_x_t.

        They are the gradients of the arguments of sigmoid and tanh.
        """
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
    """Split tensors (N, ...) by depth, which is faster than slicing.

    Return a list of tuples, one for each depth from 1, with a piece of each tensor.
    """
    sizes = [1]  # the root
    for first, last in plan.depths():
        sizes.append(last - first)
    pieces = [tensor.split(sizes) for tensor in tensors]
    return list(zip(*pieces, strict=True))[1:]


class Scan(torch.autograd.Function):
    """Compute the states of all nodes of a plan (N, H) from x_t (N, K), depth by depth.

    The state of a node follows from the state of its parent by one step; the root has
    the state 0. The backward pass starts at the last depth, because the gradient of a
    state is complete once all children have added their part.
    """

    @staticmethod
    def forward(ctx, x, weight_hh, plan, cell):
        """Compute the states; autograd needs `weight_hh` as an argument."""
        recurrent = weight_hh.t().contiguous()  # (H, G), faster than a view
        states = x.new_empty(len(x), cell.hidden_size)  # (N, H)
        states[0] = 0
        saved = []
        for x_t, parents, out in cut(plan, x, plan.parents, states):
            h_prev = states.index_select(0, parents)  # (B, H)
            h_t, kept = cell.step(x_t, h_prev, recurrent)
            out.copy_(h_t)
            saved += kept
        ctx.save_for_backward(weight_hh, states, *saved)
        ctx.plan = plan
        ctx.cell = cell
        ctx.n_columns = x.shape[1]
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_states):
        """Return gradients; d_x of all steps is kept for one product, that of W_hh."""
        weight_hh, states, *saved = ctx.saved_tensors
        parents = ctx.plan.parents
        before = states.index_select(0, parents)  # (N, H)
        d_states = grad_states.clone()  # (N, H)
        d_x = d_states.new_empty(len(states), ctx.n_columns)  # (N, K)
        d_x[0] = 0
        depths = cut(ctx.plan, parents, d_states, states, before, d_x)
        n_kept = len(saved) // max(1, len(depths))
        step_backward = ctx.cell.step_backward
        for k in reversed(range(len(depths))):
            parents_t, d_h_t, h_t, h_prev, d_x_t = depths[k]
            kept = saved[k * n_kept : (k + 1) * n_kept]
            d_h_prev = step_backward(d_h_t, h_t, h_prev, kept, weight_hh, d_x_t)
            d_states.index_add_(0, parents_t, d_h_prev)
        return d_x, d_x[:, : len(weight_hh)].t() @ before, None, None


class RecurrentNet(nn.Module):
    """Recurrent net plus linear n-gram model, "wide and deep" (Cheng et al. 2016).

    `n_codes` counts padding, the symbols and the unknown symbol. With
    ``embedding_dim=None``, input is one-hot. `dropout` applies to the states that a
    linear layer reads, and `ngram_dropout` to the entries of n-gram vectors.
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
        self.embedding = None
        input_sizes = [n_codes] + [hidden_size] * (num_layers - 1)
        if embedding_dim is not None:
            self.embedding = nn.Parameter(torch.randn(n_codes, embedding_dim))
            input_sizes[0] = embedding_dim
        self.cells = nn.ModuleList(
            CELLS[cell](input_size, hidden_size) for input_size in input_sizes
        )
        self.output = nn.Linear(hidden_size, n_classes)
        # Predicts the symbol after a prefix, or the end, which has the code of padding.
        self.next_symbol = nn.Linear(hidden_size, n_codes)
        self.ngram_weight = None
        if n_ngrams:
            self.ngram_weight = nn.Parameter(torch.zeros(n_ngrams, n_classes))

    def states(self, plan):
        """Return the state of the last layer after each prefix, (N, H)."""
        x = None
        symbols = plan.symbols
        if self.embedding is not None:
            x = self.embedding_dropout(self.embedding)  # (n_codes, E)
            if len(x) > MANY_CODES:
                codes, symbols = symbols.unique(return_inverse=True)
                x = x.index_select(0, codes)
        first, *above = self.cells
        inputs = first.inputs(x)  # (n_codes, K), for each symbol, not for each node
        inputs = inputs.index_select(0, symbols)  # (N, K)
        states = Scan.apply(inputs, first.weight_hh, plan, first)  # (N, H)
        for cell in above:
            inputs = cell.inputs(states)  # (N, K)
            states = Scan.apply(inputs, cell.weight_hh, plan, cell)  # (N, H)
        return states

    def forward(self, plan, ngrams=None):
        """Return the logits (n, C) of a plan and Bags of n-grams, and states (N, H)."""
        states = self.states(plan)
        logits = self.output(self.dropout(states.index_select(0, plan.ends)))  # (n, C)
        if self.ngram_weight is not None:
            values = self.ngram_dropout(ngrams.values) * NGRAM_SCALE
            sums = SumOfBags.apply(self.ngram_weight, values, ngrams)  # (n, C)
            logits = logits + sums
        return logits, states

    def next_symbol_logits(self, states, codes=None):
        """Return the logits of the next symbol after each prefix, (N, n_codes or K).

        With `codes` (K,), only these codes are candidates. Code 0 is the end.
        """
        weight = self.next_symbol.weight
        bias = self.next_symbol.bias
        if codes is not None:
            weight = weight.index_select(0, codes)
            bias = bias.index_select(0, codes)
        return F.linear(self.dropout(states), weight, bias)
