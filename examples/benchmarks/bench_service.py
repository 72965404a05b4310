"""Load-test the service in examples/serve_with_joblib with 32 concurrent requests.

Run ``python examples/benchmarks/bench_service.py [--seconds 30] [--concurrency 32]``.
It needs ``pip install . fastapi httpx psutil skops uvicorn``. The service runs in a
separate process on this machine. The client uses about as much CPU time, which is
included in the response times. Every fourth request is a batch. Each response is
compared with the predictions of the same model in this process. The exit status is 1 if
a request fails, a response differs, or memory grows by more than 20 MB.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil

import sknames
from sknames.datasets import load_names

FOLDER = Path(__file__).parents[1] / "serve_with_joblib"
COMMAND = [sys.executable, "-m", "uvicorn", "app:app", "--timeout-keep-alive", "75"]
BATCH = 50  # names of a batch request
MAX_GROWTH = 20e6  # bytes


@contextmanager
def service(folder=FOLDER, command=COMMAND, **environment):
    """Start the service on a free local port; yield its URL and its process."""
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", "0"],
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,  # the access log
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        try:
            yield _url(process), psutil.Process(process.pid)
        finally:
            process.terminate()


def _url(process):
    """Return the URL that the service prints when it is ready."""
    log = ""
    for line in process.stderr:
        if found := re.search(r"running on (http://\S+)", line):
            return found[1]
        log += line
    raise RuntimeError(f"The service did not start:\n{log}")


def expected_answers(model, names):
    """Return the answers that the service is expected to give."""
    probabilities = model.predict_proba(names)
    best = probabilities.argmax(axis=1)
    return [
        {
            "predicted": str(model.classes_[k]),
            "probability": row[k].round(6).item(),
            "reason": None,
        }
        for k, row in zip(best, probabilities, strict=True)
    ]


async def drive(url, expected, fingerprint, seconds, concurrency=32):
    """Send requests for some seconds, and compare the responses with expected ones.

    Return the response times of single names and of batches, and the failures.

    Parameters
    ----------
    url : str
    expected : dict of str to dict
        The expected answer for each name.
    fingerprint : str
        The fingerprint of the model.
    seconds : float
    concurrency : int, default=32
    """
    names = list(expected)
    end = time.perf_counter() + seconds
    singles = []
    batches = []
    failures = []

    async def ask(client, seed):
        rng = np.random.default_rng(seed)
        n = seed
        # At least four requests, so that one of them is a batch on slow machines, too.
        while n < seed + 4 or time.perf_counter() < end:
            n += 1
            start = time.perf_counter()
            try:
                if n % 4:
                    name = names[rng.integers(len(names))]
                    reply = await client.post("/predict", json={"name": name})
                    wanted = {**expected[name]}
                else:
                    some = [names[i] for i in rng.integers(len(names), size=BATCH)]
                    reply = await client.post("/predict_batch", json={"names": some})
                    wanted = {"answers": [expected[name] for name in some]}
            except httpx.HTTPError as error:
                failures.append(repr(error))
                continue
            wanted["fingerprint"] = fingerprint
            (singles if n % 4 else batches).append(time.perf_counter() - start)
            if reply.status_code != 200 or reply.json() != wanted:
                failures.append(f"{reply.status_code} {reply.text[:200]}")

    limits = httpx.Limits(max_connections=concurrency)
    async with httpx.AsyncClient(base_url=url, timeout=600, limits=limits) as client:
        await asyncio.gather(*(ask(client, seed) for seed in range(concurrency)))
    return singles, batches, failures


def main():
    """Print the measurements, and return whether something failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--concurrency", type=int, default=32)
    arguments = parser.parse_args()
    names = load_names().data[::40].tolist()
    model = sknames.load_pretrained(abstain=True)  # as in app.py
    fingerprint = sknames.fingerprint(model)
    answers = expected_answers(model, names)
    expected = dict(zip(names, answers, strict=True))
    with service() as (url, process):
        # Warm up: memory grows during the first requests.
        asyncio.run(drive(url, expected, fingerprint, 3, arguments.concurrency))
        before = process.memory_info().rss
        cpu_before = sum(process.cpu_times()[:2])
        singles, batches, failures = asyncio.run(
            drive(url, expected, fingerprint, arguments.seconds, arguments.concurrency)
        )
        after = process.memory_info().rss
        cpu_after = sum(process.cpu_times()[:2])
    print(f"{arguments.concurrency} concurrent requests for {arguments.seconds:g} s")
    for kind, seconds in (("one name", singles), (f"{BATCH} names", batches)):
        p50, p99 = 1000 * np.percentile(seconds, [50, 99])
        print(f"{kind}: {len(seconds):,} requests, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    cpu = 1000 * (cpu_after - cpu_before) / (len(singles) + len(batches))
    print(f"CPU time of the service: {cpu:.1f} ms per request")
    print(f"{len(failures)} failures: {failures[:3]}")
    print(
        f"resident memory of the service: {before / 1e6:.0f} MB before, "
        f"{after / 1e6:.0f} MB after"
    )
    print(f"load average: {os.getloadavg()[0]:.1f}")
    return bool(failures) or after > before + MAX_GROWTH


if __name__ == "__main__":
    sys.exit(main())
