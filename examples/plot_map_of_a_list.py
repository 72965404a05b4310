"""
Map the countries of a list
===========================

Show the estimated shares of countries in a list on a world map.

Run ``pip install plotly pandas matplotlib && python examples/plot_map_of_a_list.py``:
it takes some seconds and writes `shares_map.html`, which loads plotly's shapes of the
countries when it is opened. The list is made up.
"""

# %%
# Estimate the shares
# -------------------
#
# Half of these 600 people have Portuguese names, a third have Nigerian names, and the
# others have Polish names. The model predicts where people with such names live:
# Portugal and Brazil have names in common, so their intervals are wide.
import plotly.express as px

import sknames
from sknames.datasets import load_countries, make_names

names = []
for nationality, n in {"Portuguese": 300, "Nigerian": 200, "Polish": 100}.items():
    people, _ = make_names(n, nationalities=[nationality], random_state=0)
    names += people.tolist()

model = sknames.load_pretrained("country")
shares = sknames.estimate_shares(model, names, random_state=0)
sknames.SharesDisplay.from_shares(shares, n_top=8)
print(shares)

# %%
# Draw a map
# ----------
#
# The labels are two-letter codes of ISO 3166-1, and plotly needs three-letter codes:
# `load_countries` has both, and the names of the countries. Hovering over a country
# shows its interval. Below a printed map, write the number of names and the intervals,
# because colors do not show how uncertain a share is.
countries = load_countries(as_frame=True).frame
table = shares.to_frame().merge(countries, left_on="label", right_on="alpha_2")
table["interval"] = [
    f"{low:.1%} to {high:.1%}"
    for low, high in zip(table["low"], table["high"], strict=True)
]
figure = px.choropleth(
    table,
    locations="alpha_3",
    color="share",
    hover_name="country",
    hover_data={"alpha_3": False, "share": ":.1%", "interval": True},
    projection="natural earth",
    color_continuous_scale="Viridis",
    title=f"Estimated shares of countries, {shares.n_names} names",
)
figure.update_coloraxes(colorbar_tickformat=".0%")
figure.update_geos(projection_rotation_lon=11, showframe=False)
figure.write_html("shares_map.html", include_plotlyjs="cdn")
figure  # noqa: B018, shown in the gallery

# %%
# The shares as a table, for readers who do not see the colors.
first = table[["country", "share", "interval"]].head(8)
print(first.to_string(index=False, formatters={"share": "{:.1%}".format}))
