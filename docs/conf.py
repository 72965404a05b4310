"""How Sphinx builds the site: `make -C docs html`, offline."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import latex2mathml.converter
import matplotlib
from docutils import nodes

import sknames

REPOSITORY = "https://github.com/sknames/sknames"
# Where on the site files of the repository are.
PLACES = {
    "examples": "auto_examples/index.rst",
    "CHANGES.md": "changelog.md",
    "CONTRIBUTING.md": "development.md",
}

project = "sknames"
author = "The sknames developers"
copyright = author
version = release = sknames.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.linkcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
# The gallery's table of times would load scripts from the network.
exclude_patterns = ["_build", "_extra", "page", "**sg_execution_times.rst"]
# The page that answers, where `make html` has built it.
html_extra_path = ["_extra"] if Path(__file__).with_name("_extra").exists() else []
templates_path = ["_templates"]
# References to other projects stay text: to resolve them, a build would have to ask
# their sites.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(joblib|numpy|onnx|pandas|sklearn|skorch|torch)\..*")
]

myst_enable_extensions = ["colon_fence"]
# Sections of all pages can be linked to, as on GitHub.
myst_heading_anchors = 3

# What a module's __all__ names is its reference, wherever it is defined.
autosummary_imported_members = True
autosummary_ignore_module_all = False


def is_ours(name, member):
    """Return whether a class has a member from us, be it from a mixin."""
    module, _, cls = name.rpartition(".")
    item = getattr(getattr(import_module(module), cls), member)
    return getattr(getattr(item, "fget", item), "__module__", "").startswith("sknames")


autosummary_context = {"is_ours": is_ours}
suppress_warnings = ["config.cache"]  # of this function, which cannot be pickled
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def use_style(gallery_conf, script):
    """Let all pictures of the gallery look alike."""
    matplotlib.rc_file(Path(__file__).with_name("matplotlibrc"))


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"^(?!plot_)",
    "within_subsection_order": "ExampleTitleSortKey",
    "parallel": 2,  # processes, each with one thread
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sknames",),
    "download_all_examples": False,
    "show_signature": False,
    "reset_modules": ("matplotlib", use_style),
    # Pictures and tables, without the repr of legends and displays.
    "capture_repr": ("_repr_html_",),
}
html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "sknames"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["sknames.css"]
# Pages without others below them have no list of pages.
html_sidebars = {
    page: [] for page in ("index", "install", "faq", "development", "changelog")
}
html_theme_options = {
    "github_url": REPOSITORY,
    "navbar_align": "left",
    "header_links_before_dropdown": 5,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}


def linkcode_resolve(domain, info):
    """The file of an object on GitHub."""
    item = import_module(info["module"])
    for name in info["fullname"].split("."):
        item = getattr(item, name)
    items = [item]
    if inspect.isclass(item):  # a method of its own is in its file
        items = filter(inspect.isfunction, vars(item).values())
    root = Path(sknames.__file__).parents[1]
    for item in items:
        # Of a property, its function.
        function = inspect.unwrap(getattr(item, "fget", item))
        file = Path(inspect.getsourcefile(function))
        if file.is_relative_to(root):  # dataclasses write methods, too
            return f"{REPOSITORY}/blob/main/{file.relative_to(root).as_posix()}"
    return None


def localize(app, relative_path, parent_docname, source):
    """Links of a page at the root of the repository are those of a page in docs/."""
    source[0] = re.sub(r"\]\((?!\w+:|#)", "](../", source[0]).replace(
        "](../docs/", "]("
    )
    link_out_of_docs(app, parent_docname, source)


def link_out_of_docs(app, docname, source):
    """Point links out of docs/, which GitHub follows, to the gallery or to GitHub."""

    def target(match):
        path = match[1]
        if path in PLACES:
            return f"]({PLACES[path]})"
        if re.fullmatch(r"examples/plot_\w+\.py", path):
            return f"](auto_examples/{Path(path).stem}.rst)"
        return f"]({REPOSITORY}/blob/main/{path})"

    source[0] = re.sub(r"\]\(\.\./([^)\s]+)\)", target, source[0])


def list_pages(app, docname, source):
    """Make the pages of a list in README.md, for GitHub, the guide's next part."""

    def with_toctree(match):
        pages = re.findall(r"^- \[.*?\]\((\w+)\.md\)", match[0], re.MULTILINE)
        return "\n".join([match[0], "```{toctree}", ":hidden:", "", *pages, "```", ""])

    if docname == "README":
        source[0] = re.sub(r"(?:^- .*\n)+", with_toctree, source[0], flags=re.MULTILINE)


def link_to_the_page(app, docname, source):
    """Where the page that answers is part of the site, visitors can open it."""
    if html_extra_path and docname == "deploy":
        heading = "## A web page that answers\n"
        link = '\n```{raw} html\n<p><a href="page/">Type a name and see.</a></p>\n```\n'
        source[0] = source[0].replace(heading, heading + link)


def write_inline_math(translator, node):
    """Write a formula in MathML, which browsers show without a script."""
    translator.body.append(latex2mathml.converter.convert(node.astext()))
    raise nodes.SkipNode


def write_block_math(translator, node):
    """Write formulas in MathML, below each other and aligned at &."""
    lines = rf"\begin{{split}}{node.astext()}\end{{split}}"
    formula = latex2mathml.converter.convert(lines, display="block")
    translator.body.append(f'<div class="formula">{formula}</div>\n')
    raise nodes.SkipNode


def without_subfolders(app):
    """A README.md in a folder of examples/ is not the header of another gallery."""
    app.config.sphinx_gallery_conf["source_suffix"] = {".rst": "restructuredtext"}


# What the theme writes, and what screen readers need instead.
ACCESSIBLE = {
    "<summary><span": '<summary aria-label="pages below"><span',
    ' title="Search" aria-label="Search"': "",  # its text is its name
    '<th class="head"><p></p></th>': "<td></td>",
}


def finish_pages(app, error):
    """Name what the theme leaves unnamed; delete a template that is no page."""
    Path(app.outdir, "_static", "webpack-macros.html").unlink(missing_ok=True)
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text("utf-8")
        for written, needed in ACCESSIBLE.items():
            text = text.replace(written, needed)
        page.write_text(text, "utf-8")


def setup(app):
    app.add_html_math_renderer(
        "mathml", (write_inline_math, None), (write_block_math, None)
    )
    app.connect("builder-inited", without_subfolders, priority=20)
    app.connect("build-finished", finish_pages)
    app.connect("include-read", localize)
    app.connect("source-read", link_out_of_docs)
    app.connect("source-read", list_pages)
    app.connect("source-read", link_to_the_page)
