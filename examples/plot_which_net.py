r"""
Which net is better?
====================

Train a GRU, an Elman net and a linear SVM on the same 2,000 names. Which is better, and
is the difference significant? The comparison needs splits without leaks, a test that
accounts for overlapping splits, and a look at the calibration.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sknames import CharEncoder, NameNationalityClassifier, spelling_groups
from sknames.datasets import load_names

# %%
# Use twelve nationalities. The nets have no n-grams and words, whereas the SVM has only
# n-grams. An SVM does not predict probabilities: ``CalibratedClassifierCV`` learns them
# on folds of the training names.

LABELS = [
    "Arabic", "Finnish", "French", "Indonesian", "Italian", "Japanese",
    "Kazakh", "Nigerian", "Polish", "Spanish", "Turkish", "Uzbek",
]  # fmt: skip
names, labels = load_names(return_X_y=True)
rows = np.flatnonzero(np.isin(labels, LABELS))
rows = np.random.RandomState(0).choice(rows, 2000, replace=False)
names, labels = names[rows], labels[rows]


def net(cell):
    classify = NameNationalityClassifier(
        cell=cell,
        hidden_size=64,
        ngram_range=None,
        word_weight=0,
        batch_size=64,
        lr=0.01,
        max_epochs=12,
        random_state=0,
    )
    return make_pipeline(CharEncoder(), classify)


ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5))
svm = make_pipeline(ngrams, LinearSVC())
models = {
    "RNN": net("rnn"),
    "GRU": net("gru"),
    "SVM": CalibratedClassifierCV(svm, cv=3, ensemble=False),
}

# %%
# Two folds, drawn three times, give six splits, which all models share. All spellings
# of a name are in one fold, so that test names are unseen. Each model is trained on a
# quarter, a half, and all of the training fold.

SIZES = [250, 500, 1000]
groups = spelling_groups(names)
splits = []
for seed in range(3):
    halves = StratifiedGroupKFold(2, shuffle=True, random_state=seed)
    splits.extend(halves.split(names, labels, groups))

accuracy = {}
fitted = {}
for title, model in models.items():
    accuracy[title] = np.empty((len(splits), len(SIZES)))
    for split, (train, test) in enumerate(splits):
        for size, n in enumerate(SIZES):
            some = train[:n]  # the order of the names is random
            fitted[title] = clone(model).fit(names[some], labels[some])
            accuracy[title][split, size] = fitted[title].score(
                names[test], labels[test]
            )
    print(title, accuracy[title].mean(axis=0).round(3))

# %%
# The learning curve shows whether more names would help, and which model gains most.

figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
for (title, of_splits), marker in zip(accuracy.items(), "os^", strict=True):
    ax.errorbar(
        SIZES,
        of_splits.mean(axis=0),
        of_splits.std(axis=0, ddof=1),
        marker=marker,
        capsize=4,
        label=title,
    )
ax.set_xscale("log", base=2)
ax.set_xticks(SIZES, [str(n) for n in SIZES])
ax.set(xlabel="training names", ylabel="accuracy on new names")
ax.set_title("mean and standard deviation of six splits")
ax.legend()

# %%
# Is the difference significant? A paired t-test of the six differences, one per split,
# would be overconfident, because the splits share names and their differences are
# correlated. Nadeau and Bengio (2003) correct the variance of the mean. For :math:`J`
# splits with differences :math:`d`:
#
# .. math::
#
#    t = \frac{\bar d}{\sqrt{\left(\frac{1}{J} + \frac{n_\text{test}}{n_\text{train}}
#        \right) s^2_d}}


def corrected_t_test(differences, n_train, n_test):
    """Return the p-value of differences over overlapping splits."""
    n_splits = len(differences)
    variance = differences.var(ddof=1) * (1 / n_splits + n_test / n_train)
    t = differences.mean() / np.sqrt(variance)
    return 2 * stats.t.sf(abs(t), n_splits - 1)


for one, other in (("GRU", "RNN"), ("SVM", "GRU")):
    differences = accuracy[one][:, -1] - accuracy[other][:, -1]
    plain = stats.ttest_rel(accuracy[one][:, -1], accuracy[other][:, -1]).pvalue
    corrected = corrected_t_test(differences, len(train), len(test))
    print(
        f"{one} - {other}: {differences.mean():+.3f}, "
        f"p = {plain:.4f} if splits were independent, {corrected:.3f} corrected"
    )

# %%
# By the plain test, the GRU is significantly better than the Elman net. By the
# corrected test, the difference may be due to chance. The SVM is better than both.
#
# Are the probabilities calibrated? Of predictions with a probability of 0.7, seven in
# ten should be right. ``CalibrationDisplay`` of scikit-learn supports two classes. For
# twelve, we pass the probability of the most probable class, and whether it is right.
# Points below the diagonal are overconfident.

figure, row = plt.subplots(1, 3, figsize=(12, 4.4), layout="constrained")
for ax, (title, model) in zip(row, fitted.items(), strict=True):
    proba = model.predict_proba(names[test])
    is_right = model.classes_[proba.argmax(axis=1)] == labels[test]
    CalibrationDisplay.from_predictions(
        is_right, proba.max(axis=1), n_bins=6, strategy="quantile", name=title, ax=ax
    )
    ax.set(xlabel="probability of the most probable label", ylabel="accuracy")

# %%
# On a thousand names, the SVM is the best of the three. This is why
# :class:`~sknames.NameNationalityClassifier` adds n-grams to its net. The SVM is
# underconfident: of predictions at 0.7, more than eight in ten are right.
