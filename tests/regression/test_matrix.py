"""Test matrix files: the cases they stand for, and their faults."""

import re
from pathlib import Path

import pytest
from hypothesis import given
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
    assert (read.time_limit, read.cpus, read.gpus) == (60, 1, 0.5)


def test_only_editions_must_be_given(matrix):
    assert read_matrix(matrix("editions: [pytorch]")).cases == [Case("pytorch", "en", "sample", {})]


@pytest.mark.parametrize(
    ("release", "here", "other", "environment"),
    [("5.24.0", "keras", "tensorflow", ".venv-transformers4"), ("4.52.4", "tensorflow", "keras", ".venv")],
)
def test_an_edition_of_another_environment_is_refused(matrix, monkeypatch, release, here, other, environment):
    monkeypatch.setattr("regression.matrix.version", {"transformers": release}.get)
    assert [case.edition for case in read_matrix(matrix(f"editions: [{here}]")).cases] == [here]
    with pytest.raises(MatrixError, match=f"line 2: edition '{other}' needs .* the Python of {environment}$"):
        read_matrix(matrix(f"\neditions: [{here}, {other}]"))


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, "editions: [jax]", "unknown edition 'jax'; choose of pytorch, keras, tensorflow"),
        (2, "editions: [pytorch]\nlanguages: [fr]", "unknown language 'fr'; choose of en, ko"),
        (2, "editions: [pytorch]\nprofiles: [large]", "no profile 'large' in notebooks/profiles; there are: sample"),
        (2, "editions: [pytorch]\nlangauges: [en]", "unknown key 'langauges' in a matrix"),
        (3, "editions: [pytorch]\nparameters:\n  epocs: [1]", "unknown key 'epocs' in parameters"),
        (3, "editions: [pytorch]\nparameters:\n  output_dir: [x]", "unknown key 'output_dir' in parameters"),
        (3, "editions: [pytorch]\nparameters:\n  epochs: ['3']", "epochs='3': expected a whole number"),
        (4, "editions: [pytorch]\nparameters:\n  epochs:\n    - 1.5", "epochs=1.5: expected a whole number"),
        (3, "editions: [pytorch]\nparameters:\n  epochs: [0]", "epochs=0: expected a whole number of at least 1"),
        (3, "editions: [pytorch]\nparameters:\n  seed: [true]", "seed=True: expected a whole number"),
        (3, "editions: [pytorch]\nparameters:\n  learning_rate: [2e-5]", "in YAML write 2.0e-5"),
        (3, "editions: [pytorch]\nparameters:\n  seed: [1, 1]", "seed has 1 twice"),
        (3, "editions: [pytorch]\nparameters:\n  seed: 1", "seed must be a list"),
        (2, "editions: [pytorch]\nparameters: [seed]", "parameters must hold lines of the form"),
        (2, "editions: [pytorch]\neditions: [pytorch]", "editions stands here twice"),
        (3, "editions: [pytorch]\nexclude:\n  - {edition: keras}", "exclude fits no case"),
        (3, "editions: [pytorch]\nexclude:\n  - {editon: pytorch}", "unknown key 'editon' in an entry of exclude"),
        (3, "editions: [pytorch]\ninclude:\n  - {language: ko}", "include needs an edition"),
        (3, "editions: [pytorch]\ninclude:\n  - {edition: pytorch}", "in the matrix already: pytorch-en-sample"),
        (1, "editions: [pytorch]\nexclude: [{edition: pytorch}]", "no case is left"),
        (2, "editions: [pytorch]\ntime_limit: -1", "time_limit must be a number above 0, not -1"),
        (2, "editions: [pytorch]\ncpus: 1.5", "cpus must be a whole number above 0, not 1.5"),
        (1, "", "editions is missing"),
        (1, "- a", "a matrix must hold lines of the form"),
        (2, "editions: [pytorch]\nprofiles: [a", "no valid YAML"),
        (2, "editions: [pytorch]\nprofiles: [!!python/name:os.system x]", "no valid YAML"),
        (3, "editions: [pytorch]\nparameters:\n  learning_rate: [1, 1.0]", "learning_rate has 1.0 twice"),
        (3, "editions: [pytorch]\nparameters:\n  weight_decay: [0.0, -0.0]", "weight_decay has -0.0 twice"),
        (4, "editions: [pytorch]\ninclude:\n  - {edition: keras}\n  - {edition: keras, language: en}", "already"),
        (3, "editions: [pytorch]\nparameters:\n  {seed: [1], 'seed': [2]}", "seed stands here twice"),
        (3, "editions: [pytorch]\nexclude:\n  - {seed: 1, !!str seed: 2}", "seed stands here twice"),
        (3, "editions: [pytorch]\ninclude:\n  - {edition: keras, edition: pytorch}", "edition stands here twice"),
        (2, "editions: [pytorch]\n<<: {editions: [keras]}", "unknown key '<<'"),
        (3, f"editions: [pytorch]\nparameters:\n  seed: [{5000 * '9'}]", "cannot be read as a value"),
        (3, f"editions: [pytorch]\nparameters:\n  epochs: [0x{5000 * 'f'}]", "cannot be read as a value"),
        (3, f"editions: [pytorch]\nparameters:\n  epochs: [1{1000 * ':59'}]", "cannot be read as a value"),
        (3, f"editions: [pytorch]\nparameters:\n  weight_decay: [1{1000 * ':59'}.5]", "cannot be read as a value"),
        (3, "editions: [pytorch]\nparameters:\n  epochs: [0b_]", "'0b_' cannot be read as a value"),
        (3, "editions: [pytorch]\nparameters:\n  seed: [2026-99-99]", "'2026-99-99' cannot be read as a value"),
        (3, "editions: [pytorch]\nparameters:\n  seed: [2026-11-23 00:00:00 +99:00]", "cannot be read as a value"),
        (3, "editions: [pytorch]\nparameters:\n  speedups: [!!bool maybe]", "'maybe' cannot be read as a value"),
        (3, "editions: [pytorch]\nparameters:\n  epochs: [!!int x]", "'x' cannot be read as a value"),
        (3, "editions: [pytorch]\nparameters:\n  dataset: [!!timestamp x]", "'x' cannot be read as a value"),
        (3, "editions: [pytorch]\nparameters:\n  dataset: [2026-11-23]", "expected a text"),
        (3, "editions: [pytorch]\nparameters:\n  learning_rate: [1.0e+999]", "none as large as that"),
        (2, "editions: [pytorch]\ntime_limit: 1.0e+999", "time_limit must be a number above 0, not inf"),
        (2, f"editions: [pytorch]\ncpus: 1{400 * '0'}", "cannot be read as a value"),
        (2, "editions: [pytorch]\ngpus: .nan", "gpus must be a number above 0, not nan"),
        (2, "editions: [pytorch]\n# a\0b", "no valid YAML: the character U+0000"),
        (1, f"editions: [{10**6 * 'x'}]", "unknown edition 'xxx"),
        (2, f"editions: [pytorch]\nprofiles: [{10**6 * 'x'}]", "there is no profile 'xxx"),
        (2, f"editions: [pytorch]\n{1000 * 'x'}: 1", "unknown key 'xxx"),
        (1, f"editions: [pytorch]\nparameters: {3000 * '['}\n", "no valid YAML: nested too deeply"),
        (1, MANY, "the lists make 100,000,000 cases; 100,000 are the most"),
    ],
)
def test_a_fault_is_named_with_its_line(matrix, line, text, message):
    with pytest.raises(MatrixError, match=re.escape(message)) as caught:
        read_matrix(matrix(text))
    said = str(caught.value).splitlines()
    assert any(f"matrix.yaml, line {line}: " in each and message in each for each in said)
    assert all("matrix.yaml, line " in each and len(each) < 1000 for each in said)


