"""Build the site: `python website/build_site.py --profile sample`, after `make run` in both languages."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from helpers.errors import RunError, TutorialError
from helpers.notebook.editions import EDITIONS, MAIN
from helpers.notebook.language import LANGUAGES
from helpers.run.editions import RUNS, subfolder
from pages import write_edition, write_notebook, write_report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
START_PAGES = {"en": HERE / "index.md", "ko": HERE / "index.ko.md"}


def main() -> int:
    """Run the command line; the exit status is 0 if the site is there, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="sample", help="whose runs are shown")
    profile = parser.parse_args().profile
    try:
        build_site({language: RUNS / subfolder(language) / profile for language in LANGUAGES}, RUNS / "site")
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def build_site(runs: dict[str, Path], site: Path) -> None:
    """Build the site from finished runs, whole or not at all.

    Parameters
    ----------
    runs : dict of str to Path
        For each language the folder that `helpers.run` has left.
    site : Path
        Gets the English pages, and the Korean ones in the folder ``ko``. What was there is replaced.

    Raises
    ------
    RunError
        If a run is missing, or Sphinx finds something wrong, such as a link that leads nowhere.
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=site.parent) as temporary:
        built = Path(temporary, "site")
        for language, run in runs.items():
            sources = Path(temporary, "sources", language)
            write_sources(run, sources, language)
            _run_sphinx(sources, built if language == "en" else built / language, language)
        shutil.rmtree(site, ignore_errors=True)
        os.replace(built, site)
    print(f"Site: {site / 'index.html'}")


def write_sources(run: Path, folder: Path, language: str) -> None:
    """Write what Sphinx makes the pages of one language from; raises `RunError` if something of the run is missing."""
    expected = [run / f"{edition}.ipynb" for edition in MAIN] + [run / "report.html"]
    missing = [str(path) for path in expected if not path.exists()]
    if missing:
        raise RunError(
            f"not there: {', '.join(missing)}; make them with `make run PROFILE={run.name} LANGUAGE={language}`"
        )
    notebooks = ROOT / "notebooks" / subfolder(language)
    shutil.copytree(notebooks / "images", folder / "images")
    shutil.copytree(HERE / "locale", folder / "locale")
    start_page = START_PAGES[language].read_text(encoding="utf-8")
    (folder / "index.md").write_text(start_page.replace("{{ repository }}", _repository()), encoding="utf-8")
    for edition in EDITIONS:
        executed = run / f"{edition}.ipynb"
        as_committed = notebooks / f"token_classification_{edition}.ipynb"
        write_edition(executed if executed.exists() else as_committed, folder, edition, language)
        if (run / edition / "figures").exists():  # as they are, for the report
            shutil.copytree(run / edition / "figures", folder / "extra" / edition / "figures")
    questions = [notebooks / "exercises" / f"{name}.ipynb" for name in ("exercises", "quiz")]
    for path in (*notebooks.glob("going_further/*.ipynb"), *questions):
        write_notebook(path, folder, path.relative_to(notebooks).as_posix(), language)
    write_report(run / "report.html", folder, "report")


def _run_sphinx(sources: Path, output: Path, language: str) -> None:
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going"]
    folders = ["--conf-dir", HERE, "--doctree-dir", sources.with_name(f"{language}-doctrees"), sources, output]
    done = subprocess.run([*command, "--define", f"language={language}", *folders])
    if done.returncode:
        raise RunError("the pages were not built; the lines above say why. The site that was there is still there")


def _repository() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]["urls"]["Repository"]


if __name__ == "__main__":
    sys.exit(main())
