"""
Rates of an outcome by group
============================

Estimate the rate of an outcome for each nationality in a list, such as the share of
applicants who were invited, without knowing anyone's nationality.

The register is made up, so that the truth is known. Its names come with the package,
and the shipped model was trained on them. So this example trains a small model of three
nationalities on half of the names, and draws the register from the other half.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline

import sknames
from sknames.datasets import load_names

N_PEOPLE = {"Dutch": 1500, "German": 1500, "Turkish": 500}
INVITED = {"Dutch": 0.6, "German": 0.3, "Turkish": 0.45}

# %%
# To use the shipped model instead: ``model = sknames.load_pretrained()``.

names, nationalities = load_names(return_X_y=True)
is_known = np.isin(nationalities, list(N_PEOPLE))
names = names[is_known]
nationalities = nationalities[is_known]
folds = StratifiedGroupKFold(2, shuffle=True, random_state=0)
groups = sknames.spelling_groups(names)
train, test = next(folds.split(names, nationalities, groups))
model = make_pipeline(
    TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4)),
    LogisticRegression(C=10, class_weight="balanced"),  # assumes equal priors
)
model.fit(names[train], nationalities[train])
print(f"accuracy on new names: {model.score(names[test], nationalities[test]):.2f}")

# %%
# The register has people of each nationality, and whether they were invited.

rng = np.random.default_rng(0)
truth = np.repeat(list(N_PEOPLE), list(N_PEOPLE.values()))
drawn = []
for label, n in N_PEOPLE.items():
    is_label = nationalities[test] == label
    drawn.append(rng.choice(names[test][is_label], n))
people = np.concatenate(drawn)
is_invited = rng.random(len(people)) < [INVITED[label] for label in truth]

# %%
# Some Dutch people have German names, and vice versa. So the rates by predicted label
# are closer to each other than the true rates. `estimate_rates` corrects this, and its
# intervals include the errors of the model.


def estimate(outcome):
    """Estimate the rates of an outcome by nationality."""
    equal = {label: 1 / len(N_PEOPLE) for label in N_PEOPLE}
    return sknames.estimate_rates(
        model, people, outcome=outcome, assumed_prior=equal, random_state=0
    )


rates = estimate(is_invited)
print(rates)

# %%
# To test who was invited more often, compare two labels. Rates can differ significantly
# even if their intervals overlap.

print(rates.compare("Dutch", "German"))

# %%
# The method assumes that, within a label, names do not depend on the outcome. In a
# second register they do: 10 % of the Germans with a typical German name are invited,
# and 50 % of the other Germans. This biases the estimates of all labels, and no
# interval or warning shows the bias.

germans = truth == "German"
score = model.predict_proba(people)[:, model.classes_ == "German"].ravel()
is_typical = score > np.median(score[germans])
rate = np.array([INVITED[label] for label in truth])
rate[germans & is_typical] = 0.1
rate[germans & ~is_typical] = 0.5
is_invited_by_name = rng.random(len(people)) < rate
rates_by_name = estimate(is_invited_by_name)

# %%
# Plot both registers.

registers = {
    "names do not depend on the outcome": (is_invited, rates),
    "typical German names are invited less": (is_invited_by_name, rates_by_name),
}
predicted = model.predict(people)
for title, (outcome, estimated) in registers.items():
    figure, axis = plt.subplots(figsize=(6.4, 4), layout="constrained")
    true_rate = [outcome[truth == label].mean() for label in N_PEOPLE]
    counted = [outcome[predicted == label].mean() for label in N_PEOPLE]
    table = estimated.to_frame().query("outcome").set_index("label").loc[list(N_PEOPLE)]
    reach = [table["rate"] - table["low"], table["high"] - table["rate"]]
    place = np.arange(len(N_PEOPLE))
    axis.plot(place, true_rate, "kD", label="truth")
    axis.plot(place - 0.2, counted, "C1s", label="by predicted label")
    axis.errorbar(
        place + 0.2, table["rate"], reach, fmt="C0o", capsize=3, label="estimate_rates"
    )
    axis.set(title=title, ylim=(-0.02, 0.82), ylabel="invited")
    axis.set_xticks(place, list(N_PEOPLE))
    axis.grid(axis="y", alpha=0.3)
    axis.legend(loc="upper right")
    print(title)
    columns = {"truth": true_rate, "by predicted label": counted}
    print(table[["rate", "low", "high"]].assign(**columns).round(2).to_string())

# %%
# Report the rates, their difference with its interval, and the assumption. A difference
# does not show a cause, does not prove discrimination, and says nothing about a person.
