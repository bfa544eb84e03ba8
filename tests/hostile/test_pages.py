"""Words, labels and file names that are HTML, scripts, Markdown or formulas show up as the texts that they are."""

import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from support.browsing import UNFOLD, visible_text
from support.editions import ROOT, read_notebook
from support.hostile import FOLDER_NAME, TYPES, WORDS, write_checkpoint, write_data

from helpers.alignment import TaggedWords
from helpers.errors import MalformedDataError
from helpers.exercises.feedback import NOT_YET, Feedback, shown
from helpers.highlight import highlight, highlight_mistakes, highlight_text
from helpers.metrics import match_entities
from helpers.run.pages import render_html

IN_PYTHON = FOLDER_NAME.replace('"', r"\"")  # as it stands in the cell of the parameters
NAMES = (*TYPES, f"./data {FOLDER_NAME}", f"./model {FOLDER_NAME}")  # what a report shows
RUN = """
import sys
from pathlib import Path
from helpers.run.editions import load_profile, run_editions
edition, data, model, folder = sys.argv[1:]
run_editions([edition], load_profile("smoke") | {"dataset": data, "model": model, "epochs": 1}, Path(folder))
"""


def missing(names, text, count=1):
    """List what does not stand in a text so often."""
    return [name for name in names if text.count(name) < count]


@pytest.fixture(scope="module")
def mark(tmp_path_factory):
    """A file that is there as soon as any of the material has run."""
    return tmp_path_factory.mktemp("mark") / "run"


@pytest.fixture(scope="module", params=["pytorch", pytest.param("keras", marks=pytest.mark.weekly)])
def run(request, workplace, mark):
    """Run an edition on hostile material; its name, and the folder of its results."""
    data, model = workplace / f"data {FOLDER_NAME}", workplace / f"model {FOLDER_NAME}"
    if not data.exists():
        write_data(data, mark)
        write_checkpoint(model, mark)
    folder = workplace / request.param / FOLDER_NAME
    command = [sys.executable, "-c", RUN, request.param, f"./{data.name}", f"./{model.name}", folder]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return request.param, folder


def test_nothing_of_the_material_was_run(run, mark):
    edition, folder = run
    assert (folder / edition / "metrics.json").exists()
    assert not mark.exists()


def test_on_the_pages_of_a_run_all_is_text(run, browser):
    edition, folder = run
    text = visible_text(browser, folder / f"{edition}.html")
    # Six sentences are highlighted, and all mistakes are shown with the words around them.
    assert missing((*WORDS, *TYPES), text, 18) == []
    assert IN_PYTHON in text
    assert missing(NAMES, visible_text(browser, folder / "report.html")) == []


def page_of(folder, outputs, **metadata):
    notebook = new_notebook(cells=[new_code_cell("".join(WORDS), outputs=outputs)], metadata=metadata)
    nbformat.write(notebook, folder / "notebook.ipynb")
    return render_html(folder / "notebook.ipynb", folder, "en")


def as_html(shown_object):
    return new_output("display_data", {"text/html": shown_object._repr_html_()})


def test_whatever_else_a_cell_shows_of_them_is_text(browser, tmp_path):
    tags = [f"B-{TYPES[i % len(TYPES)]}" for i in range(len(WORDS))]
    nothing = ["O"] * len(WORDS)
    mistakes = TaggedWords([WORDS], [tags], [nothing], [[" "] * len(tags)])
    table = pd.DataFrame({"word": WORDS, WORDS[1]: tags}, index=pd.Index(WORDS, name=WORDS[0]))
    error = MalformedDataError("".join(WORDS))
    state = {"model_name": "HTMLModel", "state": {"value": "".join(WORDS), "description": "".join(WORDS)}}
    outputs = [
        as_html(highlight([(WORDS, tags)], TYPES)),
        as_html(highlight_text("".join(WORDS), [{"start": 0, "end": 9, "entity_group": TYPES[0]}], TYPES)),
        as_html(highlight_mistakes(match_entities([tags], [nothing]), mistakes, tags)),
        as_html(table),
        *(as_html(Feedback(NOT_YET, f"{word} `{shown(word)}`")) for word in WORDS),
        new_output("stream", text="\n".join(WORDS)),
        new_output("error", ename=WORDS[0], evalue=WORDS[1], traceback=error._render_traceback_()),
        new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}}),
        new_output("execute_result", {"text/plain": repr(WORDS)}, execution_count=1),
    ]
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": {"a": state}}}
    text = visible_text(browser, page_of(tmp_path, outputs, widgets=widgets))
    assert [word for word in WORDS if text.count(word.replace("`", "'")) + text.count(word) < 7] == []


