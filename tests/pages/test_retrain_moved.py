"""The table of names for which two models predict different labels."""

from sknames import PriorShiftClassifier
from tools.retrain.moved import moved_answers


def test_moved_answers_list_names_with_another_predicted_label(shipped):
    names = ["Mehmet Yılmaz", "John Smith"]
    scots = {"Scottish": 0.6, "English": 0.1, "Turkish": 0.3}
    other = PriorShiftClassifier(shipped, priors=scots)
    ((name, before, probability, after, later),) = moved_answers(shipped, other, names)
    assert (name, before, after) == ("John Smith", "English", "Scottish")
    assert probability == shipped.predict_proba(["John Smith"]).max()
    assert later == other.predict_proba(["John Smith"]).max()
    assert moved_answers(shipped, shipped, names) == []
