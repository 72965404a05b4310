"""The web page in a browser: it agrees with Python, and sends no names anywhere."""

import functools
import gzip
import http.server
import importlib.util
import itertools
import json
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknames import (
    __version__,
    estimate_shares,
    fingerprint,
    load_pretrained,
    predict_names,
)
from sknames._models.stack import resolve
from sknames.datasets import load_names, make_names
from tests.conftest import PATIENCE
from tests.pages.conftest import EXAMPLES, NODE, run_javascript
from tools.measuring import settings_of_shares, shares_of_rows

# Default risks of load_pretrained(abstain=True), for countries with a fallback.
RISK = {"nationality": 0.18, "country": 0.2}
FOLDER = Path(__file__).parents[2] / "docs" / "page"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
# Opens a tab, types into a field, and waits for the answer to this input.
ASK = """
const [tab, field, answer, text, done] = arguments;
document.getElementById(tab).click();
const input = document.getElementById(field), output = document.getElementById(answer);
input.value = text;
input.dispatchEvent(new Event("input", { bubbles: true }));
(function look() {
  const isThere = output.getAttribute("aria-busy") === "false" \
&& output.dataset.of === input.value;
  if (!isThere) return setTimeout(look, 2);
  const bars = [...document.querySelectorAll(`#${answer} ~ .bars > li`)];
  const shown = `#${answer} ~ .result:not([hidden]) .row`;
  const rows = [...document.querySelectorAll(shown)];
  const textsOf = (row) =>
    [".label", ".value"].map((part) => row.querySelector(part).textContent);
  done({
    verdict: output.querySelector(".verdict").textContent,
    note: output.querySelector(".reason").textContent,
    reason: output.dataset.reason,
    bars: bars.map((bar) => [
      bar.querySelector(".label").textContent,
      Number(bar.querySelector("data").value),
    ]),
    rows: rows.map(textsOf),
  });
})();
"""


class Server(http.server.ThreadingHTTPServer):
    """Serve a folder on the loopback interface, and record the requested paths."""

    def __init__(self, folder):
        self.folder = folder
        asked = []
        self.asked = asked

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_request(self, code="-", size="-"):
                asked.append(self.path)

        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        self.url = f"http://127.0.0.1:{self.server_port}/"


@contextmanager
def serving(folder):
    with Server(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def builder():
    spec = importlib.util.spec_from_file_location("build_page", FOLDER / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def server(builder, tmp_path_factory):
    """A server of the built page."""
    if not (FOLDER / "node_modules").exists():
        pytest.skip(
            "npm packages are missing: run npm install --ignore-scripts in docs/page"
        )
    folder = tmp_path_factory.mktemp("page")
    builder.build(folder, level=1)
    with serving(folder) as server:
        yield server


@pytest.fixture(scope="module")
def browser(server):
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="selenium is not installed"
    )
    if CHROMIUM is None or DRIVER is None:
        pytest.skip(
            "Chromium or its driver is not installed: chromium and chromium-driver"
        )
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability(
        "goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"}
    )
    with webdriver.Chrome(options=options, service=Service(DRIVER)) as browser:
        browser.set_script_timeout(PATIENCE)
        browser.set_page_load_timeout(PATIENCE)
        yield browser


@contextmanager
def opened(browser, url):
    """Load a page in the browser, and check at the end that no script has failed."""
    browser.get_log("browser")
    browser.get(url)
    yield browser
    severe = [
        entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"
    ]
    assert not severe


@pytest.fixture
def downloads(browser, tmp_path):
    """The folder into which the browser saves files."""
    behavior = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", behavior)
    return tmp_path


@pytest.fixture
def page(browser, server):
    with opened(browser, server.url) as page:
        yield page


def ask(page, name):
    return page.execute_async_script(ASK, "tab-name", "name", "answer", name)


def ask_list(page, names, other=False):
    ids = ("other-list", "differences-answer") if other else ("list", "shares-answer")
    return page.execute_async_script(ASK, "tab-list", *ids, "\n".join(names))


def choose(page, labels):
    page.find_element("id", "labels").send_keys(labels)


def wait_for(page, condition):
    from selenium.webdriver.support.wait import WebDriverWait

    return WebDriverWait(page, PATIENCE).until(condition)


def text_of(page, id_):
    return page.find_element("id", id_).text


