"""
Validate a threshold
====================

A speech synthesizer pronounces Nordic names in a register by special rules. What are
the precision and recall of a threshold on the probability that a name is Nordic? Only
3 % of the names are Nordic, so a simple random sample of 600 names would have about 18.
A sample stratified by probability, with weights, is more informative.

Run ``python examples/plot_threshold.py``: it takes some seconds. A simple model is
trained on half of the names in the package. The other half is the register, so the
truth is known.
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
# Train the model on all these nationalities, and group them into two classes, which
# scikit-learn's thresholds and curves require.

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
# The register has fewer Nordic names than the training data. In practice, its labels
# are unknown; here, they show the error of the samples.

rng = np.random.default_rng(0)
labels = np.where(np.isin(nationalities[new], NORDIC), "Nordic", "others")
kept = (labels == "others") | (rng.random(len(new)) < 0.12)
register = names[new][kept]
labels = labels[kept]
column = model.classes_.tolist().index("Nordic")
probabilities = model.predict_proba(register)[:, column]
print(f"{len(register):,} names, {np.mean(labels == 'Nordic'):.1%} of them Nordic")

# %%
# A sample has 100 names from each stratum. The weight of a name is the inverse of its
# sampling probability. Ask the people themselves which names are Nordic: labelling
# names by reading them only repeats what the model does.

EDGES = [0.02, 0.1, 0.3, 0.6, 0.9]
stratum = np.digitize(probabilities, EDGES)


def draw():
    """Return the rows of a sample and their weights."""
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
# The first sample is used to choose the threshold: the highest with a weighted recall
# of 80 %. A second sample is used to evaluate it, because the first would be
# optimistic. The intervals are percentiles of a bootstrap within strata.

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
print(f"\nThreshold {threshold:.2f} selects {np.mean(predicted == 'Nordic'):.1%}:\n")
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
# The probabilities are too high, because one training name in five is Nordic.
# `PriorShiftClassifier` corrects them to a prevalence of 3 %. It multiplies the odds of
# all names by the same factor, so a corrected threshold selects the same names.

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
left.set_title("Precision and recall by threshold")
figure.legend(loc="outside lower center", ncols=2)
figure, right = plt.subplots(figsize=(6.4, 4), layout="constrained")
right.plot([0, 1], [0, 1], "k:", label="calibrated")
for title, scores in {
    "priors of the training data": probabilities,
    "with 3 % Nordic names": shifted[:, column],
}.items():
    # Quantile bins have as many names as a stratum, all with the same weight.
    shares, means = calibration_curve(
        labels[rows], scores[rows], pos_label="Nordic", n_bins=6, strategy="quantile"
    )
    right.plot(means, shares, "o-", label=title)
right.set(xlabel="mean probability", ylabel="share of Nordic names, second sample")
right.set_title("Calibration")
right.legend()

# %%
# No Nordic name among 100 names of the lowest stratum is compatible with a share of up
# to 3 % of its many names, so the recall is an upper limit. Precision and recall
# describe the whole register. A name does not show who a person is: do not sort people
# by it.
