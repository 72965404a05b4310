"""
Letter by letter
================

Draw what the model predicts after each letter of a name, and which letters matter.

Run ``python examples/plot_letter_by_letter.py``: it takes some seconds and writes
`letter_by_letter.png`. It needs matplotlib.
"""

import matplotlib.pyplot as plt

import sknames
from sknames.inspection import CharacterImportanceDisplay, PrefixProbabilityDisplay

NAMES = ["Yamamoto", "Anna Kowalska", "Олена"]

model = sknames.load_pretrained()

n_names = len(NAMES)
figure, axes = plt.subplots(
    2 * n_names,
    figsize=(7.5, 3.9 * n_names),
    height_ratios=[2.4, 1] * n_names,
    layout="constrained",
)
for name, above, below in zip(NAMES, axes[::2], axes[1::2], strict=True):
    display = PrefixProbabilityDisplay.from_estimator(model, name, n_top=6, ax=above)
    print(f"{name} is read as {''.join(display.characters)}")
    # The letters stand below their columns.
    CharacterImportanceDisplay.from_estimator(
        model, name, ax=below, im_kwargs={"aspect": "auto"}
    ).ax_.set_title("")
figure.savefig("letter_by_letter.png", dpi=100)
print("Wrote letter_by_letter.png.")