def assert_answers(page, names, answers, levels, classes):
    """Check the page's answers for names; `classes` are labels as shown.

    `levels` has the level of each answer, "label" or a group.
    """
    best = answers.proba.argmax(axis=1)
    verdicts = np.where(levels == "label", classes[best], answers.labels[:, 0])
    verdicts = verdicts.astype(object)  # so that longer texts fit
    verdicts[answers.reasons == "unsure"] = "I don’t know"
    for name, row, verdict, reason in zip(
        names, answers.proba, verdicts, answers.reasons, strict=True
    ):
        found = ask(page, name)
        assert (found["verdict"], found["reason"]) == (verdict, reason)
        labels, probabilities = zip(*found["bars"], strict=True)
        order = np.argsort(-row)[:5]
        assert labels[0] == classes[order[0]]
        assert_allclose(probabilities, row[order], rtol=0, atol=1e-4)


def test_web_page_nationality_predictions_match_python(page):
    model = load_pretrained(abstain=True)
    names, _ = load_names(script="all", return_X_y=True)
    names = np.random.RandomState(0).permutation(names)[:15].tolist()
    names += make_names(5, random_state=0)[0].tolist()
    answers = predict_names(model, names)
    assert_answers(page, names, answers, np.array("label"), model.classes_)
    note = ask(page, "Lee")["note"]
    assert note.startswith("No nationality has a probability above ")
    assert "at least 82\u00a0% are right" in note
    expected = "The model does not know American, Brazilian, Swiss"
    assert text_of(page, "other").startswith(expected)


def test_web_page_country_predictions_match_python(page, builder):
    fallback = builder.FALLBACKS["country"]
    model = load_pretrained("country", abstain=True, fallback=fallback)
    choose(page, "country")
    script = """
    const countries = new Intl.DisplayNames("en", { type: "region" });
    return arguments[0].map((code) => countries.of(code));
    """
    countries = np.array(page.execute_script(script, model.classes_.tolist()))
    names = ["Bebe", "Emily Wilson", "Kim Min-jun", "Hansen", "Carlos Mendoza"]
    answers = predict_names(model, names)
    assert {*answers.levels} >= {"label", "subregion", "region"}
    assert_answers(page, names, answers, answers.levels, countries)
    note = ask(page, "Carlos Mendoza")["note"]
    assert "The country is unsure, so this is its region." in note
    assert "at least 80\u00a0% are right" in note
    nationality = load_pretrained().predict(["Carlos Mendoza"])[0]
    other = text_of(page, "other")
    assert other.startswith(f"Most probable nationalities: {nationality} ")


def test_web_page_reasons_for_rejected_texts_match_python(page, judged):
    letters = page.find_element("id", "letters")
    ask(page, "Anna")
    assert letters.is_displayed()
    text_of_reason = {reason: text for text, reason in judged.items() if reason}
    for reason, text in text_of_reason.items():
        found = ask(page, text)
        assert (found["reason"], found["bars"]) == (reason, []), text
        assert not letters.is_displayed()
    assert found["verdict"] == "I don’t know"
    assert ask(page, " ")["verdict"] == "Type a name"


def test_web_page_letter_by_letter_probabilities_match_python(page, shipped):
    name = "Kenji Yamamoto"
    ask(page, name)
    table = page.execute_script(
        """
        return [...document.querySelectorAll("#heat tr")].map((row) =>
          [...row.children].map((cell) => cell.textContent));
        """
    )
    (_, *letters), *lines = table
    assert letters == [*"KenjiYamamoto"]
    ends = [i + 1 for i, letter in enumerate(name) if letter != " "]
    expected = shipped.predict_proba([name[:end] for end in ends])
    assert lines[0][0] == "Japanese"
    assert len(lines) == 5
    for label, *cells in lines:
        column = expected[:, shipped.classes_.tolist().index(label)]
        for cell, probability in zip(cells, column, strict=True):
            shown = float(cell.strip("<>\u2009\u00a0%")) / 100
            assert abs(shown - probability) < 0.0101


def test_web_page_escapes_html_and_sets_text_direction_of_names(page):
    ask(page, "<img src=x onerror=alert(1)>")
    ask_list(page, ["<script>alert(1)</script>", "Anna"])
    assert page.execute_script("return document.images.length") == 0
    for name, direction in [("محمد حسن", "rtl"), ("Anna", "ltr")]:
        ask(page, name)
        assert page.find_element("id", "scroll").get_attribute("dir") == direction
    ask(page, "王伟")
    assert "wangwei" in text_of(page, "spelling")


