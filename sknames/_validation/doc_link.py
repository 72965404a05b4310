"""DocLinkMixin: the link from an estimator in a notebook to its page of the API reference."""

# As `make -C docs html` lays out the pages, published by the owner of the repository.
PAGES = "https://sknames.github.io/sknames"


class DocLinkMixin:
    """Let scikit-learn's HTML representation link to our documentation instead of its own."""

    _doc_link_module = "sknames"
    _doc_link_template = PAGES + "/generated/{estimator_module}.{estimator_name}.html"
