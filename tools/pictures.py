"""Take the README's picture from the runs of the sample, in each language: `make pictures`."""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WIDTH = 800  # CSS pixels, as a README has on GitHub; each becomes two, for sharp letters
COLOURS = 128  # enough for letters and marks, and a third of the bytes
MARGIN = 16  # pixels of white, so that the picture ends before its content does on a dark page


def main() -> int:
    """Take the first highlighted sentences of the PyTorch edition; the exit status is 1 without a browser."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        print(f"no browser: none of {', '.join(PROGRAMS)} is installed", file=sys.stderr)
        return 1
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(device_scale_factor=2, viewport={"width": WIDTH, "height": 900})
        for language in ("", "ko"):
            page.goto(Path("runs", language, "sample", "pytorch.html").absolute().as_uri())
            # What holds the highlighted sentences, on a page of whatever look
            shot = page.locator("div:has(> .mathjax_ignore mark)").first.screenshot()
            save(shot, Path("docs", "images", language, "highlight.png"))
        browser.close()
    return 0


def save(screenshot: bytes, path: Path) -> None:
    """Save what a browser has shown as a PNG of few colours, on white."""
    shot = Image.open(io.BytesIO(screenshot)).convert("RGB")
    picture = Image.new("RGB", (shot.width + 2 * MARGIN, shot.height + 2 * MARGIN), "white")
    picture.paste(shot, (MARGIN, MARGIN))
    picture.quantize(COLOURS).save(path, optimize=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
