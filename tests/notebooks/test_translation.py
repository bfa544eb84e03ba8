"""The Korean edition: its catalogues, what is built from them, and what the helpers say."""

import ast
import gettext
import io
import re
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import polib
import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from helpers.errors import ParameterError, TutorialError
from helpers.notebook.language import translate, use_language
from helpers.plots import use_fonts
from helpers.run.pages import write_report
from translation import helper_messages, messages, template_messages, translate_code, translate_markdown

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = [ROOT / "notebooks" / "source" / "ko.po", ROOT / "src" / "helpers" / "notebook" / "ko.po"]
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
HANGUL = re.compile("[가-힣]")


def same(message):
    return message


@pytest.fixture
def korean():
    use_language("ko")
    yield
    use_language("en")


# The catalogues


@pytest.fixture(params=CATALOGUES, ids=lambda path: path.parent.name)
def translations(request):
    return polib.pofile(str(request.param))


def test_translations_keep_the_markup(translations):
    shown = translations.translated_entries()  # fuzzy ones are not shown to readers
    losses = {entry.msgid: catalogue.lost_markup(entry.msgid, entry.msgstr) for entry in shown}
    assert {message: lost for message, lost in losses.items() if lost} == {}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_gettext_can_read_a_catalogue(path):
    entries = polib.pofile(str(path))
    compiled = gettext.GNUTranslations(io.BytesIO(entries.to_binary()))
    assert compiled.info()["language"] == "ko"
    for entry in entries.translated_entries():
        assert compiled.gettext(entry.msgid) == entry.msgstr


def pofile(**translated):
    found = polib.POFile()
    found.extend(polib.POEntry(msgid=message, msgstr=text) for message, text in translated.items())
    return found


OLD = "Each word of the sentence gets one label."
NEW = "Each word of the sentence gets just one label."


def test_a_changed_message_takes_the_translation_over_as_fuzzy():
    merged = catalogue.update(pofile(**{OLD: "번역", "Kept.": "그대로"}), {NEW: ["a.md"], "Kept.": ["a.md"]})
    entry = merged.find(NEW)
    assert (entry.msgstr, entry.previous_msgid, entry.fuzzy) == ("번역", OLD, True)
    assert (merged.find("Kept.").msgstr, merged.find("Kept.").fuzzy) == ("그대로", False)
    assert catalogue.translations(merged) == {"Kept.": "그대로"}
    assert merged.obsolete_entries() == []


def test_a_message_that_changes_twice_still_names_what_was_translated():
    once = catalogue.update(pofile(**{OLD: "번역"}), {NEW: ["a.md"]})
    twice = catalogue.update(once, {NEW.replace("just", "exactly"): ["a.md"]})
    assert [(entry.msgstr, entry.previous_msgid, entry.fuzzy) for entry in twice] == [("번역", OLD, True)]


def test_a_vanished_message_becomes_obsolete_and_comes_back():
    gone = catalogue.update(pofile(**{OLD: "번역"}), {"Something else.": ["a.md"]})
    assert [entry.msgid for entry in gone.obsolete_entries()] == [OLD]
    assert gone.find("Something else.").msgstr == ""
    back = catalogue.update(gone, {OLD: ["a.md"]})
    assert catalogue.translations(back) == {OLD: "번역"}
    assert back.obsolete_entries() == []


def test_a_merged_catalogue_is_in_order_and_merges_into_itself():
    found = {"b": ["y.md", "x.md"], "a": ["x.md"]}
    merged = catalogue.update(pofile(a="가", c="다"), found)
    assert [(entry.msgid, [file for file, _ in entry.occurrences]) for entry in merged if not entry.obsolete] == [
        ("b", ["y.md", "x.md"]),
        ("a", ["x.md"]),
    ]
    assert str(catalogue.update(polib.pofile(str(merged)), found)) == str(merged)


