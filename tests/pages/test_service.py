"""The service in examples/serve_with_joblib, started as in its Dockerfile.

The Dockerfile installs the package without the extra for training. Links to the package
and to its requirements replace this installation, which would take longer.
"""

import asyncio
import importlib.util
import json
import os
import re
import signal
import sys
import time
import tomllib
import zlib
from importlib import metadata
from pathlib import Path

import joblib
import numpy as np
import pytest
from packaging.requirements import Requirement

import sknames
from tests.conftest import run_process, tiny_pipeline

for module in ("fastapi", "httpx", "psutil", "uvicorn"):
    pytest.importorskip(module)
import bench_service as bench  # noqa: E402
import httpx  # noqa: E402

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "serve_with_joblib"
DOCKERFILE = (EXAMPLE / "Dockerfile").read_text(encoding="utf-8")
TIMEOUT = 600  # seconds: a busy machine may take long
SECONDS = float(os.environ.get("SKNAMES_SERVICE_SECONDS", 3))


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def link_installed(requirements, site):
    """Link the installed packages of requirements, and of all their requirements."""
    needed = [*requirements]
    while needed:
        requirement = Requirement(needed.pop())
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        distribution = metadata.distribution(requirement.name)
        needed += distribution.requires or ()
        for name in {path.parts[0] for path in distribution.files} - {".."}:
            if not (site / name).exists():
                (site / name).symlink_to(distribution.locate_file(name))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the packages that the Dockerfile installs."""
    site = tmp_path_factory.mktemp("site")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    link_installed(project["project"]["dependencies"], site)
    required = (EXAMPLE / "requirements.txt").read_text(encoding="utf-8")
    link_installed(re.findall("^[a-z].*", required, re.M), site)
    (site / "sknames").symlink_to(ROOT / "sknames")
    return site


def start(site, *options, **environment):
    command = json.loads(DOCKERFILE.partition("\nCMD ")[2])
    # -S leaves out the packages of the environment that runs the tests.
    command = [sys.executable, "-S", "-m", *command, *options]
    return bench.service(EXAMPLE, command, PYTHONPATH=str(site), **environment)


@pytest.fixture(scope="module")
def service(site):
    with start(site) as found:
        yield found


@pytest.fixture(scope="module")
def url(service):
    return service[0]


@pytest.fixture(scope="module")
def names():
    return sknames.datasets.load_names().data[::200].tolist()


@pytest.fixture(scope="module")
def expected(names, shipped):
    return bench.expected_answers(shipped, names)


@pytest.fixture(scope="module")
def fingerprint():
    return sknames.fingerprint(sknames.load_pretrained(abstain=True))


def post(url, path, **body):
    return httpx.post(f"{url}{path}", json=body, timeout=TIMEOUT)


def test_service_predict_with_top_returns_most_probable_labels(
    url, shipped, fingerprint
):
    probabilities = shipped.predict_proba(["Anna Müller"])[0]
    wanted = {}
    for end, k in zip(["", "_2", "_3"], np.argsort(-probabilities), strict=False):
        wanted[f"predicted{end}"] = shipped.classes_[k]
        wanted[f"probability{end}"] = probabilities[k].round(6)
    reply = post(url, "/predict", name="Anna Müller", top=3).json()
    assert reply == wanted | {"reason": None, "fingerprint": fingerprint}


def test_service_returns_reason_for_text_that_is_not_a_name(url, fingerprint):
    nothing = {"predicted": None, "probability": None, "reason": "organization"}
    nothing["fingerprint"] = fingerprint
    assert post(url, "/predict", name="Deutsche Bank").json() == nothing
    nothing |= {"predicted_2": None, "probability_2": None, "reason": "missing name"}
    assert post(url, "/predict", name=None, top=2).json() == nothing


def test_service_predicts_unsure_names_unless_asked_to_abstain(
    url, shipped, fingerprint
):
    names = ["Mehmet Yılmaz", "Lee", "Microsoft"]
    expected = bench.expected_answers(shipped, names)
    assert post(url, "/predict_batch", names=names).json()["answers"] == expected
    unsure = {"predicted": None, "probability": None, "reason": "unsure"}
    reply = post(url, "/predict_batch", names=names, abstain=True).json()
    assert reply["answers"] == [expected[0], unsure, unsure]
    unsure["fingerprint"] = fingerprint
    assert post(url, "/predict", name="Lee", abstain=True).json() == unsure


@pytest.mark.parametrize(
    "path, body, status, message",
    [
        ("/predict", {"name": "x" * 201}, 422, "body.name.* at most 200 characters"),
        ("/predict", {"name": "Anna", "x" * 900_000: 3}, 422, "'body: Extra inputs"),
        (
            "/predict",
            {"name": "Anna", "top": 11},
            422,
            "body.top: .*less than or equal to 10",
        ),
        ("/predict_batch", {"names": []}, 422, "body.names: .*at least 1 item"),
        (
            "/predict_batch",
            {"names": ["Anna"] * 1001},
            422,
            "body.names: .*at most 1000 items",
        ),
        ("/predict_batch", {"names": ["x" * 1_000_000]}, 413, "at most 1000000 bytes"),
        ("/predict_batch", b'{"names": ["\\ud800"]}', 422, "body.names.0.*unicode"),
        ("/predict_batch", b'{"names": ["\xff"]}', 400, "parsing the body"),
        ("/predict_batch", b'{"names": ' + b"[" * 100_000, 400, "parsing the body"),
    ],
    ids=[
        "long name",
        "unknown field",
        "large top",
        "no names",
        "too many names",
        "large body",
        "lone surrogate",
        "invalid UTF-8",
        "deep nesting",
    ],
)
def test_service_rejects_invalid_request_with_short_explanation(
    url, path, body, status, message
):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    reply = httpx.post(
        f"{url}{path}", content=content, headers=headers, timeout=TIMEOUT
    )
    assert reply.status_code == status
    assert re.search(message, str(reply.json()["detail"]))
    assert len(reply.content) < 500  # so it does not contain the input


def test_service_rejects_large_body_of_unknown_length(url):
    n_sent = 0

    def pieces():
        nonlocal n_sent
        for _ in range(30):
            n_sent += 100_000
            yield b"x" * 100_000

    reply = httpx.post(f"{url}/predict", content=pieces(), timeout=TIMEOUT)
    assert reply.status_code == 413
    assert n_sent > 1_000_000


def test_service_answers_concurrent_requests_like_model_in_process(
    service, names, expected, fingerprint
):
    url, process = service
    answers = dict(zip(names, expected, strict=True))
    asyncio.run(bench.drive(url, answers, fingerprint, 1))  # memory grows at first
    before = process.memory_info().rss
    singles, batches, failures = asyncio.run(
        bench.drive(url, answers, fingerprint, SECONDS)
    )
    assert failures == []
    assert min(len(singles), len(batches)) >= 32
    assert process.memory_info().rss < before + bench.MAX_GROWTH


def test_service_with_joblib_file_answers_like_model_in_process(
    site, tiny, small_names, tmp_path
):
    path = tmp_path / "own.joblib"
    joblib.dump(tiny, path)
    some = small_names[0].tolist()
    with start(site, SKNAMES_MODEL=str(path)) as (url, _):
        reply = post(url, "/predict_batch", names=some).json()
        health = httpx.get(f"{url}/health", timeout=TIMEOUT).json()
        assert health.pop("nationalities") == tiny.classes_.tolist()
        assert health == {
            "status": "ok",
            "sknames": sknames.__version__,
            "model": path.name,
            "fingerprint": sknames.fingerprint(tiny),
        }
        for name in (some[0], None):  # the model has four labels
            reply_of_all = post(url, "/predict", name=name, top=10).json()
            keys = {key for key in reply_of_all if key.startswith("predicted_")}
            assert keys == {"predicted_2", "predicted_3", "predicted_4"}
        refused = post(url, "/predict", name="Anna", abstain=True)
        assert refused.status_code == 422
        assert "no SelectiveClassifier" in refused.text
    assert reply["answers"] == bench.expected_answers(tiny, some)
    assert reply["fingerprint"] == sknames.fingerprint(tiny)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows lacks SIGHUP")
def test_service_reloads_model_on_sighup_while_answering_requests(
    site, small_names, tmp_path
):
    paths = [tmp_path / "own.joblib", tmp_path / "new.joblib"]
    fingerprints = []
    for seed, path in enumerate(paths):
        model = tiny_pipeline(random_state=seed).fit(*small_names)
        joblib.dump(model, path)
        fingerprints.append(sknames.fingerprint(model))
    old, new = fingerprints
    # On a busy machine, a worker takes more than the default of five seconds to start.
    options = ["--workers", "2", "--timeout-worker-healthcheck", str(TIMEOUT)]
    with start(site, *options, SKNAMES_MODEL=str(paths[0])) as (url, process):

        def ask():
            try:
                reply = post(url, "/predict", name="Anna")
            except (httpx.RemoteProtocolError, httpx.ReadError):
                # A stopping worker may drop a connection that it has just accepted: it
                # is closed, or reset if the request was not read yet.
                reply = post(url, "/predict", name="Anna")
            assert reply.status_code == 200
            return reply.json()["fingerprint"]

        # uvicorn prints its address before a worker listens.
        patient = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=patient, timeout=TIMEOUT) as client:
            client.get(f"{url}/health")
        assert ask() == old
        paths[1].replace(paths[0])
        process.send_signal(signal.SIGHUP)
        answered = [ask()]
        end = time.monotonic() + TIMEOUT
        # Any worker may answer. After twenty new answers in a row, both are new.
        while answered[-20:] != [new] * 20 and time.monotonic() < end:
            answered.append(ask())
    assert {*answered} <= {old, new}
    assert answered[-20:] == [new] * 20


def test_service_log_shows_version_and_fingerprint_of_model(fingerprint, caplog):
    app = load(EXAMPLE / "app.py").app

    async def start_and_stop():
        async with app.router.lifespan_context(app):
            pass

    asyncio.run(start_and_stop())
    assert f"sknames {sknames.__version__}, model {fingerprint}" in caplog.messages


def test_service_dockerfile_copies_only_files_that_pip_and_service_read():
    copied = set()
    for files in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.M):
        copied |= {*files.split()}
    example = "examples/serve_with_joblib"
    assert copied == {
        *("pyproject.toml", "README.md", "LICENSE", "LICENSES", "sknames"),
        *(f"{example}/requirements.txt", f"{example}/app.py"),
    }
    assert "RUN pip install --no-cache-dir ./source -r requirements.txt" in DOCKERFILE


@pytest.mark.parametrize("name", ["serve_with_joblib/app.py", "tool_server.py"])
def test_service_example_imports_only_public_names(name):
    code = (ROOT / "examples" / name).read_text(encoding="utf-8")
    assert "sknames" in code
    assert not re.findall(r"sknames[\w.]*\._[a-z]|import _[a-z]", code)


def test_service_nationality_model_abstains_and_country_model_falls_back():
    load_model = load(EXAMPLE / "app.py").load_model
    assert load_model("nationality").predict(["Lee"]).tolist() == ["unknown"]
    assert load_model("country").predict(["Hansen"]).tolist() == ["Northern Europe"]


SCRIPT = """
from importlib.util import find_spec
from pathlib import Path
import joblib
import sknames
from sknames import NameNationalityClassifier
from sknames.datasets import load_names

assert Path(sknames.__file__).with_name("py.typed").is_file()
assert not any(map(find_spec, \
["torch", "skorch", "tqdm", "pandas", "pyarrow", "tools"]))
assert len(load_names().data) == 80_479 and "Faker" in load_names().DESCR
for fit in (
    lambda: NameNationalityClassifier().fit([[1, 2], [2, 1]], ["a", "b"]),
    lambda: NameNationalityClassifier(cell="junk").fit("not looked at", None),
    lambda: joblib.load("model.joblib").fit(["anna", "bo"], ["a", "b"]),
):
    try:
        fit()
    except ImportError as error:
        assert str(error).endswith(\
"or pip install '.[train]' in a clone of sknames"), error
    else:
        raise AssertionError("no error")
"""


def test_training_without_train_extra_raises_with_install_command(site, tiny, tmp_path):
    joblib.dump(tiny, tmp_path / "model.joblib")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(site)}
    run_process(sys.executable, "-S", "script.py", cwd=tmp_path, env=environment)
    # The compressed files are about as large as the wheel.
    files = [path.read_bytes() for path in site.joinpath("sknames").rglob("*.*")]
    assert sum(len(zlib.compress(file, 1)) for file in files) < 38_000_000
