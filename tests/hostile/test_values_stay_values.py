"""Whatever a parameter is set to, the notebook gets a value and no code, or the run does not begin."""

import ast
import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_notebook
from support.editions import lesson, outputs_of, read_notebook, run, write_project
from support.hostile import BOMB, code_that_writes

from helpers.checkpoints.find import resolve_checkpoint
from helpers.data.load import load_ner_dataset
from helpers.disk.locks import claim, release
from helpers.errors import ParameterError, RunError, TutorialError
from helpers.notebook.parameters import RULES, check_value
from helpers.run.__main__ import _value
from helpers.run.editions import execute, load_profile

PIECES = ['"', "'", '"""', "\\", "\n", "\r", "\u2028", "\x85", "\0", "\ud800", ";", "#", "!ls", "%", "?", "{", "}", "é"]

texts = st.text(st.characters()) | st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join)
simple = texts | st.integers() | st.floats() | st.booleans()
anything = st.recursive(
    simple | st.none() | st.binary() | st.dates() | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.frozensets(texts, max_size=3)
        | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=5,
)
names = st.sampled_from(list(RULES)) | texts


FOLDER = {"output_dir": "output"}  # which a runner sets
NOTEBOOK = new_notebook(
    cells=[new_code_cell("", metadata={"tags": ["parameters"]})], metadata=read_notebook(lesson("pytorch")).metadata
)


def injected(parameters, folder):
    """Put parameters into a notebook as the runner does; give the cell that they make."""
    executed = folder / "executed.ipynb"
    executed.unlink(missing_ok=True)
    try:
        execute(NOTEBOOK, executed, FOLDER | parameters, prepare_only=True)
    except ParameterError:
        assert not executed.exists()
        return None
    cells = read_notebook(executed).cells
    (source,) = [cell.source for cell in cells if "injected-parameters" in cell.metadata.get("tags", [])]
    return source


def assignments(source):
    """Read a cell that does nothing but assign constants, after what IPython makes of it."""
    transformed = TransformerManager().transform_cell(source)
    assert transformed.rstrip("\n") == source.rstrip("\n")
    statements = ast.parse(transformed).body
    assert all(isinstance(statement, ast.Assign) for statement in statements)
    return [(target.id, ast.literal_eval(statement.value)) for statement in statements for target in statement.targets]


@settings(max_examples=500)
@given(names, anything)
def test_a_parameter_is_set_to_just_its_value_or_refused(tmp_path_factory, name, value):
    source = injected({name: value}, tmp_path_factory.getbasetemp())
    if source is not None:
        found = dict(assignments(source))
        assert found == FOLDER | {name: value}
        assert type(found[name]) is type(value)


@settings(max_examples=300)
@given(texts)
def test_a_text_on_the_command_line_is_set_to_what_it_says_or_refused(tmp_path_factory, text):
    source = injected({"dataset": _value(text)}, tmp_path_factory.getbasetemp())
    if source is not None:
        found = dict(assignments(source))
        assert found.keys() == {"output_dir", "dataset"}
        assert found["dataset"] == text or found["dataset"] == ast.literal_eval(text)


def test_ordinary_values_are_taken(tmp_path):
    parameters = {"dataset": 'a "b"\n\\', "epochs": 3, "learning_rate": 2e-5, "push_to_hub": False, "model": "😀"}
    assert dict(assignments(injected(parameters, tmp_path))) == FOLDER | parameters


@pytest.mark.parametrize("name", ["x=1;import os", "epochs=1;seed", "__builtins__", "", "seed\nimport os", "Seed"])
def test_a_name_that_is_code_is_refused(tmp_path, name):
    with pytest.raises(ParameterError, match="the notebooks have no parameter"):
        execute(NOTEBOOK, tmp_path / "executed.ipynb", {name: 1})


# What no parameter can take

HUGE = ["9" * 5000, "0x" + "f" * 5000, "1e999", "-1e999", "(" * 10**5, "-" * 10**5 + "1", "[" * 10**5, "1j"]
IMPOSSIBLE = [math.nan, math.inf, -math.inf, 10**5000, -(10**5000), [10**5000], {"a": [[[[1]]]]}, "\0", "x\0y", "./\0"]
IMPOSSIBLE += ["~\0", "a" * 5000, "./" + "a" * 5000, "a/" * 3000, "\ud800", "./\ud800", "\ud800.json", None, b"x"]
USES = {
    "dataset": load_ner_dataset,
    "model": resolve_checkpoint,
    "output_dir": lambda value: (claim(Path(value)), release(Path(value))),
}


