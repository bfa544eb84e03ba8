"""Look for bytes that break the readers: `make fuzz`. What is found goes to runs/fuzz."""

import subprocess
import sys
from pathlib import Path

TARGETS = (
    "conll_reader",
    "conllu_reader",
    "table_reader",
    "json_reader",
    "span_forms",
    "brat_reader",
    "tag_schemes",
    "word_alignment",
)
FOUND = Path("runs", "fuzz")


def main(seconds: str) -> int:
    """Give each target an equal part of the time; the exit status is 1 if anything was found."""
    failed = [target for target in TARGETS if fuzz(target, int(seconds) // len(TARGETS))]
    if failed:
        print("Look into runs/fuzz for:", *failed)
    return bool(failed)


def fuzz(target: str, seconds: int) -> bool:
    """Run one target, with a log beside what it finds; return whether it failed."""
    (FOUND / target).mkdir(parents=True, exist_ok=True)
    log = FOUND / f"{target}.log"
    print(f"{target}: {seconds} s, {log}", flush=True)
    options = [f"-artifact_prefix={FOUND}/", "-timeout=60", f"-max_total_time={seconds}", "-print_final_stats=1"]
    command = [sys.executable, "tests/fuzz/run.py", target, FOUND / target, *options]
    with log.open("wb") as file:
        return subprocess.run(command, stdout=file, stderr=subprocess.STDOUT).returncode != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
