"""Store the predictions of other packages for the public test sets.

Run ``PYTHONPATH=. python examples/benchmarks/public_rivals.py RIVAL DATA CACHE`` before
bench_public.py. DATA must contain the folder "public", and for name2nat also its wheel.
CACHE is the cache of bench_public.py. Each rival needs an environment of its own, with
numpy. Tested environments:

- name2nat: no package is needed, since the weights are read from its wheel, and its net
  is rebuilt in torch, without flair.
- ethnicseer 0.1.2: ``pip install ethnicseer "setuptools<81" "scikit-learn<1.7"``
- ethnicolr 0.21.1, the last with weights in the wheel: ``pip install "ethnicolr<1"
  tf_keras tensorflow-cpu "numpy<2"``
"""

import io
import os
import pickle
import sys
import time
import types
import zipfile
from pathlib import Path

import numpy as np

from tools.public_sets import read_set

SETS = ["arczi21", "wikilabels13"]


def name2nat(data):
    """Return a function that predicts with name2nat's net, its labels and its size."""
    import torch

    class Stub:
        def __init__(self, *args):
            pass

        def __setstate__(self, state):
            self.__dict__.update(state)

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            if name in ("OrderedDict", "_rebuild_tensor_v2", "_rebuild_parameter"):
                return super().find_class(module, name)
            # All other classes are replaced, since a pickle could run any code.
            return type(name, (Stub,), {"__module__": module, "dump_patches": False})

    (wheel,) = Path(data).glob("name2nat-*.whl")
    content = zipfile.ZipFile(wheel).read("name2nat/best-model.pt")
    plain = types.SimpleNamespace(
        Unpickler=Unpickler, load=pickle.load, __name__="pickle"
    )
    model = torch.load(
        io.BytesIO(content), "cpu", pickle_module=plain, weights_only=False
    )
    weights = model["state_dict"]
    (embedding,) = model["document_embeddings"]._modules["embeddings"].embeddings
    codes = {
        char.decode(): k for char, k in embedding.vocab_dictionary.item2idx.items()
    }
    part = "document_embeddings."
    gru = torch.nn.GRU(300, 256, batch_first=True, bidirectional=True)
    gru.load_state_dict(
        {k.removeprefix(f"{part}rnn."): w for k, w in weights.items() if ".rnn." in k}
    )
    embed = weights[f"{part}embeddings.list_embedding_0.embedding_layer.weight"]
    project = f"{part}word_reprojection_map"
    embed = embed @ weights[f"{project}.weight"].T + weights[f"{project}.bias"]
    torch.set_num_threads(1)

    def predict(names):
        lengths = np.array([len(name) for name in names])
        proba = np.zeros((len(names), len(weights["decoder.bias"])), dtype=np.float32)
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            for some in np.array_split(rows, -(-len(rows) // 512)):
                spelled = [names[k].replace(" ", "▁") for k in some]
                coded = torch.tensor(
                    [[codes.get(char, 0) for char in name] for name in spelled]
                )
                with torch.no_grad():
                    states, _ = gru(embed[coded])
                both = torch.cat([states[:, 0], states[:, -1]], dim=1)
                logits = both @ weights["decoder.weight"].T + weights["decoder.bias"]
                proba[some] = torch.softmax(logits, dim=1).numpy()
        return proba

    labels = [label.decode() for label in model["label_dictionary"].idx2item]
    return predict, labels, len(content)


def ethnicseer(data):
    import ethnicseer as package

    model = package.EthnicClassifier.load_pretrained_model()

    def predict(names):  # in batches; classify_names takes one name at a time
        texts = [model.extract_feat_str(name) for name in names]
        return model.clf.predict_proba(model.vectorizer.transform(texts))

    files = Path(package.__file__).parent.glob("*.pk")
    labels = [model.idx2eth[k] for k in model.clf.classes_]
    return predict, labels, sum(path.stat().st_size for path in files)


def ethnicolr(data):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import pandas as pd
    from ethnicolr.pred_wiki_name import WikiNameModel

    model, _, table = WikiNameModel.get_model_paths()
    labels = pd.read_csv(table)["race"].tolist()

    def predict(names):
        *_, first, last = zip(
            *(("", *name.rpartition(" ")[::2]) for name in names), strict=True
        )
        frame = pd.DataFrame({"first": first, "last": last})
        parts = [frame[k : k + 10_000] for k in range(0, len(frame), 10_000)]
        found = [
            WikiNameModel.pred_wiki_name(part, "last", "first")[labels]
            for part in parts
        ]
        return pd.concat(found).fillna(1 / len(labels)).to_numpy()

    return predict, labels, Path(model).stat().st_size


RIVALS = {"name2nat": name2nat, "ethnicseer": ethnicseer, "ethnicolr": ethnicolr}

if __name__ == "__main__":
    rival, data, cache, *sets = sys.argv[1:]
    predict, labels, size = RIVALS[rival](data)
    for name in sets or SETS:
        names, _ = read_set(data, name)
        predict(names[:100])  # exclude one-time work from the measured time
        start = time.process_time()
        proba = np.asarray(predict(names), dtype=np.float32)
        seconds = time.process_time() - start
        print(f"{rival}, {name}: {len(names):,} names in {seconds:.0f} s", flush=True)
        np.savez(
            Path(cache) / f"{name}-{rival}.npz",
            scores=proba, classes=np.array(labels), seconds=[0, seconds], size=size,
        )  # fmt: skip
