"""
Audit a classifier by origin
============================

Does a classifier reject qualified people of some origins more often than others? This
can be estimated from names if the origins were not recorded.

The applicants are made up, so that the truth is known. Their names consist of words
from the training data, so the model is more accurate here than on your data.
"""

import matplotlib.pyplot as plt
import numpy as np

import sknames
from sknames.datasets import make_names

N_PEOPLE = {"Dutch": 1200, "Polish": 900, "Turkish": 600}
FALSE_NEGATIVE_RATE = {"Dutch": 0.1, "Polish": 0.1, "Turkish": 0.25}

# %%
# The applicants
# --------------
#
# Half of the applicants are qualified (`y`). The predictions of the audited classifier
# (`y_pred`) reject one qualified person in ten, but one in four if the person is of
# Turkish origin.

rng = np.random.default_rng(0)
parts = []
for nationality, n in N_PEOPLE.items():
    people, _ = make_names(n, nationalities=[nationality], random_state=1)
    parts.append(people)
names = np.concatenate(parts)
origin = np.repeat(list(N_PEOPLE), list(N_PEOPLE.values()))
y = rng.random(len(names)) < 0.5
is_missed = rng.random(len(names)) < [FALSE_NEGATIVE_RATE[label] for label in origin]
y_pred = y & ~is_missed

# %%
# Rates among the qualified
# -------------------------
#
# The false negative rate is the rate of rejection among qualified people. So pass their
# names to `estimate_rates`, with the decision as the outcome. For false positives, use
# ``names[~y]``.

model = sknames.load_pretrained()
rates = sknames.estimate_rates(
    model, names[y], outcome=np.where(y_pred[y], "accepted", "rejected"), random_state=0
)
for label, expected in FALSE_NEGATIVE_RATE.items():
    row = rates[label]
    rejected = row.outcome.index("rejected")
    interval = f"{row.low[rejected]:.1%} to {row.high[rejected]:.1%}"
    print(f"{label}: {row.rate[rejected]:.1%} ({interval}), truth {expected:.0%}")
print(rates.compare("Turkish"))

# %%
# Why not use predicted labels?
# -----------------------------
#
# Tools such as fairlearn's `MetricFrame` need a group for each person. Predicted labels
# as groups include many tiny groups of wrong predictions. Their rates are 0 or 1, so
# the largest difference between groups is 1 for every classifier.

predicted = model.predict(names[y])
groups, sizes = np.unique(predicted, return_counts=True)
by_group = [np.mean(~y_pred[y][predicted == group]) for group in groups]
print(
    f"{len(groups)} groups, {np.sum(sizes < 10)} of fewer than 10 people; largest "
    f"difference of rates: {max(by_group) - min(by_group):.2f}"
)

# %%
# Report the number of qualified people, the model and its version, and that the groups
# are defined by where names are common. The rates are valid if, within an origin, names
# do not depend on the error. To check this, ask some people for their origin, and pass
# their answers as ``checked=``.

figure, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
places = np.arange(len(N_PEOPLE))
rows = [rates[label] for label in N_PEOPLE]
estimate = np.array([row.rate[1] for row in rows])
ends = np.array([[row.low[1], row.high[1]] for row in rows]).T
reach = abs(ends - estimate)
ax.errorbar(estimate, places, xerr=reach, fmt="o", capsize=3, label="estimate")
ax.plot(list(FALSE_NEGATIVE_RATE.values()), places, "kD", label="truth")
ax.set_yticks(places, N_PEOPLE)
ax.set_xlabel("rejected among the qualified, with 95 % intervals")
ax.set_xlim(0)
ax.set_ylim(2.5, -0.5)
ax.legend()
plt.show()
