"""The cells and the net against torch's own, with copied weights."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from sknames._network.prefixes import plan_prefixes
from sknames._training.bags import Bags
from sknames._training.batches import Batch
from sknames._training.loss import Loss
from sknames._training.recurrent_net import Dropout, RecurrentNet
from sknames._training.rows import Rows
from tests.conftest import random_codes

N_CODES = 6
EMBEDDING = 3
HIDDEN = 4
CLASSES = 5
KINDS = {
    "gru": {"cell": "gru"},
    "rnn": {"cell": "rnn"},
    "sigmoid rnn": {"cell": "sigmoid_rnn"},
}
NO_DROPOUT = {"dropout": 0, "embedding_dropout": 0, "ngram_dropout": 0}
each_kind = pytest.mark.parametrize("kind", KINDS)
each_depth = pytest.mark.parametrize("num_layers", [1, 2])
each_share = pytest.mark.parametrize("share", [True, False])
TOLERANCE = {"rtol": 0, "atol": 1e-12}


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def codes():
    """Rows with many common prefixes, duplicates and empty rows."""
    codes = random_codes(30, 6, 3)
    codes[0] = 0
    codes[2] = codes[1] = [1, 2, 3, 1, 2, 3]
    codes[3] = [5] + [0] * 5
    return codes


def plan_of(codes, share=True):
    """A plan of tensors, as training makes them."""
    plan = plan_prefixes(codes, share=share)
    return replace(
        plan,
        symbols=torch.from_numpy(plan.symbols.astype(np.int64)),
        parents=torch.from_numpy(plan.parents),
        ends=torch.from_numpy(plan.ends),
    )


def places_of(plan, codes):
    """Row, time and node of each symbol of the rows."""
    places = []
    for row, node in enumerate(plan.ends.tolist()):
        for time in reversed(range(np.count_nonzero(codes[row]))):
            places.append((row, time, node))
            node = plan.parents[node].item()
        assert node == 0
    return torch.tensor(places).T


def build(kind="gru", num_layers=1, embedding_dim=EMBEDDING, n_ngrams=0, **dropout):
    return RecurrentNet(
        n_codes=N_CODES, n_classes=CLASSES, hidden_size=HIDDEN, num_layers=num_layers,
        embedding_dim=embedding_dim, n_ngrams=n_ngrams, **NO_DROPOUT | dropout,
        **KINDS[kind],
    ).double().eval()  # fmt: skip


def sigmoid_rnn_cell(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    z = x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh
    return 1 / (1 + torch.exp(-z))


STEPS = {
    "gru": torch.gru_cell,
    "rnn": torch.rnn_tanh_cell,
    "sigmoid rnn": sigmoid_rnn_cell,
}


def states_of_torch(cells, kind, embedding, codes):
    """States after each symbol, and after padding: (rows, time, H)."""
    x = embedding[torch.from_numpy(codes.astype(np.int64))]
    for cell in cells:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = [getattr(cell, name) for name in names]
        h = x.new_zeros(len(x), HIDDEN)
        steps = []
        for x_t in x.unbind(1):
            h = STEPS[kind](x_t, h, *weights)
            steps.append(h)
        x = torch.stack(steps, dim=1)
    return x


@pytest.mark.parametrize("kind, n_gates", [("gru", 3), ("rnn", 1), ("sigmoid rnn", 1)])
def test_initial_weights_are_normal_uniform_orthogonal_or_zero(kind, n_gates):
    size = 400
    net = RecurrentNet(
        n_codes=50, n_classes=5, hidden_size=size, num_layers=2, embedding_dim=200,
        n_ngrams=9, **NO_DROPOUT, **KINDS[kind],
    )  # fmt: skip
    assert net.embedding.mean().item() == pytest.approx(0, abs=0.05)
    assert net.embedding.std().item() == pytest.approx(1, abs=0.05)
    assert not net.ngram_weight.any()
    for name, parameter in net.cells.named_parameters():
        assert len(parameter) == n_gates * size
        if name.endswith("weight_hh") and kind == "rnn":
            eye = torch.eye(size)
            torch.testing.assert_close(parameter @ parameter.T, eye, rtol=0, atol=1e-5)
        else:
            assert parameter.abs().max().item() == pytest.approx(size**-0.5, rel=0.03)
            assert parameter.std().item() == pytest.approx((3 * size) ** -0.5, rel=0.1)


@pytest.mark.parametrize("p", [1e-9, 0.011, 0.3, 0.5, 0.9, 0.999, 1 - 1e-9])
def test_dropout_is_independent_with_rate_rounded_to_byte(p):
    n = 1_000_000
    x = torch.full((n,), 3.0, requires_grad=True)
    dropout = Dropout(p)
    out = dropout(x)
    out.sum().backward()
    torch.testing.assert_close(3 * x.grad, out)
    out = out.detach() / 3
    possible = min(max(p, 1 / 256), 255 / 256)
    share = (out == 0).double().mean().item()
    deviation = (possible * (1 - possible) / n) ** 0.5
    assert share == pytest.approx(possible, abs=1 / 512 + 5 * deviation)
    assert 0 < share < 1
    (kept,) = out[out > 0].unique().tolist()
    assert kept == pytest.approx(1 / (1 - dropout.n_dropped / 256))
    # Element k uses byte k % 8 of a 64-bit integer.
    deviation = 5 * kept / n**0.5  # five standard deviations of the mean, at most
    for k in range(8):
        of_byte = out[k::8].mean().item()
        assert of_byte == pytest.approx(1, abs=deviation * 8**0.5)
    again = dropout(x).detach() / 3
    pairs = [(out, again), *((out[k:], out[:-k]) for k in (1, 2, 4, 7, 8, 64))]
    for one, other in pairs:
        assert (one * other).mean().item() == pytest.approx(1, abs=deviation)


@each_kind
@each_depth
@each_share
def test_states_and_gradients_of_cells_equal_torch(codes, kind, num_layers, share):
    net = build(kind, num_layers)
    plan = plan_of(codes, share)
    cells = copy.deepcopy(net.cells)
    embedding = net.embedding.detach().clone().requires_grad_()
    row, time, node = places_of(plan, codes)
    factor = torch.randn(len(codes), 6, HIDDEN).double()[row, time]
    states = net.states(plan)
    expected = states_of_torch(cells, kind, embedding, codes)[row, time]
    torch.testing.assert_close(states[node], expected, **TOLERANCE)
    assert (states[0] == 0).all()
    (states[node] * factor).sum().backward()
    (expected * factor).sum().backward()
    torch.testing.assert_close(net.embedding.grad, embedding.grad, **TOLERANCE)
    for name, parameter in net.cells.named_parameters():
        expected = cells.get_parameter(name).grad
        assert expected.abs().max() > 1e-3
        torch.testing.assert_close(parameter.grad, expected, **TOLERANCE, msg=name)


@each_kind
@each_depth
def test_net_does_not_read_uninitialized_memory(codes, kind, num_layers):
    # torch fills it with NaN where algorithms are to be deterministic.
    net = build(kind, num_layers)
    plan = plan_of(codes)
    torch.use_deterministic_algorithms(True)
    try:
        assert torch.empty(3).isnan().all()
        states = net.states(plan)
        gradient = torch.ones_like(states)
        states.backward(gradient)
    finally:
        torch.use_deterministic_algorithms(False)
    assert states.isfinite().all()
    for parameter in (net.embedding, *net.cells.parameters()):
        assert parameter.grad.isfinite().all()
    assert (gradient == 1).all()


@each_kind
@each_depth
@pytest.mark.parametrize("embedding_dim", [EMBEDDING, None])
def test_net_computes_on_device_of_its_parameters(
    codes, kind, num_layers, embedding_dim
):
    # The device "meta" computes shapes only, and rejects tensors of another device.
    net = build(kind, num_layers, embedding_dim, n_ngrams=9).float().to("meta")
    n = len(codes)
    loss = Loss(np.zeros(CLASSES), gce_q=0.0).to("meta")
    ones = np.ones(n, np.float32)
    ngrams = csr_array((ones, (np.arange(n), np.arange(n) % 9)))
    words = np.zeros((n, CLASSES), np.float32)
    rows = Rows(codes, np.zeros(n, np.int64), ones, ngrams, words)
    batch = Batch.of(rows, device="meta")
    logits, states = net(batch.plan, batch.ngrams)
    of_class = loss(logits + batch.words, batch, training=True)
    of_next_symbol = loss.next_symbol(net.next_symbol_logits(states), batch)
    (of_class + of_next_symbol).backward()
    assert {p.grad.device.type for p in net.parameters()} == {"meta"}


def test_dropout_is_identity_at_rate_0_and_in_eval_mode():
    x = torch.rand(99)
    for dropout in (Dropout(0), Dropout(0.5).eval()):
        assert torch.equal(dropout(x), x)


@pytest.mark.parametrize(
    "where, changes",
    [
        ("embedding_dropout", [True, False, True]),
        ("dropout", [False, True, True]),
        ("ngram_dropout", [False, False, True]),
    ],
)
def test_each_dropout_applies_to_its_layer(codes, where, changes):
    net = build(n_ngrams=9, **{where: 0.5})
    torch.nn.init.normal_(net.ngram_weight)
    plan = plan_of(codes)
    n = len(codes)
    ngrams = Bags.of(csr_array((np.ones(n), (np.arange(n), np.arange(n) % 9))))
    logits, states = net(plan, ngrams)
    next_symbol = net.next_symbol_logits(states)
    net.train()
    dropped_logits, dropped_states = net(plan, ngrams)
    parts = [
        (dropped_states, states),
        (net.next_symbol_logits(states), next_symbol),
        (dropped_logits, logits),
    ]
    assert [not torch.allclose(*part) for part in parts] == changes
