"""
Sixty famous people
===================

Ask both models for sixty people of as many countries, each written in five ways: where
are the answers right, unsure or wrong?

**This is no accuracy.** The biographies and lists that the models learned from have
many of these people. `famous_people.csv`, next to this script, has their names. Run
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
# Lists write a person's name in different ways. Where the own script is Latin, the file
# has the name as another script spells it.


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
# An answer is sure if its probability is above the threshold of ``abstain=True``. The
# nationality is that of the country, or another whose people bear such names. Some
# countries, such as the United States, have no nationality of their own among the
# labels: any sure answer is then wrong.

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
    found[target] = (labels, sure, right)

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
# Why are sure answers wrong?
#
# - **The person is not where the name is common.** Gennady Golovkin is from Kazakhstan
#   and has a Russian name, Lee Kuan Yew from Singapore and has a Chinese one.
# - **The label is missing**: Barack Obama, Cate Blanchett and Roger Federer.
# - **The form hides the name.** A byline leaves a surname, and Arabic and Hebrew no
#   vowels.
# - **The sources differ by country.** Some countries have only chess players in
#   training, some only famous people, so the way in which a name is written can speak
#   for a country.
#
# The worst errors: an answer above 0.9 in one form is wrong, and that in another form
# is right.

for target, (labels, sure, right) in found.items():
    print(f"{target}, wrong above 0.9 and right in another form:")
    for row in np.flatnonzero(right.any(axis=1)):
        for column in np.flatnonzero(~right[row] & (sure[row] > 0.9)):
            answer = f"{labels[row, column]} {sure[row, column]:.2f}"
            print(f"  {names[row, column]}: {answer}, not {people[row][target]}")
