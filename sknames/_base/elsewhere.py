"""Say where things are that users look for in another place."""

ELSEWHERE = {
    "evaluate": "sknames.metrics.scorecard",
    "explain": "sknames.inspection.feature_contributions",
    "load_card": "sknames.pretrained.load_card",
    "plot": "sknames.SharesDisplay.from_shares",
    "scorecard": "sknames.metrics.scorecard",
    "to_csv": "to_frame().to_csv",
}


def no_attribute(owner: str, name: str) -> AttributeError:
    """Return the error for an attribute that its owner lacks."""
    message = f"{owner} has no attribute {name!r}"
    if name in ELSEWHERE:
        message += f". Take {ELSEWHERE[name]}."
    return AttributeError(message)
