"""
Letter by letter
================

Plot the prediction after each letter of a name, and which n-grams and words separate
the two most probable nationalities.

Run ``python examples/plot_letter_by_letter.py``: it takes some seconds and writes
`letter_by_letter.png`. It needs matplotlib.
"""

import matplotlib.pyplot as plt

import sknames
from sknames.inspection import FeatureContributionsDisplay, PrefixProbabilityDisplay

model = sknames.load_pretrained()
PrefixProbabilityDisplay.from_estimator(model, "Anna Kowalska", n_top=5)

# %%
# Each row compares the two most probable nationalities of a name on the right.

NAMES = ["Yamamoto", "Anna Kowalska", "Олена"]

figure, axes = plt.subplots(
    len(NAMES), 2, figsize=(11, 8.5), width_ratios=[2, 1], layout="constrained"
)
for name, (left, right) in zip(NAMES, axes, strict=True):
    display = PrefixProbabilityDisplay.from_estimator(model, name, n_top=6, ax=left)
    print(f"{name} is read as {''.join(display.characters)}")
    FeatureContributionsDisplay.from_estimator(model, name, n_top=8, ax=right)
figure.savefig("letter_by_letter.png", dpi=100)
print("Wrote letter_by_letter.png.")
