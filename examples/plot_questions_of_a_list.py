"""
Diversity, ratios and slopes
============================

Estimate a diversity index, the ratio to a known share, the slope of a trend,
standardised rates, and a ratio of rates. Each is a function of shares, for which
:func:`sknames.estimate_statistic` computes a confidence interval.

The lists are made up, so that the truth is known. Their names are from the training
data of the model: on real names, errors are larger.
"""

import matplotlib.pyplot as plt
import numpy as np

import sknames
from sknames.datasets import make_names

LABELS = np.array(["Chinese", "German", "Italian", "Turkish"])
model = sknames.load_pretrained()
answers = {}  # estimate and truth of each statistic, for the figure


def draw(mix, n, seed):
    """Return the names and labels of n people, with shares `mix` of `LABELS`."""
    labels = np.random.default_rng(seed).choice(LABELS, n, p=mix)
    names = np.empty(n, dtype=object)
    for label in LABELS:
        rows = np.flatnonzero(labels == label)
        if len(rows):
            names[rows], _ = make_names(
                len(rows), nationalities=[label], random_state=seed
            )
    return names, labels


def shares_of(mix, n, seed):
    """Estimate the shares of a list whose true shares are `mix`."""
    names, _ = draw(mix, n, seed)
    return sknames.estimate_shares(model, names, n_draws=500, random_state=seed)


def answer(question, found, truth):
    """Print an estimate with its interval, and keep it for the figure."""
    print(f"{question}: {found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})")
    print(f"the truth is {truth:.2f}")
    answers[question] = found, truth


# %%
# How diverse?
# ------------
# The Gini-Simpson index is the probability that two people, drawn with replacement,
# have different labels. The effective number of labels is the number of equally
# frequent labels with the same diversity: 1 / the sum of squared shares. Compute it
# from the index and its interval, so that both agree. An index depends on the labels,
# so compare lists only if their shares are estimated by the same model for the same
# labels and groups. Shannon's index is not recommended, because it depends on rare
# labels, whose shares are the least certain.

here_mix = [0.1, 0.6, 0.1, 0.2]
there_mix = [0.25, 0.25, 0.25, 0.25]
here = shares_of(here_mix, 400, seed=2)
there = shares_of(there_mix, 400, seed=3)


def simpson(share):
    """Return the probability that two people differ."""
    return 1 - (share**2).sum()


def effective_number(index):
    """Return the effective number of labels of a Gini-Simpson index."""
    return 1 / (1 - index)


def less_diverse(share, other):
    """Return how much less diverse the first list is."""
    return simpson(other) - simpson(share)


found = sknames.estimate_statistic(less_diverse, here, there, same_source=True)
truth = less_diverse(np.array(here_mix), np.array(there_mix))
answer("difference in diversity", found, truth)

found = sknames.estimate_statistic(simpson, here)
answer("diversity", found, simpson(np.array(here_mix)))
ends = f"{effective_number(found.low):.2f} to {effective_number(found.high):.2f}"
print(f"effective number of labels: {effective_number(found.estimate):.2f} ({ends})")

# %%
# For the methods section: "We estimated the Gini-Simpson index from names, with 95 %
# intervals that include sampling error and typical errors of the model."

# %%
# How over-represented?
# ---------------------
# The ratio of a share to a known share. Note that a census counts country of birth or
# citizenship, not names.


def over_representation(share):
    """Return the ratio of a share to that in the census."""
    return share[0] / 0.04


found = sknames.estimate_statistic(over_representation, here, labels=["Turkish"])
answer("ratio to 4 % Turkish", found, 0.2 / 0.04)

# %%
# For the methods section: "The ratio compares the estimated share of Turkish names with
# the share of 4 % in the census, taken as known."

# %%
# How steep?
# ----------
# The slope of a share over years. ``same_source=True`` assumes that the names within a
# label are distributed alike in all years. Choose the label before looking at the
# shares; otherwise use "sure" of ``shares.compare``, which holds for all labels.

years = np.arange(6)
lists = []
for year in years:
    chinese = 0.1 + 0.05 * year
    mix = [chinese, 0.9 - chinese - 0.1, 0.1, 0.1]
    lists.append(shares_of(mix, 300, seed=10 + year))


