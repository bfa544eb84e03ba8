"""A real browser, to see that nothing on a page runs."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from matplotlib.colors import to_rgb

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

UNFOLD = "document.querySelectorAll('details').forEach(each => each.open = true)"
TOO_WIDE = """within => [...document.querySelectorAll(within + ' *')].filter(element => {
  if (element.getBoundingClientRect().right <= innerWidth + 1) return false;
  for (let box = element; !box.matches(within); box = box.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(box).overflowX)
        && box.getBoundingClientRect().right <= innerWidth + 1) return false;
  return true;
}).map(element => element.outerHTML.slice(0, 200))"""


@contextmanager
def started_browser() -> Iterator:
    """Start Chromium; skip the test where it or its driver is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no browser: Playwright is not installed")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(PROGRAMS)} is installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=[*OPTIONS])
        yield browser
        browser.close()


def watched_page(browser) -> tuple:
    """Open an empty page, and begin a list of what fires on it: dialogs, errors, what its policy forbids, requests."""
    page, fired = browser.new_page(), []
    page.on("dialog", lambda dialog: (fired.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: fired.append(str(error)))
    page.on("console", lambda message: fired.append(message.text))
    page.on("request", lambda request: fired.append(request.url) if not _is_there(request.url) else None)
    # Chromium tells of what the policy forbids as a request, too.
    page.on("requestfailed", lambda request: fired.remove(request.url) if request.failure == "csp" else None)
    return page, fired


def _is_there(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "data" or (parts.scheme == "file" and Path(unquote(parts.path)).is_file())


def visible_text(browser, path: Path) -> str:
    """Open a file and all that is folded in it, check that nothing fires, and give the text with single spaces."""
    page, fired = watched_page(browser)
    page.goto(path.absolute().as_uri(), wait_until="load")
    links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.protocol)")
    assert not [protocol for protocol in links if protocol not in ("file:", "http:", "https:")]
    page.evaluate(UNFOLD)
    assert page.evaluate("typeof fired") == "undefined"
    assert fired == []
    text = page.evaluate("document.body.innerText")
    page.close()
    return re.sub(r"\s+", " ", text)


def too_wide(page, within: str) -> list[str]:
    """List what reaches beyond the window in an element, unless it lies in something that scrolls by itself.

    The page as a whole does not count as such, nor does what hides what it cuts off.
    """
    hiding = page.locator(f"{within} *").evaluate_all(
        "elements => elements.filter(e => ['hidden', 'clip'].includes(getComputedStyle(e).overflowX)"
        " && e.clientWidth && e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 200))"
    )
    return page.evaluate(TOO_WIDE, within) + hiding


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of two colours (WCAG 2) that are written as ``#rgb``, ``#rrggbb`` or ``rgb(...)``."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    if colour.startswith("#"):
        channels = to_rgb(colour)
    else:
        channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
