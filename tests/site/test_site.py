"""The pages that `make site` makes, as their readers see them: links, search, figures, wide and narrow, no network."""

import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from support.browsing import contrast, too_wide
from support.editions import ROOT, outputs_of, read_notebook

from helpers.notebook.editions import EDITIONS

pytestmark = pytest.mark.site

SCREENSHOTS = ROOT / "runs" / "site-screenshots"
LOADED = {"img": "src", "script": "src", "link": "href"}


@pytest.fixture(scope="module")
def site(workplace):
    """Build the site of runs of the profile `smoke`; its folder."""
    for language in ("en", "ko"):
        run = [sys.executable, "-m", "helpers.run", "--profile", "smoke", "--language", language]
        subprocess.run(run, cwd=workplace, check=True)
    done = build_site(workplace)
    assert done.returncode == 0, done.stderr
    return workplace / "runs" / "site"


def build_site(folder):
    command = [sys.executable, ROOT / "website" / "build_site.py", "--profile", "smoke"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(site):
    """Serve the site, in a folder of its server as GitHub Pages does."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site.parent)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/site/"
        server.shutdown()


@pytest.fixture(scope="module")
def pages(site):
    """Each page by its path."""
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in site.rglob("*.html")}


def led_to(path, link):
    """The file that a relative link on a page leads to, and the place on it."""
    address, place = urldefrag(urljoin(path.as_uri(), link))
    return Path(unquote(urlsplit(address).path)), unquote(place)


def is_elsewhere(link):
    return bool(urlsplit(link).scheme)


def test_every_link_leads_somewhere_and_every_page_is_reached(site, pages):
    links = {
        path: [led_to(path, a["href"]) for a in page.select("a[href]") if not is_elsewhere(a["href"])]
        for path, page in pages.items()
    }
    broken = [
        (path, target, place)
        for path, leading in links.items()
        for target, place in leading
        if not target.is_file() or (place and not pages[target].find(id=place))
    ]
    assert broken == []
    reached, waiting = set(), [site / "index.html"]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += [target for target, _ in links[path] if target in pages]
    assert {path.relative_to(site).as_posix() for path in set(pages) - reached} <= {"search.html", "ko/search.html"}


def test_pages_load_nothing_from_elsewhere(pages):
    for path, page in pages.items():
        for name, attribute in LOADED.items():
            for element in page.find_all(name, **{attribute: True}):
                assert not is_elsewhere(element[attribute]), path
                assert led_to(path, element[attribute])[0].is_file(), path


def test_each_step_stands_in_all_editions_and_languages(site, pages):
    lesson = (ROOT / "notebooks" / "source" / "lesson.md").read_text(encoding="utf-8")
    sections = set(re.findall("^## .*", lesson, re.MULTILINE))  # one may stand there once for each edition
    folders = [site / language / edition for language in ("", "ko") for edition in EDITIONS]
    names = [{path.name for path in folder.glob("*.html")} for folder in folders]
    assert len(names[0]) == len(sections) >= 10
    assert names == 6 * names[:1]
    path = site / "ko" / "pytorch" / "03.html"
    assert pages[path].html["lang"] == "ko"
    leading = [led_to(path, a["href"])[0].relative_to(site).as_posix() for a in pages[path].select(".switch a")]
    assert leading == ["ko/keras/03.html", "ko/tensorflow/03.html", "pytorch/03.html"]


def test_chapters_and_exercises_are_there_in_both_languages_with_solutions_folded_away(site, pages):
    for language in ("", "ko"):
        notebooks = ROOT / "notebooks" / language
        chapters = {path.stem for path in notebooks.glob("going_further/*.ipynb")}
        assert {path.stem for path in (site / language).glob("going_further/*.html")} == chapters
        assert len(chapters) >= 4
        exercises = pages[site / language / "exercises" / "exercises.html"]
        assert exercises.html["lang"] == (language or "en")
        lesson = [a["href"] for a in exercises.select("article p a") if a["href"].startswith("../")][:2]
        assert lesson == ["../pytorch.html", "../keras.html"]
        folded = exercises.select("article details")
        notebook = (notebooks / "exercises" / "exercises.ipynb").read_text(encoding="utf-8")
        assert len(folded) == notebook.count("<details>") > 10
        assert all(details.find("pre") and not details.has_attr("open") for details in folded)
        assert exercises.select(".feedback") == []


def test_what_was_run_is_shown_with_its_outputs(site, pages):
    for edition, shown in (("pytorch", True), ("keras", True), ("tensorflow", False)):
        assert bool(pages[site / edition / "02.html"].select(".cell_output")) == shown


def test_figures_have_the_text_alternatives_of_the_notebooks(site, pages, workplace):
    outputs = outputs_of(read_notebook(workplace / "runs" / "smoke" / "pytorch.ipynb"))
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    shown = [
        img["alt"] for path in sorted(site.glob("pytorch/*.html")) for img in pages[path].select(".cell_output img")
    ]
    assert len(figures) >= 3
    assert shown == [figure.metadata.get("image/png", {}).get("alt", "") for figure in figures]


UNSEEN = "() => [...document.images].filter(image => !image.naturalWidth || !image.offsetWidth).map(image => image.src)"


@pytest.mark.parametrize(("width", "scheme"), [(1366, "light"), (700, "light"), (400, "dark")])
def test_pages_are_whole(site, address, watched, width, scheme):
    page, fired = watched
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        page.goto(address + name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert too_wide(page, "article") == [], name
        assert page.evaluate(UNSEEN) == [], name
        if name == "keras/06.html":  # which shows source
            source = page.locator(".cell_output pre", has_text="def build_tagger")
            assert "mono" in source.evaluate("element => getComputedStyle(element).fontFamily")
            assert width != 700 or source.evaluate("element => element.scrollWidth > element.clientWidth")
        picture = SCREENSHOTS / f"{name.removesuffix('.html')}-{width}-{scheme}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=picture, full_page=True)
    assert [thing for thing in fired if not thing.startswith(address)] == []


# The colour of each text in a cell's output, and the colour that lies behind it
INKS = """() => [...document.querySelectorAll(
  '.cell_output :is(p, mark, td, th, span, pre), .report :is(td, th, p, h2)'
)].filter(element => [...element.childNodes].some(
  node => node.nodeType == Node.TEXT_NODE && node.data.trim()
)).map(element => {
  let behind = element;
  const solid = colour => colour != 'rgba(0, 0, 0, 0)';
  while (behind.parentElement && !solid(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
  return [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor, element.outerHTML.slice(0, 100)];
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_cells_put_out_stands_out_from_its_background(site, address, watched, scheme):
    page, _ = watched
    page.emulate_media(color_scheme=scheme)
    seen = 0
    for name in ("pytorch/02", "pytorch/03", "pytorch/08", "keras/06", "keras/08", "report"):
        page.goto(f"{address}{name}.html")
        for ink, ground, where in page.evaluate(INKS):
            assert contrast(ink, ground) >= 4.5, (name, ink, ground, where)
            seen += 1
    assert seen > 500


# What is looked for, and a page that holds it: a word of the text, of the code, of an output; in Korean with a particle
# behind it, and in a longer word.
@pytest.mark.parametrize(
    ("start", "query", "found"),
    [
        ("index.html", "boundary", "pytorch/08.html"),
        ("index.html", "AutoTokenizer", "tensorflow/03.html"),
        ("index.html", "paulwalk", "pytorch/03.html"),
        ("ko/index.html", "토큰", "ko/pytorch.html"),
        ("ko/index.html", "하위 단어", "ko/tensorflow/03.html"),
        ("ko/index.html", "토크나이저를", "ko/pytorch/09.html"),
        ("ko/index.html", "AutoTokenizer", "ko/pytorch/03.html"),
    ],
)
def test_search_leads_there(site, address, watched, start, query, found):
    page, fired = watched
    page.goto(address + start)
    page.locator("input.sidebar-search").fill(query)
    page.keyboard.press("Enter")
    result = page.locator(f'#search-results li > a[href*="{found.removeprefix("ko/")}"]').first  # they come one by one
    result.wait_for()
    link = urljoin(page.url, result.get_attribute("href"))
    assert urldefrag(link.partition("?")[0])[0] == address + found
    result.click()
    page.wait_for_load_state()
    assert query.lower() in page.locator("article").inner_text().lower()
    assert [thing for thing in fired if not thing.startswith(address)] == []


def test_a_word_that_is_nowhere_is_not_found(site, address, watched):
    page, _ = watched
    for start in ("", "ko/"):
        page.goto(f"{address}{start}search.html?q=쀍쒧")
        page.locator(".search-summary", has_text=re.compile(".")).wait_for()
        assert page.locator("#search-results li").count() == 0


def test_search_works_without_a_server(site, watched):
    page, _ = watched
    page.goto((site / "index.html").as_uri())
    page.locator("input.sidebar-search").fill("boundary")
    page.keyboard.press("Enter")
    page.locator("#search-results li a", has_text="PyTorch").first.click()
    page.wait_for_load_state()
    assert "boundar" in page.locator("article").inner_text()  # other forms of the word are found too


def test_a_missing_run_is_named_and_the_site_that_was_there_stays(tmp_path):
    site = tmp_path / "runs" / "site"
    site.mkdir(parents=True)
    (site / "index.html").write_text("as it was")
    failed = build_site(tmp_path)
    assert failed.returncode == 1
    assert "runs/smoke/pytorch.ipynb" in failed.stderr
    assert "make run PROFILE=smoke LANGUAGE=en" in failed.stderr
    assert [path.name for path in site.parent.iterdir()] == ["site"]
    assert (site / "index.html").read_text() == "as it was"
