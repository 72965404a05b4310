"""NameEncoder: what a fitted model thinks of names, as features for other estimators."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import skops.io
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils._param_validation import InvalidParameterError

import sknames
from sknames import (
    CharEncoder,
    NameEncoder,
    NameNationalityClassifier,
    PriorShiftClassifier,
    load_pretrained,
)
from sknames._model_files import load_model

NAMES = [
    "Mehmet Yılmaz", "王伟", "", "Anna Nowak", "x" * 100, "O'Neill", "😀", "Mehmet Yılmaz",
    "e\u0301", "Lars Nielsen", "mehmet yilmaz", "Nguyễn Thị Hoa", "J. Smith", "12",
]  # fmt: skip
OUTPUTS = ["sqrt_proba", "state", "both", "log_proba"]


@pytest.fixture(scope="module")
def pretrained():
    return load_pretrained(priors="uniform")


@pytest.fixture(scope="module")
def own(small_names):
    """A small model of four nationalities."""
    classify = NameNationalityClassifier(
        hidden_size=8, embedding_dim=4, max_epochs=3, ngram_range=(1, 2), random_state=0
    )
    return make_pipeline(CharEncoder(max_length=12), classify).fit(*small_names)


@pytest.fixture(scope="module")
def encoder():
    return NameEncoder().fit(NAMES)


# ---- What it gives


def test_square_roots_of_probabilities(encoder, pretrained):
    rows = encoder.transform(NAMES)
    assert rows.dtype == np.float32 and rows.shape == (len(NAMES), len(pretrained.classes_))
    np.testing.assert_allclose(rows, np.sqrt(pretrained.predict_proba(NAMES)), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    k = encoder.get_feature_names_out().tolist().index("nameencoder_Turkish")
    assert (rows[[0, 10]].argmax(axis=1) == k).all()


def test_centred_log_probabilities(pretrained):
    rows = NameEncoder(output="log_proba").fit_transform(NAMES)
    probabilities = pretrained.predict_proba(NAMES)
    assert rows.dtype == np.float32 and (probabilities < 1e-3).any()
    logs = np.log(np.clip(probabilities, 1e-3, 1))
    expected = 0.1 * (logs - logs.mean(axis=1)[:, None])
    np.testing.assert_allclose(rows, expected, atol=1e-6)


def test_states_are_what_the_net_classifies(own, small_names):
    """Its output layer and the n-grams' logits make the model's own answers of them."""
    names = small_names[0]
    network = own[-1].network_
    states = NameEncoder(own, output="state").fit_transform(names)
    assert states.dtype == np.float32 and states.shape == (200, 8)
    assert (np.abs(states) <= 1).all() and len(np.unique(states, axis=0)) > 150
    weights = dict(network.weights)
    logits = states @ weights["output.weight"].T + weights["output.bias"]
    codes = network.to_codes(own[0].transform(names))
    of_ngrams = [network.ngrams.tfidf(row[None], weights["ngram_idf"]) for row in codes]
    logits += [
        sknames._ngrams.NGRAM_SCALE * values @ weights["ngram_weight"][features]
        for features, _, values in of_ngrams
    ]
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(own.predict_proba(names), expected, atol=1e-5)


def test_both_are_one_beside_the_other(own):
    proba, state, both, _ = (NameEncoder(own, output=o).fit_transform(NAMES) for o in OUTPUTS)
    np.testing.assert_array_equal(both, np.hstack([proba, state]))


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_row_depends_on_its_name_alone(output):
    """To the bit: alone, in a batch that is planned, in any order, beside the same names."""
    encoder = NameEncoder(output=output).fit(NAMES)
    rows = encoder.transform(NAMES)
    assert len(np.unique(rows, axis=0)) >= 9
    many = [*sknames.datasets.make_names(300, random_state=0)[0], *NAMES]
    order = np.random.default_rng(0).permutation(len(many))
    found = encoder.transform([many[i] for i in order])
    back = np.argsort(order)
    np.testing.assert_array_equal(found[back[300:]], rows)
    np.testing.assert_array_equal(encoder.transform(many)[300:], rows)
    for name, row in zip(NAMES, rows, strict=True):
        np.testing.assert_array_equal(encoder.transform([name]), [row])


def test_equal_names_are_computed_once(own, monkeypatch):
    asked = []
    predict_proba = Pipeline.predict_proba
    monkeypatch.setattr(
        Pipeline, "predict_proba", lambda self, X: asked.append(X) or predict_proba(self, X)
    )
    encoder = NameEncoder(own).fit(["Ana"])
    asked.clear()
    rows = encoder.transform(["Ana", "Bo", "Ana", "Ana", "Bo"])
    assert asked == [["Ana", "Bo"]]
    np.testing.assert_array_equal(rows, encoder.transform(["Ana", "Bo"])[[0, 1, 0, 0, 1]])


@pytest.mark.parametrize(
    "container",
    [tuple, iter, np.array, pd.Series, pl.Series, lambda X: np.array(X)[:, None], pd.DataFrame],
)
def test_containers(encoder, container):
    expected = encoder.transform(NAMES)
    np.testing.assert_array_equal(encoder.transform(container(NAMES)), expected)
    np.testing.assert_array_equal(NameEncoder().fit_transform(container(NAMES)), expected)


def test_a_table_gives_its_values_and_never_its_header(encoder):
    for make in (pd.DataFrame, pl.DataFrame):
        table = make({"name": NAMES})
        fitted = NameEncoder().fit(table)
        assert fitted.feature_names_in_.tolist() == ["name"]
        np.testing.assert_array_equal(fitted.transform(table), encoder.transform(NAMES))
        assert not hasattr(fitted.fit(NAMES), "feature_names_in_")


def test_missing_names(encoder):
    with pytest.raises(ValueError, match=r"missing name \(None\) at position 1"):
        encoder.transform(["Ana", None])
    lenient = NameEncoder(handle_missing="empty").fit(["Ana"])
    rows = lenient.transform(["Ana", None, float("nan"), pd.NA])
    np.testing.assert_array_equal(rows, encoder.transform(["Ana", "", "", ""]))


@pytest.mark.parametrize(
    "names, error, message",
    [
        ("Ana", ValueError, "Wrap it in a list"),
        ([], ValueError, r"0 sample\(s\)"),
        ([1], TypeError, "type str and got int"),
        (np.array([["a", "b"]]), ValueError, "Pass one column"),
    ],
)
def test_what_is_no_column_of_names(encoder, names, error, message):
    for method in (NameEncoder().fit, NameEncoder().fit_transform, encoder.transform):
        with pytest.raises(error, match=message):
            method(names)


# ---- Which model


def test_a_model_answers_under_its_own_priors(own, pretrained):
    for model in (own, load_pretrained(), PriorShiftClassifier(own).fit(NAMES)):
        rows = NameEncoder(model).fit_transform(NAMES)
        np.testing.assert_allclose(rows**2, model.predict_proba(NAMES), atol=1e-6)
    np.testing.assert_array_equal(
        NameEncoder(pretrained).fit_transform(NAMES), NameEncoder().fit_transform(NAMES)
    )


def test_any_classifier_of_names(small_names):
    model = make_pipeline(TfidfVectorizer(analyzer="char"), MultinomialNB()).fit(*small_names)
    encoder = NameEncoder(model).fit(NAMES)
    assert encoder.transform(NAMES).shape == (len(NAMES), 4)
    with pytest.raises(ValueError, match="states are those of a NameNationalityClassifier.*Pipe"):
        NameEncoder(model, output="state").fit(NAMES)


@pytest.mark.parametrize("as_path", [str, Path])
def test_path(own, tmp_path, as_path):
    skops.io.dump(own, tmp_path / "own.skops")
    encoder = NameEncoder(as_path(tmp_path / "own.skops"), output="both").fit(NAMES)
    expected = NameEncoder(own, output="both").fit_transform(NAMES)
    np.testing.assert_array_equal(encoder.transform(NAMES), expected)
    (tmp_path / "own.skops").unlink()  # what is fitted needs it no longer
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.transform(NAMES), expected)


def test_a_path_is_that_of_a_file_whatever_its_name(own, tmp_path, monkeypatch):
    skops.io.dump(own, tmp_path / "pretrained")
    monkeypatch.chdir(tmp_path)
    found = NameEncoder(Path("pretrained")).fit_transform(NAMES)
    np.testing.assert_array_equal(found, NameEncoder(own).fit_transform(NAMES))


def test_path_of_an_adapted_model(own, tmp_path):
    adapted = PriorShiftClassifier(own, priors="uniform").fit(NAMES)
    skops.io.dump(adapted, tmp_path / "adapted.skops")
    found = NameEncoder(tmp_path / "adapted.skops").fit_transform(NAMES)
    np.testing.assert_array_equal(found, NameEncoder(adapted).fit_transform(NAMES))


def test_half_a_file(own, tmp_path):
    content = skops.io.dumps(own)
    (tmp_path / "own.skops").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="own.skops is cut off or damaged: copy it again"):
        NameEncoder(tmp_path / "own.skops").fit(NAMES)


def test_a_pickle_is_not_read(own, tmp_path):
    """Nothing in it may run: it would leave a file."""
    joblib.dump(own, tmp_path / "own.joblib")
    with pytest.raises(ValueError, match="joblib.load and pass the model"):
        NameEncoder(tmp_path / "own.joblib").fit(NAMES)
    trap = b"cos\nmkdir\n(V" + str(tmp_path / "ran").encode() + b"\ntR."
    (tmp_path / "trap.joblib").write_bytes(trap)
    with pytest.raises(ValueError, match="is no skops file"):
        NameEncoder(tmp_path / "trap.joblib").fit(NAMES)
    assert not (tmp_path / "ran").exists()
    pickle.loads(trap)
    assert (tmp_path / "ran").exists()


def test_a_missing_file(tmp_path):
    with pytest.raises(OSError, match="nowhere.skops"):
        NameEncoder(tmp_path / "nowhere.skops").fit(NAMES)


def test_a_model_that_is_not_fitted():
    model = make_pipeline(CharEncoder(), NameNationalityClassifier())
    with pytest.raises(NotFittedError, match="takes a fitted model and never fits it.*pretrained"):
        NameEncoder(model).fit(NAMES)


def test_a_model_that_does_not_take_names(own):
    with pytest.raises(ValueError, match="NameNationalityClassifier does not .*CharEncoder"):
        NameEncoder(own[-1]).fit(NAMES)


@pytest.mark.parametrize(
    "params", [{"model": 5}, {"model": LinearSVC()}, {"output": "logits"}], ids=str
)
def test_parameters_are_judged(params):
    with pytest.raises(InvalidParameterError, match=f"The '{next(iter(params))}' parameter"):
        NameEncoder(**params).fit(NAMES)


def test_what_is_not_fitted_says_so():
    for method in ("transform", "get_feature_names_out"):
        with pytest.raises(NotFittedError, match="NameEncoder"):
            getattr(NameEncoder(), method)(NAMES)


def test_a_failed_fit_leaves_the_encoder_as_it_was(encoder):
    fitted = copy.deepcopy(encoder)
    before = vars(fitted).copy()
    for model in ("nowhere.skops", LogisticRegression()):
        fitted.model = before["model"] = model
        with pytest.raises((OSError, NotFittedError)):
            fitted.fit(["Ana"])
        assert vars(fitted) == before


# ---- Its columns


def test_feature_names(own):
    classes = ["nameencoder_Greek", "nameencoder_Japanese", "nameencoder_Polish"]
    classes.append("nameencoder_Turkish")
    states = [f"nameencoder_state{i}" for i in range(8)]
    columns = [classes, states, classes + states, classes]
    for output, expected in zip(OUTPUTS, columns, strict=True):
        encoder = NameEncoder(own, output=output).fit(NAMES)
        assert encoder.get_feature_names_out().tolist() == expected
        assert encoder.get_feature_names_out(["name"]).dtype == object


@pytest.mark.parametrize("library, frame", [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_set_output(own, library, frame):
    encoder = NameEncoder(own).set_output(transform=library)
    names = pd.Series(["Ana", "Bo"], index=[7, "x"])
    for out in (encoder.fit_transform(names), clone(encoder).fit(names).transform(names)):
        assert isinstance(out, frame)
        assert list(out.columns) == encoder.get_feature_names_out().tolist()
        assert out.to_numpy().dtype == np.float32
        if library == "pandas":
            pd.testing.assert_index_equal(out.index, names.index)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_states_of_a_model_that_passes_tables_on(own, small_names, library):
    expected = NameEncoder(own, output="state").fit_transform(NAMES)
    with sklearn.config_context(transform_output=library):
        found = NameEncoder(clone(own).fit(*small_names), output="state").fit_transform(NAMES)
    np.testing.assert_array_equal(found.to_numpy(), expected)


# ---- Clones and files


def test_clone_shares_the_model(own):
    for encoder in (NameEncoder(own, output="both").fit(NAMES), NameEncoder("a.skops")):
        copied = clone(encoder)
        assert copied.model is encoder.model
        assert copied.get_params(deep=False) == encoder.get_params(deep=False)
        assert not hasattr(copied, "model_")
    copied = clone(make_pipeline(NameEncoder(own), LogisticRegression()))
    assert copied[0].model is own


def test_clones_do_not_change_the_model(own):
    twin = clone(NameEncoder(own))
    with pytest.raises(ValueError, match="one fitted model as it is, so 'model__.*' cannot be set"):
        twin.set_params(**{f"model__{own.steps[0][0]}__lowercase": False})
    assert own[0].lowercase
    assert not [name for name in twin.get_params() if "__" in name]


@pytest.mark.parametrize("before", OUTPUTS)
@pytest.mark.parametrize("after", OUTPUTS)
def test_output_may_be_set_after_fit(own, before, after):
    encoder = NameEncoder(own, output=before).fit(NAMES).set_params(output=after)
    expected = NameEncoder(own, output=after).fit(NAMES)
    for found in (encoder, pickle.loads(pickle.dumps(encoder))):
        np.testing.assert_array_equal(found.transform(NAMES), expected.transform(NAMES))
        columns = found.get_feature_names_out().tolist()
        assert columns == expected.get_feature_names_out().tolist()


WAYS = {
    "pickle": lambda model, path: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, path: copy.deepcopy(model),
    "joblib": lambda model, path: joblib.load(*joblib.dump(model, path)),
    "skops": lambda model, path: skops.io.load(
        *[skops.io.dump(model, path) or path],
        trusted=["sknames.NameEncoder", "sknames.CharEncoder", "sknames.NameNationalityClassifier"],
    ),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("model", ["pretrained", "own"])
def test_files(own, way, output, model, tmp_path):
    encoder = NameEncoder(own if model == "own" else model, output=output).fit(NAMES)
    loaded = way(encoder, tmp_path / "model")
    assert set(vars(loaded)) == set(vars(encoder))
    np.testing.assert_array_equal(loaded.transform(NAMES), encoder.transform(NAMES))
    columns = loaded.get_feature_names_out().tolist()
    assert columns == encoder.get_feature_names_out().tolist()


def test_a_file_names_the_shipped_model(encoder, pretrained):
    stored = pickle.dumps(encoder)
    assert len(stored) < 1000 and b"_name_encoder" not in stored
    taken_along = pickle.dumps(NameEncoder(pretrained).fit(NAMES))
    assert len(taken_along) > 5_000_000
    # It is what was fitted that counts, not what a parameter was set to later.
    changed = copy.deepcopy(encoder)
    changed.set_params(model="other.skops")
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(changed)).transform(NAMES), encoder.transform(NAMES)
    )


def test_another_shipped_model_is_refused(encoder, monkeypatch):
    """Features would mean something else to what was fitted on them."""
    stored = pickle.dumps(encoder)
    monkeypatch.setattr("sknames._name_encoder.pretrained_sha256", lambda: "another")
    message = f"ships with sknames {sknames.__version__}, and .* another.*fit again"
    with pytest.raises(ValueError, match=message):
        pickle.loads(stored)


def test_an_older_file_takes_the_defaults_of_new_parameters(encoder):
    state = encoder.__getstate__()
    del state["handle_missing"], state["output"]
    older = NameEncoder.__new__(NameEncoder)
    older.__setstate__(state)
    np.testing.assert_array_equal(older.transform(NAMES), encoder.transform(NAMES))


def test_an_encoder_that_is_not_fitted_in_files(tmp_path):
    for way in WAYS.values():
        loaded = way(NameEncoder(output="both"), tmp_path / "model")
        assert vars(loaded) == vars(NameEncoder(output="both"))


# ---- In scikit-learn


@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_tags_renamed",
        "check_valid_tag_types",
        "check_estimator_repr",
        "check_no_attributes_set_in_init",
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_mixin_order",
        "check_parameters_default_constructible",
        "check_get_params_invariance",
        "check_set_params",
        "check_transformer_n_iter",
    ],
)
def test_check_of_scikit_learn(check):
    getattr(estimator_checks, check)("NameEncoder", NameEncoder())


def test_tags():
    tags = get_tags(NameEncoder())
    assert tags.input_tags.string and tags.input_tags.one_d_array
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit and not tags.target_tags.required
    assert tags.transformer_tags.preserves_dtype == []


def test_fit_sets_the_documented_attributes_and_no_parameter():
    encoder = NameEncoder(output="both")
    before = encoder.get_params(deep=False)
    public = {name for name in vars(encoder.fit(["Ana"])) if not name.startswith("_")}
    assert public - set(before) == {"model_"}
    assert encoder.get_params(deep=False) == before


def test_beside_ngrams_under_cross_validation(own, small_names):
    names, labels = small_names
    ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3))
    model = make_pipeline(make_union(NameEncoder(own), ngrams), LinearSVC())
    assert cross_val_score(model, names, labels, cv=3).mean() > 0.55
    search = GridSearchCV(model, {"featureunion__nameencoder__output": OUTPUTS}, cv=2)
    assert search.fit(names, labels).score(names, labels) > 0.9


def test_labels_of_ones_own(small_names):
    """Labels that no model has seen, from eight names of each: much better than n-grams."""
    names, nationalities = small_names
    labels = np.where(np.isin(nationalities, ["Greek", "Polish"]), "home", "guest")
    train = np.concatenate([np.arange(k, k + 4) for k in (0, 50, 100, 150)])
    test = np.setdiff1d(np.arange(200), train)
    ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), strip_accents="unicode")
    ours, theirs = (
        make_pipeline(features, LinearSVC())
        .fit(names[train], labels[train])
        .score(names[test], labels[test])
        for features in (make_union(NameEncoder(), clone(ngrams)), ngrams)
    )
    assert ours > 0.9 and ours > theirs + 0.1


@pytest.fixture(scope="module")
def few():
    """A model of labels of one's own, one of which has two names only."""
    names = ["Ana Souza", "João Lima", "Bia Alves", "Kim Min-jun", "Lee Ji-woo", "Iva Novák"]
    labels = ["home", "home", "home", "guest", "guest", "other"]
    names, labels = [*names, "Jan Dvořák"], [*labels, "other"]
    ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), strip_accents="unicode")
    features = make_union(NameEncoder(), ngrams)
    return make_pipeline(features, LogisticRegression(C=10)).fit(names, labels)