def test_web_page_shares_of_list_match_estimate_shares(page, shipped, downloads):
    people, _ = make_names(150, random_state=1)
    names = [*people, "Anna Kowalska", "Anna Kowalska"]
    found = ask_list(page, [*names[:20], "", "12345", "a@b.org", *names[20:]])
    shares = estimate_shares(shipped, names, random_state=0)
    assert found["rows"][0][0] == shares.label[0]
    assert found["rows"][-1][0] == "all others"
    assert found["verdict"] == f"{len(names)} names"
    assert "Left out as not names: 2 (“12345”, “a@b.org”)." in found["note"]
    table = saved_table(page, downloads, "shares").set_index("label")
    expected = shares.to_frame().set_index("label")
    assert table.columns.tolist() == expected.columns.tolist()
    assert len(table) == len(expected)
    assert_allclose(table["share"], expected.loc[table.index, "share"], atol=1e-3)
    assert {*table.index[table["low"].isna()]} == {*shares.sparse_labels}


def test_web_page_differences_of_two_lists_match_compare(page, shipped):
    one, _ = make_names(
        150, nationalities=["Dutch", "Turkish", "Polish"], random_state=1
    )
    other, _ = make_names(200, nationalities=["Dutch", "Turkish"], random_state=2)
    ask_list(page, one)
    found = ask_list(page, [*other, "7"], other=True)
    lists = [estimate_shares(shipped, names, random_state=0) for names in (one, other)]
    compared = lists[0].compare(lists[1])
    assert found["verdict"] == f"{compared.sure.sum()} sure differences"
    assert found["note"].startswith(
        "Compared with 200 names. Left out as not names: 1 (“7”)."
    )
    expected = compared.to_frame().set_index("label")
    assert [label for label, _ in found["rows"]] == expected.index[:3].tolist()
    whole = page.find_element("css selector", "#differences details")
    whole.click()
    assert len(whole.find_elements("css selector", "tbody tr")) == len(expected)
    assert ask_list(page, ["7"], other=True)["verdict"] == "I don’t know"
    assert ask_list(page, [], other=True)["rows"] == []


def test_web_page_saved_picture_and_map_contain_displayed_shares(page, downloads):
    choose(page, "country")
    found = ask_list(page, ["Mehmet Yılmaz", "Ayşe Demir", "Emre Kaya"])

    def saved_texts(button, file):
        press_button(page, "shares", button)
        picture = ElementTree.parse(downloaded(page, downloads / file))
        return [node.text for node in picture.iter() if node.text]

    texts = saved_texts("Save the picture (SVG)", "sknames-shares.svg")
    for row in found["rows"]:
        assert {*row} <= {*texts}
    titles = saved_texts("Save the map (SVG)", "sknames-shares-map.svg")
    assert titles[0] == "Estimated shares by country"
    assert any(title.startswith("Türkiye ") for title in titles)


def test_web_page_copies_sentence_or_selects_it_without_clipboard(page):
    from selenium.webdriver.common.keys import Keys

    ask_list(page, ["Mehmet Yılmaz", "Ayşe Demir", "Jan Kowalski"])
    sentence = page.find_element("css selector", "#shares .sentence")
    sentence = sentence.get_attribute("textContent")
    assert sentence.startswith("Among 3 names, the estimated shares by nationality are")
    press_button(page, "shares", "Copy the sentence")
    status = page.find_element("css selector", "#shares .status")
    wait_for(page, lambda page: status.text == "Copied.")
    other = page.find_element("id", "other-list")
    other.send_keys(Keys.CONTROL, "v")
    wait_for(page, lambda page: other.get_attribute("value") == sentence)
    # Browsers offer no clipboard on pages without https.
    page.execute_script("Object.defineProperty(navigator, 'clipboard', {})")
    press_button(page, "shares", "Copy the sentence")
    wait_for(page, lambda page: status.text.startswith("Selected."))
    selected = page.execute_script("return getSelection().toString()")
    assert selected == sentence


def press_button(page, figure, text):
    def button(page):
        for button in page.find_elements("css selector", f"#{figure} button"):
            if button.text == text:
                return button

    wait_for(page, button).click()


def downloaded(page, path):
    """Wait until the browser has saved a file, and return its path."""
    wait_for(page, lambda _: path.exists())
    return path


def saved_table(page, downloads, figure):
    press_button(page, figure, "Save the table (CSV)")
    return pd.read_csv(downloaded(page, downloads / f"sknames-{figure}.csv"))


