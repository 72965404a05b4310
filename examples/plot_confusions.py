"""
Confusions
==========

Errors are not random: the model confuses names of neighbouring countries and related
languages. Sorted by their confusions, nationalities form language families, although
the model has not been told about these.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier, spelling_groups
from sknames.datasets import load_names

SOME = (
    "Arabic Bulgarian Croatian Czech Danish Dutch English Finnish French German "
    "Hungarian Icelandic Irish Italian Japanese Norwegian Persian Polish Portuguese "
    "Romanian Russian Scottish Serbian Slovak Slovenian Spanish Swedish Turkish "
    "Ukrainian Uzbek"
).split()

names, nationalities = load_names(return_X_y=True)
some = np.isin(nationalities, SOME)
names = names[some][::2]
nationalities = nationalities[some][::2]
splits = StratifiedGroupKFold(3, shuffle=True, random_state=0)
train, test = next(splits.split(names, nationalities, groups=spelling_groups(names)))

classify = NameNationalityClassifier(hidden_size=64, max_epochs=8, random_state=0)
model = Pipeline([("encode", CharEncoder()), ("classify", classify)])
model.fit(names[train], nationalities[train])
predicted = model.predict(names[test])

# %%
# Two nationalities are close if the model often confuses their names. Hierarchical
# clustering merges the closest ones first, which gives the order of the rows.

shares = confusion_matrix(nationalities[test], predicted, labels=SOME, normalize="true")
confused = (shares + shares.T) / 2
np.fill_diagonal(confused, confused.max())
distance = squareform(1 - confused / confused.max(), checks=False)
order = leaves_list(linkage(distance, "average", optimal_ordering=True))

# %%
# Each row shows the names of one nationality. The diagonal is left out, so colours show
# errors only.

mistakes = shares[np.ix_(order, order)]
np.fill_diagonal(mistakes, np.nan)
figure, axis = plt.subplots(figsize=(8, 7.2), layout="constrained")
display = ConfusionMatrixDisplay(mistakes, display_labels=np.array(SOME)[order])
display.plot(include_values=False, xticks_rotation="vertical", ax=axis)
axis.set(
    title=f"Held-out names, {np.mean(predicted == nationalities[test]):.0%} "
    "accuracy:\nshare of each nationality that is misclassified",
    xlabel="predicted nationality",
    ylabel="true nationality",
)
