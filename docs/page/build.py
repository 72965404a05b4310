"""Build the page that answers: python docs/page/build.py FOLDER

Needs the extra onnx, and the packages of npm: npm install --ignore-scripts, in
docs/page.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path

from onnx.external_data_helper import set_external_data

from sknames import __version__, load_pretrained
from sknames._base.labels_and_weights import MIN_HELD_OUT
from sknames._lists.listed_model import ListedModel
from sknames._models.groups import M49
from sknames._models.stack import resolve
from sknames.onnx import to_onnx
from sknames.pretrained._load_pretrained import TARGETS

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ENCODER = ROOT / "examples" / "javascript" / "index.mjs"
SUFFIXES = [".html", ".css", ".js", ".svg"]  # of the page's own files
# What is copied of each package of npm, and its name in the page. Names end in .js,
# which every server knows for JavaScript; not every one knows .mjs.
VENDORED = {
    "onnxruntime-web/dist/ort.wasm.bundle.min.mjs": "ort.js",
    "any-ascii/any-ascii.js": "any-ascii.js",
    "any-ascii/block.js": "block.js",
    "topojson-client/src/feature.js": "topojson/feature.js",
    "topojson-client/src/identity.js": "topojson/identity.js",
    "topojson-client/src/reverse.js": "topojson/reverse.js",
    "topojson-client/src/transform.js": "topojson/transform.js",
    "world-atlas/countries-110m.json": "countries-110m.json",
}
# Of the page and its models, then of what is vendored.
LICENCES = {
    "sknames": [ROOT / "LICENSE", *sorted((ROOT / "LICENSES").iterdir())],
    "ONNX Runtime": [HERE / "onnxruntime.LICENSE.txt"],
}
LICENCES_OF_PACKAGES = {
    "any-ascii": "any-ascii/LICENSE",
    "topojson-client": "topojson-client/LICENSE",
    "world-atlas (shapes of Natural Earth, public domain)": "world-atlas/LICENSE",
}
RUNTIME = "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"
FALLBACKS = {"nationality": None, "country": [*M49]}
MIN_SHARED = 10_000  # bytes: few weights are most of a model


def build(folder, modules=HERE / "node_modules", level=9):
    """Write the page to a folder, which is made.

    Parameters
    ----------
    folder : Path
    modules : Path
        Where npm installed its packages.
    level : int
        How far to compress what is large, from 1, the fastest, to 9, the smallest.

    Raises
    ------
    FileNotFoundError
        If they are not there.
    """
    needed = [*VENDORED, *LICENCES_OF_PACKAGES.values(), RUNTIME]
    missing = [source for source in needed if not (modules / source).exists()]
    if missing:
        raise FileNotFoundError(
            f"Expected {missing[0]} in {modules}. Run npm install --ignore-scripts in "
            f"{HERE}."
        )
    for source, name in VENDORED.items():
        target = folder / "vendor" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, target)
    (folder / "licences.txt").write_text(_licences(modules), encoding="utf-8")
    for path in HERE.iterdir():
        if path.suffix in SUFFIXES:
            shutil.copyfile(path, folder / path.name)
    # A browser does not find a package by its name.
    text = ENCODER.read_text(encoding="utf-8")
    if text.count('from "any-ascii"') != 1:
        raise ValueError(
            f'Expected {ENCODER} to import once from "any-ascii". Update build.py.'
        )
    text = text.replace('from "any-ascii"', 'from "./vendor/any-ascii.js"')
    (folder / "sknames.js").write_text(text, encoding="utf-8")

    settings = {"version": __version__, "sizes": {}}
    large = {"vendor/ort.wasm": (modules / RUNTIME).read_bytes()}
    shared = b""
    for labels in TARGETS:
        # A country is often unsure where its region is not.
        model = load_pretrained(labels, abstain=True, fallback=FALLBACKS[labels])
        proto = to_onnx(model)
        _share(proto, shared)
        large[f"{labels}.onnx"] = proto.SerializeToString()
        shared = shared or large[f"{labels}.onnx"]
        stack = resolve(model)
        of_list = ListedModel.of_stack(stack)
        of_shares = {
            "coverage": of_list.coverage,
            "class_prior": of_list.assumed_prior.tolist(),
            "model_error": of_list.model_error.tolist(),
            "sharpness": of_list.sharpness,
            "is_sparse": (of_list.n_people < MIN_HELD_OUT).tolist(),
        }
        # At most this share of the answers is wrong, which the page says.
        settings[labels] = of_shares | {"risk": float(model.risk)}
    for name, content in large.items():
        # Not .gz: some servers say of such a file that it is a compressed page.
        compressed = gzip.compress(content, level, mtime=0)
        (folder / f"{name}.gzip").write_bytes(compressed)
        settings["sizes"][name] = len(compressed)
    (folder / "page.json").write_text(json.dumps(settings), encoding="utf-8")


def _licences(modules):
    """Return the licences and notices of all that is in the page, as one text."""
    paths = dict(LICENCES)
    for title, source in LICENCES_OF_PACKAGES.items():
        paths[title] = [modules / source]
    parts = []
    for title, files in paths.items():
        for path in files:
            text = path.read_text(encoding="utf-8").strip()
            parts.append(f"{title}: {path.name}\n{'=' * 72}\n\n{text}\n")
    return "\n\n".join(parts)


def _share(proto, content):
    """Let a model read weights from the first one's file if its content has them."""
    for tensor in proto.graph.initializer:
        start = (
            content.find(tensor.raw_data) if len(tensor.raw_data) > MIN_SHARED else -1
        )
        if start >= 0:
            name = f"{TARGETS[0]}.onnx"
            set_external_data(tensor, name, offset=start, length=len(tensor.raw_data))
            tensor.ClearField("raw_data")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build(Path(sys.argv[1]))