@pytest.mark.parametrize(
    ("message", "translation", "losses"),
    [
        ("see [a](b.md)", "[a](c.md) 참고", ["lost link to b.md", "added link to c.md"]),
        ("![x](a.png) y", "![x](b.png) y", ["lost image a.png", "added image b.png"]),
        ("the `code`", "코드", ["lost code code"]),
        ("`a`", "``a`b``", ["lost code a", "added code a`b"]),
        ("with $x_1$", "x_1", ["lost maths x_1"]),
        ("$$x$$", "$$y$$", ["lost maths x", "added maths y"]),
        ("{count} words", "단어", ["lost placeholder {count}"]),
        ("{a:.2f}", "{a:.3f}", ["lost placeholder {a:.2f}", "added placeholder {a:.3f}"]),
        ("to {{ colab }}", "Colab", ["lost placeholder {{ colab }}"]),
        ("a **bold** word", "굵은 말", ["lost bold passage **"]),
        ("a **token**", "**토큰(token)**은", ["lost bold passage **"]),
        ("## Title", "제목", ["lost heading mark ##"]),
        ("## Title", "### 제목", ["lost heading mark ##", "added heading mark ###"]),
        ("- item", "항목", ["lost list mark -"]),
        ("1. item", "- 항목", ["lost list mark 1.", "added list mark -"]),
        ("> said", "말", ["lost quotation mark >"]),
        ("| a | b |\n| - | - |\n| c | d |", "| 가 | 나 |\n| - | - |", ["lost table row"] + ["lost table cell"] * 2),
        ("a<br>b", "가 나", ["lost HTML tag <br>"]),
        ("<details>\n<summary>x</summary>", "<details>\n<b>가</b>", None),
        ("a *word* of `code` for {x} in **b**", "**나** {x} `code` 단어", []),
    ],
)
def test_lost_markup_is_noticed(message, translation, losses):
    if losses is None:
        losses = ["lost HTML tag <summary>", "lost HTML tag </summary>", "added HTML tag <b>", "added HTML tag </b>"]
    assert catalogue.lost_markup(message, translation) == losses
    assert catalogue.lost_markup(message, message) == []


# Markdown


BLOCKS = ["# a", "- b", "  c", "1. d", "| e | f |", "| - | - |", "```", "~~~", "    g # h", "> i", "<p>", "", " "]
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")


@given(st.lists(st.sampled_from(BLOCKS) | st.text(LETTERS, max_size=8)))
def test_markdown_without_translations_stays_as_it_is(lines):
    text = "\n".join(lines)
    assert translate_markdown(text, same) == text


MARKDOWN = """# A title
A paragraph that is
wrapped, with a hard  
break after it.

- one item
  of two lines
- `code` alone below

  - nested: *x*

`no_prose` $a$ <br>

| a | b |
| --- | --- |
| c | d |

```python
print("not a message")  # a comment
x = "#no comment"
```

<details>
<summary>More</summary>

{{ nothing }}

</details>
"""


def test_units_of_markdown():
    assert messages(translate_markdown, MARKDOWN) == [
        "# A title",
        "A paragraph that is\nwrapped, with a hard  \nbreak after it.",
        "- one item of two lines",
        "- `code` alone below",
        "- nested: *x*",
        "| a | b |\n| --- | --- |\n| c | d |",
        "a comment",
        "<details>\n<summary>More</summary>",
    ]


def test_translated_markdown_has_the_translations_in_their_places():
    korean = {"- nested: *x*": "- 안: *x*", "a comment": "주\n석", "# A title": "# 제목"}
    translated = translate_markdown(MARKDOWN, lambda message: korean.get(message, message))
    expected = MARKDOWN.replace("# A title", "# 제목").replace("nested", "안").replace("a comment", "주 석")
    assert translated == expected


# Code


CODE = """\
%pip install x  # not a comment: the shell gets it
import y  # 왜 "this"

# A line of its own
names = {"key": "not shown"}


def f(x):
    \"\"\"Say "it".\"\"\"
    return x


print(f"{names['key']!r:>{f(3)}} and {{braces}}", sep=" - ")
print("logits", names["key"], names.get("key"), "a" == "b", {"k": "v"}, " ".join(["x"]), b"bytes", 'x %')
print("yes" if names == "no" else f"{n} names")
for n in names: print("한글 \\t\\u00e9", "\\"quoted\\"")
x = y(7, desc=f"Going {n}", other="not shown") if n else print("nowhere")
!ls
"""


