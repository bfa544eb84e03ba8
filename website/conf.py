"""How Sphinx builds the site; `website/build_site.py` calls it, once for each language."""

import base64
import hashlib
import re
import sys
from importlib.resources import files
from pathlib import Path

import furo
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

from helpers.notebook.editions import EDITIONS
from korean_search import SearchKorean
from pages import way_to_other

SHARED_STYLE = Path(str(files("helpers.run") / "content.css"))  # also of the pages of runs
TITLE = {"en": "Token classification", "ko": "토큰 분류"}

extensions = ["myst_nb"]
nb_execution_mode = "off"  # the notebooks come executed
nb_merge_streams = True
locale_dirs = ["locale"]  # what the theme says, where it brings no translation

html_theme = "furo"
html_favicon = "static/favicon.svg"
html_static_path = ["static", str(SHARED_STYLE)]
html_css_files = [SHARED_STYLE.name, "site.css"]
html_copy_source = False  # the notebooks are in the repository
html_use_index = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
templates_path = ["templates"]


def setup(app: Sphinx) -> None:
    """Give templates what they need, and the Korean pages a search."""
    app.add_search_language(SearchKorean)
    app.connect("config-inited", _set_by_language)


def _set_by_language(app: Sphinx, config) -> None:
    config.project = config.html_title = TITLE[config.language]
    config.html_extra_path = [str(app.srcdir / "extra")]
    config.html_context = {
        "frameworks": EDITIONS,
        "languages": {"en": "English", "ko": "한국어"},
        "way_to_other": way_to_other(config.language),
        "script_hash": _script_hash(),
    }


def _script_hash() -> str:
    """Name the one script that stands in each page, which chooses between light and dark; no other may run there."""
    template = Path(furo.__file__).with_name("theme") / "furo" / "base.html"
    (script,) = re.findall(r"<script>(.*?)</script>", template.read_text(encoding="utf-8"), re.DOTALL)
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
