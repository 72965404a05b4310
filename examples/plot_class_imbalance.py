"""
Class imbalance
===============

Train on 1,000 Polish, 200 Czech and 60 Slovak names. How do logit adjustment and class
weights change the recall of each nationality?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import recall_score
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import load_names

TRAIN = {"Polish": 1000, "Czech": 200, "Slovak": 60}
N_TEST = 300

# %%
# Names of more than one nationality are left out. The test set is balanced.

bunch = load_names()
_, group, n_members = np.unique(bunch.groups, return_inverse=True, return_counts=True)
rng = np.random.default_rng(0)
train = []
test = []
for nationality, n_train in TRAIN.items():
    own = (bunch.target == nationality) & (n_members[group] == 1)
    drawn = rng.permutation(np.flatnonzero(own))
    test.append(drawn[:N_TEST])
    train.append(drawn[N_TEST : N_TEST + n_train])
train = np.concatenate(train)
test = np.concatenate(test)

# %%
# On test data with the class frequencies of the training data, the first setting would
# be the most accurate.

settings = {
    "logit_adjustment=0": {"logit_adjustment": 0},
    "logit_adjustment=0.15, the default": {},
    "logit_adjustment=1": {"logit_adjustment": 1},
    'class_weight="balanced", no adjustment': {
        "class_weight": "balanced",
        "logit_adjustment": 0,
    },
}
recalls = {}
for title, params in settings.items():
    classify = NameNationalityClassifier(random_state=0, **params)
    model = Pipeline([("encode", CharEncoder()), ("classify", classify)])
    model.fit(bunch.data[train], bunch.target[train])
    predicted = model.predict(bunch.data[test])
    recalls[title] = recall_score(
        bunch.target[test], predicted, labels=list(TRAIN), average=None
    )
    print(f"{title:<40} balanced accuracy {recalls[title].mean():.3f}")

# %%
# Adjustment lowers the recall of frequent classes and raises that of rare ones.

figure, axis = plt.subplots(figsize=(6.4, 5), layout="constrained")
places = np.arange(len(TRAIN))
for k, (title, values) in enumerate(recalls.items()):
    axis.bar(places + 0.2 * (k - 1.5), values, 0.18, label=title)
ticks = [f"{nationality}\n{n:,} names" for nationality, n in TRAIN.items()]
axis.set_xticks(places, ticks)
axis.set(ylabel="recall on held-out names", ylim=(0, 1))
figure.legend(loc="outside lower center", ncols=2)
