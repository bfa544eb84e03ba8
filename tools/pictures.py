"""Take the README's pictures from the runs of the sample: `make pictures`."""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

PICTURES = Path("docs", "images")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NARROW, WIDE = 800, 1280  # CSS pixels; a README on GitHub has some 800. Each becomes two, for sharp letters
COLOURS = 128  # enough for letters and charts, and a third of the bytes
MARGIN = 16  # pixels of white, so that a picture ends before its content does on a dark page


def main() -> int:
    """Take all pictures; the exit status is 1 where no browser is installed."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        print(f"no browser: none of {', '.join(PROGRAMS)} is installed", file=sys.stderr)
        return 1
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for runs, pictures in ((Path("runs", "sample"), PICTURES), (Path("runs", "ko", "sample"), PICTURES / "ko")):
            page = browser.new_page(device_scale_factor=2)
            take_pictures(page, runs, pictures)
        browser.close()
    return 0


def take_pictures(page: Page, runs: Path, pictures: Path) -> None:
    """Take the pictures of one language.

    Parameters
    ----------
    page : Page
        Of a browser.
    runs : Path
        Holds the runs' pages, as `helpers.run` leaves them.
    pictures : Path
        Gets ``highlight.png``, ``learning_curves.png`` and ``report.png``.
    """
    pictures.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.goto((runs / "report.html").absolute().as_uri())
    end = page.locator(".pair").nth(1).bounding_box()
    top = {"x": 0, "y": 0, "width": WIDE, "height": end["y"] + end["height"]}
    save(page.screenshot(full_page=True, clip=top), pictures / "report.png")
    page.set_viewport_size({"width": NARROW, "height": 900})
    save(page.locator(".pair").first.screenshot(), pictures / "learning_curves.png")
    page.goto((runs / "pytorch.html").absolute().as_uri())
    save(page.locator(".jp-OutputArea-output:has(mark)").first.screenshot(), pictures / "highlight.png")


def save(screenshot: bytes, path: Path) -> None:
    """Save what a browser has shown as a PNG of few colours, on white."""
    shot = Image.open(io.BytesIO(screenshot)).convert("RGB")
    picture = Image.new("RGB", (shot.width + 2 * MARGIN, shot.height + 2 * MARGIN), "white")
    picture.paste(shot, (MARGIN, MARGIN))
    picture.quantize(COLOURS).save(path, optimize=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
