"""
What a hidden state encodes
===========================

After the last letter, a recurrent net predicts from its state alone, a vector of 64
numbers. We plot the states of 1,000 names that the net has not seen, follow the state
from letter to letter, and measure which letters can be recovered from it.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier, spelling_groups
from sknames.datasets import load_names

# %%
# Train a GRU on half of 2,000 names. N-grams and words are switched off, so that the
# net predicts alone.

LABELS = ["Finnish", "Greek", "Italian", "Japanese", "Polish", "Turkish"]
names, labels = load_names(return_X_y=True)
rows = np.flatnonzero(np.isin(labels, LABELS))
rows = np.random.RandomState(0).choice(rows, 2000, replace=False)
names, labels = names[rows], labels[rows]
halves = StratifiedGroupKFold(2, shuffle=True, random_state=0)
train, test = next(halves.split(names, labels, groups=spelling_groups(names)))

classify = NameNationalityClassifier(
    hidden_size=64,
    embedding_dim=None,
    ngram_range=None,
    word_weight=0,
    random_state=0,
)
net = Pipeline([("encode", CharEncoder()), ("classify", classify)])
net.fit(names[train], labels[train])
print(f"accuracy on new names: {net.score(names[test], labels[test]):.2f}")

# %%
# ``weights()`` returns the trained weights. The equations of the GRU, in numpy, give
# the state after each letter. A letter is a one-hot vector, so its product with the
# input weights is one of their columns.


def gru_states(indices, weight_ih, weight_hh, bias_ih, bias_hh):
    """Return the states of a GRU after each of T inputs.

    Parameters
    ----------
    indices : array of shape (T,), dtype=int
        The index at which the one-hot vector of each input is 1.
    weight_ih, weight_hh, bias_ih, bias_hh : arrays
        The weights of reset gate, update gate and new state, stacked as in torch.

    Returns
    -------
    states : array of shape (T, H)
    """
    h = np.zeros(weight_hh.shape[1])
    states = []
    for index in indices:
        x_reset, x_update, x_new = np.split(weight_ih[:, index] + bias_ih, 3)
        h_reset, h_update, h_new = np.split(weight_hh @ h + bias_hh, 3)
        reset = expit(x_reset + h_reset)
        update = expit(x_update + h_update)
        new = np.tanh(x_new + reset * h_new)
        h = (1 - update) * new + update * h
        states.append(h)
    return np.array(states)


encoder = net["encode"]
weights = net["classify"].weights()
symbols = list(net["classify"].symbols_)
parameters = []
for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
    parameters.append(weights[f"cells.0.{kind}"])


def states_of(name):
    """Return the states after each letter of a name."""
    (codes,) = encoder.transform([name])
    indices = []
    for code in codes[codes > 0]:
        # 0 is padding, and the last index stands for unknown letters.
        known = symbols.index(code) if code in symbols else len(symbols)
        indices.append(known + 1)
    return gru_states(indices, *parameters)


# %%
# Compute the last state of each new name. PCA finds the two directions in which they
# differ most.

read = encoder.inverse_transform(encoder.transform(names[test]))
last = np.array([states_of(name)[-1] for name in names[test]])
plane = PCA(2).fit(last)
print(f"two components explain {plane.explained_variance_ratio_.sum():.0%}")

# %%
# Colours show the label on the left, and the last letter on the right. Names with the
# same label are close, because the net was trained for this. Endings matter: Greek
# names in *s* are in one corner, Polish names in *i* and *a* in another. But names in
# *a* are in several places, so the state contains more than the last letter.

points = plane.transform(last)
last_letters = np.array([name[-1] for name in read])
letters, counts = np.unique(last_letters, return_counts=True)
frequent = letters[np.argsort(-counts, kind="stable")[:6]]
figure, axes = plt.subplots(
    1, 2, figsize=(8, 4), sharex=True, sharey=True, layout="constrained"
)
for ax, kinds, of_each, title in (
    (axes[0], LABELS, labels[test], "by label"),
    (axes[1], frequent, last_letters, "by last letter"),
):
    ax.scatter(*points.T, s=6, color="0.85")
    for kind in kinds:
        ax.scatter(*points[of_each == kind].T, s=9, label=kind)
    ax.set(title=title, xticks=[], yticks=[])
    ax.legend(markerscale=2, loc="lower right")

# %%
# Each letter moves the state, which starts at 0. Only the last state is used for the
# prediction.

figure, ax = plt.subplots(figsize=(6.4, 5), layout="constrained")
for k, label in enumerate(LABELS):
    ax.scatter(
        *points[labels[test] == label].T, s=5, color=f"C{k}", alpha=0.25, label=label
    )
for name, label in {"Virtanen": "Finnish", "Nakamura": "Japanese"}.items():
    path = plane.transform(np.vstack([np.zeros(64), states_of(name)]))
    color = f"C{LABELS.index(label)}"
    ax.plot(*path.T, "-", color=color, linewidth=1.5)
    for point, character in zip(path[1:], name.lower(), strict=True):
        ax.annotate(
            character, point, (3, 3), textcoords="offset points", color=color, size=13
        )
ax.plot(*path[0], "k*", markersize=12, label="before the first letter")
ax.set(xticks=[], yticks=[], title="Virtanen, Nakamura")
for handle in ax.legend(loc="lower right").legend_handles:
    handle.set_alpha(1)
# sphinx_gallery_thumbnail_number = 2

# %%
# Which letters can be recovered from the last state? A linear model is trained to
# predict each letter from half of the states, and tested on the other half.

is_long = np.array([len(name) >= 6 for name in read])
states = last[is_long]
spelled = read[is_long]
accuracy = {"predicted from the state": [], "always the most frequent letter": []}
POSITIONS = range(1, 7)
for position in POSITIONS:
    letter = np.array([name[-position] for name in spelled])
    for title, model in (
        ("predicted from the state", LogisticRegression(C=10, max_iter=1000)),
        ("always the most frequent letter", DummyClassifier()),
    ):
        model.fit(states[::2], letter[::2])
        accuracy[title].append(model.score(states[1::2], letter[1::2]))

figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
for (title, of_positions), style in zip(accuracy.items(), ("C0-o", "0.6"), strict=True):
    ax.plot(POSITIONS, of_positions, style, label=title)
ax.set(ylim=(0, 1.02), xlabel="letter, counted from the end", ylabel="accuracy")
ax.set_title(f"{len(states[1::2])} new names of six letters or more")
ax.legend()

# %%
# The last letter can be recovered for nearly every name, and the third from the end for
# every second name. For the sixth from the end, the linear model only guesses.