def test_units_of_code():
    assert messages(translate_code, CODE.replace("'x %'", "'7 %'")) == [
        '왜 "this"',
        "A line of its own",
        'Say "it".',
        "{names['key']!r:>{f(3)}} and {{braces}}",
        "logits",
        "yes",
        "{n} names",
        "한글 \\t\\u00e9",
        '\\"quoted\\"',
        "Going {n}",
        "nowhere",
    ]


@pytest.mark.parametrize("string", ["'single'", '"two" "strings"', '"two"\n"lines"', 'r"raw"', 'f"a {n}" "b"'])
def test_a_string_in_a_form_that_cannot_be_translated_is_refused(string):
    with pytest.raises(ValueError, match="write this as one string in double quotes"):
        translate_code(f"print({string})", same)


STATEMENTS = ['print("a", f"b{1:>{2}}é")', "x  # é", "", "  # d", 'print("""a\n""")', "%e", 'f(desc="é")']


@given(st.lists(st.sampled_from(STATEMENTS)))
def test_any_code_without_translations_stays_as_it_is(statements):
    source = "\n".join(statements)
    assert translate_code(source, same) == source


QUOTES = ['"', '"""']
texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\\"'{}\n\t"), max_size=12)


@pytest.mark.parametrize("quote", QUOTES)
@given(text=texts)
def test_any_translation_leaves_the_rest_of_the_code_or_is_refused(quote, text):
    source = f"x = f(desc=f{quote}count {{number:>3}} words{quote}, other=1)"
    try:
        translated = translate_code(source, lambda _: f"{{number:>3}}{text}")
    except ValueError:
        return
    assert without_texts(translated) == without_texts(source)


@given(texts)
def test_any_translation_of_a_comment_leaves_the_code(text):
    translated = translate_code("x = 1  # one\ny = 2", lambda _: text)
    assert ast.dump(ast.parse(translated.replace("\r", " ").replace("\0", " "))) == ast.dump(ast.parse("x = 1\ny = 2"))


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ('print(f"{count} words")', "단어"),
        ('print(f"{count} words")', "단어 {count} {count}"),
        ('print(f"{count} words")', "단어 {counts}"),
        ('print(f"{count} words")', "단어 {count"),
        ('print("words")', '단어"'),
        ('print("words")', "단\n어"),
        ('print("words")', '단어", "둘'),
    ],
)
def test_a_translation_that_would_change_the_code_is_refused(source, translation):
    with pytest.raises(ValueError, match=r'the translation of f?".*words" has other placeholders or is no string'):
        translate_code(source, lambda _: translation)


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ('x  # 왜\nprint("é", "a" if "é" else "b")', "가", 'x  # 가\nprint("가", "가" if "é" else "가")'),
        ('print(f"{n} words in {m}")', "{m} 안의 단어 {n}", 'print(f"{m} 안의 단어 {n}")'),
        ('def f():\n    """A "b"."""', '"나"를.', 'def f():\n    """"나"를."""'),
    ],
)
def test_translated_code(source, translation, expected):
    assert translate_code(source, lambda _: translation) == expected


def test_a_line_that_begins_with_a_percent_sign_need_not_be_a_magic():
    assert translate_code('print(\n    9\n    % 5, "a"\n)', lambda _: "가") == 'print(\n    9\n    % 5, "가"\n)'


def test_code_that_does_not_parse_is_refused():
    with pytest.raises(SyntaxError):
        translate_code('print("a"', same)


# What the helpers say


def test_messages_of_helpers():
    assert helper_messages('f(translate("b"), translate("a" "c").format(x=1))') == ["b", "ac"]
    assert template_messages('{{ _("a") }}{% for x, y in [(1, _("b"))] %}{% endfor %}{{ c }}') == ["a", "b"]
    with pytest.raises(ValueError, match="line 2: translate takes a string literal, not translate\\(x\\)"):
        helper_messages("x = 1\ntranslate(x)")


ERRORS = {kind.__name__ for kind in TutorialError.__subclasses__()}
TRANSLATED = ("data/**/*.py", "checkpoints/**/*.py", "alignment.py")


