"""
When to abstain
===============

Draw risk against coverage, and check whether the probabilities are calibrated.

Run ``python examples/plot_abstaining.py``: it takes seconds. It fits a linear model on
half of the names of twelve nationalities, and predicts the others, and text that is not
a name. If matplotlib is installed, it writes `abstaining.png` and `calibration.png`.
"""

import numpy as np
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
print(f"A probability above {model.threshold_:.2f} is answered.")

predicted = model.predict(names[new])
answered = predicted != model.abstain_label_
wrong = np.mean(predicted[answered] != nationalities[new][answered])
print(
    f"Of {len(new):,} new names {answered.mean():.0%} are answered, {wrong:.1%} of "
    "them wrongly."
)

print("\nWhy the others are not:\n")
for name in ["Kowalczyk", "Lee", "", "123", "info@example.org"]:
    (answer,) = model.predict([name])
    (reason,) = model.reasons([name])
    print(f"{name!r:20} {answer:10} {reason}")

try:
    import matplotlib.pyplot as plt
except ImportError:
    print("\nNo picture, since matplotlib is missing: pip install matplotlib.")
else:
    from sknames.metrics import ReliabilityDisplay, RiskCoverageDisplay

    figure, left = plt.subplots(figsize=(6.4, 4), layout="constrained")
    X = names[new]
    y = nationalities[new]
    curve = model.risk_coverage_curve_
    chosen = (model.coverage_, model.risk_)
    RiskCoverageDisplay.from_curve(
        curve, chosen, name="held out in fit, with the choice", ax=left
    )
    RiskCoverageDisplay.from_estimator(
        model, X, y, name="new names", ax=left, linestyle="--"
    )
    left.axhline(model.risk, color="0.4", linestyle=":")
    left.text(0.99, model.risk, "wanted", ha="right", va="bottom", color="0.3")
    left.set_title("What answering less gains")
    figure.savefig("abstaining.png", dpi=80)
    figure, right = plt.subplots(figsize=(4.6, 4.6), layout="constrained")
    ReliabilityDisplay.from_estimator(model, X, y, name="new names", ax=right)
    right.set_title("Is it as right as it is sure?")
    right.legend(loc="lower right")
    figure.savefig("calibration.png", dpi=80)
    print("\nWrote abstaining.png and calibration.png.")