def test_web_page_warns_if_most_names_of_list_have_initials(page):
    for third, warns in (("Kim, J.-P.", True), ("Kim", False)):
        note = ask_list(page, ["A. M. Kim", "Anna Kim", third])["note"]
        assert ("Most names have initials" in note) == warns


def test_web_page_is_usable_by_keyboard_alone(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys):
        ActionChains(page).send_keys(*keys).perform()
        focused = page.switch_to.active_element
        # The focused element is visible.
        assert focused.value_of_css_property("outline-style") == "solid"
        return focused.get_attribute("id")

    press(Keys.TAB)
    assert press(Keys.TAB) == "labels"
    assert press(Keys.TAB) == "tab-name"
    assert press(Keys.TAB) == "name"
    press("Kowalski")
    wait_for(page, lambda page: text_of(page, "verdict") == "Polish")
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(
        Keys.SHIFT
    ).perform()
    assert press(Keys.ARROW_RIGHT) == "tab-list"
    assert press(Keys.TAB) == "list"
    assert not page.find_element("id", "name").is_displayed()
    press("Mehmet Yılmaz", Keys.ENTER, "Ayşe Demir")
    wait_for(page, lambda page: text_of(page, "shares-verdict") == "2 names")
    label = page.find_element("css selector", "#shares .row .label")
    assert label.text == "Turkish"
    assert press(Keys.TAB) == "example-list"
    press(Keys.ENTER)
    wait_for(page, lambda page: text_of(page, "shares-verdict") == "25 names")


def test_web_page_fits_width_of_phone_screen(page):
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        for name in ("", "Anna", "Maria-Aparecida Gonçalves de Albuquerque", "W" * 80):
            ask(page, name)
            assert width(page) == [360, 360]
            assert page.find_element("id", "sideways").is_displayed() is (
                len(name) > 20
            )
        choose(page, "country")
        assert ask(page, "Emina Hadžić")["bars"][0][0] == "Bosnia & Herzegovina"
        assert width(page) == [360, 360]
        ask_list(page, ["Mehmet Yılmaz", "x" * 300])
        ask_list(page, ["Jan Kowalski"] * 3, other=True)
        ask(page, "Tan Wei Ling")
        page.find_element("id", "map-summary").click()
        assert width(page) == [360, 360]
        assert texts_beyond_their_chart(page) == []
        page.find_element("id", "tab-list").click()
        for figure in ("shares", "differences"):
            page.find_element("css selector", f"#{figure} summary").click()
        assert width(page) == [360, 360]
        assert texts_beyond_their_chart(page) == []
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def width(page):
    """Return the width of the content, and of the window, which phones widen to fit."""
    return page.execute_script(
        "return [document.documentElement.scrollWidth, innerWidth]"
    )


def texts_beyond_their_chart(page):
    """Return the texts of charts that are cut off or overlap with another text."""
    return page.execute_script(
        """
        const beyond = [];
        for (const svg of document.querySelectorAll(".chart svg")) {
          const { left, right } = svg.getBoundingClientRect();
          const texts = [...svg.querySelectorAll("text")];
          const boxes = texts.map((text) => text.getBoundingClientRect());
          boxes.forEach((a, i) => {
            const isBeside = (b) => a.right <= b.left || b.right <= a.left;
            // Boxes of lines below each other meet, but their letters do not.
            const isOnLineOf = (b) => Math.abs(a.top - b.top) < a.height / 2;
            const meets = (b) => isOnLineOf(b) && !isBeside(b);
            const isCut = a.left < left - 1 || a.right > right + 1;
            if (isCut || boxes.slice(0, i).some(meets))
              beyond.push(texts[i].textContent);
          });
        }
        return beyond;
        """
    )


def sent_so_far(browser):
    """Return the URLs that the browser has requested since the last call."""
    messages = [
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    ]
    requests = [
        m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"
    ]
    return [params["request"]["url"] for params in requests]


