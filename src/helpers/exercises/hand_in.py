"""Save the reader's answers, for a teacher."""

import json
import re
from pathlib import Path
from unicodedata import normalize

import pandas as pd

from helpers.disk.files import atomic_write_text
from helpers.exercises.feedback import RECORD, Feedback
from helpers.notebook.language import translate

CONTENT = "token classification: answers"  # by which `tools/collect_answers.py` knows such a file


def hand_in(name: str, folder: str) -> pd.DataFrame:
    """Show what was answered so far, and write it to a file in the folder if there is a name.

    The file has nothing else about the reader, and is written whole or not at all; raises as `room_needed` does.
    """
    name = "".join(filter(str.isprintable, normalize("NFC", str(name)))).strip()
    if name:
        path = Path(folder, re.sub(r"\W+", "_", f"{Path(folder).name} {name[:60]}") + ".json")
        content = {"content": CONTENT, "name": name, "answers": RECORD}
        atomic_write_text(path, json.dumps(content, ensure_ascii=False, indent=1))
        print(translate("Saved: {path}. It contains your name, your answers, and nothing else about you.", path=path))
    else:
        print(translate("Not saved: type your name between the quotes, and run this cell again."))
    rows = {question: [row["answer"], Feedback(row["status"], ""), row["tries"]] for question, row in RECORD.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["answer", "result", "tries"])
