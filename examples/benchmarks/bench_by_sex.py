"""Compare the accuracy for women and men, told apart by their given names.

    pip install faker
    SKNAMES_DATA=folder python examples/benchmarks/bench_by_sex.py

The people are the reported half of the held-out biographies; tools/retrain/README.md
describes the folder. The biographies do not state the sex: a person counts as a woman
or a man if Faker lists the first word of the name as a given name of that sex only.
"""

import importlib
import pkgutil

import faker.providers.person as providers
import numpy as np

from tools.retrain import kept_apart

LEAST = 10  # women and men of a nationality, for it to be compared


def given_names():
    """Return given names of women only and of men only, in lower case."""
    of_sex = {"women": set(), "men": set()}
    for module in pkgutil.iter_modules(providers.__path__):
        if not module.ispkg:
            continue
        provider = importlib.import_module(f"{providers.__name__}.{module.name}")
        for sex, attribute in (("women", "female"), ("men", "male")):
            names = getattr(provider.Provider, f"first_names_{attribute}", ())
            of_sex[sex].update(name.lower() for name in names)
    both = of_sex["women"] & of_sex["men"]
    return of_sex["women"] - both, of_sex["men"] - both


def main():
    model, _, _, (_, people) = kept_apart.load("nationality")
    biographies = people.sources == "biographies"
    labels = people.labels[biographies]
    names = people.names[biographies]
    is_right = model.predict(names) == labels
    women, men = given_names()
    first = [name.split()[0].lower() for name in names]
    is_woman = np.isin(first, [*women])
    is_man = np.isin(first, [*men])
    for sex, rows in (("women", is_woman), ("men", is_man), ("all", is_right >= 0)):
        print(f"{sex}: {rows.sum()} people, accuracy {is_right[rows].mean():.3f}")
    differences = []
    variances = []
    for label in np.unique(labels):
        of_women = is_right[is_woman & (labels == label)]
        of_men = is_right[is_man & (labels == label)]
        if min(len(of_women), len(of_men)) < LEAST:
            continue
        differences.append(of_women.mean() - of_men.mean())
        variances.append(of_women.var() / len(of_women) + of_men.var() / len(of_men))
    error = np.sqrt(np.sum(variances)) / len(variances)
    print(
        f"accuracy of women minus that of men, mean over {len(differences)} "
        f"nationalities with at least {LEAST} of each: {np.mean(differences):+.3f} "
        f"(standard error {error:.3f})"
    )


if __name__ == "__main__":
    main()