@pytest.mark.parametrize("value", [*IMPOSSIBLE, *HUGE], ids=range(len(IMPOSSIBLE + HUGE)))
@pytest.mark.parametrize("name", RULES)
def test_what_a_parameter_cannot_take_is_refused_in_a_few_words(name, value):
    value = _value(value) if value in HUGE else value
    with pytest.raises(ParameterError) as caught:
        check_value(name, value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("text", ["{[]: 1}", "-" * 10**5 + "1", "(" * 10**5])
def test_what_python_cannot_evaluate_is_a_text(text):
    assert _value(text) == text


@pytest.mark.parametrize("name", ["epochs", "batch_size", "max_train_examples", "seed"])
@pytest.mark.parametrize("value", [2**63, 10**30])
def test_a_count_that_native_code_cannot_hold_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"{name}=.* none as large as that"):
        check_value(name, value)


@pytest.mark.parametrize("value", [*(each for each in IMPOSSIBLE if isinstance(each, str)), "./" + "a" * 300])
@pytest.mark.parametrize("name", USES)
def test_what_no_path_can_be_is_named_where_it_is_used(tmp_path, monkeypatch, name, value):
    """As readers may call these themselves, with what no check has seen."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TutorialError):
        USES[name](value)


# Profiles


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a notebook that shows its parameters, in which profiles can be written."""
    monkeypatch.chdir(write_project(tmp_path, "print([dataset, model, hub_model_id])"))
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch mark']",
        "dataset: !!python/object/apply:os.system ['touch mark']",
        "dataset: !!python/name:os.system ''",
        'dataset: !!set {\'"; open("mark", "w") #\'}',
        "dataset: !!binary IjsgaW1wb3J0IG9zICM=",
        'dataset: !!omap [{\'"; open("mark", "w") #\': 1}]',
        'dataset: [\'"; open("mark", "w") #\']',
        'dataset: {\'"; open("mark", "w") #\': 1}',
        "dataset: 2026-11-23",
        "dataset: 2026-99-99",
        '\'x = 1; open("mark", "w")\': 1',
        "? !!set {seed}\n: 1",
        "output_dir: /tmp/elsewhere",
        "output_dir: ../elsewhere",
        "seed: .inf",
        "dataset: [" * 3000,
        BOMB,
        f"dataset: {BOMB}",
        f"? {BOMB}\n: 1",
        "a\0b: 1",
        "seed: 1\nseed: 2",
        "seed: 1\n'seed': 1",
        "dataset: {a: 1, a: 2}",
        f"seed: {'9' * 5000}",
        f"seed: 0x{'f' * 5000}",
        f"learning_rate: {'9' * 5000}.0",
        f"{'a' * 5000}: 1",
        "learning_rate: .nan",
        "speedups: !!bool maybe",
        "seed: !!timestamp x",
        f"learning_rate: 1{':59' * 300}.5",
    ],
)
def test_a_profile_that_is_more_than_values_is_refused_in_a_line(project, text):
    (project / "notebooks" / "profiles" / "odd.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"odd\.yaml") as caught:
        load_profile("odd")
    assert len(str(caught.value)) < 1000
    assert not (project / "mark").exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_profile_that_is_no_file_is_not_waited_for(project, make):
    make(project / "notebooks" / "profiles" / "odd.yaml")
    with pytest.raises(RunError, match=r"odd\.yaml cannot be read"):
        load_profile("odd")


@pytest.mark.parametrize("name", ["..", ".", "../sample", "/etc/passwd", "sample/../sample", "", "\0", 9000 * "a"])
def test_a_profile_is_one_of_the_folder(project, name):
    (project / "notebooks" / "profiles" / "...yaml").write_text("seed: 1")
    with pytest.raises(RunError, match="there is no profile") as caught:
        load_profile(name)
    assert len(str(caught.value)) < 500


# A whole run


def test_code_in_every_text_arrives_as_text(project):
    code = f"import os; {code_that_writes(project / 'mark').strip()}"
    texts = [f'"; {code} #', f"'\n{code}\n'", f'\\"\u2028{code}']
    named = dict(zip(("dataset", "model", "hub_model_id"), texts, strict=True))
    run(project, "pytorch", "sample", **named)  # ends for want of results, after all cells
    (shown,) = [output.text for output in outputs_of(read_notebook(project / "runs" / "sample" / "pytorch.ipynb"))]
    assert ast.literal_eval(shown) == texts
    assert not (project / "mark").exists()