def test_all_faults_are_named_at_once(matrix):
    with pytest.raises(MatrixError) as caught:
        read_matrix(matrix("editions: [jax]\nparameters:\n  epochs: [0]\nspeed: 1"))
    assert [line.split(": ")[0].split()[-1] for line in str(caught.value).splitlines()] == ["1", "3", "4"]


def test_a_profile_with_an_unknown_parameter_is_named(matrix, project):
    (project / "notebooks" / "profiles" / "odd.yaml").write_text("epocs: 1")
    with pytest.raises(MatrixError, match=r"line 2: .*odd\.yaml: the notebooks have no parameter 'epocs'"):
        read_matrix(matrix("editions: [pytorch]\nprofiles: [odd]"))


def test_a_profile_cannot_say_where_results_go(matrix, project):
    (project / "notebooks" / "profiles" / "odd.yaml").write_text("output_dir: /tmp/elsewhere")
    with pytest.raises(MatrixError, match=r"line 2: .*odd\.yaml: output_dir is set by the run itself"):
        read_matrix(matrix("editions: [pytorch]\nprofiles: [odd]"))


@pytest.mark.parametrize(
    "text",
    [
        "editions: [pytorch]\nparameters: {dataset: [!!set {x}]}",
        "editions: [pytorch]\nparameters: {dataset: [[x]]}",
        "editions: [pytorch]\nparameters: {dataset: [!!python/object/apply:os.system [x]]}",
        "editions: [pytorch]\nparameters: {dataset: [2026-99-99]}",
        "editions: [pytorch]\nparameters: {'seed=1; import os': [1]}",
        "editions: [pytorch]\n? [a, b]\n: 1",
        "editions: [pytorch]\nparameters: {dataset: [&a [*a]]}",
        "editions: [pytorch]\nparameters: " + "[" * 3000,
        f"editions: {BOMB}",
        f"editions: [pytorch]\nprofiles: [{BOMB}]\nparameters: {{dataset: [*t, *t]}}",
        f"? {BOMB}\n: 1",
        "editions: [pytorch]\nprofiles: [..]",
        "editions: [pytorch]\nprofiles: [../sample]",
    ],
)
def test_a_matrix_that_is_more_than_values_is_refused(matrix, project, text):
    (project / "notebooks" / "profiles" / "...yaml").write_text("seed: 1")
    with pytest.raises(MatrixError, match=r"matrix\.yaml"):
        read_matrix(matrix(text))


