"""Offer the model to AI agents as tools of the Model Context Protocol (MCP).

Run ``pip install . mcp`` in a clone, and configure your agent to start ``python`` with
this file. The configuration file of most agents needs ``{"mcpServers": {"sknames":
{"command": "python", "args": [PATH]}}}``. This server runs on your machine and does not
send data anywhere, but the provider of the agent can read the names and the answers.
"""

import warnings
from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

import sknames
from sknames.inspection import feature_contributions

# A summary of docs/responsible_use.md, which agents do not see.
LIMITS = """
A name shows where it is common, not who bears it. A predicted nationality is not
citizenship, ethnicity, race, religion, language or place of birth.
Do not decide about a person with it (hiring, credit, insurance, housing, asylum,
policing, health, education, prices, advertising), do not store a prediction as if the
person had provided it, and do not sort people by it. Prefer `shares` of a list to
predictions of single names.
The model has 74 nationalities. People of other nationalities, such as Americans, are
always misclassified, often with a high probability. For foreign names in a non-Latin
script, three predictions in ten are wrong."""
Name = Annotated[str, Field(max_length=200)]
Names = Annotated[list[Name], Field(min_length=1, max_length=1000)]

server = MCPServer("sknames", version=sknames.__version__, instructions=LIMITS)
model = sknames.load_pretrained(abstain=True)


class Answer(BaseModel):
    name: str
    nationality: str | None
    probability: float | None
    reason: str


def tool(function):
    """Offer a read-only function as a tool, with LIMITS in its description."""
    offer = server.tool(
        description=f"{function.__doc__}{LIMITS}",
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    return offer(function)


@tool
def predict(names: Names) -> list[Answer]:
    """Predict the nationality of each name, with its probability.

    The nationality is null if the model is unsure, or if the text is not a name. In
    this case, say that there is no prediction, and do not guess."""
    columns = sknames.predict_names(model, names).columns()
    answers = []
    for name, label, p, reason in zip(names, *columns.values(), strict=True):
        probability = None if reason else p
        answer = Answer(
            name=name, nationality=label, probability=probability, reason=reason
        )
        answers.append(answer)
    return answers


@tool
def shares(names: Names) -> str:
    """Estimate the share of each nationality in a list of names, with intervals.

    The estimate corrects for the errors of single predictions. Pass all names at once,
    100 or more, and report the interval with each share."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = sknames.estimate_shares(model, names, random_state=0)
    return "\n".join([str(found), *(str(warning.message) for warning in said)])


@tool
def explain(name: Name) -> dict[str, object]:
    """Show what separates the two most probable nationalities of a name: the log odds
    that each n-gram and word adds.

    This explains the prediction of the model. It says nothing about the person."""
    if (reason := model.reasons([name])[0]) not in ("", "unsure"):
        raise ToolError(
            f"{name!r} has no nationality to explain ({reason}). Give a name."
        )
    odds = feature_contributions(model.estimator_, name).log_odds()
    features = zip(odds.features, odds.contributions.round(2).tolist(), strict=True)
    return {
        "nationality": odds.label,
        "instead of": odds.other,
        "log odds of the recurrent net": round(float(odds.intercept), 2),
        "log odds of n-grams and words": list(features)[:10],
    }


if __name__ == "__main__":
    server.run()
