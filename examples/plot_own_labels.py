"""
Your own labels from a few hundred names
========================================

Your labels will rarely match those of a trained model. What the model has learned still
helps: `make_own_labels_pipeline` learns from its probabilities and from n-grams. Here a
model knows 20 nationalities, and the labels are ten others, whose names it has not
seen. A learning curve shows the accuracy by the number of labelled names, with and
without that model.

With the model that ships, which has learned 74 nationalities from two million names,
the gain is larger: examples/benchmarks/results/own_labels.md has the figures. It has
seen the names of this example, so a fair comparison needs another model.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sknames import (
    CharEncoder,
    NameNationalityClassifier,
    make_own_labels_pipeline,
    spelling_groups,
)
from sknames.datasets import load_names

KNOWN = (
    "Arabic Bulgarian Chinese Czech Dutch English French German Greek Hungarian Indian "
    "Italian Japanese Korean Persian Polish Romanian Russian Spanish Turkish"
).split()
OWN = (
    "Azerbaijani Danish Icelandic Irish Nepali Norwegian Portuguese Slovak Ukrainian "
    "Vietnamese"
).split()

# %%
# The model learns other nationalities. Names that also occur in the ten, in any
# spelling, are left out, so the model has not seen them.

names, nationalities = load_names(return_X_y=True)
groups = spelling_groups(names)
own = np.isin(nationalities, OWN)
known = np.isin(nationalities, KNOWN) & ~np.isin(groups, groups[own])
classify = NameNationalityClassifier(hidden_size=64, max_epochs=6, random_state=0)
model = make_pipeline(CharEncoder(max_length=32), classify).fit(
    names[known], nationalities[known]
)

# %%
# One spelling of each of the other names. Names outside the training part are test
# names. `FrozenEstimator` keeps the model as it is: only the new labels are learned.

names = names[own]
labels = nationalities[own]
_, first = np.unique(groups[own], return_index=True)
names = names[first]
labels = labels[first]
ngrams = TfidfVectorizer(
    analyzer="char_wb", ngram_range=(1, 5), strip_accents="unicode"
)
MODELS = {
    "n-grams alone": make_pipeline(ngrams, LinearSVC(C=0.3)),
    "make_own_labels_pipeline(model)": make_own_labels_pipeline(FrozenEstimator(model)),
}
SIZES = [30, 100, 300, 1000, 3000]
DRAWS = 4
N_TEST = 2000
accuracy = {title: np.zeros((len(SIZES), DRAWS)) for title in MODELS}
for draw in range(DRAWS):
    order = np.random.RandomState(draw).permutation(len(names))
    test = order[:N_TEST]
    rest = order[N_TEST:]
    for i, size in enumerate(SIZES):
        train = rest[:size]
        for title, pipeline in MODELS.items():
            pipeline.fit(names[train], labels[train])
            accuracy[title][i, draw] = pipeline.score(names[test], labels[test])

for i, size in enumerate(SIZES):
    shown = ", ".join(f"{title} {accuracy[title][i].mean():.3f}" for title in MODELS)
    print(f"{size:>5} labelled names: {shown}")

# %%
# The mean of the draws, and their standard deviation.

figure, axis = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
for (title, values), style in zip(accuracy.items(), ["k^:", "C0o-"], strict=True):
    axis.errorbar(
        SIZES,
        values.mean(axis=1),
        values.std(axis=1),
        fmt=style,
        capsize=3,
        label=title,
    )
axis.set(
    xscale="log",
    xlabel="labelled names",
    ylabel=f"accuracy on {N_TEST:,} other names",
    title="Ten nationalities that the model has never seen",
)
axis.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
axis.grid(alpha=0.3)
axis.legend(loc="lower right")

# %%
# A name does not show who bears it, and nationality is protected from discrimination in
# many places: such features must not decide about a person.