@pytest.mark.parametrize("value", ["../../x", "/tmp/x", "..", "a/../../b", "\\..\\x", "x\0", "~/x", "$HOME", "a\nb"])
def test_a_case_writes_into_a_folder_of_its_own(tmp_path, value):
    store = Store(str(tmp_path / "a" / "results"))
    with store.folder(Case("pytorch", "en", "sample", {"dataset": value}).name) as folder:
        assert folder.resolve().parent == (tmp_path / "a" / "results").resolve()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["results"]


def test_results_lie_in_a_folder_of_their_own_whatever_the_matrix_is_called(matrix, run, project):
    matrix("editions: [pytorch]\nparameters: {dataset: [raise]}", "...yaml")
    before = {path.name for path in project.iterdir()}
    assert run("run", "...yaml").returncode == 2
    assert {path.name for path in project.iterdir()} - before == {"runs"}
    assert [path.name for path in (project / "runs").iterdir()] == ["regression"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MatrixError, match=r"none\.yaml cannot be read"):
        read_matrix(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"editions: [pytorch]\nprofiles: [\xe9]", r"matrix\.yaml, line 2: no UTF-8"),
        ("editions: [pytorch]".encode("utf-16"), r"matrix\.yaml, line 1: no UTF-8"),
    ],
)
def test_another_encoding_is_named_with_its_line(tmp_path, content, message):
    path = tmp_path / "matrix.yaml"
    path.write_bytes(content)
    with pytest.raises(MatrixError, match=message):
        read_matrix(path)


