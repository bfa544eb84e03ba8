"""Executing a notebook, and finding it."""

import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.run.editions import execute, load_profile, notebook_path

TRANSPORT = "from ipykernel import get_connection_info\nprint(get_connection_info(unpack=True)['transport'])"


@pytest.mark.parametrize(("folder", "transport"), [("short", "ipc"), ("long" * 25, "tcp")])
def test_a_kernel_listens_in_a_folder_unless_its_name_is_too_long_for_a_socket(
    folder, transport, tmp_path, monkeypatch
):
    (tmp_path / folder).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / folder))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = new_notebook(cells=[new_code_cell(TRANSPORT)], metadata=kernel)
    execute(notebook, tmp_path / "executed.ipynb", {"output_dir": str(tmp_path)}, progress_bar=False)
    *_, cell = nbformat.read(tmp_path / "executed.ipynb", as_version=4).cells
    assert cell.outputs[0].text == f"{transport}\n"


def test_each_profile_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert notebook_path("keras", "ko").is_file()
    assert os.path.isdir(load_profile("smoke")["model"])
    assert load_profile("sample")["model"] == "bundled"
