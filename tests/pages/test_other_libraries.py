"""Estimators together with other libraries, from the extra `integration`."""

import asyncio
import os
import re
import sys
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import polars as pl
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sknames import (
    CharEncoder,
    NameEncoder,
    NameNationalityClassifier,
    make_own_labels_pipeline,
)
from sknames.datasets import make_names
from sknames.onnx import to_onnx
from tests.conftest import tiny_pipeline


@pytest.fixture(scope="module")
def frame(small_names):
    return pd.DataFrame({"name": small_names[0], "age": range(200)})


@pytest.mark.parametrize(
    "make_frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"]
)
def test_skrub_apply_to_cols_encodes_name_column_like_encoder(
    frame, small_names, tiny, make_frame
):
    skrub = pytest.importorskip("skrub")
    for encoder in (CharEncoder(max_length=12), NameEncoder(FrozenEstimator(tiny))):
        expected = encoder.fit_transform(small_names[0])
        encode = skrub.ApplyToCols(encoder, cols="name")
        features = encode.fit_transform(make_frame(frame.to_dict(orient="list")))
        assert list(features.columns) == [*encoder.get_feature_names_out(), "age"]
        np.testing.assert_array_equal(np.asarray(features)[:, :-1], expected)


def test_imbalanced_learn_sampler_before_encoder_fits_and_cross_validates(
    frame, small_names
):
    pytest.importorskip("imblearn")
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.pipeline import make_pipeline as make_imblearn_pipeline

    keep = np.r_[0:60, 100:150]  # 50 Greek, 10 Japanese and 50 Polish names
    labels = small_names[1][keep]
    model = make_imblearn_pipeline(RandomOverSampler(random_state=0), *tiny_pipeline())
    for X in (frame.loc[keep, ["name"]], small_names[0][keep, None]):
        model.fit(X, labels)
        assert set(model.predict(X)) <= set(labels)
        assert cross_val_score(model, X, labels, cv=2).shape == (2,)


TRUSTED = ["sknames.CharEncoder", "sknames.NameNationalityClassifier"]


@pytest.mark.filterwarnings("ignore")  # warnings of mlflow itself
@pytest.mark.parametrize(
    "model, options",
    [
        ("tiny", {"skops_trusted_types": TRUSTED}),
        (
            "shipped",
            {"skops_trusted_types": [*TRUSTED, "sknames.pretrained.FrozenPipeline"]},
        ),
    ],
    ids=["trained", "shipped"],
)
def test_mlflow_model_predicts_same_labels_and_checks_signature(
    model, options, frame, request, tmp_path, monkeypatch
):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    model = request.getfixturevalue(model)
    names = frame[["name"]]
    expected = model.predict(frame["name"])
    signature = mlflow.models.infer_signature(names, expected)
    path = tmp_path / "model"
    mlflow.sklearn.save_model(model, path, signature=signature, **options)
    loaded = mlflow.pyfunc.load_model(str(path))
    np.testing.assert_array_equal(loaded.predict(names), expected)
    with pytest.raises(mlflow.exceptions.MlflowException, match="name"):
        loaded.predict(frame[["age"]])


@pytest.mark.filterwarnings("ignore")  # warnings of QuaPy itself
def test_quapy_emq_with_model_priors_recovers_true_shares(shipped):
    aggregative = pytest.importorskip("quapy.method.aggregative")
    nationalities = ["Dutch", "Turkish"]
    names, _ = make_names(200, nationalities=nationalities, random_state=0)
    learned = make_names(200, nationalities=["Dutch", "Polish"], random_state=1)
    quantifier = aggregative.EMQ(shipped, fit_classifier=False, val_split=None)
    quantifier.fit(*learned)
    quantifier.train_prevalence = shipped["classify"].class_prior_
    share = dict(zip(shipped.classes_, quantifier.predict(names), strict=True))
    for nationality in nationalities:
        assert share[nationality] == pytest.approx(0.5, abs=0.03)