def test_web_page_sends_no_request_while_predicting_or_to_other_servers(
    browser, server, tmp_path
):
    browser.get_log("performance")
    n_before = len(server.asked)
    browser.get(server.url)
    ask(browser, "Anna Kowalska")
    ask_list(browser, ["Anna Kowalska", "Mehmet Yılmaz"])
    sent = sent_so_far(browser)
    assert "/country.onnx.gzip" not in server.asked[n_before:]
    choose(browser, "country")
    ask(browser, "Anna Kowalska")
    asked_before = len(server.asked)
    ask(browser, "Mehmet Yılmaz")
    assert len(server.asked) == asked_before  # no request to the page's own server
    sent += sent_so_far(browser)
    sizes = json.loads((server.folder / "page.json").read_text())["sizes"]
    # The trunk of the country model is in the file of the nationality model.
    assert sizes["country.onnx"] < 0.6 * sizes["nationality.onnx"]
    own = (server.url, f"blob:{server.url}")
    assert not [url for url in sent if not url.startswith(own)]
    # The content security policy blocks requests by scripts of the page and its worker.
    with serving(tmp_path) as other:
        blocked = browser.execute_async_script(
            """
            const [url, done] = arguments;
            const ask = `fetch(${JSON.stringify(url)}, { mode: "no-cors" })`;
            const script =
              `${ask}.then(() => postMessage(false), () => postMessage(true))`;
            const worker = new Worker(URL.createObjectURL(new Blob([script])));
            worker.onmessage = ({ data: workerIsBlocked }) => {
              const say = (pageIsBlocked) => done([workerIsBlocked, pageIsBlocked]);
              fetch(url, { mode: "no-cors" }).then(() => say(false), () => say(true));
            };
            """,
            other.url,
        )
        assert blocked == [True, True]
        assert not other.asked
    browser.get_log("browser")  # discard the errors of these attempts


def packed_model(folder):
    """Return the nationality model in the built page."""
    packed = (folder / "nationality.onnx.gzip").read_bytes()
    return onnx.load_from_string(gzip.decompress(packed))


def test_web_page_footer_shows_fingerprint_and_error_rate_of_model(page, server):
    script = "return document.querySelector('footer').innerText"
    wait_for(page, lambda page: "74 nationalities" in page.execute_script(script))
    foot = page.execute_script(script)
    risk = f"{100 * RISK['nationality']:.0f}\u00a0%"
    assert f"At most {risk} of its predictions for single names are wrong" in foot
    name = fingerprint(load_pretrained(abstain=True))
    assert f"sknames {__version__}, model {name}" in foot.splitlines()
    choose(page, "country")
    wait_for(page, lambda page: "204 countries" in page.execute_script(script))
    foot = page.execute_script(script)
    risk = f"{100 * RISK['country']:.0f}\u00a0%"
    assert f"At most {risk} of its predictions for single names are wrong" in foot
    links = [
        link.get_attribute("href")
        for link in page.find_elements("css selector", "header a, footer a")
    ]
    assert links.pop() == f"{server.url}licences.txt"
    # Links are absolute, since the page may be served outside of the project's site.
    assert all(link.startswith("https://sknames.github.io/") for link in links)


def test_web_page_shows_fingerprint_of_loaded_model_file(browser, server, tmp_path):
    shutil.copytree(server.folder, tmp_path / "page")
    proto = packed_model(tmp_path / "page")
    metadata = {field.key: field.value for field in proto.metadata_props}
    metadata["fingerprint"] = '"made-up-7f3a2c"'
    onnx.helper.set_model_props(proto, metadata)
    packed = tmp_path / "page" / "nationality.onnx.gzip"
    packed.write_bytes(gzip.compress(proto.SerializeToString(), 1))
    with serving(tmp_path / "page") as other, opened(browser, other.url) as page:
        wait_for(page, lambda page: text_of(page, "model").endswith("made-up-7f3a2c"))
        ask_list(page, ["Mehmet Yılmaz"])
        assert "model made-up-7f3a2c, on " in text_of(page, "shares")


BY_TYPING = 'document.getElementById("name").dispatchEvent(new Event("input"))'
BY_NETWORK = 'dispatchEvent(new Event("online"))'


@pytest.mark.parametrize(
    "labels, file, reason, recover",
    [
        ("nationality", "nationality.onnx.gzip", ": 404", BY_NETWORK),
        ("nationality", "worker.js", " did not start", BY_TYPING),
        ("country", "vendor/countries-110m.json", ": 404", BY_TYPING),
    ],
    ids=["model", "worker", "map"],
)
def test_web_page_with_missing_file_shows_error_and_recovers(
    browser, server, tmp_path, labels, file, reason, recover
):
    shutil.copytree(server.folder, tmp_path / "page")
    (tmp_path / "page" / file).rename(tmp_path / "away")
    failed = "The model is not responding"
    with serving(tmp_path / "page") as other:
        browser.get(other.url)
        choose(browser, labels)
        wait_for(browser, lambda page: text_of(page, "verdict") == failed)
        assert text_of(browser, "reason").startswith(f"{file}{reason}")
        (tmp_path / "away").rename(tmp_path / "page" / file)
        browser.execute_script(recover)
        wait_for(browser, lambda page: text_of(page, "verdict") != failed)
        wait_for(browser, lambda page: "model " in text_of(page, "model"))
        assert ask(browser, "Mehmet Yılmaz")["bars"]
        assert not browser.find_element("id", "loading").is_displayed()
    browser.get_log("browser")  # discard the expected errors


