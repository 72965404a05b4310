"""
Order of name columns
=====================

A list has two columns of names. Which of them has the given names? A single name is
often ambiguous: Martin and James can be given names or surnames. But all rows of a list
have the same order, so the evidence adds up, and a dozen rows are enough.

A pipeline for own labels learns the two parts, "given" and "surname", and the log odds
of a column are summed.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from sknames import make_own_labels_pipeline
from sknames.datasets import load_names

# %%
# For each of its names, the package records whether it is a given name or a surname.
# Names that are both are left out. All spellings of a name are on the same side of the
# split.

names = load_names()
is_clear = names.part != "both"
data = names.data[is_clear]
parts = names.part[is_clear]
nationalities = names.target[is_clear]
split = GroupShuffleSplit(1, train_size=30_000, test_size=0.5, random_state=0)
train, test = next(split.split(data, groups=names.groups[is_clear]))
model = make_own_labels_pipeline().fit(data[train], parts[train])
accuracy = model.score(data[test], parts[test])
print(f"{len(train):,} training names; accuracy on other names: {accuracy:.3f}")

# %%
# Compare the log odds of two columns, summed over the rows.


def log_odds_of_surname(column):
    """Return the log odds of "surname" against "given" for each name."""
    given, surname = np.log(model.predict_proba(column)).T
    return surname - given


def family_column(first, second):
    """Return which of two columns has the family names, 0 or 1, and the log odds."""
    evidence = log_odds_of_surname(second) - log_odds_of_surname(first)
    return int(evidence.sum() > 0), abs(evidence.sum())


first = ["Nagy", "Kovács", "Tóth"]
second = ["Anna", "Péter", "Éva"]
column, log_odds = family_column(first, second)
print(f"Family names are in column {column}, log odds {log_odds:.1f}.")

# %%
# Name parsers, such as nameparser, cannot know the order of "Nagy Anna", but they parse
# "Nagy, Anna" in any language: ``HumanName("Nagy, Anna").last`` is "Nagy".

families, givens = (first, second) if column == 0 else (second, first)
for family, given in zip(families, givens, strict=True):
    print(f"{family}, {given}")

# %%
# How often is the order right, by the number of rows? Each list has people of one
# nationality, drawn from names that the model has not seen.

SIZES = [1, 2, 3, 5, 10, 30]
DRAWS = 2_000
rng = np.random.default_rng(0)
odds = log_odds_of_surname(data[test])
right = {}
for nationality in np.unique(nationalities):
    of_part = {}
    for part in ("given", "surname"):
        rows = (nationalities[test] == nationality) & (parts[test] == part)
        of_part[part] = odds[rows]
    if min(map(len, of_part.values())) < 30:
        continue
    shares = []
    for size in SIZES:
        drawn = {
            part: rng.choice(values, (DRAWS, size)).sum(axis=1)
            for part, values in of_part.items()
        }
        shares.append(np.mean(drawn["surname"] > drawn["given"]))
    right[nationality] = np.array(shares)
mean = np.mean([*right.values()], axis=0)
hardest = sorted(right, key=lambda nationality: right[nationality][0])[:5]
shown = {"mean of all": mean} | {label: right[label] for label in hardest}
for title, shares in shown.items():
    print(f"{title:<12}", *(f"{share:.3f}" for share in shares))

# %%
# One row is not enough, especially where the same names are used as given names and
# family names, as in Ethiopia, or where a syllable can be either, as in China and
# Vietnam. Thirty rows are enough except for a few nationalities, so look at some rows
# before you trust the result. The method does not apply to a list in which the order
# changes from row to row.

figure, axis = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
for nationality in hardest:
    axis.plot(SIZES, right[nationality], "o:", label=nationality)
axis.plot(SIZES, mean, "ko-", label=f"mean of {len(right)} nationalities")
axis.axhline(0.5, color="0.7", lw=1)
axis.set(
    xscale="log",
    xlabel="rows of the list",
    ylabel="share of lists whose order is right",
    title="Which column has the family names?",
)
axis.set_xticks(SIZES, [str(size) for size in SIZES])
axis.grid(alpha=0.3)
axis.legend(loc="lower right")
