"""
RNN or GRU?
===========

Two cells, trained on the same names. With early stopping, ``history_`` has the training loss and
the loss on held-out names of each epoch. The learning rate is constant, so the curves show how fast
each cell learns and where it begins to overfit.
"""

import matplotlib.pyplot as plt
import numpy as np

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import load_names

names, nationalities = load_names(return_X_y=True)
some = np.isin(nationalities, ["Czech", "Dutch", "Greek", "Italian", "Japanese"])
names, nationalities = names[some][::2], nationalities[some][::2]
codes = CharEncoder().fit_transform(names)

# %%
# Only the recurrent nets: with n-grams, both would be about as accurate.

histories = {}
for cell in ("rnn", "gru"):
    net = NameNationalityClassifier(
        cell=cell,
        ngram_range=None,
        early_stopping=True,
        n_iter_no_change=5,
        max_epochs=15,
        lr=0.003,
        random_state=0,
    )
    histories[cell] = net.fit(codes, nationalities).history_

# %%
# The training loss is measured with dropout, the held-out loss without it, so that can be lower.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
for axis, (cell, history) in zip(axes, histories.items(), strict=True):
    epochs = [epoch["epoch"] for epoch in history]
    for key, label, style in (
        ("train_loss", "training", "C0--o"),
        ("valid_loss", "held out", "C1-s"),
    ):
        axis.plot(epochs, [epoch[key] for epoch in history], style, label=label, markersize=4)
    best = min(history, key=lambda epoch: epoch["valid_loss"])
    axis.axvline(best["epoch"], color="0.7", zorder=0)
    axis.set_title(
        f'cell="{cell}": accuracy {best["valid_acc"]:.3f} in epoch {best["epoch"]:.0f},\n'
        f"{np.median([epoch['dur'] for epoch in history]):.1f} s an epoch"
    )
    axis.set_xlabel("epoch")
axes[0].set_ylabel("cross-entropy")
axes[0].legend()
