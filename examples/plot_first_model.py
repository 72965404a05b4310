"""
A first model
=============

Train on the names that ship with sknames, score held-out names, and show some of them.

Run ``python examples/plot_first_model.py``: it takes half a minute, prints the three
best answers for twelve held-out names next to the truth, and writes
`first_model.joblib` and, if matplotlib is installed, `first_model.png`.
"""

import sys

import joblib
import numpy as np
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import load_names

if hasattr(sys.stdout, "reconfigure"):  # Notebooks lack it.
    # Files of Windows know few letters: others become question marks.
    sys.stdout.reconfigure(errors="replace")

bunch = load_names()
names = bunch.data
nationalities = bunch.target

# %%
# No name is on both sides of the split, however it is spelled.

split = GroupShuffleSplit(1, test_size=0.1, random_state=0)
train, test = next(split.split(names, groups=bunch.groups))

# %%
# Four epochs are enough for a first look at 80,000 names. Early stopping holds a tenth
# of them out of training, and ``history_`` has the loss on these after each epoch.

classify = NameNationalityClassifier(
    early_stopping=True, max_epochs=4, lr=0.003, random_state=0, verbose=2
)
pipeline = Pipeline([("encode", CharEncoder()), ("classify", classify)])
pipeline.fit(names[train], nationalities[train])

# %%
# How good is it? A single name often fits several nationalities, so the first of 57 is
# right about half the time.

probabilities = pipeline.predict_proba(names[test])
predicted = pipeline.classes_[probabilities.argmax(axis=1)]
print(f"Trained on {len(train):,} names of {len(bunch.target_names)} nationalities.")
truth = nationalities[test]
accuracy = accuracy_score(truth, predicted)
macro_f1 = f1_score(truth, predicted, average="macro")
print(
    f"{len(test):,} held-out names: accuracy {accuracy:.3f}, macro-F1 {macro_f1:.3f}."
)

print("\nTwelve of them, drawn at random:\n")
print(f"{'name':<16}{'truth':<14}three best answers")
drawn = np.random.RandomState(0).choice(len(test), 12, replace=False)
best = np.argsort(-probabilities[drawn], axis=1)[:, :3]
for row, three in zip(drawn, best, strict=True):
    answers = []
    for k in three:
        answers.append(f"{pipeline.classes_[k]} {probabilities[row, k]:.2f}")
    print(f"{names[test][row]:<16}{truth[row]:<14}{', '.join(answers)}")

# %%
# The file holds arrays and parameters: it loads, and predicts, without torch.

joblib.dump(pipeline, "first_model.joblib")
print("\nWrote first_model.joblib.")

# %%
# The same twelve as bars, the loss during training, and the confusions of all held-out
# names.

try:
    import matplotlib.pyplot as plt
    from sklearn.metrics import ConfusionMatrixDisplay
except ImportError:
    print("No picture, since matplotlib is missing: pip install matplotlib.")
else:
    figure, axes = plt.subplot_mosaic(
        [["bars", "matrix"], ["curve", "matrix"]],
        figsize=(15, 11), width_ratios=[1, 2.2], height_ratios=[3, 1],
        layout="constrained",
    )  # fmt: skip
    bars = axes["bars"]
    curve = axes["curve"]
    matrix = axes["matrix"]
    history = classify.history_
    epochs = [epoch["epoch"] for epoch in history]
    train_losses = [epoch["train_loss"] for epoch in history]
    valid_losses = [epoch["valid_loss"] for epoch in history]
    curve.plot(epochs, train_losses, "o-", label="training, with dropout")
    curve.plot(epochs, valid_losses, "o-", label="held out")
    curve.set(xticks=epochs, xlabel="epoch", ylabel="cross-entropy")
    curve.legend()
    for place, (row, three) in enumerate(zip(drawn, best, strict=True)):
        for rank, k in enumerate(three):
            label = pipeline.classes_[k]
            probability = probabilities[row, k]
            color = "C0" if label == truth[row] else "0.75"
            y = place + 0.25 * (rank - 1)
            bars.barh(y, probability, 0.22, color=color)
            bars.text(probability + 0.01, y, label, va="center", size=8)
    titles = [f"{names[test][row]}\n({truth[row]})" for row in drawn]
    bars.set_yticks(range(len(drawn)), titles)
    bars.invert_yaxis()
    bars.set(xlim=(0, 1.25), xticks=[0, 0.5, 1], xlabel="probability")
    bars.set_title(
        "Twelve held-out names, three best answers\n(blue: the true nationality)"
    )
    ConfusionMatrixDisplay.from_predictions(
        truth, predicted, normalize="true", include_values=False,
        xticks_rotation="vertical", ax=matrix,
    )  # fmt: skip
    matrix.set_title("All held-out names: share of each true nationality")
    figure.savefig("first_model.png", dpi=80)
    print("Wrote first_model.png.")
