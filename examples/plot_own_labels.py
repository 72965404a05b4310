"""
Your own labels
===============

Your labels will rarely match those of a trained model, but the model is still useful:
`make_own_labels_pipeline` combines its probabilities with n-grams. In this example, a
model knows 20 nationalities, and the labels are ten other nationalities, whose names
the model has not seen. A learning curve shows the accuracy by the number of labelled
names, with and without the model.

With the shipped model, which was trained on 74 nationalities and two million names, the
gain is larger: examples/benchmarks/results/own_labels.md has the figures. The shipped
model has seen the names of this example, so a fair comparison needs another model.
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
# Train a model on the other nationalities. Names that also occur in the ten, in any
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
# Use one spelling of each name of the ten nationalities, and test on names outside the
# training set. `FrozenEstimator` keeps the model fixed: only the new labels are
# learned.

names = names[own]
labels = nationalities[own]
_, first = np.unique(groups[own], return_index=True)
names = names[first]
labels = labels[first]
ngrams = TfidfVectorizer(
    analyzer="char_wb", ngram_range=(1, 5), strip_accents="unicode"
)
MODELS = {
    "n-grams only": make_pipeline(ngrams, LinearSVC(C=0.3)),
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
# The mean and standard deviation over the draws.

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
# A name does not show who a person is, and many laws forbid discrimination by
# nationality: do not use such features for decisions about people.
