"""
Shares of a list
================

Estimate the shares of nationalities in a list, with intervals, and adapt predictions to
the list.

Run ``python examples/plot_shares_of_a_list.py``: it takes some seconds. The list has
the 1,000 members of a made-up club in a Dutch town: 700 have Dutch names, 240 Turkish
names and 60 Polish names. If matplotlib is installed, it writes
`shares.png`.
"""

import numpy as np

import sknames
from sknames.datasets import make_names

MEMBERS = {"Dutch": 700, "Turkish": 240, "Polish": 60}

names = []
nationalities = []
for nationality, n in MEMBERS.items():
    drawn, labels = make_names(n, nationalities=[nationality], random_state=0)
    names += drawn.tolist()
    nationalities += labels.tolist()
order = np.random.default_rng(0).permutation(len(names))
names = np.array(names, dtype=object)[order]
nationalities = np.array(nationalities)[order]

model = sknames.load_pretrained()

print("Naive estimate: count the predictions of single names.\n")
predicted = model.predict(names)
labels, counts = np.unique(predicted, return_counts=True)
first_five = np.argsort(-counts)[:5]
for k in first_five:
    print(f"{labels[k]:<12} {counts[k] / len(names):6.1%}")
share_of_others = 1 - counts[first_five].sum() / len(names)
print(f"{len(labels) - 5} others: {share_of_others:.1%} together")

print("\nEstimated shares, under which these names are most likely:\n")
shares = sknames.estimate_shares(model, names, random_state=0)
print(shares)

adapted = sknames.PriorShiftClassifier(model).fit(names)
print(
    f"\nAccuracy on single names: {np.mean(predicted == nationalities):.1%} with the "
    f"default priors, {adapted.score(names, nationalities):.1%} with priors adapted to "
    "the list."
)

try:
    import matplotlib.pyplot  # noqa: F401
except ImportError:
    print("No picture, because matplotlib is missing: pip install matplotlib.")
else:
    bars = {"label": "estimate"}
    display = sknames.SharesDisplay.from_shares(shares, bar_kwargs=bars)
    places = [k for k, label in enumerate(shares.label) if label in MEMBERS]
    true = [MEMBERS[shares.label[k]] / len(names) for k in places]
    display.ax_.plot(true, places, "D", color="C1", label="truth")
    display.ax_.legend()
    display.ax_.set_title("Members of a club, by their names")
    display.figure_.savefig("shares.png", dpi=80)
    print("Wrote shares.png.")
