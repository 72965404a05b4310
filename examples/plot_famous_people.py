"""
Sixty famous people
===================

Predict sixty people from as many countries, each written in five ways: which
predictions are right, unsure or wrong?

**This does not measure accuracy**, because the training data of the models has many of
these people. `famous_people.csv`, next to this script, has their names. Run
``python examples/plot_famous_people.py``: it takes some seconds.
"""

import csv
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from anyascii import anyascii
from matplotlib.colors import ListedColormap

import sknames

folder = Path(__file__).parent if "__file__" in globals() else Path.cwd()
with open(folder / "famous_people.csv", encoding="utf-8") as file:
    people = list(csv.DictReader(file))

# %%
# Lists write a person's name in different ways. If the name is in Latin script, the
# file also has its spelling in another script.


def forms_of(given, surname, surname_first, other_script, **_):
    """Return the names of a person, by the way in which they are written."""
    written = f"{surname} {given}" if surname_first else f"{given} {surname}"
    initials = " ".join(f"{word[0]}." for word in re.split("[ -]", given))
    return {
        "as written": written,
        "no accents": anyascii(written),
        "other script": other_script,
        "comma": f"{surname}, {given}",
        "byline": f"{surname}, {initials}",
    }


forms = [forms_of(**person) for person in people]
names = np.array([list(of.values()) for of in forms])
print(*names[[0, -1]], sep="\n")

# %%
# A prediction is sure if its probability exceeds the threshold of ``abstain=True``. The
# right nationality is that of the country, or another one with such names. Some
# countries, such as the United States, have no nationality among the labels, so every
# sure prediction is wrong.

KINDS = {"right": "#a6cee3", "unsure": "#e8e8e8", "wrong": "#f4a582"}
found = {}
for target in ("nationality", "country"):
    model = sknames.load_pretrained(target, abstain=True)
    best = sknames.predict_names(model.estimator_, names.ravel().tolist())
    labels = best.labels[:, 0].reshape(names.shape)
    sure = best.top_proba[:, 0].reshape(names.shape)
    right = np.empty(names.shape, dtype=bool)
    for row, person in enumerate(people):
        right[row] = np.isin(labels[row], person[target].split())
    kinds = np.where(right, 0, 2)
    kinds[sure <= model.threshold_] = 1
    found[target] = (labels, sure, right, kinds)

    figure, axis = plt.subplots(figsize=(4.4, 11), dpi=170, layout="constrained")
    cmap = ListedColormap([*KINDS.values()])
    axis.imshow(kinds, cmap=cmap, vmin=0, vmax=2, aspect="auto")
    for (row, column), label in np.ndenumerate(labels):
        weight = "bold" if kinds[row, column] == 2 else None
        axis.text(
            column, row, label, ha="center", va="center", fontsize=5.6, weight=weight
        )
    axis.set_yticks(range(len(people)), names[:, 0], fontsize=6)
    axis.set_xticks(range(names.shape[1]), [*forms[0]], fontsize=6)
    axis.tick_params(length=0, labeltop=True)
    axis.set_title(f"load_pretrained({target!r})", fontsize=8)
    for kind, color in KINDS.items():
        axis.plot([], [], "s", color=color, label=kind)
    figure.legend(loc="outside lower center", ncols=3, fontsize=6)

# %%
# How many predictions are right in each form?

figure, axes = plt.subplots(1, 2, figsize=(6.4, 4.4), sharey=True, layout="constrained")
for axis, (target, (_, _, _, kinds)) in zip(axes, found.items(), strict=True):
    left = np.zeros(names.shape[1])
    for k, (kind, color) in enumerate(KINDS.items()):
        counts = np.sum(kinds == k, axis=0)
        axis.barh([*forms[0]], counts, left=left, color=color, label=kind)
        left += counts
    axis.set(title=target, xlabel="people")
axes[0].invert_yaxis()
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
# sphinx_gallery_thumbnail_number = 3

# %%
# Why are sure predictions wrong?
#
# - **The person is not from where the name is common.** Gennady Golovkin is from
#   Kazakhstan and has a Russian name; Lee Kuan Yew is from Singapore and has a Chinese
#   name.
# - **The label is missing**: Barack Obama, Cate Blanchett and Roger Federer.
# - **The form hides the name.** A byline shows only a surname, and Arabic and Hebrew
#   spellings lack vowels.
# - **The sources differ by country.** The training data has only chess players from
#   some countries and only famous people from others, so the way in which a name is
#   written can suggest a country.
#
# The worst errors are predictions above 0.9 that are wrong although the prediction of
# another form is right.

for target, (labels, sure, right, _) in found.items():
    print(f"{target}, wrong above 0.9 although right in another form:")
    for row in np.flatnonzero(right.any(axis=1)):
        for column in np.flatnonzero(~right[row] & (sure[row] > 0.9)):
            answer = f"{labels[row, column]} {sure[row, column]:.2f}"
            print(f"  {names[row, column]}: {answer}, not {people[row][target]}")