def test_classes_of_two_names(few):
    names = ["Rui Costa", "Park Seo-yeon", "Petr Svoboda"]
    assert few.predict(names).tolist() == ["home", "guest", "other"]


def test_adapted_to_a_list(few):
    """What the probabilities suppose is told: the shares of the labels."""
    names = ["Park Seo-yeon", "Choi Ha-eun", "Jung Soo-ah", "Kang Woo-jin", "Petr Svoboda"] * 20
    supposed = {"home": 3 / 7, "guest": 2 / 7, "other": 2 / 7}
    adapted = PriorShiftClassifier(few, class_prior=supposed).fit(names)
    assert adapted.predict(names[:5]).tolist() == ["guest"] * 4 + ["other"]
    assert adapted.priors_[0] > 0.6  # of guest


def test_a_skops_file_that_the_commands_read(few, tmp_path):
    skops.io.dump(few, tmp_path / "own.skops")
    loaded = load_model(tmp_path / "own.skops")
    np.testing.assert_array_equal(loaded.predict_proba(NAMES), few.predict_proba(NAMES))


def test_a_column_of_a_table(small_names):
    table = pd.DataFrame({"age": np.arange(200.0), "name": small_names[0]})
    columns = ColumnTransformer(
        [("name", NameEncoder(), "name"), ("age", StandardScaler(), ["age"])]
    ).set_output(transform="pandas")
    X = columns.fit_transform(table)
    assert X.shape == (200, len(load_pretrained().classes_) + 1)
    assert X.columns[0].startswith("name__nameencoder_") and X.columns[-1] == "age__age"
    boosting = HistGradientBoostingClassifier(max_iter=2, max_depth=2)
    assert boosting.fit(X, small_names[1]).score(X, small_names[1]) > 0.9


def test_similar_names():
    names = ["Kowalska", "Kowalski", "Yamamoto", "Yamamoti", "Nielsen", "Nilsen"]
    encoder = NameEncoder(output="state").fit(names)
    neighbours = NearestNeighbors(n_neighbors=2).fit(encoder.transform(names))
    found = neighbours.kneighbors(encoder.transform(names), return_distance=False)
    assert [set(row) for row in found.tolist()] == [{0, 1}, {0, 1}, {2, 3}, {2, 3}, {4, 5}, {4, 5}]


def test_no_torch():
    code = """
import pickle, sys
from sknames import NameEncoder
encoder = NameEncoder(output="both").fit(["Ana"])
pickle.loads(pickle.dumps(encoder)).transform(["Bo"])
assert not {"torch", "skorch", "skops"} & set(sys.modules)
"""
    folder = Path(sknames.__file__).parent.parent
    subprocess.run([sys.executable, "-c", code], check=True, cwd=folder)