def untranslated_errors(source):
    """The words in messages of our errors that `translate` does not get; what fills placeholders is left out."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(name), args=[message, *_]) if name in ERRORS:
                yield from words_written_out(message)


def words_written_out(node):
    match node:
        case ast.Call(func=ast.Name("translate")) | ast.keyword():
            return
        case ast.Constant(str() as text) if re.search(r"\w", text):
            yield text
    for part in ast.iter_child_nodes(node):
        yield from words_written_out(part)


def test_words_of_errors_that_cannot_be_translated_are_noticed():
    bad = 'raise ParameterError("a b")\nadd(ParameterError(f"{x}: c"))\nreturn ParameterError(f(f"d {x}"), y)'
    good = 'ParameterError(translate("a {x}").format(x="b"))\nParameterError(f"{x}: {y}")\nParameterError(", ".join(z))'
    assert sorted(untranslated_errors(bad)) == [": c", "a b", "d "]
    assert list(untranslated_errors(good + '\nParameterError(text)\nValueError("a")')) == []


def test_errors_of_data_and_checkpoints_can_be_translated():
    paths = [path for pattern in TRANSLATED for path in (ROOT / "src" / "helpers").glob(pattern)]
    found = {path: list(untranslated_errors(path.read_text(encoding="utf-8"))) for path in paths}
    assert {path.name: words for path, words in found.items() if words} == {}
    assert len(found) > 50


def test_translate_speaks_the_chosen_language(korean):
    message, text = next((e.msgid, e.msgstr) for e in polib.pofile(str(CATALOGUES[1])).translated_entries())
    assert HANGUL.search(text)
    assert translate(message) == text
    assert translate("no such message") == "no such message"
    use_language("en")
    assert translate(message) == message


def test_an_unknown_language_is_refused():
    with pytest.raises(ParameterError, match="no language 'fr'; choose one of en, ko"):
        use_language("fr")


def missing_glyphs(text):
    figure, axes = plt.subplots()
    axes.set_title(text)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure.canvas.draw()
    plt.close(figure)
    return [str(warning.message) for warning in caught if "missing" in str(warning.message)]


def test_figures_have_the_letters_of_the_translations(korean):
    letters = {letter for entry in polib.pofile(str(CATALOGUES[1])) for letter in entry.msgstr}
    text = "".join(sorted(letters - {"\n", "$"}))
    assert HANGUL.search(text)
    use_fonts()
    assert missing_glyphs(text + "é\N{MINUS SIGN}") == []
    assert missing_glyphs("\ue000") != []


RESULTS = {
    "edition": "pytorch",
    "dataset": {"name": "sample", "sentences": {"train": 1}},
    "model": {"name": "bundled"},
    "parameters": {"epochs": 3},
    "test": {"precision": 0.5, "recall": 0.25, "f1": 0.3, "accuracy": 0.9, "per_type": {}},
    "errors": {"missed": 1},
    "seconds": {"training": 1.0, "total": 2.0},
    "peak_memory_bytes": 1e9,
    "versions": {"torch": "2"},
}


def test_the_report_is_in_the_chosen_language(tmp_path, korean):
    page = write_report([RESULTS], tmp_path).read_text(encoding="utf-8")
    assert '<html lang="ko">' in page
    texts = re.findall(r"(?:<h\d[^>]*>|<title>|<p>|<li>|alt=\")([^<\"]+)", page)
    assert len(texts) > 10
    assert [text for text in texts if not HANGUL.search(text)] == []
    use_language("en")
    page = write_report([RESULTS], tmp_path).read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert ">Test split</h2>" in page
    assert not HANGUL.search(page)


# The Korean notebooks and README


class WithoutTexts(ast.NodeTransformer):
    """Blanks what may be translated, and lists each f-string's placeholders in an order of their own."""

    shown = False

    def visit(self, node):
        before = self.shown
        self.shown = self.may_show(node)
        if self.shown and isinstance(node, ast.JoinedStr):
            placeholders = [ast.dump(value) for value in node.values if isinstance(value, ast.FormattedValue)]
            node = ast.Constant(sorted(placeholders))
        elif self.shown and isinstance(node, ast.Constant):
            node = ast.Constant("")
        else:
            node = self.generic_visit(node)
        self.shown = before
        return node

    def may_show(self, node):
        match node:
            case ast.Call(func=ast.Name("print")) | ast.keyword("desc"):
                return True
            case ast.Call(func=ast.Attribute(ast.Constant() | ast.JoinedStr())):
                return self.shown
            case ast.Call() | ast.Subscript() | ast.Compare():
                return False
            case _:
                return self.shown