# ---- Shares without a browser

SHARES = """
import { readFileSync } from "node:fs";
import { compareShares, sharesWithIntervals } from "./shares.js";
const { lists, pairs } = JSON.parse(readFileSync(0, "utf-8"));
const found = lists.map((list) => sharesWithIntervals(...list));
const none = [null, null];
const shares = found.map(({ share, ends }) =>
  ends.map((of, k) => [share[k], ...(of ?? none)]));
const compare = ([k, l, isSame]) => compareShares(found[k], found[l], isSame);
process.stdout.write(JSON.stringify([shares, pairs.map(compare)]));
"""


def model_of(prior, error, sharpness=1.0, few=()):
    """Return the model settings of shares; the classes `few` are sparse labels."""
    is_sparse = np.isin(np.arange(len(prior)), few)
    model = {"class_prior": prior, "sharpness": sharpness, "is_sparse": is_sparse}
    return model | {"model_error": np.full(len(prior), error)}


def in_javascript(lists, pairs):
    """Return the shares of lists, and the differences of pairs of them, as arrays."""
    if NODE is None:
        pytest.skip("Node.js is not installed")
    run = run_javascript(SHARES, given={"lists": lists, "pairs": pairs}, cwd=FOLDER)
    shares, differences = json.loads(run.stdout)
    shares = [np.array(rows, float) for rows in shares]
    return shares, [np.array(rows, float) for rows in differences]


def in_python(rows, counts, model):
    """Return the shares of one of these lists, computed by Python."""
    options = dict(model)
    prior = options.pop("class_prior")
    n_people = np.where(options.pop("is_sparse"), 19, 20)
    return shares_of_rows(
        rows,
        np.arange(len(prior)),
        {"counts": counts},
        assumed_prior=prior,
        n_people=n_people,
        **options,
    )


def assert_same(found, table, columns, atol):
    """Compare numbers by label from JavaScript with the columns of a Python result."""
    order = np.argsort(table.label)
    for values, column in zip(found.T, columns, strict=False):
        expected = getattr(table, column)[order]
        assert_allclose(values, expected, rtol=0, atol=atol)


DIFFERENCES = ("difference", "low", "high", "sure")


def assert_same_differences(found, lists, pairs, columns, atol):
    """Compare differences of pairs of lists with those computed by Python."""
    of_python = [in_python(*of_list) for of_list in lists]
    for differences, (one, other, same) in zip(found, pairs, strict=True):
        compared = of_python[one].compare(of_python[other], same_source=same)
        assert_same(differences, compared, columns, atol)


@pytest.mark.filterwarnings("ignore:The model is unsure", "ignore:The shares are rough")
def test_javascript_shares_and_differences_match_python():
    rng = np.random.RandomState(0)
    lists = []
    for n_names, n_classes, scale in [
        (1, 5, 3),
        (2, 74, 3),
        (30, 74, 3),
        (200, 74, 1),
        (300, 20, 0.3),
    ]:
        prior = rng.dirichlet(np.ones(n_classes))
        logits = scale * rng.normal(size=(n_names, n_classes)) + np.log(prior)
        # Two classes that are hard to tell apart.
        logits[:, 1] = logits[:, 0] + 0.05 * rng.normal(size=n_names)
        rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        counts = rng.randint(1, 5, size=n_names)
        lists.append([rows, counts, model_of(prior, 0.3, sharpness=1.2)])
    rows, counts, model = lists[3]
    lists.append([rows[:120], counts[:120], model])
    lists.append(lists[3])
    pairs = [[3, 5, True], [3, 5, False], [3, 3, True], [3, 3, False]]
    shares, differences = in_javascript(lists, pairs)
    for found, of_list in zip(shares, lists, strict=True):
        assert_same(found, in_python(*of_list), ["share"], 1e-3)
    assert_array_equal(shares[-1], shares[3])  # the same list has the same shares
    # Intervals are compared for the lists with informative names.
    for k in (2, 3):
        assert_same(shares[k], in_python(*lists[k]), ["share", "low", "high"], 0.05)
    assert_same_differences(differences[:2], lists, pairs[:2], DIFFERENCES[:3], 0.05)
    # A list compared with itself: no resample differs, so the limits are exact.
    assert_same_differences(differences[2:3], lists, pairs[2:3], DIFFERENCES, 3e-3)
    _, low, high, _ = differences[3].T
    assert (high - low > 1e-3).all()  # as if the lists were from different sources


