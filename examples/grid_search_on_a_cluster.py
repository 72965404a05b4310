"""Search for good settings on a cluster.

Run ``python examples/grid_search_on_a_cluster.py``: it starts two processes on this machine as a
small cluster, which needs ``pip install 'dask[distributed]'``, and takes a minute or two. On a real
cluster one line changes, the one marked below.
"""

import joblib
from distributed import Client
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import load_names


def main():
    """Search, and print what was found."""
    names, nationalities = load_names(return_X_y=True)
    names, nationalities = names[::10], nationalities[::10]  # a tenth keeps the example short
    pipeline = Pipeline(
        [
            ("encode", CharEncoder(max_length=20)),
            ("classify", NameNationalityClassifier(max_epochs=4, random_state=0)),
        ]
    )
    grid = {"classify__cell": ["rnn", "gru"], "classify__hidden_size": [16, 32]}
    search = GridSearchCV(
        pipeline, grid, cv=StratifiedKFold(2, shuffle=True, random_state=0), verbose=1
    )

    # The one line that changes: for a real cluster, Client("tcp://its-scheduler:8786").
    client = Client(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0")

    with client, joblib.parallel_config("dask"):
        search.fit(names, nationalities)

    for params, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        print(f"{score:.3f}  {params}")
    print("best:", search.best_params_)


# The processes of a local cluster import this file: without the guard each would start a cluster.
if __name__ == "__main__":
    main()
