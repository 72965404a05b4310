"""
The blog post's two nets
========================

"PyTorch RNN from Scratch" (https://jaketae.github.io/study/pytorch-rnn/) trains an Elman net with
the logistic function, and a GRU of two layers, both on one-hot characters. Both are settings of one
estimator here. Its defaults, above all n-grams, gain more than the step from one net to the other.

``examples/blog_post.py`` trains on the post's names, one at a time. This example uses fewer
names and batches of 32, and takes half a minute.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier, spelling_groups
from sknames.datasets import load_names

names, nationalities = load_names(return_X_y=True)
some = np.isin(nationalities, ["Czech", "Dutch", "Greek", "Italian", "Japanese"])
names, nationalities = names[some][::4], nationalities[some][::4]
splits = StratifiedGroupKFold(5, shuffle=True, random_state=0)
train, test = next(splits.split(names, nationalities, groups=spelling_groups(names)))

# %%
# Everything that the post did not have is switched off.

plain = {
    "hidden_size": 256,
    "embedding_dim": None,  # one-hot characters
    "ngram_range": None,
    "regularization": 0,
    "logit_adjustment": 0,
    "dropout": 0,
    "lr": 0.003,  # the post: 0.001, with batches of one name
    "batch_size": 32,
    "max_epochs": 5,
}
nets = {
    "the post's RNN": NameNationalityClassifier(cell="sigmoid_rnn", **plain),
    "the post's GRU": NameNationalityClassifier(cell="gru", num_layers=2, **plain),
    "all defaults": NameNationalityClassifier(),
}

# %%
# All are trained on the same names, and scored on names without a spelling in training.

accuracies, seconds = [], []
for title, net in nets.items():
    net.set_params(random_state=0)
    model = Pipeline([("encode", CharEncoder()), ("classify", net)])
    start = time.perf_counter()
    model.fit(names[train], nationalities[train])
    seconds.append(time.perf_counter() - start)
    accuracies.append(model.score(names[test], nationalities[test]))
    print(f"{title}: accuracy {accuracies[-1]:.3f} after {seconds[-1]:.0f} s")

# %%
# The defaults train a smaller net for more epochs.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.4), sharey=True, layout="constrained")
for axis, values, form in ((left, accuracies, "{:.3f}"), (right, seconds, "{:.0f}")):
    bars = axis.barh(list(nets), values, color=["0.75", "0.6", "C0"])
    axis.bar_label(bars, fmt=form, padding=3)
    axis.margins(x=0.15)
left.invert_yaxis()
left.set_xlabel("accuracy on held-out names")
right.set_xlabel("seconds to fit")
