"""Define the rivals: torch's nets, a Python loop, and the machine's limit.

The linear models are those of `tools/measuring.py`.
"""

import unicodedata
from functools import partial

import numpy as np
import torch
from anyascii import anyascii
from skorch import NeuralNetClassifier
from skorch.callbacks import GradientNormClipping
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence

from .ours import NETS


class TorchNet(nn.Module):
    """Put torch.nn's GRU or RNN between an embedding (or one-hot characters) and a linear layer."""

    def __init__(self, net, data, encoder=None, packed=False, one_hot=False):
        super().__init__()
        cell, hidden_size, num_layers = NETS[net]
        self.packed, self.n_codes = packed, (encoder or data.encoder).unknown_code_ + 1
        self.embedding = None if one_hot else nn.Embedding(self.n_codes, 64)
        kind, n_inputs = {"gru": nn.GRU, "rnn": nn.RNN}[cell], self.n_codes if one_hot else 64
        self.net = kind(n_inputs, hidden_size, num_layers, batch_first=True)
        self.output = nn.Linear(hidden_size, len(data.classes))

    def forward(self, codes):
        one_hot = self.embedding is None
        x = F.one_hot(codes, self.n_codes).float() if one_hot else self.embedding(codes)
        lengths = (codes != 0).sum(dim=1)
        if self.packed:
            x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            return self.output(self.net(x)[1][-1])
        return self.output(self.net(x)[0][torch.arange(len(x)), lengths - 1])

    def predict_proba(self, codes, chunk=1024):
        with torch.inference_mode():
            parts = torch.from_numpy(codes.astype(np.int64)).split(chunk)
            return torch.cat([self(part).softmax(dim=1) for part in parts]).numpy()


def padded_prediction(data, net):
    """Return probabilities of a padded module in skorch."""
    model = NeuralNetClassifier(
        TorchNet(net, data), batch_size=128, criterion=nn.CrossEntropyLoss
    ).initialize()
    return partial(model.predict_proba, data.codes.astype(np.int64))


def padded_epoch(data, net, batch_size):
    """Train an epoch with skorch."""
    model = NeuralNetClassifier(
        TorchNet(net, data),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        lr=1e-3,
        batch_size=batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=[GradientNormClipping(1.0)],
        verbose=0,
    ).initialize()
    X, y = data.codes[data.distinct].astype(np.int64), data.y[data.distinct]
    return partial(model.partial_fit, X, y, epochs=1)


def packed_epoch(data, net, batch_size):
    """Train an epoch in a bare loop on packed sequences."""
    module = TorchNet(net, data, packed=True)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, fused=True)
    X = torch.from_numpy(data.codes[data.distinct].astype(np.int64))
    y = torch.from_numpy(data.y[data.distinct])

    def run():
        for index in torch.randperm(len(X)).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(module(X[index]), y[index]).backward()
            clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()

    return run


def one_by_one(data, net, index):
    """Train an epoch as in the blog post, one name a step."""
    module = TorchNet(net, data, one_hot=True)
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
    X, y = torch.from_numpy(data.codes.astype(np.int64)), torch.from_numpy(data.y)

    def run():
        for i in index.tolist():
            optimizer.zero_grad()
            name = X[i : i + 1, : np.count_nonzero(data.codes[i])]
            F.cross_entropy(module(name), y[i : i + 1]).backward()
            optimizer.step()

    return run


def python_loop(encoder, names):
    """Return the codes of names."""
    table = {character: code for code, character in enumerate(encoder.alphabet_, start=1)}
    codes = np.zeros((len(names), encoder.max_length_), dtype=np.uint8)
    for i, name in enumerate(names):
        if not name.isascii():
            name = anyascii(unicodedata.normalize("NFC", name))
        row = [table.get(character, encoder.unknown_code_) for character in name.lower()]
        codes[i, : len(row)] = row
    return codes


class RecurrentProducts:
    """Compute only the recurrent products of a prediction, one row for each distinct prefix."""

    def __init__(self, data, net):
        cell, size, layers = NETS[net]
        n_prefixes = len({name[:k] for name in data.names for k in range(1, len(name) + 1)})
        width = 3 * size if cell == "gru" else size
        self.n = -(-n_prefixes // 256) * (2 * layers - 1)
        self.n_flop = 2 * 256 * size * width * self.n
        rng = np.random.default_rng(0)
        shapes = (256, size), (size, width)
        self.a, self.b = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
        self.out = np.empty((256, width), dtype=np.float32)

    def __call__(self):
        for _ in range(self.n):
            np.matmul(self.a, self.b, out=self.out)
