"""What real data holds, from the file to the scores."""

import json
import subprocess
import sys
from pathlib import Path

import evaluate
import pytest
from support.editions import ONE_A_DAY
from support.small_tokenizers import KINDS

from helpers.data import load
from helpers.errors import DatasetUnavailableError, EmptySplitError, MalformedDataError
from helpers.going_further.windows import join_windows, tokenize_and_align
from helpers.highlight import highlight
from helpers.metrics import SEQEVAL, per_type_table

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
FAMILY, THUMB, FLAG = "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea"
ODD_WORDS = {
    "invisible characters": ["\ufe0f", "\u200b", "\u00ad", "\u2060", "Os\u200blo", "\u200e"],
    "emoji with modifiers": [THUMB, FAMILY, FLAG, "\u2764\ufe0f", f"{THUMB}{THUMB}"],
    "combining marks": ["Zoe\u0308", "Zo\u00eb", "\u0301", "z\u0300\u0301\u0302\u0303\u0304\u0305"],
    "right-to-left text": ["\u05e9\u05dc\u05d5\u05dd", "\u0623\u062d\u0645\u062f", "in", "\u202babc\u202c"],
    "CJK without spaces": ["\u6771\u4eac\u90fd\u306b\u4f4f\u3080\u592a\u90ce", "\u5317\u4eac\u5e02"],
    "a token of 10,000 characters": ["a" * 10_000, "-" * 10_000, "ab," * 3_333 + "a"],
}


def write(folder, train, validation="v\tB-x\n", test="t\tB-x\n"):
    folder.mkdir(exist_ok=True)
    for split, content in {"train": train, "validation": validation, "test": test}.items():
        content = content if isinstance(content, bytes) else content.encode()
        (folder / f"{split}.conll").write_bytes(content)
    return str(folder)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("oddity", ODD_WORDS)
@pytest.mark.parametrize("overlap", [0, 128])
def test_odd_words_are_kept_whole_and_each_is_accounted_for(tmp_path, tokenizers, oddity, kind, overlap):
    words = ["Hello", *ODD_WORDS[oddity], "there"]
    loaded = load.load_ner_dataset(write(tmp_path, "".join(f"{word}\tB-x\n" for word in words)))
    assert loaded["train"]["tokens"] == [words]
    rows = tokenize_and_align(loaded["train"][:], [0], tokenizers[kind], 512, overlap)
    seen = [word for labelled in rows["labelled_words"] for word in labelled]
    assert len(set(seen)) == len(seen) == len(words) - sum(rows["truncated"]) - sum(rows["without_subword"])
    assert overlap == 0 or not any(rows["truncated"])
    row_tags = [["B-x"] * len(labelled) for labelled in rows["labelled_words"]]
    (laid_out,) = join_windows(row_tags, rows, [words])
    assert [word for word, tag in enumerate(laid_out) if tag == "B-x"] == sorted(seen)


def test_invisible_words_have_no_subword_and_are_counted(tokenizer):
    words = ODD_WORDS["invisible characters"]
    rows = tokenize_and_align({"tokens": [words], "ner_tags": [[0] * 6]}, [0], tokenizer, 512)
    assert (rows["labelled_words"], rows["without_subword"]) == ([[4]], [5])  # of Os<invisible>lo the rest is there


def test_combined_and_single_characters_stay_what_they_are(tmp_path):
    for name in ("Zoe\u0308", "Zo\u00eb"):
        assert load.load_ner_dataset(write(tmp_path, f"{name}\tB-x\n"))["train"]["tokens"][0] == [name]


def test_right_to_left_text_is_shown_in_its_own_direction():
    page = highlight([(ODD_WORDS["right-to-left text"], ["O", "B-x", "O", "O"])], ["x"]).data
    assert "<bdi>\u05e9\u05dc\u05d5\u05dd <mark" in page


def test_a_long_token_is_broken_into_lines():
    page = highlight([(["a" * 10_000], ["B-x"])], ["x"]).data
    assert "overflow-wrap:anywhere" in page
    assert "nowrap" not in page


@pytest.mark.parametrize(
    ("sentences", "expected", "rewritten"),
    [
        # IOB1, BIOES, BILOU, IOB2, and all at once
        (["I-x I-x B-x", "B-x E-x S-x", "B-x L-x U-x", "B-x I-x B-x"], ["B-x I-x B-x"] * 4, 5),
        (["S-x L-x B-x"], ["B-x B-x B-x"], 2),
        (["O I-x I-x I-y"], ["O B-x I-x B-y"], 2),  # an inside tag after outside begins an entity
        (["O B-x", "I-x O"], ["O B-x", "B-x O"], 1),  # one that runs over a sentence's end is two
    ],
)
def test_mixed_tag_schemes_become_one(tmp_path, capsys, sentences, expected, rewritten):
    content = "\n".join("".join(f"w\t{tag}\n" for tag in tags.split()) for tags in sentences)
    loaded = load.load_ner_dataset(write(tmp_path, content))
    names = load.label_names(loaded)
    assert [" ".join(names[tag] for tag in tags) for tags in loaded["train"]["ner_tags"]] == expected
    assert f"train.conll: {rewritten} tags rewritten as IOB2" in capsys.readouterr().out