def test_fairlearn_threshold_optimizer_accepts_names_as_single_column(
    shipped, small_names
):
    fairlearn = pytest.importorskip("fairlearn.postprocessing")
    names, nationalities = small_names
    is_greek = nationalities == "Greek"
    model = make_own_labels_pipeline(shipped).fit(names, is_greek)
    fair = fairlearn.ThresholdOptimizer(
        estimator=model, prefit=True, predict_method="predict_proba"
    )
    groups = np.arange(len(names)) % 2
    column = names[:, None]
    fair.fit(column, is_greek, sensitive_features=groups)
    predicted = fair.predict(column, sensitive_features=groups, random_state=0)
    assert np.mean(predicted == is_greek) > 0.9


def test_openvino_probabilities_without_ngrams_and_words_match_numpy(
    small_names, tmp_path
):
    openvino = pytest.importorskip("openvino")
    classify = NameNationalityClassifier(
        ngram_range=None, word_weight=0, hidden_size=8, max_epochs=1, random_state=0
    )
    model = make_pipeline(CharEncoder(), classify).fit(*small_names)
    onnx.save(to_onnx(model), tmp_path / "names.onnx")
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(tmp_path / "names.onnx", "CPU", exact)
    codes = model[0].transform(small_names[0]).astype(np.int32)
    expected = model.predict_proba(small_names[0])
    np.testing.assert_allclose(compiled({"codes": codes})[0], expected, atol=1e-5)


def test_tool_server_example_answers_mcp_client(shipped):
    mcp = pytest.importorskip("mcp")
    folder = Path(__file__).parents[2]
    script = str(folder / "examples" / "tool_server.py")
    environment = os.environ | {"PYTHONPATH": str(folder)}
    server = mcp.StdioServerParameters(
        command=sys.executable, args=[script], env=environment
    )
    calls = {
        "predict": {"names": ["Mehmet Yılmaz", "Maria", "123"]},
        "shares": {"names": ["Mehmet Yılmaz"] * 20},
        "explain": {"name": "Lee"},  # unsure
    }
    wrong = [
        ("explain", {"name": "123"}),
        ("predict", {"names": []}),
        ("shares", {"names": [1]}),
    ]

    async def ask():
        async with mcp.Client(mcp.stdio_client(server)) as client:
            tools = (await client.list_tools()).tools
            found = {}
            for tool, given in calls.items():
                found[tool] = await client.call_tool(tool, given)
            failed = [await client.call_tool(*call) for call in wrong]
        return tools, found, failed

    tools, found, failed = asyncio.run(asyncio.wait_for(ask(), 120))
    assert {tool.name for tool in tools} == {*calls}
    for tool in tools:
        assert "Do not decide about a person" in tool.description
        assert tool.annotations.read_only_hint
        assert not tool.annotations.open_world_hint
    assert not any(result.is_error for result in found.values())
    messages = ["no known letter", "at least 1", "string"]
    for result, message in zip(failed, messages, strict=True):
        assert result.is_error
        assert message in result.content[0].text

    answers = found["predict"].structured_content["result"]
    assert [answer["nationality"] for answer in answers] == ["Turkish", None, None]
    assert [answer["reason"] for answer in answers] == ["", "unsure", "no known letter"]
    expected = shipped.predict_proba(["Mehmet Yılmaz"]).max()
    assert [answer["probability"] for answer in answers] == [
        pytest.approx(expected),
        None,
        None,
    ]
    text = found["shares"].structured_content["result"]
    assert re.search(r"^Turkish +\d+\.\d%   \d+\.\d% to \d+\.\d%$", text, re.M)
    assert "20 rows: 20 names (1 distinct)" in text
    assert "The shares are rough" in text
    why = found["explain"].structured_content
    best, second = np.argsort(-shipped.predict_proba(["Lee"])[0])[:2]
    assert why["nationality"] == shipped.classes_[best]
    assert why["instead of"] == shipped.classes_[second]
    assert "lee" in [
        feature.strip() for feature, _ in why["log odds of n-grams and words"]
    ]
