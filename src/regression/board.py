"""Show the state of running cases."""

import time
from collections import Counter
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

COLOURS = {"passed": "green"}


class Board:
    """Show running, finished and failed cases and the time left, as a context manager.

    A terminal gets a table that stays in place; a log gets a line for each case that ends.

    Parameters
    ----------
    total : int
        How many cases there are.
    """

    def __init__(self, total: int, console: Console | None = None):
        self.total = total
        self.console = console or Console()
        self.outcomes: Counter[str] = Counter()
        self.running: dict[str, tuple[float, str]] = {}
        self.start = time.monotonic()
        self.live = Live(get_renderable=self.render, console=self.console, refresh_per_second=2, transient=True)

    def __enter__(self) -> "Board":
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.live.stop()

    def tell(self, name: str, cell: str = "") -> None:
        """Note that a case runs, and in which cell."""
        start, _ = self.running.get(name, (time.monotonic(), ""))
        self.running[name] = (start, cell)

    def end(self, name: str, outcome: str, seconds: float) -> None:
        """Note that a case has ended."""
        self.running.pop(name, None)
        self.outcomes[outcome] += 1
        self.console.print(
            Text(f"{self.outcomes.total():>{len(str(self.total))}}/{self.total} "),
            Text(f"{outcome:13}", COLOURS.get(outcome, "red")),
            Text(f"{seconds:6.0f} s  {name}"),
            sep="",
            soft_wrap=True,
        )

    def seconds_left(self) -> float | None:
        """Estimate the time left from the finished cases; return None if there is none yet."""
        done = self.outcomes.total()
        return (self.total - done) * (time.monotonic() - self.start) / done if done else None

    def render(self) -> RenderableType:
        """Draw the current state."""
        now, left = time.monotonic(), self.seconds_left()
        done = self.outcomes.total()
        failed = done - self.outcomes["passed"]
        cases = Table.grid(padding=(0, 2))
        for name, (start, cell) in sorted(self.running.items()):
            cases.add_row(name, f"{now - start:.0f} s", cell)
        counts = f"{len(self.running)} running, {done} done, {failed} failed, {self.total} in all"
        time_left = "" if left is None else f"; about {left / 60:.0f} min left"
        # The cases come last: where there are more than the terminal has lines, it cuts off the end.
        return Group(ProgressBar(total=self.total, completed=done, width=60), Text(counts + time_left), cases)
