"""A notebook in JupyterLab, as a person handles it."""

from pathlib import Path

import nbformat

WHOLE_RUN = 1_800_000  # milliseconds, in which nobody's machine should fail to run a notebook
WIDGET = "window.jupyterapp?.shell.currentWidget"  # none while JupyterLab is still loading
AT_REST = f"""() => {WIDGET}?.sessionContext?.kernelDisplayStatus === "idle" &&
    ![...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].some(prompt => prompt.textContent.includes("*"))"""

# Notes each state that a progress bar is seen in, by the bar's cell and its place there, as a share from 0 to 1.
WATCH_BARS = """() => {
    const seen = {}
    window.barsThere = () => [...document.querySelectorAll(".jp-Notebook .jp-Cell")].flatMap((cell, number) =>
        [...cell.querySelectorAll(".jp-OutputArea progress, .widget-hprogress .progress-bar")].map((bar, place) => {
            const share = bar.matches("progress") ? bar.position : parseFloat(bar.style.width || "0") / 100
            const states = (seen[`${number}.${place}`] ??= [])
            if (states.at(-1) !== share) states.push(share)
            return states
        }))
    window.setInterval(window.barsThere, 20)
}"""

# What is wrong with what a reader sees, in words.
FIND_FAULTS = """() => {
    const faults = []
    document.querySelectorAll(".jp-Notebook .jp-Cell").forEach((cell, number) => {
        const say = text => faults.push(`cell ${number}: ${text}`)
        const limit = cell.getBoundingClientRect().right + 1
        cell.querySelectorAll("[data-mime-type$='.stderr'], [data-mime-type$='.error']").forEach(output =>
            say(output.textContent.slice(0, 500)))
        cell.querySelectorAll("img").forEach(image => {
            const box = image.getBoundingClientRect()
            const isDrawn = image.complete && image.naturalWidth > 0 && box.width > 20 && box.height > 10
            if (!isDrawn) say("an image is not drawn")
            if (box.right > limit) say(`an image reaches ${box.right - limit} pixels out of its cell`)
            // JupyterLab writes "Image" where there is none
            if (["", "Image"].includes(image.alt.trim())) say("an image has no text alternative")
        })
        cell.querySelectorAll(".jp-OutputArea mark").forEach(mark => {
            const box = mark.getBoundingClientRect()
            if (box.width === 0 || box.height === 0) say("a highlight is not drawn")
            if (box.right > limit) say("a highlight reaches out of its cell")
            if (getComputedStyle(mark).backgroundColor === getComputedStyle(mark.parentElement).backgroundColor)
                say("a highlight has no colour")
        })
    })
    return faults
}"""


class NotebookPage:
    """A page of JupyterLab with one notebook.

    Parameters
    ----------
    page : playwright.sync_api.Page
        On its way to the notebook.
    root : str
        The folder that JupyterLab shows.
    path : Path
        Of the notebook, from there.
    """

    def __init__(self, page, root, path):
        self.page = page
        self.file = Path(root, path)
        self.source = nbformat.read(self.file, as_version=4)  # as it was before anybody touched it
        self.wait()

    def wait(self, timeout=120_000):
        """Wait until the kernel is there and has nothing to do."""
        self.page.wait_for_function(AT_REST, timeout=timeout, polling=200)

    def menu(self, name, entry):
        """Choose something from the menus at the top."""
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        self.page.get_by_role("menuitem", name=entry).first.click()

    def run_all(self):
        """Run All Cells, and wait for the end."""
        self.page.evaluate(WATCH_BARS)
        self.menu("Run", "Run All Cells")
        self.page.wait_for_timeout(1000)
        self.wait(WHOLE_RUN)

    def restart_and_run_all(self):
        """Restart Kernel and Run All Cells, and wait for the end."""
        self.menu("Kernel", "Restart Kernel and Run All Cells")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.wait_for_timeout(3000)
        self.wait(WHOLE_RUN)

    def cell(self, number):
        """Find a cell by its place in the notebook."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def output(self, number):
        """Read what stands below a cell."""
        return self.cell(number).locator(".jp-Cell-outputArea").inner_text()

    def prompts(self):
        """List what stands before each code cell, such as ``[3]:``."""
        return self.page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()

    def run_cell(self, number):
        """Click into a cell, press Shift and Enter, and wait for its end."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_timeout(300)
        self.wait()

    def type_into(self, number, code):
        """Write something else into a cell, and run it."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_timeout(300)
        self.wait()

    def bars(self):
        """List for each progress bar that is there now in which states it was seen, from 0 to 1."""
        return self.page.evaluate("window.barsThere()")

    def faults(self):
        """List what is wrong with what a reader sees."""
        return self.page.evaluate(FIND_FAULTS)

    def use_theme(self, name):
        """Choose a theme, such as ``JupyterLab Dark``."""
        self.page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})")
        self.page.wait_for_timeout(2000)

    def resize(self, width, height=768):
        """Give the window another size."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_timeout(1000)

    def photograph(self, folder):
        """Save a picture of each section, from its heading to the next, as ``<number>.png``."""
        width = self.page.viewport_size["width"]
        headings = self.page.locator(".jp-Notebook .jp-RenderedMarkdown h2")
        tops = headings.evaluate_all("headings => headings.map(heading => heading.getBoundingClientRect().top)")
        end = self.page.locator(".jp-Notebook .jp-Cell").last.evaluate("cell => cell.getBoundingClientRect().bottom")
        folder.mkdir(parents=True, exist_ok=True)
        for number, (top, bottom) in enumerate(zip(tops, [*tops[1:], end], strict=True)):
            self.resize(width, min(int(bottom - top) + 200, 16_000))
            headings.nth(number).evaluate("heading => heading.scrollIntoView()")
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=folder / f"{number + 1:02}.png")
        self.resize(width)

    def close(self):
        """End the kernel, and close the page."""
        self.page.evaluate(f"{WIDGET}.sessionContext.shutdown()")
        self.page.close()