SCRIPTS = "".join(WORDS) + '<p id=end onclick="fired=1">end</p><a id=link href="javascript:fired=1">a</a>'
ELSEWHERE = "http://elsewhere.invalid/"
LEADING_AWAY = f"""\
<meta http-equiv=refresh content="0;url={ELSEWHERE}">
<!--><meta http-equiv=refresh content="0;url={ELSEWHERE}">-->
<![CDATA[a><meta http-equiv=refresh content="0;url={ELSEWHERE}">]]>
<style></style a><meta http-equiv=refresh content="0;url={ELSEWHERE}"></style>
<svg><style><meta http-equiv=refresh content="0;url={ELSEWHERE}"></style></svg>
<noscript><p title="</noscript><meta http-equiv=refresh content='0;url={ELSEWHERE}'>"></p></noscript>
<iframe srcdoc="<meta http-equiv=refresh content=&quot;0;url={ELSEWHERE}&quot;>"></iframe>
<base href="{ELSEWHERE}"><form action="{ELSEWHERE}"></form>
"""


def calm(raw):
    """Take away what hides all that follows it."""
    return raw.replace("<!--", "").replace("<style>*{display:none}</style>", "")


@pytest.mark.parametrize("raw", [SCRIPTS, calm(SCRIPTS)])
def test_html_that_a_cell_puts_out_itself_can_do_nothing(watched, tmp_path, raw):
    page, fired = watched
    page.goto(page_of(tmp_path, [new_output("display_data", {"text/html": raw})]).as_uri())
    page.evaluate("document.querySelectorAll('*').forEach(e => e.click && e.click())")
    assert page.evaluate("typeof fired") == "undefined"
    assert fired != []
    assert [thing for thing in fired if "Content Security Policy" not in thing] == []


def test_html_that_a_cell_puts_out_itself_leads_nowhere(watched, tmp_path):
    path = page_of(tmp_path, [new_output("display_data", {"text/html": LEADING_AWAY})])
    page, fired = watched
    page.goto(path.as_uri())
    page.evaluate("document.forms[0].submit()")
    page.wait_for_timeout(500)
    assert (page.url, page.evaluate("document.baseURI")) == (path.as_uri(), path.as_uri())
    assert [thing for thing in fired if "Content Security Policy" not in thing] == []


def test_only_images_of_its_own_folder_get_into_a_page(tmp_path):
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    for path in (notebooks / "own.png", notebooks / "data.conll", tmp_path / "private.png"):
        path.write_text(path.name)
    (notebooks / "link.png").symlink_to(tmp_path / "private.png")
    names = ["own.png", "data.conll", f"{tmp_path}/private.png", "../private.png", "link.png", "a" * 300, "nul\0.png"]
    raw = "".join(f'<img src="{name}">' for name in names)
    page = page_of(notebooks, [new_output("display_data", {"text/html": raw})]).read_text()
    images = re.findall(r'<img[^>]*src="([^"]*)"', page)
    assert images == [f"data:image/png;base64,{b64encode(b'own.png').decode()}", *names[1:-1], images[-1]]


# The site: `website/pages.py` and `website/build_site.py`.

