import numpy as np
import pytest

from sknames._abstaining.prediction_sets import set_thresholds, sets_of
from sknames.pretrained import predict_sets

CLASSES = np.array(["a", "b", "c"])


def test_set_ends_where_its_probability_exceeds_the_threshold():
    probabilities = np.array([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4], [0.0, 0.0, 1.0]])
    assert sets_of(CLASSES, probabilities, 0.8) == [["b", "c"], ["c", "a", "b"], ["c"]]
    assert sets_of(CLASSES, probabilities, 0.0) == [["b"], ["c"], ["c"]]


@pytest.mark.parametrize("weighted", [False, True])
def test_sets_cover_the_wanted_share_of_other_names(weighted):
    rng = np.random.RandomState(0)
    probabilities = rng.dirichlet([0.4] * 5, size=8000)
    wrong = rng.dirichlet([0.4] * 5, size=8000)  # so that the probabilities are not calibrated
    places = np.array([rng.choice(5, p=row) for row in 0.8 * probabilities + 0.2 * wrong])
    weights = np.where(places < 2, 5.0, 1.0) if weighted else np.ones(8000)
    half = slice(0, 4000)
    thresholds = set_thresholds(probabilities[half], places[half], weights[half], [0.8, 0.9])
    for wanted, threshold in zip([0.8, 0.9], thresholds, strict=True):
        sets = sets_of(np.arange(5), probabilities[4000:], threshold)
        hits = [place in found for place, found in zip(places[4000:], sets, strict=True)]
        assert abs(np.average(hits, weights=weights[4000:]) - wanted) < 0.025


def test_sets_of_the_shipped_model_grow_with_the_coverage(shipped):
    names = ["Mehmet Yılmaz", "Lee"]
    small, large = (predict_sets(shipped, names, coverage=c) for c in (0.8, 0.95))
    assert [found[0] for found in small] == shipped.predict(names).tolist()
    assert len(small[0]) == 1 and len(small[1]) < len(large[1])
    assert large[1][: len(small[1])] == small[1]


@pytest.mark.parametrize("coverage", [0.5, 0.999, np.nan])
def test_coverage_out_of_range_raises(shipped, coverage):
    with pytest.raises(ValueError, match="coverage of sets from 0.8 to 0.99, got"):
        predict_sets(shipped, ["Lee"], coverage=coverage)
