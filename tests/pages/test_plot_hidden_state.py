"""The GRU in numpy of the example plot_hidden_state.py."""

import torch
from numpy.testing import assert_allclose

from tests.pages.conftest import functions_of


def test_gru_states_of_example_match_torch():
    torch.manual_seed(0)
    gru = torch.nn.GRU(input_size=7, hidden_size=5)
    indices = [3, 1, 6, 1]
    x = torch.eye(7)[indices]
    expected, _ = gru(x)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    parameters = [getattr(gru, name).detach().numpy() for name in names]
    found = functions_of("plot_hidden_state.py")["gru_states"](indices, *parameters)
    assert_allclose(found, expected.detach().numpy(), atol=1e-5)
