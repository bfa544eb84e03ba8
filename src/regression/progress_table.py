"""Show the state of running cases."""

import time
from collections import Counter

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.text import Text


class ProgressTable(Progress):
    """Show running, finished and failed cases and the time left: rows in a terminal, and a line for each that ends."""

    def __init__(self, total: int, console: Console):
        columns = TimeElapsedColumn(), TextColumn("{task.description}", markup=False)
        super().__init__(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.total, self.start_time = total, time.monotonic()
        self.outcomes: Counter[str] = Counter()
        self.rows: dict = {}
        self.summary = self.add_task("")
        self.summarise()

    def tell(self, name: str, cell: str = "") -> None:
        """Note that a case runs, and in which cell."""
        if name not in self.rows:
            self.rows[name] = self.add_task(name)
        self.update(self.rows[name], description=f"{name}  {cell}")
        self.summarise()

    def end(self, name: str, outcome: str, seconds: float) -> None:
        """Note that a case has ended."""
        if name in self.rows:
            self.remove_task(self.rows.pop(name))
        self.outcomes[outcome] += 1
        count = f"{self.outcomes.total():>{len(str(self.total))}}/{self.total} "
        coloured = Text(f"{outcome:13}", "green" if outcome == "passed" else "red")
        self.console.print(Text(count), coloured, Text(f"{seconds:6.0f} s  {name}"), sep="", soft_wrap=True)
        self.summarise()

    def summarise(self) -> None:
        """Count the cases in the first row, and estimate the time left from those that have ended."""
        done = self.outcomes.total()
        counts = f"{len(self.rows)} running, {done} done, {done - self.outcomes['passed']} failed, {self.total} in all"
        if done:
            minutes = (self.total - done) * (time.monotonic() - self.start_time) / done / 60
            counts += f"; about {minutes:.0f} min left"
        self.update(self.summary, description=counts)
