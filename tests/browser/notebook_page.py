"""A notebook in JupyterLab, as a person handles it."""

from pathlib import Path

from support.editions import read_notebook

WHOLE_RUN = 1_800_000  # milliseconds, in which nobody's machine should fail to run a notebook
WIDGET = "window.jupyterapp?.shell.currentWidget"  # none while JupyterLab is still loading
PROMPTS = '[...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].map(prompt => prompt.textContent)'
AT_REST = f"""() => {WIDGET}?.sessionContext?.kernelDisplayStatus === "idle" &&
    !{PROMPTS}.some(prompt => prompt.includes("*"))"""
HAS_RUN = f"""([place, before]) => {{
    const now = {PROMPTS}[place]
    return now !== before && /\\d/.test(now)
}}"""

# Nothing has moved for half a second, and all images are there.
STILL = """() => {
    const boxes = [...document.querySelectorAll(".jp-Notebook .jp-Cell")].map(cell => cell.getBoundingClientRect())
    const now = JSON.stringify([boxes, [...document.images].every(image => image.complete)])
    if (window.lastSeen !== now) [window.lastSeen, window.since] = [now, performance.now()]
    return now.endsWith("true]") && performance.now() - window.since > 500
}"""

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
    const right = element => element.getBoundingClientRect().right
    document.querySelectorAll(".jp-Notebook .jp-Cell").forEach((cell, number) => {
        const say = text => faults.push(`cell ${number}: ${text}`)
        const limit = right(cell) + 1
        const isCutOff = element => {
            // What is too wide can be scrolled to, unless the first that does not show it whole only hides the rest.
            for (let above = element.parentElement; above !== cell; above = above.parentElement) {
                const overflow = getComputedStyle(above).overflowX
                if (overflow !== "visible" && right(element) > right(above) + 1)
                    return !["auto", "scroll"].includes(overflow)
            }
            return right(element) > limit
        }
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
            if (mark.closest("details:not([open])")) return
            const box = mark.getBoundingClientRect()
            if (box.width === 0 || box.height === 0) say("a highlight is not drawn")
            if (box.right > limit) say("a highlight reaches out of its cell")
            if (getComputedStyle(mark).backgroundColor === getComputedStyle(mark.parentElement).backgroundColor)
                say("a highlight has no colour")
        })
        cell.querySelectorAll(".jp-RenderedMarkdown *, .jp-OutputArea *").forEach(element => {
            if (element.getBoundingClientRect().width > 0 && isCutOff(element))
                say(`${element.tagName.toLowerCase()} is cut off: ${element.textContent.slice(0, 60)}`)
        })
    })
    return faults
}"""


class NotebookPage:
    """A page of JupyterLab that is on its way to one notebook, of a path from the folder that it shows."""

    def __init__(self, page, root, path):
        self.page = page
        self.path = path
        self.file = Path(root, path)
        self.source = read_notebook(self.file)  # as it was before anybody touched it
        self.wait()

    def wait(self):
        """Wait until the kernel is there and has nothing to do."""
        self.page.wait_for_function(AT_REST, polling=200)

    def still(self):
        """Wait until nothing moves."""
        self.page.wait_for_function(STILL, polling=100)

    def menu(self, name, entry):
        """Choose something from the menus at the top."""
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        self.page.get_by_role("menuitem", name=entry).first.click()

    def run_all(self):
        self.page.evaluate(WATCH_BARS)
        before = self.prompts()[0]
        self.menu("Run", "Run All Cells")
        self._wait_for_run(0, before)

    def restart_and_run_all(self):
        self.menu("Kernel", "Restart Kernel and Run All Cells")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.wait_for_function(f"() => !/\\d/.test({PROMPTS}[0])")
        self._wait_for_run(0, "")

    def _wait_for_run(self, place, before):
        # All cells have been sent by then to the kernel, and wait for their turn.
        self.page.wait_for_function(HAS_RUN, arg=[place, before])
        self.wait()

    def cell(self, number):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def output(self, number):
        return self.cell(number).locator(".jp-Cell-outputArea").inner_text()

    def prompts(self):
        """List what stands before each code cell, such as ``[3]:``."""
        return self.page.evaluate(PROMPTS)

    def run_cell(self, number, code=None):
        """Click into a cell, write something else into it where that is given, and run it with Shift and Enter."""
        self.cell(number).locator(".cm-content").click()
        if code is not None:
            self.page.keyboard.press("Control+a")
            self.page.keyboard.insert_text(code)
        place = sum(cell.cell_type == "code" for cell in self.source.cells[:number])
        before = self.prompts()[place]
        self.page.keyboard.press("Shift+Enter")
        self._wait_for_run(place, before)

    def follow(self, text):
        """Click on the first link with a text in the notebook that is in front."""
        links = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-RenderedMarkdown a", has_text=text)
        links.first.click()

    def bars(self):
        """List for each progress bar that is there now in which states it was seen, from 0 to 1."""
        return self.page.evaluate("window.barsThere()")

    def faults(self):
        """List what is wrong with what a reader sees."""
        self.still()
        return self.page.evaluate(FIND_FAULTS)

    def use_theme(self, name):
        """Choose a theme, such as ``JupyterLab Dark``."""
        self.page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})")
        self.page.wait_for_function(f"document.body.dataset.jpThemeName === '{name}'")

    def resize(self, width, height=768):
        self.page.set_viewport_size({"width": width, "height": height})
        self.still()

    def photograph(self, folder):
        """Save a picture of each section, from its heading to the next, as ``<number>.png``; the first is the top."""
        width = self.page.viewport_size["width"]
        headings = self.page.locator(".jp-Notebook .jp-RenderedMarkdown").locator("h1, h2")
        tops = headings.evaluate_all("headings => headings.map(heading => heading.getBoundingClientRect().top)")
        end = self.page.locator(".jp-Notebook .jp-Cell").last.evaluate("cell => cell.getBoundingClientRect().bottom")
        folder.mkdir(parents=True, exist_ok=True)
        for number, (top, bottom) in enumerate(zip(tops, [*tops[1:], end], strict=True)):
            self.resize(width, min(int(bottom - top) + 200, 16_000))
            headings.nth(number).evaluate("heading => heading.scrollIntoView()")
            self.still()
            self.page.screenshot(path=folder / f"{number:02}.png")
        self.resize(width)

    def close(self):
        """End the kernel, and close the page."""
        self.page.evaluate(f"{WIDGET}.sessionContext.shutdown()")
        self.page.close()
