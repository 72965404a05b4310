"""
A first model
=============

Train on the names in the package, and evaluate the model on held-out names.

Run ``python examples/plot_first_model.py``: it takes half a minute, prints the three
most probable nationalities of twelve held-out names next to the truth, and writes
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

if hasattr(sys.stdout, "reconfigure"):  # not in notebooks
    # Windows redirects output in an encoding with few letters; others become "?".
    sys.stdout.reconfigure(errors="replace")

bunch = load_names()
names = bunch.data
nationalities = bunch.target

# %%
# All spellings of a name are on the same side of the split.

split = GroupShuffleSplit(1, test_size=0.1, random_state=0)
train, test = next(split.split(names, groups=bunch.groups))

# %%
# Four epochs are enough for a first look at 80,000 names. Early stopping holds out a
# tenth of the training names, and ``history_`` has the loss on these after each epoch.

classify = NameNationalityClassifier(
    early_stopping=True, max_epochs=4, lr=0.003, random_state=0, verbose=2
)
pipeline = Pipeline([("encode", CharEncoder()), ("classify", classify)])
pipeline.fit(names[train], nationalities[train])

# %%
# How accurate is the model? A single name often fits several nationalities, so the most
# probable of 57 is right about half of the time.

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
print(f"{'name':<16}{'truth':<14}three most probable")
drawn = np.random.RandomState(0).choice(len(test), 12, replace=False)
best = np.argsort(-probabilities[drawn], axis=1)[:, :3]
for row, three in zip(drawn, best, strict=True):
    answers = []
    for k in three:
        answers.append(f"{pipeline.classes_[k]} {probabilities[row, k]:.2f}")
    print(f"{names[test][row]:<16}{truth[row]:<14}{', '.join(answers)}")

# %%
# The file contains arrays and parameters, so it loads and predicts without torch.

joblib.dump(pipeline, "first_model.joblib")
print("\nWrote first_model.joblib.")

# %%
# Six of these names as bars, and the loss during training.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print("No picture, because matplotlib is missing: pip install matplotlib.")
else:
    figure, (bars, curve) = plt.subplots(
        1, 2, figsize=(8, 5), width_ratios=[3, 2], layout="constrained"
    )
    history = classify.history_
    epochs = [epoch["epoch"] for epoch in history]
    train_losses = [epoch["train_loss"] for epoch in history]
    valid_losses = [epoch["valid_loss"] for epoch in history]
    curve.plot(epochs, train_losses, "o-", label="training, with dropout")
    curve.plot(epochs, valid_losses, "o-", label="held out")
    curve.set(xticks=epochs, xlabel="epoch", ylabel="cross-entropy")
    curve.legend()
    for place, (row, three) in enumerate(zip(drawn[:6], best[:6], strict=True)):
        for rank, k in enumerate(three):
            label = pipeline.classes_[k]
            probability = probabilities[row, k]
            color = "C0" if label == truth[row] else "0.75"
            y = place + 0.25 * (rank - 1)
            bars.barh(y, probability, 0.22, color=color)
            bars.text(probability + 0.01, y, label, va="center", size=8)
    titles = [f"{names[test][row]}\n({truth[row]})" for row in drawn[:6]]
    bars.set_yticks(range(6), titles)
    bars.invert_yaxis()
    bars.set(xlim=(0, 1.25), xticks=[0, 0.5, 1], xlabel="probability")
    bars.set_title("Held-out names (blue: the true nationality)")
    curve.set_title("Loss")
    figure.savefig("first_model.png", dpi=80)
    print("Wrote first_model.png.")
