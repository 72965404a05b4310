"""
When to abstain
===============

Plot risk against coverage, and check whether the probabilities are calibrated.

Run ``python examples/plot_abstaining.py``: it takes seconds. It fits a linear model to
half of the names of twelve nationalities, and predicts the other half and some texts
that are not names. If matplotlib is installed, it writes `abstaining.png` and
`calibration.png`.
"""

import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline

import sknames
from sknames.datasets import load_names

NATIONALITIES = [
    "Chinese",
    "Danish",
    "Dutch",
    "English",
    "French",
    "German",
    "Irish",
    "Italian",
]
NATIONALITIES += ["Japanese", "Norwegian", "Polish", "Swedish"]

names, nationalities = load_names(return_X_y=True)
rows = np.flatnonzero(np.isin(nationalities, NATIONALITIES))
rows = np.random.default_rng(0).permutation(rows)[:6_000]
names = names[rows]
nationalities = nationalities[rows].astype(str)
split = GroupShuffleSplit(1, test_size=0.5, random_state=0)
groups = sknames.spelling_groups(names)
known, new = next(split.split(names, groups=groups))

ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4))
classify = LogisticRegression(C=10, solver="saga", tol=0.01, random_state=0)
linear = make_pipeline(ngrams, classify)
model = sknames.SelectiveClassifier(linear, risk=0.1).fit(
    names[known], nationalities[known], groups=groups[known]
)
print(f"The model abstains unless a probability exceeds {model.threshold_:.2f}.")

predicted = model.predict(names[new])
answered = predicted != model.abstain_label_
wrong = np.mean(predicted[answered] != nationalities[new][answered])
print(
    f"Of {len(new):,} new names, {answered.mean():.0%} get a prediction; {wrong:.1%} "
    "of these predictions are wrong."
)

print("\nWhy the model abstains:\n")
for name in ["Kowalczyk", "Lee", "", "123", "info@example.org"]:
    (answer,) = model.predict([name])
    (reason,) = model.reasons([name])
    print(f"{name!r:20} {answer:10} {reason}")

try:
    import matplotlib.pyplot as plt
except ImportError:
    print("\nNo picture, because matplotlib is missing: pip install matplotlib.")
else:
    curve = model.risk_coverage_curve_
    figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
    ax.plot(curve.coverage, curve.risk, label="held out in fit")
    ax.plot(model.coverage_, model.risk_, "oC0", label="chosen threshold")
    ax.plot(answered.mean(), wrong, "sC1", label="new names")
    ax.axhline(model.risk, color="0.4", linestyle=":", label="requested risk")
    ax.set(xlim=(0, 1.02), xlabel="coverage")
    ax.set(ylim=(0, None), ylabel="risk: share of wrong predictions")
    ax.set_title("Risk and coverage")
    ax.legend()
    figure.savefig("abstaining.png", dpi=80)

    proba = model.predict_proba(names[new])
    is_right = model.classes_[proba.argmax(axis=1)] == nationalities[new]
    display = CalibrationDisplay.from_predictions(
        is_right, proba.max(axis=1), n_bins=10, strategy="quantile", name="new names"
    )
    ax = display.ax_
    ax.set(xlabel="probability of the most probable label", ylabel="accuracy")
    ax.set_title("Calibration")
    display.figure_.savefig("calibration.png", dpi=80)
    print("\nWrote abstaining.png and calibration.png.")