def list_of(rows, few=()):
    """Return a list of names of three labels; every second name occurs twice."""
    counts = 1 + np.arange(len(rows)) % 2
    model = model_of(np.array([0.4, 0.4, 0.2]), 0.5, few=few)
    return [np.array(rows), counts, model]


@pytest.mark.filterwarnings("ignore:The shares are rough")
def test_javascript_sure_differences_match_python():
    """All resamples are equal, so only the least deviations determine what is sure."""
    lists = []
    for few, n_names in [([], 2), ([], 40), ([1], 40)]:
        for label in (0, 1):
            lists.append(list_of(n_names * [np.eye(3)[label]], few))
    pairs = [[0, 1, True], [0, 3, True], [2, 3, True], [4, 5, True]]
    shares, differences = in_javascript(lists, pairs)
    for found, of_list in zip(shares, lists, strict=True):
        assert_same(found, in_python(*of_list), ["share", "low", "high"], 3e-3)
    assert_same_differences(differences, lists, pairs, DIFFERENCES, 3e-3)
    are_sure = [found[:, -1].tolist() for found in differences]
    two_of_three = [True, True, False]
    # The second class of the last two lists is a sparse label. Lists of two names are
    # too short to be tested.
    untested = [False] * 3
    assert are_sure == [untested, untested, two_of_three, [True, False, False]]


# ---- What is built


@pytest.mark.parametrize("labels", RISK)
def test_web_page_settings_match_pretrained_model(server, labels):
    settings = json.loads((server.folder / "page.json").read_text())[labels]
    model = load_pretrained(labels)
    assert settings.pop("risk") == RISK[labels]
    stack = resolve(model)
    is_sparse = stack.assumed.measured.n_people < 20
    assert settings.pop("is_sparse") == is_sparse.tolist()
    expected = settings_of_shares(stack)
    assert settings.pop("class_prior") == expected.pop("assumed_prior").tolist()
    assert settings.pop("model_error") == expected.pop("model_error").tolist()
    assert settings == expected


def test_web_page_build_without_npm_packages_raises_with_install_command(
    builder, tmp_path
):
    with pytest.raises(FileNotFoundError, match="npm install --ignore-scripts"):
        builder.build(tmp_path / "page", modules=tmp_path)
    assert not (tmp_path / "page").exists()


def test_javascript_example_predicts_in_browser(browser, server, tmp_path):
    for path in EXAMPLES.glob("javascript/index.*"):
        shutil.copy(path, tmp_path)
    onnx.save(packed_model(server.folder), tmp_path / "names.onnx")
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    with serving(tmp_path) as example, opened(browser, example.url) as page:
        output = page.find_element("tag name", "output")
        assert (
            wait_for(page, lambda _: output.text != "wait" and output.text) == "Turkish"
        )
        name = page.find_element("tag name", "input")
        name.clear()
        name.send_keys("Kowalska-Wiśniewska")
        assert (
            wait_for(page, lambda _: output.text != "Turkish" and output.text)
            == "Polish"
        )


def test_web_page_map_shades_probable_countries_and_tabulates_all(page):
    ask(page, "João Ferreira")
    assert not page.find_element("id", "map").is_displayed()
    choose(page, "country")
    ask(page, "João Ferreira")
    script = """
    const said = [...document.querySelectorAll("#map-chart .country title")];
    const shaded = said.filter((node) => !node.parentNode.classList.contains("shade0"));
    return [shaded, said].map((nodes) => nodes.map((node) => node.textContent));
    """
    shaded, said = page.execute_script(script)
    model = load_pretrained("country")
    (row,) = model.predict_proba(["João Ferreira"])
    probable = model.classes_[row >= 0.01].tolist()
    assert {"PT", "BR"} <= {*probable}
    assert len(shaded) == len(probable)  # all of them are large enough to be drawn
    best = row.max()
    assert f"Portugal {best:.0%}".replace("%", "\u00a0%") in shaded
    assert "Japan 0\u00a0%" in said or "Japan <\u20091\u00a0%" in said
    page.find_element("id", "map-summary").click()
    rows = page.find_elements("css selector", "#map-table tbody tr")
    assert len(rows) == len(row)
    assert rows[0].text.startswith("Portugal ")


