"""Load tables of nationalities and of countries."""

import numpy as np
from sklearn.utils import Bunch

from .._base import validate_params
from ._load_names import read_table, table_bunch


@validate_params({"as_frame": ["boolean"]})
def load_nationalities(*, as_frame: bool = False) -> Bunch:
    """Load the countries, regions and scripts of the model's nationalities.

    There is one row for each of the 74 nationalities of
    :func:`~sknames.load_pretrained`, which include the 57 of :func:`load_names`. A
    nationality stands for the countries where a name is common, not for a citizenship:
    for example, Brazil is among the countries of Portuguese names.

    Parameters
    ----------
    as_frame : bool, default=False
        If True, the columns are pandas Series, and `frame` holds them.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object: columns of shape (74,), `frame` and `DESCR`.

        nationality : dtype=object
            The nationalities, sorted.
        alpha_2, alpha_3 : dtype=object
            Countries where such names are common, as ISO 3166-1 codes separated by
            spaces. The names originate in the first country. Kosovo has the
            user-assigned codes XK and XKX.
        millions : dtype=object
            Approximate number of people with such names in each of these countries, in
            millions, separated by spaces.
        subregion, region : dtype=object
            UN M49 names for the first country, such as "Western Africa" and "Africa".
        scripts : dtype=object
            Scripts in which names are written there, as ISO 15924 codes separated by
            spaces.
        n_names : dtype=int
            Number of training names of the shipped model.
        recall : dtype=float
            Recall on people who are not in the training data of the shipped model, NaN
            if there are none.
        frame : DataFrame of shape (74, 9) or None
            All columns.
        DESCR : str
            Description of the dataset.

    See Also
    --------
    sknames.GroupedClassifier : Predict countries or regions.
    sknames.pretrained.load_card : Load the model card with all test results.

    Examples
    --------
    >>> from sknames.datasets import load_nationalities
    >>> frame = load_nationalities(as_frame=True).frame.set_index("nationality")
    >>> frame.loc["Dutch", "alpha_2":"scripts"].tolist()
    ['NL BE', 'NLD BEL', '15 6.5', 'Western Europe', 'Europe', 'Latn']
    """
    return _load("nationalities", {"n_names": int, "recall": float}, as_frame)


@validate_params({"as_frame": ["boolean"]})
def load_countries(*, as_frame: bool = False) -> Bunch:
    """Load the names, inhabitants and regions of countries.

    There is a row for each country of ``load_pretrained("country")``, and a few more.
    ``load_card("country")`` lists those that it never predicts ("never_predicted"), and
    those with few held-out people ("sparse_labels").

    Parameters
    ----------
    as_frame : bool, default=False
        If True, the columns are pandas Series, and `frame` holds them.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object: columns of shape (205,), `frame` and `DESCR`.

        alpha_2, alpha_3 : dtype=object
            ISO 3166-1 codes, sorted. Kosovo has the user-assigned codes XK and XKX.
        country : dtype=object
            The name of the country in English.
        millions : dtype=float
            Rough millions of inhabitants in 2024.
        subregion, region : dtype=object
            UN M49 names, such as "Western Africa" and "Africa".
        frame : DataFrame of shape (205, 6) or None
            All columns.
        DESCR : str
            Description of the dataset.

    See Also
    --------
    sknames.load_pretrained : Load the model of countries.
    sknames.GroupedClassifier : Predict regions of countries.

    Examples
    --------
    >>> from sknames.datasets import load_countries
    >>> frame = load_countries(as_frame=True).frame.set_index("alpha_2")
    >>> frame.loc["PT", ["country", "subregion"]].tolist()
    ['Portugal', 'Southern Europe']
    """
    return _load("countries", {"millions": float}, as_frame)


def _load(name, types, as_frame):
    """Return a table as a Bunch; `types` has the type of each column of numbers."""
    header, *rows = read_table(f"{name}.csv")
    values = np.array(rows, dtype=object)
    columns = dict(zip(header, values.T, strict=True))
    for column, type_ in types.items():
        numbers = [type_(value or "nan") for value in columns[column]]
        columns[column] = np.array(numbers)
    return table_bunch(columns, f"{name}.rst", as_frame)
