"""A web service that predicts nationalities from names.

Run ``uvicorn app:app`` in this folder (see README.md). The environment variable
``SKNAMES_MODEL`` is the path of a fitted model, a joblib or a skops file, or one that
ships, "nationality" (the default) or "country". Each worker reads it once, at its
start. Nothing here needs torch.
"""

import logging
import math
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from threadpoolctl import threadpool_limits

import sknames

MAX_LENGTH = 200  # of a name, in characters
MAX_NAMES = 1000  # in a batch
MAX_BODY = 1_000_000  # bytes; a thousand names of usual length take 20,000
N_THREADS = 2  # that predict; requests beyond wait
MAX_TOP = 10  # answers for a name
log = logging.getLogger("uvicorn.error")  # which also says that the service runs


def load_model(path):
    """Load the model in a file, or one that ships."""
    if path == "nationality":
        return sknames.load_pretrained(abstain=True)
    if path == "country":
        return sknames.load_pretrained(
            path, abstain=True, fallback=["subregion", "region"]
        )
    # A pickle, of joblib, can run any code: serve only your own.
    return sknames.load_model(path, trust_pickle=True)


def model_path():
    """Return what SKNAMES_MODEL names; "nationality" if it is not set, or empty."""
    return os.environ.get("SKNAMES_MODEL") or "nationality"


@asynccontextmanager
async def lifespan(app):
    # Requests of a few names would else wait for threads of BLAS (see docs/deploy.md).
    threadpool_limits(1, user_api="blas")
    current_default_thread_limiter().total_tokens = N_THREADS
    app.state.model = load_model(model_path())
    app.state.fingerprint = sknames.fingerprint(app.state.model)
    log.info("sknames %s, model %s", sknames.__version__, app.state.fingerprint)
    yield


class LimitBody:
    """Answer 413 to a body that is too large, once so much of it has come."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        n_bytes = 0

        async def limited():
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > MAX_BODY:
                raise HTTPException(
                    413,
                    f"Expected a body of at most {MAX_BODY} bytes. Send fewer names at "
                    "a time.",
                )
            return message

        await self.app(scope, limited, send)


app = FastAPI(title="sknames", version=sknames.__version__, lifespan=lifespan)
app.add_middleware(LimitBody)


@app.exception_handler(RequestValidationError)
async def explain(request, error):
    """Say what is wrong without the input, which may be long or undecodable."""
    known = {"body", *OneName.model_fields, *Batch.model_fields}
    found = []
    for each in error.errors()[:10]:
        where = [
            str(key) for key in each["loc"] if key in known or isinstance(key, int)
        ]
        found.append(f"{'.'.join(where)}: {each['msg']}")
    return JSONResponse({"detail": found}, status_code=422)


Name = Annotated[str, Field(max_length=MAX_LENGTH)] | None
Top = Annotated[int, Field(ge=1, le=MAX_TOP)]


class OneName(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: Name
    top: Top = 1
    abstain: bool = False


class Batch(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    names: Annotated[list[Name], Field(min_length=1, max_length=MAX_NAMES)]
    top: Top = 1
    abstain: bool = False


@app.get("/health")
async def health(request: Request):
    """Whether the service is up, and with what."""
    return {
        "status": "ok",
        "sknames": sknames.__version__,
        "model": Path(model_path()).name,
        "fingerprint": request.app.state.fingerprint,
        "nationalities": request.app.state.model.classes_.tolist(),
    }


# These are no coroutines, so that FastAPI calls them in threads: others are read
# meanwhile.
@app.post("/predict")
def predict(request: Request, body: OneName):
    """The most probable nationality of a name."""
    state = request.app.state
    (found,) = answer(state.model, [body.name], body.top, body.abstain)
    return found | {"fingerprint": state.fingerprint}


@app.post("/predict_batch")
def predict_batch(request: Request, body: Batch):
    """The most probable nationality of each of several names, in their order."""
    state = request.app.state
    answers = answer(state.model, body.names, body.top, body.abstain)
    return {"answers": answers, "fingerprint": state.fingerprint}


def answer(model, names, top, abstain):
    """Return for each name the columns that `sknames predict` adds."""
    if abstain and not hasattr(model, "threshold_"):
        raise HTTPException(
            422,
            "body.abstain: SKNAMES_MODEL is no SelectiveClassifier, which has a "
            "threshold.",
        )
    top = min(top, len(model.classes_))
    if not abstain:
        model = getattr(model, "estimator_", model)  # which always answers
    found = sknames.predict_names(model, names, top=top)
    columns = found.columns()
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [dict(zip(columns, map(as_json, row), strict=True)) for row in rows]


def as_json(value):
    """Return a value of a column, rounded, and None where there is none."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    return None if value == "" else value
