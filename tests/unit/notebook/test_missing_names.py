"""Cells that are run too early, in kernels as Jupyter starts them."""

import ast
import builtins
import json
import os
import re
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from jupyter_client import KernelManager

from helpers.errors import RunError
from helpers.run.editions import execute
from helpers.run.lab import Kernels

ROOT = Path(__file__).resolve().parents[3]
SECTIONS = json.loads((ROOT / "src" / "helpers" / "sections.json").read_text(encoding="utf-8"))
EARLY = "from helpers.notebook.missing_names import explain_missing_names\n\nexplain_missing_names()"
ADVICE = {"en": "Run all cells above this one first", "ko": "이 셀 위의 셀을 모두 순서대로"}


@contextmanager
def kernel(manager=None, **settings):
    manager = manager or KernelManager()
    manager.start_kernel(**settings)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    try:
        yield Notebook(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


class Notebook:
    """What runs cells in a kernel."""

    def __init__(self, client):
        self.client = client

    def __call__(self, code):
        """Run a cell; give the kernel's status, and the text of the error that a reader sees."""
        shown = []

        def note(message):
            if message["msg_type"] == "error":
                shown.append("\n".join(message["content"]["traceback"]))

        reply = self.client.execute_interactive(code, output_hook=note, timeout=120)["content"]
        return reply["status"], "".join(shown)

    def run_all(self, cells):
        """Ask for all cells at once, as Run All does; give the kernel's status for each."""
        asked = [self.client.execute(code) for code in cells]
        replies = {}
        while len(replies) < len(asked):
            reply = self.client.get_shell_msg(timeout=120)
            replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        return [replies[number] for number in asked]


def test_the_sentence_names_the_section_and_the_cell_still_fails():
    with kernel() as run:
        assert run(EARLY)[0] == "ok"
        status, shown = run("print(ner_data)")
        assert status == "error"
        assert shown.startswith("ner_data does not exist yet")
        assert "“3. Load the data”" in shown
        assert ADVICE["en"] in shown
        assert "\n" not in shown
        assert run("ner_data = 1\nprint(ner_data)") == ("ok", "")
        # Also where a function that a cell has defined misses it
        assert run("def ask():\n    return trainer")[0] == "ok"
        assert "“9. Train”" in run("ask()")[1]


def test_run_all_stops_there():
    with kernel() as run:
        # It waits a moment, so that the kernel has been asked for all of them by then.
        cells = [EARLY, "import time", "time.sleep(3)", "ner_data", "1", "2"]
        assert run.run_all(cells) == ["ok", "ok", "ok", "error", "aborted", "aborted"]


def test_other_errors_are_shown_as_always():
    with kernel() as run:
        run(EARLY)
        typo = run("print(nre_data)")
        assert typo[0] == "error"
        assert "Traceback" in typo[1]
        assert "name 'nre_data' is not defined" in typo[1]
        assert "ZeroDivisionError" in run("1 / 0")[1]
        # A library that misses a name of its own, which a cell has too
        run("import types\nlibrary = types.ModuleType('library')\nexec('def f(): return ner_data', vars(library))")
        assert "Traceback" in run("library.f()")[1]


@pytest.mark.parametrize(("folder", "language"), [("", "en"), ("ko", "ko")])
def test_in_make_lab_no_cell_needs_to_run_before(folder, language):
    environment = os.environ | {"JPY_SESSION_NAME": str(Path("/somewhere", folder, "token_classification.ipynb"))}
    with kernel(KernelManager(kernel_spec_manager=Kernels()), env=environment) as run:
        status, shown = run("trainer.train()")
        assert status == "error"
        assert shown.startswith("trainer")
        assert ADVICE[language] in shown
        (section,) = [section[language] for section in SECTIONS if "trainer" in section["names"]]
        assert f"{section}" in shown


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_in_a_notebook_one_of_its_first_cells_sees_to_it(framework, language):
    folder = ROOT / "notebooks" / ("" if language == "en" else language)
    notebook = nbformat.read(folder / f"token_classification_{framework}.ipynb", as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    (early,) = [cell for cell in code[:3] if "explain_missing_names()" in cell]
    with kernel() as run:
        assert run(early)[0] == "ok"
        assert ADVICE[language] in run("pd.DataFrame()")[1]


def test_a_run_without_a_person_ends_with_the_error(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in (EARLY, "ner_data", "print('not reached')")]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": ""}})
    for cell in notebook.cells:
        cell.metadata["tags"] = []
    nbformat.write(notebook, tmp_path / "early.ipynb")
    with pytest.raises(RunError, match="ner_data does not exist yet"):
        execute(tmp_path / "early.ipynb", tmp_path / "executed.ipynb", {}, progress_bar=False)
    executed = nbformat.read(tmp_path / "executed.ipynb", as_version=4)
    outputs = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.get("outputs", [])]
    assert [output.ename for output in outputs if output.output_type == "error"] == ["NameError"]
    assert not [output for output in outputs if "not reached" in output.get("text", "")]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("**/token_classification_*_solved.ipynb")), ids=str)
def test_every_name_is_made_where_the_table_says(path):
    language = "ko" if path.parent.name == "ko" else "en"
    made_in = {name: section[language] for section in SECTIONS for name in section["names"]}
    headings, section, asked = [], None, 0
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            found = re.findall(r"^## (.+)$", cell.source, re.MULTILINE)
            headings += found
            section = headings[-1] if headings else None
            continue
        tree = ast.parse(re.sub(r"(?m)^( *)[%!].*", r"\1pass", cell.source))
        local = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        for inner in (node for node in ast.walk(tree) if isinstance(node, (ast.comprehension, ast.FunctionDef))):
            stored = (
                node for node in ast.walk(inner) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            )
            local |= {node.id for node in stored}
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        for name in names - local - set(dir(builtins)):
            if name in made_in:
                assert headings.index(made_in[name]) <= headings.index(section), name
                asked += 1
    assert asked > 300
