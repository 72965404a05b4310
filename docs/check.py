"""Check README, the pages and related files, and print all problems: `make check`."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import yaml
from click import Option

from sknames._cli.main import cli

ROOT = Path(__file__).parent.parent
VERSION = re.search(
    r'"(.+)"', (ROOT / "sknames" / "_base" / "version.py").read_text("utf-8")
)[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
NOTES = [
    "README.md",
    "CHANGES.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
    "CODE_OF_CONDUCT.md",
    "SECURITY.md",
]
FOLDERS = [
    ".",
    ".github",
    "docs",
    "examples",
    "examples/*",
    "examples/benchmarks/results",
]
PAGES = [
    page
    for folder in (*FOLDERS, "tools/*")
    for page in sorted(ROOT.glob(f"{folder}/*.md"))
]
CODE_BLOCK = re.compile(r"^```.*?^```$", re.M | re.S)


def text_of(name):
    return (ROOT / name).read_text("utf-8")


def slugs(path):
    """Yield the anchors of a page's headings, as on GitHub and in Sphinx."""
    for heading in re.findall(
        r"^#+ (.+)$", CODE_BLOCK.sub("", path.read_text("utf-8")), re.M
    ):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken_links():
    """Yield links to files and headings that do not exist."""
    for page in PAGES:
        for link in re.findall(
            r"\]\(([^)\s]+)\)", CODE_BLOCK.sub("", page.read_text("utf-8"))
        ):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if not re.match(r"\w+:", path) and (
                not target.exists() or (anchor and anchor not in slugs(target))
            ):
                yield f"{page}: {link}"


def files_that_disagree():
    """Yield inconsistencies of release files, CI, the gallery and the reference."""
    project = PROJECT["project"]
    hatch = PROJECT["tool"]["hatch"]
    if f"\nversion: {VERSION}\n" not in text_of("CITATION.cff"):
        yield "CITATION.cff has another version"
    hooks = text_of(".pre-commit-config.yaml")
    for name in ("ruff", "codespell"):
        (release,) = re.findall(rf"/{name}(?:-pre-commit)?\n    rev: v(\S+)\n", hooks)
        if f"{name}=={release}" not in project["optional-dependencies"]["lint"]:
            yield f"pre-commit and the extra lint have different releases of {name}"
    read = {
        ".ci",
        ".github",
        ".pre-commit-config.yaml",
        "CITATION.cff",
        "Makefile",
        *NOTES,
    }
    included = {*hatch["build"]["targets"]["sdist"]["include"]}
    if not read | {"docs", "examples", "tools"} <= included:
        yield "the source distribution lacks files that its tests or CI read"
    for example in (ROOT / "examples").glob("plot_*.py"):
        title, line, blank = ast.get_docstring(
            ast.parse(example.read_text("utf-8"))
        ).split("\n")[:3]
        if line != "=" * len(title) or blank:
            yield f"{example}: expected a title, a line of = below, and an empty line"
        if re.search("^# %% *[^ \n]", example.read_text("utf-8"), re.M):
            yield f"{example}: the gallery ignores text in the line of # %%"
    rooms = (ROOT / "sknames").iterdir()
    public = [
        room.stem
        for room in rooms
        if room.stem[0] not in "._" and room.suffix in ("", ".py")
    ]
    for module in public:
        if not re.search(rf"^   sknames\.{module}\b", text_of("docs/api.md"), re.M):
            yield f"docs/api.md does not list sknames.{module}"
    # CI must run on the versions that README states.
    readme = text_of("README.md")
    hosted = text_of(".github/workflows/ci.yml")
    versions = re.findall(r"^ +python: \[(.*)\]$", hosted, re.M)[0]
    named = re.search(r"tested on Python.*", readme)[0]
    if re.findall(r"\b3\.\d+", versions) != re.findall(r"\b3\.\d\d", named):
        yield f"CI runs Python {versions}, README says: {named}"


def recipe_that_disagrees():
    """Yield differences between the recipe for conda-forge and the project."""
    project = PROJECT["project"]
    text = re.search(r"```yaml\n(.*?)```", text_of("RELEASING.md"), re.S)[1]
    recipe = yaml.safe_load(text)
    needs = recipe["requirements"]
    context = recipe["context"]
    build = {*PROJECT["build-system"]["requires"]}
    for of_recipe, of_project in [
        ([line.replace(" ", "") for line in needs["run"][1:]], project["dependencies"]),
        (build & {*needs["host"]}, build),
        (context["version"], VERSION),
        (f">={context['python_min']}", project["requires-python"]),
        (recipe["about"]["summary"], project["description"]),
    ]:
        if of_recipe != of_project:
            yield f"the recipe has {of_recipe}, but the project has {of_project}"
    for name in recipe["about"]["license_file"]:
        if not (ROOT / name).is_file():
            yield f"the recipe names {name}, which does not exist"


def help_in_fragments():
    """Yield help texts that do not begin with a capital or end in a full stop."""
    for command in [cli, *cli.commands.values()]:
        options = [param for param in command.params if isinstance(param, Option)]
        for text in [command.help, *(option.help for option in options)]:
            text = text.strip()
            if not text[0].isupper() or not text.endswith((".", "]")):
                yield f"sknames {command.name}: {text}"


def generated_pages():
    """Yield pages with generated parts whose first line does not name the command."""
    for page in PAGES:
        text = page.read_text("utf-8")
        first = text.partition("\n")[0]
        if "\n<!-- end -->" in text and "written by `" not in first.lower():
            yield f"{page}: the first line must contain: written by `COMMAND`"


if __name__ == "__main__":
    checks = (
        help_in_fragments,
        broken_links,
        files_that_disagree,
        generated_pages,
        recipe_that_disagrees,
    )
    problems = [problem for check in checks for problem in check()]
    sys.exit("\n".join(problems) or None)
