"""Test matrix files: the cases they stand for, and their faults."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.hostile import BOMB

from regression.errors import MatrixError
from regression.matrix import Case, read_matrix
from regression.storage import Store

GOOD = """\
editions: [pytorch, keras]
languages: [en, ko]
parameters:
  seed: [1, 2]
  epochs: [3]
exclude:
  - {edition: keras, language: ko}
  - {language: ko, seed: 2}
include:
  - {edition: pytorch, speedups: false}
time_limit: 60
cpus: 1
gpus: 0.5
"""


# Each of four lists is short enough.
MANY = "editions: [pytorch]\nparameters:\n" + "".join(
    f"  {name}: {list(range(1, 101))}\n" for name in ("seed", "epochs", "batch_size", "max_train_examples")
)


@pytest.fixture(autouse=True)
def in_project(project, monkeypatch):
    monkeypatch.chdir(project)


def test_cases_are_the_product_without_what_is_excluded_and_with_what_is_included(matrix):
    read = read_matrix(matrix(GOOD))
    assert [(c.edition, c.language, c.chosen) for c in read.cases] == [
        ("pytorch", "en", {"seed": 1, "epochs": 3}),
        ("pytorch", "en", {"seed": 2, "epochs": 3}),
        ("pytorch", "ko", {"seed": 1, "epochs": 3}),
        ("keras", "en", {"seed": 1, "epochs": 3}),
        ("keras", "en", {"seed": 2, "epochs": 3}),
        ("pytorch", "en", {"speedups": False}),
    ]
    assert read.cases[0].parameters == {"batch_size": 2, "seed": 1, "epochs": 3}
    assert read[1:] == (60, 1, 0.5)
    assert read_matrix(matrix("editions: [pytorch]")) == ([Case("pytorch", "en", "sample", {})], 3600, 2, 0)


@pytest.mark.parametrize(
    ("release", "here", "other", "environment"),
    [("5.24.0", "keras", "tensorflow", ".venv-transformers4"), ("4.52.4", "tensorflow", "keras", ".venv")],
)
def test_an_edition_of_another_environment_is_refused(matrix, monkeypatch, release, here, other, environment):
    monkeypatch.setattr("regression.matrix.version", {"transformers": release}.get)
    assert [case.edition for case in read_matrix(matrix(f"editions: [{here}]")).cases] == [here]
    with pytest.raises(MatrixError, match=f"line 2: edition '{other}' needs .* the Python of {environment}$"):
        read_matrix(matrix(f"\neditions: [{here}, {other}]"))


# The lines that follow "editions: [pytorch]", the line of the fault, and what it is called.
FAULTS = [
    ("languages: [fr]", 2, "unknown language 'fr'; choose of en, ko"),
    ("profiles: [large]", 2, "no profile 'large' in notebooks/profiles; there are: sample"),
    ("langauges: [en]", 2, "unknown key 'langauges' in a matrix"),
    ("parameters:\n  epocs: [1]", 3, "unknown key 'epocs' in parameters"),
    ("parameters:\n  output_dir: [x]", 3, "unknown key 'output_dir' in parameters"),
    ("parameters:\n  epochs:\n    - 1.5", 4, "epochs=1.5: expected a whole number"),
    ("parameters:\n  learning_rate: [2e-5]", 3, "in YAML write 2.0e-5"),
    ("parameters:\n  seed: [1, 1]", 3, "seed has 1 twice"),
    ("parameters:\n  learning_rate: [1, 1.0]", 3, "learning_rate has 1.0 twice"),
    ("parameters:\n  seed: 1", 3, "seed must be a list"),
    ("parameters: [seed]", 2, "parameters must hold lines of the form"),
    ("exclude:\n  - {edition: keras}", 3, "exclude fits no case"),
    ("exclude:\n  - {editon: pytorch}", 3, "unknown key 'editon' in exclude"),
    ("include:\n  - {language: ko}", 3, "include needs an edition"),
    ("include:\n  - {edition: pytorch}", 3, "in the matrix already: pytorch-en-sample"),
    ("exclude: [{edition: pytorch}]", 1, "no case is left"),
    ("time_limit: -1", 2, "time_limit must be a number above 0, not -1"),
    ("time_limit: 1.0e+999", 2, "time_limit must be a number above 0, not inf"),
    (f"cpus: 1{400 * '0'}", 2, "cpus must be a whole number above 0, not <an integer"),
    (f"parameters:\n  epochs: [0x{5000 * 'f'}]", 3, "expected a whole number, and none as large as that"),
    ("parameters:\n  learning_rate: [1.0e+999]", 3, "none as large as that"),
    ("parameters:\n  dataset: [2026-11-23]", 3, "dataset cannot be datetime.date(2026, 11, 23)"),
    (f"profiles: [{10**6 * 'x'}]", 2, "there is no profile 'xxx"),
    (f"{1000 * 'x'}: 1", 2, "unknown key 'xxx"),
    (MANY.partition("\n")[2], 1, "the lists make 100,000,000 cases; 100,000 are the most"),
]
UNREADABLE = [
    ("editions: [pytorch]", 2, "'editions' stands there twice"),
    ("parameters:\n  {seed: [1], 'seed': [2]}", 3, "'seed' stands there twice"),
    ("exclude:\n  - {seed: 1, !!str seed: 2}", 3, "'seed' stands there twice"),
    ("profiles: [a", 2, "expected ',' or ']'"),
    ("profiles: [!!python/name:os.system x]", 2, "could not determine a constructor"),
    ("? [a, b]\n: 1", 2, "found unhashable key"),
    (f"parameters:\n  seed: [{5000 * '9'}]", None, "Exceeds the limit"),
    (f"parameters:\n  weight_decay: [1{1000 * ':59'}.5]", None, "something in it is not what its tag says"),
    ("parameters:\n  seed: [2026-99-99]", None, "month must be in 1..12"),
    ("# a\0b", None, "unacceptable character #x0000"),
    (f"parameters: {3000 * '['}", None, "recursion"),
]


@pytest.mark.parametrize(("text", "line", "message"), FAULTS + UNREADABLE)
def test_a_fault_is_named_with_its_line(matrix, text, line, message):
    with pytest.raises(MatrixError, match=re.escape(message)) as caught:
        read_matrix(matrix(f"editions: [pytorch]\n{text}"))
    said = str(caught.value).splitlines()
    if (text, line, message) in UNREADABLE:
        assert len(said) == 1 and f"matrix.yaml cannot be read{f' at line {line}' if line else ''}: " in said[0]
    else:
        assert any(f"matrix.yaml, line {line}: " in each and message in each for each in said)
        assert all("matrix.yaml, line " in each for each in said)
    assert all(len(each) < 1000 for each in said)


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", ["1"]), ("- a", ["1", "1"]), ("editions: [jax]\nparameters:\n  epochs: [0]\nspeed: 1", ["1", "3", "4"])],
)
def test_all_faults_are_named_at_once(matrix, text, lines):
    with pytest.raises(MatrixError) as caught:
        read_matrix(matrix(text))
    assert [line.split(": ")[0].split()[-1] for line in str(caught.value).splitlines()] == lines


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("epocs: 1", "the notebooks have no parameter 'epocs'"),
        ("output_dir: /tmp/elsewhere", "output_dir is set by the run itself"),
    ],
)
def test_a_fault_of_a_profile_is_named(matrix, project, profile, message):
    (project / "notebooks" / "profiles" / "odd.yaml").write_text(profile)
    with pytest.raises(MatrixError, match=rf"line 2: .*odd\.yaml: {message}"):
        read_matrix(matrix("editions: [pytorch]\nprofiles: [odd]"))


MORE_THAN_VALUES = [
    "parameters: {dataset: [!!set {x}]}",
    "parameters: {dataset: [[x]]}",
    "parameters: {dataset: [!!python/object/apply:os.system [x]]}",
    "parameters: {'seed=1; import os': [1]}",
    "parameters: {dataset: [&a [*a]]}",
    "<<: {speed: [1]}",
    f"languages: {BOMB}",
    f"profiles: [{BOMB}]\nparameters: {{dataset: [*t, *t]}}",
    f"exclude: [{{edition: {BOMB}}}]\ninclude: *t",
    f"? {BOMB}\n: 1",
    "profiles: [..]",
    "profiles: [../sample]",
]


@pytest.mark.parametrize("text", MORE_THAN_VALUES)
def test_a_matrix_that_is_more_than_values_is_refused(matrix, project, text):
    (project / "notebooks" / "profiles" / "...yaml").write_text("seed: 1")
    with pytest.raises(MatrixError, match=r"matrix\.yaml"):
        read_matrix(matrix(f"editions: [pytorch]\n{text}"))


@pytest.mark.parametrize("value", ["../../x", "/tmp/x", "..", "a/../../b", "\\..\\x", "x\0", "~/x", "$HOME", "a\nb"])
def test_a_case_writes_into_a_folder_of_its_own(tmp_path, value):
    store = Store(str(tmp_path / "a" / "results"))
    with store.folder(Case("pytorch", "en", "sample", {"dataset": value}).name) as folder:
        assert folder.resolve().parent == (tmp_path / "a" / "results").resolve()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["results"]


@pytest.mark.weekly
def test_results_lie_in_a_folder_of_their_own_whatever_the_matrix_is_called(matrix, run, project):
    matrix("editions: [pytorch]\nparameters: {dataset: [raise]}", "...yaml")
    before = {path.name for path in project.iterdir()}
    assert run("run", "...yaml").returncode == 2
    assert {path.name for path in project.iterdir()} - before == {"runs"}
    assert [path.name for path in (project / "runs").iterdir()] == ["regression"]


@pytest.mark.parametrize("content", [b"editions: [pytorch]\nprofiles: [\xe9]", "editions: [pytorch]".encode("utf-16")])
def test_another_encoding_is_named(tmp_path, content):
    (tmp_path / "matrix.yaml").write_bytes(content)
    with pytest.raises(MatrixError, match=r"matrix\.yaml cannot be read: 'utf-8' codec can't decode"):
        read_matrix(tmp_path / "matrix.yaml")


@pytest.mark.parametrize("name", ["none.yaml", 300 * "x", "a\0b", ".", "pipe.yaml"])
def test_a_path_that_is_no_file_is_named(project, named_pipe, name):
    named_pipe(project / "pipe.yaml", "editions: [pytorch]")
    with pytest.raises(MatrixError, match=r"cannot be read: .*it is no file" if "pipe" in name else "cannot be read"):
        read_matrix(Path(name))


PIECES = ["a", "A", "-", "=", ".", "_", "/", "é", "-epochs=3", "-dataset=", "-0123456789abcdef"]
texts = st.lists(st.sampled_from(PIECES) | st.text(), max_size=4).map("".join)
chosen = st.fixed_dictionaries({}, optional={"dataset": texts, "model": texts, "epochs": st.integers(1, 3)})
cases = st.builds(Case, st.just("pytorch"), st.sampled_from(["en", "ko"]), texts, chosen)


def on_any_disk(name):
    """What macOS and Windows take a name for."""
    return name.lower().rstrip(".")


def case(profile="sample", **chosen):
    return Case("pytorch", "en", profile, chosen)


@given(cases, cases)
@example(case(dataset="a-epochs=3"), case(dataset="a", epochs=3))
@example(case("a-epochs=3"), case("a", epochs=3))
@example(case(dataset="A"), case(dataset="a"))
@example(case("Sample"), case("sample"))
@example(case(dataset="a."), case(dataset="a"))
@example(case(dataset=200 * "a"), case(dataset=201 * "a"))
@example(case(dataset=case(dataset="a/b").name.removeprefix("pytorch-en-sample-dataset=")), case(dataset="a/b"))
def test_names_are_safe_and_tell_cases_series_and_groups_apart(one, other):
    assert all(re.fullmatch(r"pytorch-[A-Za-z0-9._=-]{0,190}", name) for name in (one.name, one.series, one.group))
    same_group = one._replace(language=other.language) == other
    for kind, same in (("name", one == other), ("series", one == other), ("group", same_group)):
        assert (on_any_disk(getattr(one, kind)) == on_any_disk(getattr(other, kind))) == same, kind


def test_a_name_that_can_be_read_in_one_way_has_no_digest_and_a_group_neither_seed_nor_language():
    one, other = case("a", seed=1, epochs=2), Case("pytorch", "ko", "a", {"epochs": 2, "seed": 3})
    assert one.name == "pytorch-en-a-epochs=2-seed=1"
    assert one.group == other.group == "pytorch-a-epochs=2"
    chosen = {"dataset": "my-data_v1.2", "epochs": 3, "learning_rate": 2e-5, "speedups": False, "hub_model_id": ""}
    name = "dataset=my-data_v1.2-epochs=3-hub_model_id=-learning_rate=2e-05-speedups=False"
    assert (case(**chosen).name, case(**chosen).group) == (f"pytorch-en-sample-{name}", f"pytorch-sample-{name}")