def without_texts(source):
    tree = ast.parse(re.sub(r"^( *)[%!].*", r"\1pass", source, flags=re.MULTILINE))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and ast.get_docstring(function):
            del function.body[0]
    return ast.dump(WithoutTexts().visit(tree))


@pytest.fixture(scope="module", params=NOTEBOOKS)
def pair(request):
    """A notebook in both languages."""
    folders = (ROOT / "notebooks", ROOT / "notebooks" / "ko")
    return [nbformat.read(folder / request.param, as_version=4) for folder in folders]


def test_there_is_each_notebook_in_korean():
    assert sorted(path.name for path in (ROOT / "notebooks" / "ko").glob("*.ipynb")) == NOTEBOOKS
    assert len(NOTEBOOKS) == 3


def test_korean_notebooks_have_the_same_cells(pair):
    english, korean = ([(cell.cell_type, cell.metadata) for cell in notebook.cells] for notebook in pair)
    assert english == korean
    assert pair[0].metadata == pair[1].metadata


def test_korean_notebooks_have_the_same_code(pair):
    for english, korean in zip(*(notebook.cells for notebook in pair), strict=True):
        if english.cell_type == "code":
            one, other = english.source, korean.source.replace('language="ko"', 'language="en"')
            assert without_texts(one) == without_texts(other)


def test_the_comparison_of_code_would_notice_a_translated_key():
    assert without_texts('print("a", x["b"], f(c="d"))') == without_texts('print("가", x["b"], f(c="d"))')
    assert without_texts('print("a", x["b"])') != without_texts('print("a", x["나"])')
    assert without_texts('print(f"a {b}")') != without_texts('print(f"a {c}")')
    assert without_texts("f('a')") != without_texts("f('가')")


def test_korean_notebooks_have_the_same_headings(pair):
    texts = ["\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown") for book in pair]
    numbered = [re.findall(r"^(#+ (?:\d+\.)?)", text, re.MULTILINE) for text in texts]
    assert numbered[0] == numbered[1] != []


def test_readme_ko_is_parallel_to_the_readme():
    english, korean = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))
    for pattern in (r"^#+ ", r"^\|", r"^```\w*", r"`[^`\n]+`"):
        assert sorted(re.findall(pattern, english, re.MULTILINE)) == sorted(re.findall(pattern, korean, re.MULTILINE))
    links = [
        inline or defined for inline, defined in re.findall(r"\]\(([^)]+)\)|^\[[^]]+\]: (\S+)", korean, re.MULTILINE)
    ]
    assert all((ROOT / link).exists() for link in links if not link.startswith("https://"))
    assert "README.ko.md" not in links
    notebooks = [link for link in links if link.endswith(".ipynb")]
    assert notebooks and all("notebooks/ko/" in link for link in notebooks)


def test_a_korean_run_takes_the_korean_notebook_and_has_a_folder_of_its_own(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("output_dir = ''", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell("raise ValueError('this far')"),
        ],
        metadata=nbformat.read(ROOT / "notebooks" / NOTEBOOKS[0], as_version=4).metadata,
    )
    (tmp_path / "notebooks" / "ko").mkdir(parents=True)
    (tmp_path / "notebooks" / "profiles").mkdir()
    (tmp_path / "notebooks" / "profiles" / "sample.yaml").write_text("{}")
    nbformat.write(notebook, tmp_path / "notebooks" / "ko" / "token_classification_pytorch.ipynb")
    command = [sys.executable, "-m", "helpers.run", "--language", "ko", "--edition", "pytorch"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "Running notebooks/ko/token_classification_pytorch.ipynb -> runs/ko/" in done.stdout
    assert "this far" in (tmp_path / "runs" / "ko" / "sample" / "pytorch.unfinished.html").read_text(encoding="utf-8")


def test_make_passes_the_language_on_and_the_environments_is_none_of_ours():
    def command(*arguments):
        environment = {"PATH": "/usr/bin:/bin", "LANGUAGE": "de_DE:de"}
        make = ["make", "--dry-run", "--assume-old=.venv/.installed", "run", *arguments]
        return subprocess.run(make, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    assert "--language en " in command()
    assert "--language ko " in command("LANGUAGE=ko")
