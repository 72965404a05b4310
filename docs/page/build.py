"""Build the page that answers: python docs/page/build.py FOLDER

Needs the extra onnx, and the packages of npm: npm install --ignore-scripts, in
docs/page.
"""

import json
import shutil
import sys
from pathlib import Path

import onnx
from onnx.external_data_helper import set_external_data

from sknames import __version__, load_pretrained
from sknames._models.groups import M49
from sknames._models.stack import resolve
from sknames._shares.mix import settings_of_shares
from sknames.onnx import to_onnx
from sknames.pretrained._load_pretrained import TARGETS

HERE = Path(__file__).parent
ENCODER = HERE.parent.parent / "examples" / "javascript" / "index.mjs"
SUFFIXES = [".html", ".css", ".js", ".svg", ".txt"]  # of the page's own files
# What is copied of each package of npm, and its name in the page. Names end in .js,
# which every server knows for JavaScript; not every one knows .mjs.
VENDORED = {
    "onnxruntime-web/dist/ort.wasm.bundle.min.mjs": "ort.js",
    "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm": "ort.wasm",
    "any-ascii/any-ascii.js": "any-ascii.js",
    "any-ascii/block.js": "block.js",
    "any-ascii/LICENSE": "any-ascii.LICENSE.txt",
}
FALLBACKS = {"nationality": None, "country": [*M49]}
MIN_SHARED = 10_000  # bytes: few weights are most of a model


def build(folder, modules=HERE / "node_modules"):
    """Write the page to a folder, which is made.

    Parameters
    ----------
    folder : Path
    modules : Path
        Where npm installed its packages.

    Raises
    ------
    FileNotFoundError
        If they are not there.
    """
    missing = [source for source in VENDORED if not (modules / source).exists()]
    if missing:
        raise FileNotFoundError(
            f"Expected {missing[0]} in {modules}. Run npm install --ignore-scripts in "
            f"{HERE}."
        )
    vendor = folder / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    for source, name in VENDORED.items():
        shutil.copyfile(modules / source, vendor / name)
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

    settings, content = {"version": __version__}, b""
    for labels in TARGETS:
        # A country is often unsure where its region is not.
        model = load_pretrained(labels, abstain=True, fallback=FALLBACKS[labels])
        proto = to_onnx(model)
        _share(proto, content)
        content = content or proto.SerializeToString()
        onnx.save(proto, folder / f"{labels}.onnx")
        of_shares = settings_of_shares(resolve(model))
        of_shares["class_prior"] = of_shares.pop("assumed_prior").tolist()
        # At most this share of the answers is wrong, which the page says.
        settings[labels] = of_shares | {"risk": float(model.risk)}
    (folder / "page.json").write_text(json.dumps(settings), encoding="utf-8")


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
