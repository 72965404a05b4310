"""
Predict with the shipped model
==============================

The shipped model knows 74 nationalities and predicts immediately: without a download,
training or torch. This example shows the three most probable nationalities of six
names: the model is sure of some and unsure of others.

Run ``python examples/plot_shipped_model.py``: it takes a second and writes
`shipped_model.png`.
"""

import matplotlib.pyplot as plt
import numpy as np

import sknames

names = [
    "Mehmet Yılmaz",
    "Γιώργος Παπαδόπουλος",
    "Anna Müller",
    "Sofia Costa",
    "Lee",
    "Maria",
]
model = sknames.load_pretrained()
probabilities = model.predict_proba(names)
best = np.argsort(-probabilities, axis=1)[:, :3]

# %%
# Plot the three most probable nationalities of each name.

figure, axes = plt.subplots(3, 2, figsize=(6.4, 5), sharex=True, layout="constrained")
for axis, name, row, three in zip(axes.flat, names, probabilities, best, strict=True):
    axis.barh(model.classes_[three], row[three], color=["C0", "0.6", "0.75"])
    axis.invert_yaxis()
    axis.set_title(name)
    axis.set_xlim(0, 1)
figure.supxlabel("probability")
figure.savefig("shipped_model.png", dpi=120)