@pytest.mark.parametrize("name", [300 * "x", "a\0b", "."])
def test_a_path_that_is_no_file_is_named(name):
    with pytest.raises(MatrixError, match="cannot be read"):
        read_matrix(Path(name))


def test_a_named_pipe_is_no_matrix(tmp_path, named_pipe):
    with pytest.raises(MatrixError, match=r"cannot be read: .*it is no file"):
        read_matrix(named_pipe(tmp_path / "matrix.yaml", "editions: [pytorch]"))


def test_cases_that_differ_in_seed_and_language_alone_share_a_group():
    one, other = (
        Case("pytorch", "en", "a", {"seed": 1, "epochs": 2}),
        Case("pytorch", "ko", "a", {"epochs": 2, "seed": 3}),
    )
    assert one.name == "pytorch-en-a-epochs=2-seed=1"
    assert one.group == other.group == "pytorch-a-epochs=2"
    assert one.group != Case("keras", "en", "a", {"seed": 1, "epochs": 2}).group


PIECES = ["a", "A", "-", "=", ".", "_", "/", "é", "-epochs=3", "-dataset=", "-0123456789abcdef"]
texts = st.lists(st.sampled_from(PIECES) | st.text(), max_size=4).map("".join)
chosen = st.fixed_dictionaries({}, optional={"dataset": texts, "model": texts, "epochs": st.integers(1, 3)})
cases = st.builds(Case, st.just("pytorch"), st.sampled_from(["en", "ko"]), texts, chosen)


def on_any_disk(name):
    """What macOS and Windows take a name for."""
    return name.lower().rstrip(".")


@given(cases, cases)
def test_names_are_safe_and_tell_cases_series_and_groups_apart(one, other):
    assert all(re.fullmatch(r"pytorch-[A-Za-z0-9._=-]{0,190}", name) for name in (one.name, one.series, one.group))
    assert (on_any_disk(one.name) == on_any_disk(other.name)) == (one == other)
    assert (on_any_disk(one.series) == on_any_disk(other.series)) == (one == other)
    assert (on_any_disk(one.group) == on_any_disk(other.group)) == (one == other._replace(language=one.language))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("sample", {"dataset": "a-epochs=3"}), ("sample", {"dataset": "a", "epochs": 3})),
        (("a-epochs=3", {}), ("a", {"epochs": 3})),
        (("sample", {"dataset": "A"}), ("sample", {"dataset": "a"})),
        (("Sample", {}), ("sample", {})),
        (("sample", {"dataset": "a."}), ("sample", {"dataset": "a"})),
        (("sample", {"dataset": 200 * "a"}), ("sample", {"dataset": 201 * "a"})),
    ],
)
def test_two_cases_have_two_names(one, other):
    one, other = Case("pytorch", "en", *one), Case("pytorch", "en", *other)
    for kind in ("name", "series", "group"):
        assert on_any_disk(getattr(one, kind)) != on_any_disk(getattr(other, kind))


def test_no_text_makes_the_name_that_another_case_has_by_its_digest():
    digested = Case("pytorch", "en", "sample", {"dataset": "a/b"})
    imitation = digested.name.removeprefix("pytorch-en-sample-dataset=")
    assert Case("pytorch", "en", "sample", {"dataset": imitation}).name != digested.name


def test_a_name_that_can_be_read_in_one_way_has_no_digest():
    chosen = {"dataset": "my-data_v1.2", "epochs": 3, "learning_rate": 2e-5, "speedups": False, "hub_model_id": ""}
    name = "dataset=my-data_v1.2-epochs=3-hub_model_id=-learning_rate=2e-05-speedups=False"
    assert Case("pytorch", "en", "sample", chosen).name == f"pytorch-en-sample-{name}"
    assert Case("pytorch", "en", "sample", chosen).group == f"pytorch-sample-{name}"