RAW = SCRIPTS + LEADING_AWAY
OUTPUTS = (
    {"text/html": RAW},
    {"text/html": calm(RAW)},
    {"text/markdown": RAW},
    {"text/markdown": "```{raw} html\n<script>fired=1</script>\n```"},
    {"text/latex": "$\\href{javascript:fired=1}{x}$"},
    {"application/javascript": "fired = 1"},
    {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'><script>fired=1</script></svg>"},
)


@pytest.fixture(scope="module")
def site(run, workplace):
    """Build a site of the hostile run, whose last cell puts out whatever it likes; the folder of its PyTorch pages."""
    edition, folder = run
    hostile = workplace / "runs" / "hostile"
    for name in ("pytorch", "keras"):
        shutil.copytree(folder / edition / "figures", hostile / name / "figures")
        notebook = read_notebook(folder / f"{edition}.ipynb")
        outputs = [new_output("display_data", {**data}) for data in OUTPUTS]
        notebook.cells.append(new_code_cell("show()", outputs=outputs))
        nbformat.write(notebook, hostile / f"{name}.ipynb")
    shutil.copy(folder / "report.html", hostile)
    (workplace / "runs" / "ko").mkdir()
    (workplace / "runs" / "ko" / "hostile").symlink_to(hostile)
    build = [sys.executable, ROOT / "website" / "build_site.py", "--profile", "hostile"]
    done = subprocess.run(build, cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return workplace / "runs" / "site"


@pytest.mark.site
def test_on_the_site_all_is_text(site, browser):
    for section, count in (("02", 6), ("08", 12)):  # sentences that are highlighted
        assert missing((*WORDS, *TYPES), visible_text(browser, site / "pytorch" / f"{section}.html"), count) == []
    assert IN_PYTHON in visible_text(browser, site / "pytorch" / "01.html")
    assert missing(NAMES, visible_text(browser, site / "report.html")) == []


@pytest.mark.site
def test_on_the_site_what_a_cell_puts_out_itself_does_nothing_and_leads_nowhere(site, watched):
    path = site / "pytorch" / "11.html"
    page, fired = watched
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('.cell_output *').forEach(e => e.click && e.click())")
    page.wait_for_timeout(500)
    assert (page.url.partition("#")[0], page.evaluate("document.baseURI")) == (path.as_uri(), page.url)
    assert page.evaluate("typeof fired") == "undefined"
    # An image of a name that is not there is asked for, on the site itself.
    assert [thing for thing in fired if not thing.startswith(site.as_uri()) and "ERR_FILE_NOT_FOUND" not in thing] == []
    outputs = page.locator(".cell_output").last
    assert outputs.locator("p#end, iframe, form, script, style, meta, base, [onclick]").count() == 0
    assert outputs.inner_text().count("<script>fired=1</script>") >= 2  # of what is Markdown
    assert page.locator("footer").is_visible()


@pytest.mark.site
def test_the_sites_policy_forbids_all_scripts_but_its_own(site, watched):
    page, fired = watched
    changed = site / "pytorch" / "changed.html"
    raw = "<script>fired=1</script><img src=x onerror=fired=1><img src=http://elsewhere.invalid/x>"
    changed.write_text((site / "pytorch" / "11.html").read_text().replace("</article>", f"{raw}</article>"))
    page.goto(changed.as_uri())
    assert page.evaluate("typeof fired") == "undefined"
    assert sum("Content Security Policy" in thing for thing in fired) == 3
    changed.unlink()


# In JupyterLab there is no such policy, and formulas are set.

SETTINGS = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"


@pytest.fixture(scope="module")
def lab(workplace, tmp_path_factory):
    """Start JupyterLab in the folder with the runs; its address, and the environment that its users share."""
    home = tmp_path_factory.mktemp("home")
    folders = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR")
    (home / SETTINGS).parent.mkdir(parents=True)
    (home / SETTINGS).write_text('{"windowingMode": "none"}')  # all cells at once, not those in sight alone
    environment = os.environ | dict.fromkeys(folders, str(home))
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={workplace}", "--no-browser", "--port=0"]
    command += ["--allow-root", "--IdentityProvider.token=t"]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    addresses = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in server.stderr)
    yield next(filter(None, addresses))[0], environment
    server.terminate()
    server.wait()


@pytest.mark.weekly
@pytest.mark.parametrize("trusted", [True, False])
def test_in_jupyterlab_all_is_text(run, watched, lab, workplace, trusted):
    address, environment = lab
    notebook = workplace / f"{run[0]}-{trusted}.ipynb"
    shutil.copy(run[1] / f"{run[0]}.ipynb", notebook)
    if trusted:  # as it is for whoever runs the cells
        subprocess.run([sys.executable, "-m", "jupyter", "trust", notebook], env=environment, check=True)
    page, fired = watched
    page.goto(f"{address}/lab/tree/{notebook.name}?token=t&reset")  # without what an earlier test has opened
    page.locator(".jp-Notebook mark").first.wait_for()
    page.locator(".jp-Notebook th", has_text="peak memory").wait_for()  # in the last output
    page.wait_for_timeout(2000)  # in which formulas would be set
    page.evaluate(UNFOLD)
    text = " ".join(page.locator(".jp-Notebook").inner_text().split())
    assert page.evaluate("typeof fired") == "undefined"
    assert [thing for thing in fired if "://" in thing and address.removeprefix("http") not in thing] == []
    assert page.locator(".jp-OutputArea mjx-container").count() == 0
    assert missing((*WORDS, *TYPES), text, 18) == []
