"""
Grid search of the hidden size
==============================

Use a grid search to choose the size of a net. The spread over the folds shows how
reliable the result is.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier, spelling_groups
from sknames.datasets import load_names

names, nationalities = load_names(return_X_y=True)
some = np.isin(nationalities, ["Czech", "Dutch", "Greek", "Italian", "Japanese"])
names = names[some][::4]
nationalities = nationalities[some][::4]

# %%
# All spellings of a name are on the same side of each split. The log loss separates
# candidates better than accuracy does, because it depends on all probabilities.

sizes = [8, 16, 32, 64, 128]
pipeline = Pipeline(
    [
        ("encode", CharEncoder(max_length=30)),
        ("classify", NameNationalityClassifier(max_epochs=6, random_state=0)),
    ]
)
pipeline.fit(names[:100], nationalities[:100])  # so that importing torch is not timed
search = GridSearchCV(
    pipeline,
    {"classify__hidden_size": sizes},
    cv=StratifiedGroupKFold(3, shuffle=True, random_state=0),
    scoring="neg_log_loss",
)
search.fit(names, nationalities, groups=spelling_groups(names))
print("best:", search.best_params_)

# %%
# A point within the spread of its neighbour is not significantly better. A larger net
# takes more time.

results = search.cv_results_
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
left.errorbar(
    sizes, -results["mean_test_score"], results["std_test_score"], fmt="C0-o", capsize=4
)
left.set_ylabel("log loss, mean and standard deviation\nof 3 folds")
right.errorbar(
    sizes, results["mean_fit_time"], results["std_fit_time"], fmt="C1-s", capsize=4
)
right.set_ylabel("seconds to fit")
right.set_ylim(bottom=0)
for axis in (left, right):
    axis.set_xscale("log", base=2)
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.set_xlabel("hidden_size")