def test_web_page_map_lists_countries_too_small_to_draw(page):
    choose(page, "country")
    ask_list(
        page, ["Giovanni Gatti", "Tan Wei Ling", "Lim Jia Hui", "Goh Chok Meng"] * 3
    )
    texts = page.execute_script(
        'return [...document.querySelectorAll("#shares .chart text")]'
        ".map((node) => node.textContent)"
    )
    assert any(text.startswith("Too small to draw: Singapore ") for text in texts)


def test_web_page_map_is_equal_area_and_splits_countries_at_date_line(page):
    """A country on both sides of the date line must not be drawn across the map."""
    script = """
    const [values, done] = arguments;
    import("./map.js").then(async ({ drawMap, equalEarth, loadShapes }) => {
      const codes = Object.keys(values);
      const map = { title: "", codes, classes: codes, values: Object.values(values) };
      const picture = drawMap(await loadShapes(), map, 1000);
      const latitudes = Array.from({ length: 91 }, (_, latitude) => latitude);
      const edge = latitudes.map((latitude) => equalEarth(180, latitude));
      done([picture, edge]);
    });
    """
    values = {"RU": 0.3, "FJ": 0.3, "US": 0.2, "XK": 0.2}
    picture, edge = page.execute_async_script(script, values)
    # The area of a zone of the sphere is 2 pi times the difference of sines.
    across, up = np.transpose(edge)
    areas = np.diff(up) * (across[1:] + across[:-1])
    sines = np.sin(np.radians(np.arange(91)))
    assert_allclose(areas, 2 * np.pi * np.diff(sines), rtol=1e-3)
    (group,) = (child for child in picture[2:] if child[0] == "g")
    drawn = {title[2]: attributes["d"] for _, attributes, title in group[2:]}
    assert {label[:2] for label in drawn} >= {*values}
    for path in drawn.values():
        for ring in path.removeprefix("M").removesuffix("Z").split("ZM"):
            across = [float(point.split()[0]) for point in ring.split("L")]
            steps = [abs(b - a) for a, b in itertools.pairwise(across)]
            assert max(steps) < 100  # pixels of 1000


def test_web_page_loads_model_in_worker_only(page, server):
    ask(page, "Anna")
    fetched_by_page = page.execute_script(
        'return performance.getEntriesByType("resource").map(({ name }) => name)'
    )
    assert f"{server.url}page.js" in fetched_by_page
    assert f"{server.url}nationality.onnx.gzip" not in fetched_by_page
    assert "/nationality.onnx.gzip" in server.asked


def test_web_page_predicts_name_while_list_is_running(page):
    ask(page, "Anna")
    names, _ = make_names(2000, random_state=2)
    page.execute_script(
        """
        const list = document.getElementById("list");
        list.value = arguments[0];
        list.dispatchEvent(new Event("input", { bubbles: true }));
        """,
        "\n".join(names),
    )
    area = page.find_element("id", "shares-answer")
    wait_for(page, lambda _: area.get_attribute("aria-busy") == "true")
    assert ask(page, "Mehmet Yılmaz")["verdict"] == "Turkish"
    assert area.get_attribute("aria-busy") == "true"


def test_web_page_progress_bar_reaches_total_size_and_is_hidden(page, server):
    ask(page, "Anna")
    sizes = json.loads((server.folder / "page.json").read_text())["sizes"]
    del sizes["country.onnx"]
    bar = page.find_element("id", "loading-bar")
    for attribute in ("value", "max"):
        assert int(float(bar.get_attribute(attribute))) == sum(sizes.values())
    assert not page.find_element("id", "loading").is_displayed()


def test_built_web_page_contains_licences_of_its_parts(server):
    text = (server.folder / "licences.txt").read_text()
    for words in (
        "Copyright (c) 2026, the sknames developers",
        "sknames: NOTICE.txt",
        "any-ascii: LICENSE",
        "topojson-client: LICENSE",
        "Natural Earth",
        "ONNX Runtime",
    ):
        assert words in text


def test_printed_web_page_hides_controls_and_keeps_results(page):
    ask_list(page, ["Mehmet Yılmaz", "Ayşe Demir", "Emre Kaya"])
    kinds = "button, select, textarea, label, summary"
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = [
            node
            for node in page.find_elements("css selector", kinds)
            if node.is_displayed()
        ]
        assert shown == []
        assert text_of(page, "shares-verdict") == "3 names"
        assert "Turkish" in text_of(page, "shares")
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