def test_a_label_of_the_test_split_alone_has_a_place_and_is_missed(tmp_path):
    loaded = load.load_ner_dataset(write(tmp_path, "a\tB-x\n", test="b\tB-only\nc\tB-x\n"))
    names = load.label_names(loaded)
    assert names == ["O", "B-only", "I-only", "B-x", "I-x"]
    true = [[names[tag] for tag in tags] for tags in loaded["test"]["ner_tags"]]
    table = per_type_table(evaluate.load(SEQEVAL).compute(predictions=[["O", "B-x"]], references=true))
    assert table["recall"].to_dict() == {"only": 0, "x": 1, "all": 0.5}


def test_one_class_only_is_refused(tmp_path):
    with pytest.raises(EmptySplitError, match=r"every word in the training split .* is tagged O"):
        load.load_ner_dataset(write(tmp_path, "a\tO\nb\tO\n"))


@pytest.mark.parametrize("split", ["train", "validation", "test"])
@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "-DOCSTART- -X- O\n"])
def test_an_empty_file_is_named(tmp_path, split, content):
    with pytest.raises(EmptySplitError, match=f"the split '{split}' .* holds no sentence"):
        load.load_ner_dataset(write(tmp_path, **({"train": "a\tB-x\n"} | {split: content})))


@pytest.mark.parametrize("line", [2, 4000])
def test_latin1_bytes_are_named_with_their_line(tmp_path, line):
    content = b"a\tB-x\n" * (line - 1) + "Zo\u00eb\tB-x\n".encode("latin-1") + b"b\tO\n"
    with pytest.raises(MalformedDataError, match=rf"train\.conll, line {line}: byte 0xeb is not UTF-8"):
        load.load_ner_dataset(write(tmp_path, content))


def test_a_full_disk_is_named_and_nothing_stays_on_it(tmp_path, small_disk, monkeypatch):
    folder = write(tmp_path / "data", "a\tB-x\n\n" * 5000)
    disk = small_disk(tmp_path / "disk", "100k")
    monkeypatch.setattr("tempfile.tempdir", str(disk.folder))
    with pytest.raises(DatasetUnavailableError, match=rf"temporary files \({disk.folder}\): .*No space left on device"):
        load.load_ner_dataset(folder)
    assert list(disk.folder.iterdir()) == []
    disk.resize("4m")
    assert len(load.load_ner_dataset(folder)["train"]) == 5000


def test_where_nothing_can_be_copied_to_is_said(tmp_path, monkeypatch):
    def no_folder():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.gettempdir", no_folder)
    monkeypatch.setattr("tempfile.tempdir", None)
    with pytest.raises(DatasetUnavailableError, match=r"\(none can be used\): .* name another one in the"):
        load.load_ner_dataset(write(tmp_path / "data", "a\tB-x\n"))


def results_of_a_run(workplace, folder, edition, *more):
    settings = ["-p", "dataset", folder, "-p", "epochs", "1", "-p", "batch_size", "2", *more]
    command = [sys.executable, "-m", "helpers.run", "--profile", "smoke", "--edition", edition, *settings]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((workplace / "runs" / "smoke" / edition / "metrics.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("edition", ONE_A_DAY[:2])
def test_a_notebook_runs_through_all_of_it(workplace, tmp_path, edition):
    """All oddities at once, and a sentence that is longer than the tiny model can take."""
    sentences = [[f"{word}\tB-x" for word in words] for words in ODD_WORDS.values()]
    sentences += [["a\tI-x", "b\tE-x", "c\tS-x", "d\tU-x", "e\tB-x", "f\tL-x", "g\tO", "h\tI-x"], ["\ufe0f\tO"]]
    sentences.append([f"word{number}\t{'O' if number % 7 else 'B-x'}" for number in range(200)])
    content = "\n\n".join("\n".join(lines) for lines in sentences) + "\n"
    folder = write(tmp_path, content, content, content + "\nlast\tB-only\n")
    results = results_of_a_run(workplace, folder, edition)
    assert results["test"]["per_type"]["only"]["number"] == 1
    assert all(row["validation_loss"] > 0 for row in results["history"])  # NaN is not


@pytest.mark.weekly
@pytest.mark.parametrize("edition", ["pytorch", "keras"])
def test_nearly_all_sentences_may_be_equally_long(workplace, tmp_path, edition):
    # Whoever guesses the form of all batches from a few sentences, as prepare_tf_dataset does, fails at the last one.
    sentences = ["a\tB-x\nb\tO\n"] * 60 + ["a\tB-x\n" + "b\tO\n" * 9]
    folder = write(tmp_path, "\n".join(sentences))
    results = results_of_a_run(workplace, folder, edition, "-p", "max_train_examples", "0")
    assert results["dataset"]["sentences"]["train"] == 61
