"""Configuration of Sphinx, which builds the site offline: `make -C docs html`."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import latex2mathml.converter
import matplotlib
from docutils import nodes

import sknames

REPOSITORY = "https://github.com/sknames/sknames"
# Pages of the site for files of the repository.
PAGES = {
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
# The gallery's table of execution times would load scripts from the network.
exclude_patterns = ["_build", "_extra", "page", "**sg_execution_times.rst"]
# The interactive page, if `make html` has built it.
html_extra_path = ["_extra"] if Path(__file__).with_name("_extra").exists() else []
templates_path = ["_templates"]
# References to other projects are not resolved, because the build works offline.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(joblib|numpy|onnx|pandas|sklearn|skorch|torch)\..*")
]

myst_enable_extensions = ["colon_fence"]
# Anchors of sections, as on GitHub.
myst_heading_anchors = 3

# List the names in a module's __all__, wherever they are defined.
autosummary_imported_members = True
autosummary_ignore_module_all = False


def is_ours(name, member):
    """Return whether sknames defines a member of a class, possibly in a mixin."""
    module, _, cls = name.rpartition(".")
    item = getattr(getattr(import_module(module), cls), member)
    return getattr(getattr(item, "fget", item), "__module__", "").startswith("sknames")


autosummary_context = {"is_ours": is_ours}
suppress_warnings = ["config.cache"]  # functions in the context cannot be pickled
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def use_style(gallery_conf, script):
    """Use the same style for all figures of the gallery."""
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
    # Show figures and tables, not the repr of legends and displays.
    "capture_repr": ("_repr_html_",),
}
html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "sknames"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["sknames.css"]
# Pages without subpages do not need a sidebar.
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


def is_result(item):
    """Return whether a class has private parameters, as results of functions have."""
    if not inspect.isclass(item):
        return False
    return any(name.startswith("_") for name in inspect.signature(item).parameters)


def hide_constructor(app, what, name, item, options, signature, annotation):
    """Leave out the signature of results, which users do not construct."""
    return ("", None) if is_result(item) else None


def hide_private_parameters(app, what, name, item, options, lines):
    """Describe results by their attributes, without private parameters."""
    if not is_result(item):
        return
    text = "\n".join(lines)
    text = re.sub(r"^_.+\n(?:    .*\n)+", "", text, flags=re.MULTILINE)
    text = re.sub(r"^Parameters\n-+\n+(?=See Also)", "", text, flags=re.MULTILINE)
    lines[:] = text.replace("Parameters\n----------", "Attributes\n----------").split(
        "\n"
    )


def linkcode_resolve(domain, info):
    """Return the file of an object on GitHub."""
    item = import_module(info["module"])
    for name in info["fullname"].split("."):
        item = getattr(item, name)
    items = [item]
    if inspect.isclass(item):  # find its file through its methods
        items = filter(inspect.isfunction, vars(item).values())
    root = Path(sknames.__file__).parents[1]
    for item in items:
        # The function of a property.
        function = inspect.unwrap(getattr(item, "fget", item))
        file = Path(inspect.getsourcefile(function))
        if file.is_relative_to(root):  # not generated methods of dataclasses
            return f"{REPOSITORY}/blob/main/{file.relative_to(root).as_posix()}"
    return None


def localize(app, relative_path, parent_docname, source):
    """Make links of a page in the repository's root relative to docs/."""
    source[0] = re.sub(r"\]\((?!\w+:|#)", "](../", source[0]).replace(
        "](../docs/", "]("
    )
    link_out_of_docs(app, parent_docname, source)


def link_out_of_docs(app, docname, source):
    """Point links to files outside docs/ to pages of the site or to GitHub."""

    def target(match):
        path = match[1]
        if path in PAGES:
            return f"]({PAGES[path]})"
        if re.fullmatch(r"examples/plot_\w+\.py", path):
            return f"](auto_examples/{Path(path).stem}.rst)"
        return f"]({REPOSITORY}/blob/main/{path})"

    source[0] = re.sub(r"\]\(\.\./([^)\s]+)\)", target, source[0])


def list_pages(app, docname, source):
    """Turn the lists of pages in README.md into parts of the table of contents."""

    def with_toctree(match):
        pages = re.findall(r"^- \[.*?\]\((\w+)\.md\)", match[0], re.MULTILINE)
        return "\n".join([match[0], "```{toctree}", ":hidden:", "", *pages, "```", ""])

    if docname == "README":
        source[0] = re.sub(r"(?:^- .*\n)+", with_toctree, source[0], flags=re.MULTILINE)


def link_to_the_page(app, docname, source):
    """Link to the interactive page if it is part of the site."""
    if html_extra_path and docname == "deploy":
        heading = "## A web page that answers\n"
        link = '\n```{raw} html\n<p><a href="page/">Type a name and see.</a></p>\n```\n'
        source[0] = source[0].replace(heading, heading + link)


def write_inline_math(translator, node):
    """Write a formula in MathML, which browsers render without JavaScript."""
    translator.body.append(latex2mathml.converter.convert(node.astext()))
    raise nodes.SkipNode


def write_block_math(translator, node):
    """Write formulas in MathML, one per line and aligned at &."""
    lines = rf"\begin{{split}}{node.astext()}\end{{split}}"
    formula = latex2mathml.converter.convert(lines, display="block")
    translator.body.append(f'<div class="formula">{formula}</div>\n')
    raise nodes.SkipNode


def without_subfolders(app):
    """Ignore README.md in folders of examples/, which are not galleries."""
    app.config.sphinx_gallery_conf["source_suffix"] = {".rst": "restructuredtext"}


# Markup of the theme, and accessible replacements.
ACCESSIBLE = {
    "<summary><span": '<summary aria-label="pages below"><span',
    ' title="Search" aria-label="Search"': "",  # its text is its name
    '<th class="head"><p></p></th>': "<td></td>",
}


def finish_pages(app, error):
    """Make the theme's markup accessible; delete a template that is not a page."""
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
    # Before numpydoc reads signatures and docstrings.
    app.connect("autodoc-process-signature", hide_constructor, priority=400)
    app.connect("autodoc-process-docstring", hide_private_parameters, priority=400)
    app.connect("build-finished", finish_pages)
    app.connect("include-read", localize)
    app.connect("source-read", link_out_of_docs)
    app.connect("source-read", list_pages)
    app.connect("source-read", link_to_the_page)
