"""
Validate a threshold on few labels
==================================

A voice reads a register of names aloud, and says Nordic names by other rules. How many
of the names that a threshold takes are Nordic, and how many Nordic names does it miss?
Only 3 % are Nordic, so a plain sample of 600 names would hold some 18. A sample
stratified by probability, with its weights, says more.

Run ``python examples/plot_threshold.py``: it takes some seconds. A simple model learns
half of the names that ship. The other half is the register, so here the truth is known.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import precision_recall_curve, precision_score, recall_score
from sklearn.model_selection import FixedThresholdClassifier, GroupShuffleSplit
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from sknames import GroupedClassifier, PriorShiftClassifier, spelling_groups
from sknames.datasets import load_names

NORDIC = ["Danish", "Finnish", "Icelandic", "Norwegian", "Swedish"]
OTHERS = (
    "Czech Dutch English Estonian French German Greek Hungarian Irish Italian Latvian "
    "Lithuanian Polish Portuguese Romanian Russian Scottish Spanish Turkish Ukrainian"
).split()

# %%
# The model learns all these nationalities. One group of them against the others is two
# classes, which scikit-learn's thresholds and curves take.

names, nationalities = load_names(return_X_y=True)
used = np.isin(nationalities, NORDIC + OTHERS)
names = names[used]
nationalities = nationalities[used]
split = GroupShuffleSplit(1, test_size=0.5, random_state=0)
known, new = next(split.split(names, groups=spelling_groups(names)))
ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4))
linear = make_pipeline(ngrams, MultinomialNB(alpha=0.1))
linear.fit(names[known], nationalities[known])
model = GroupedClassifier(linear, groups={"Nordic": NORDIC}, others="others")

# %%
# The register, with fewer Nordic names than the model has learned. Nobody has all its
# labels; here, they show what the samples miss.

rng = np.random.default_rng(0)
labels = np.where(np.isin(nationalities[new], NORDIC), "Nordic", "others")
kept = (labels == "others") | (rng.random(len(new)) < 0.12)
register = names[new][kept]
labels = labels[kept]
column = model.classes_.tolist().index("Nordic")
probabilities = model.predict_proba(register)[:, column]
print(f"{len(register):,} names, {np.mean(labels == 'Nordic'):.1%} of them Nordic")

# %%
# A sample has 100 names of each stratum. The weight of a name is 1 / its probability to
# be drawn. Those who bear the names say which are Nordic. Whoever reads a name to label
# it only repeats what the model did.

EDGES = [0.02, 0.1, 0.3, 0.6, 0.9]
stratum = np.digitize(probabilities, EDGES)


def draw():
    """Return the rows of a sample, and the weight of each."""
    rows = []
    weights = []
    for k in range(len(EDGES) + 1):
        members = np.flatnonzero(stratum == k)
        rows.append(rng.choice(members, 100, replace=False))
        weights.append(np.full(100, len(members) / 100))
    return np.concatenate(rows), np.concatenate(weights)


rows, weights = draw()
print("\nprobability     names  Nordic of 100")
for k, (low, high) in enumerate(zip([0, *EDGES], [*EDGES, 1], strict=True)):
    n_names = np.sum(stratum == k)
    drawn = rows[stratum[rows] == k]
    n_nordic = np.sum(labels[drawn] == "Nordic")
    print(f"{low:.2f} to {high:.2f}  {n_names:>6,} {n_nordic:>7}")

# %%
# One sample chooses the threshold: the highest that finds 80 % of the Nordic names, by
# the weights. Another says how good it is, since the first was chosen on. The intervals
# are percentiles of resamples within strata.

precision, recall, thresholds = precision_recall_curve(
    labels[rows], probabilities[rows], pos_label="Nordic", sample_weight=weights
)
threshold = thresholds[recall[:-1] >= 0.8].max()
fixed = FixedThresholdClassifier(
    model, threshold=threshold, pos_label="Nordic", response_method="predict_proba"
)
predicted = fixed.predict(register)


def measure(rows, weights=None):
    """Return the precision and the recall."""
    truth = labels[rows]
    answers = predicted[rows]
    options = {"pos_label": "Nordic", "sample_weight": weights}
    precision = precision_score(truth, answers, **options)
    return precision, recall_score(truth, answers, **options)


rows, weights = draw()
places = [np.flatnonzero(stratum[rows] == k) for k in range(len(EDGES) + 1)]
resampled = []
for _ in range(300):
    again = np.concatenate([rng.choice(of_one, len(of_one)) for of_one in places])
    resampled.append(measure(rows[again], weights[again]))
low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
print(f"\nFrom {threshold:.2f} on, {np.mean(predicted == 'Nordic'):.1%} are taken:\n")
figures = {
    "a second sample": measure(rows, weights),
    "  95 % from": low,
    "  to": high,
    "  without weights": measure(rows),
    "the whole register": measure(np.arange(len(register))),
}
print(f"{'':20} precision  recall")
for title, values in figures.items():
    print(f"{title:20} {values[0]:9.2f} {values[1]:7.2f}")

# %%
# The probabilities are too high: one name in five that the model learned is Nordic.
# `PriorShiftClassifier` assumes that 3 % are. The odds of all names change by one
# factor. So a threshold changed by the same factor takes the same names.

prevalence = {"Nordic": 0.03, "others": 0.97}
shifted = PriorShiftClassifier(model, priors=prevalence).predict_proba(register)

figure, left = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
curves = precision_recall_curve(labels, probabilities, pos_label="Nordic")
left.plot(curves[2], curves[0][:-1], "C0--", label="precision, register")
left.plot(thresholds, precision[:-1], "C0", label="precision, first sample")
left.plot(curves[2], curves[1][:-1], "C1--", label="recall, register")
left.plot(thresholds, recall[:-1], "C1", label="recall, first sample")
left.axvline(threshold, color="0.6", linestyle=":")
left.set(xscale="logit", xlim=(0.005, 0.99), ylim=(0, 1.02), xlabel="threshold")
left.set_title("What a threshold gives")
figure.legend(loc="outside lower center", ncols=2)
figure, right = plt.subplots(figsize=(6.4, 4), layout="constrained")
right.plot([0, 1], [0, 1], "k:", label="calibrated")
for title, scores in {
    "as learned": probabilities,
    "with 3 % Nordic names": shifted[:, column],
}.items():
    # In a bin, as many names as in a stratum, all of one weight.
    shares, means = calibration_curve(
        labels[rows], scores[rows], pos_label="Nordic", n_bins=6, strategy="quantile"
    )
    right.plot(means, shares, "o-", label=title)
right.set(xlabel="mean probability", ylabel="share of Nordic names, second sample")
right.set_title("How right the probabilities are")
right.legend()

# %%
# No Nordic name among 100 of the lowest stratum may mean none, or 3 % of its many
# names. So report the recall as an upper limit. These figures are of a whole list. A
# name does not show who bears it: do not sort people by it.
