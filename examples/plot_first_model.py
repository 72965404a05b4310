"""Train on the names that ship with sknames, score held-out names, name a few nationalities, save
the model.

Run ``python examples/plot_first_model.py``: it takes about a minute and writes
`first_model.joblib`, and, where matplotlib is installed, the confusion matrix as
`first_model.png`.
"""

import joblib
import numpy as np
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import load_names

bunch = load_names()
names, nationalities = bunch.data, bunch.target

# No name is on both sides of the split, however it is spelled.
split = StratifiedGroupKFold(10, shuffle=True, random_state=0).split(
    names, nationalities, bunch.groups
)
train, test = next(split)

pipeline = Pipeline(
    [
        ("encode", CharEncoder()),
        # Six epochs are enough for a first look at 80,000 names.
        ("classify", NameNationalityClassifier(max_epochs=6, random_state=0, verbose=1)),
    ]
)
pipeline.fit(names[train], nationalities[train])

probabilities = pipeline.predict_proba(names[test])
predicted = pipeline.classes_[probabilities.argmax(axis=1)]
print(f"trained on {len(train)} names of {len(bunch.target_names)} nationalities")
print(
    f"held out {len(test)}: accuracy {accuracy_score(nationalities[test], predicted):.3f}", end=", "
)
print(f"macro-F1 {f1_score(nationalities[test], predicted, average='macro'):.3f}")

for name in ["Kowalczyk", "Yıldırım", "Nguyễn", "Giannopoulos", "MacLeod", "Rossi"]:
    row = pipeline.predict_proba([name])[0]
    best = np.argsort(row)[::-1][:3]
    print(f"{name:>14}: " + ", ".join(f"{pipeline.classes_[k]} {row[k]:.2f}" for k in best))

joblib.dump(pipeline, "first_model.joblib")
print("wrote first_model.joblib")

try:
    import matplotlib.pyplot as plt
    from sklearn.metrics import ConfusionMatrixDisplay
except ImportError:
    pass
else:
    figure, axes = plt.subplots(figsize=(12, 11), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(
        nationalities[test], predicted, normalize="true", include_values=False, cmap="Blues",
        xticks_rotation="vertical", ax=axes,
    )  # fmt: skip
    axes.set_title("Held-out names: share of each true nationality")
    figure.savefig("first_model.png", dpi=100)
    print("wrote first_model.png")