def slope(*shares):
    """Return the change of the share in ten years."""
    of_label = [share[0] for share in shares]
    return 10 * np.polyfit(years, of_label, 1)[0]


found = sknames.estimate_statistic(slope, *lists, labels=["Chinese"], same_source=True)
answer("change in ten years", found, 0.5)

# %%
# For the methods section: "We regressed the estimated share of Chinese names on the
# year, with a bootstrap of names. The slope holds for these lists and years."

# %%
# Which rate, adjusted for the field?
# -----------------------------------
# Turkish applicants are in fields where few people are invited, so their crude rate is
# low. To standardise rates over fields, use pairs of field and outcome as the outcome.
# Within a label, names must not depend on the field. This is plausible for fields or
# regions, **but not for sex and age**, because given names depend on both; check rows
# to see whether this matters.

rng = np.random.default_rng(0)
names, labels = draw([0.1, 0.4, 0.1, 0.4], 3000, seed=20)
is_turkish = labels == "Turkish"
field = np.where(rng.random(3000) < np.where(is_turkish, 0.7, 0.3), "arts", "law")
chance = np.where(field == "arts", 0.2, 0.6) + 0.1 * is_turkish
is_invited = rng.random(3000) < chance
pairs = [f"{area} {yes}" for area, yes in zip(field, is_invited, strict=True)]
rates = sknames.estimate_rates(model, names, outcome=pairs, n_draws=500, random_state=0)
print(rates.outcomes)  # fields first, then whether a person was invited
first = model.classes_.tolist().index("Turkish")
second = model.classes_.tolist().index("German")


def standardised(joint):
    """Return the rate of each label if it had the fields of the whole list."""
    joint = joint.reshape(len(joint), 2, 2)  # (n_labels, n_fields, n_outcomes)
    weights = joint.sum(axis=(0, 2))
    n_people = np.maximum(joint.sum(axis=2), 1e-9)
    return joint[:, :, 1] / n_people @ weights


def difference(joint):
    """Return how much the rates of Turkish and German names differ."""
    rate = standardised(joint)
    return rate[first] - rate[second]


found = sknames.estimate_statistic(difference, rates)
answer("difference of standardised rates", found, 0.1)

# %%
# For the methods section: "Rates are standardised to the fields of all applicants. This
# assumes that names do not depend on the field within an origin."

# %%
# How many times as often?
# ------------------------
# The ratio of two rates, here without adjusting for fields. Like all rates, it assumes
# that names do not depend on the outcome within a label.


def ratio(joint):
    """Return the ratio of the crude rates of Turkish and German names."""
    joint = joint.reshape(len(joint), 2, 2)
    rate = joint[:, :, 1].sum(axis=1) / np.maximum(joint.sum(axis=(1, 2)), 1e-9)
    return rate[first] / rate[second]


found = sknames.estimate_statistic(ratio, rates)
answer("ratio of rates", found, (0.7 * 0.3 + 0.3 * 0.7) / (0.3 * 0.2 + 0.7 * 0.6))

# %%
# For the methods section: "The ratio of rates compares the estimated rate of invitation
# of Turkish names with that of German names. It assumes that names do not depend on the
# outcome within an origin, and it is not adjusted for fields."

# %%
# All estimates, each on its own axis.

figure, axes = plt.subplots(len(answers), 1, figsize=(6.4, 6.4), layout="constrained")
for axis, (question, (found, truth)) in zip(axes, answers.items(), strict=True):
    reach = [[found.estimate - found.low], [found.high - found.estimate]]
    axis.errorbar(found.estimate, 0, xerr=reach, fmt="C0o", capsize=3, label="estimate")
    axis.plot(truth, 0, "kD", markerfacecolor="none", label="truth")
    axis.set_yticks([])
    axis.set_title(question, loc="left")
    axis.locator_params("x", nbins=5)
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)

# %%
# For two statistics, intervals from draws would be wrong. One is the dissimilarity of
# units, such as schools or departments: random draws differ even if the units are
# equal, so the index is never estimated as 0. Use ``rates.compare`` with units as
# outcomes to see which labels differ. The other statistic is homophily between inferred
# labels, which is attenuated by errors in the labels.
