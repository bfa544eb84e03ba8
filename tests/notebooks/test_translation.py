"""The Korean edition: its catalogues, what is built from them, and what the helpers say."""

import ast
import gettext
import io
import re
import subprocess
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import polib
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from support.editions import ROOT, lesson, read_notebook, write_project

import catalogue
from helpers.disk import locks
from helpers.errors import ParameterError, TutorialError
from helpers.export import onnx
from helpers.notebook.editions import EDITIONS
from helpers.notebook.fonts import use_fonts
from helpers.notebook.language import translate, use_language
from helpers.notebook.parameters import RULES, check_value
from helpers.notebook.results import read_results
from helpers.run import lab
from helpers.run.__main__ import main
from helpers.run.pages import write_report
from translation import helper_messages, messages, parse_cell, template_messages, translate_code, translate_markdown

CATALOGUES = [ROOT / "notebooks" / "source" / "ko.po", ROOT / "src" / "helpers" / "notebook" / "ko.po"]
HANGUL = re.compile("[가-힣]")


def same(message):
    return message


# The catalogues


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_gettext_can_read_a_catalogue_and_its_translations_keep_the_markup(path):
    entries = polib.pofile(str(path))
    compiled = gettext.GNUTranslations(io.BytesIO(entries.to_binary()))
    assert compiled.info()["language"] == "ko"
    for entry in entries.translated_entries():  # fuzzy ones are not shown to readers
        assert compiled.gettext(entry.msgid) == entry.msgstr
        assert catalogue.lost_markup(entry.msgid, entry.msgstr) == [], entry.msgid


def pofile(translated):
    found = polib.POFile()
    found.extend(polib.POEntry(msgid=message, msgstr=text) for message, text in translated.items())
    return found


def states(entries):
    """List each message with its translation, what it was made for, and whether it counts."""
    marks = {(False, False): "", (True, False): "fuzzy", (False, True): "obsolete"}
    return [(e.msgid, e.msgstr, e.previous_msgid, marks[e.fuzzy, bool(e.obsolete)]) for e in entries]


OLD, NEW = "Each word of the sentence gets one label.", "Each word of the sentence gets just one label."
NEWER = NEW.replace("just", "exactly")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # A changed message takes the translation over as fuzzy,
        ([[NEW, "Kept."]], [(NEW, "번역", OLD, "fuzzy"), ("Kept.", "그대로", None, "")]),
        # still names what was translated when it changes twice,
        ([[NEW, "Kept."], [NEWER, "Kept."]], [(NEWER, "번역", OLD, "fuzzy"), ("Kept.", "그대로", None, "")]),
        # is obsolete where nothing takes it over,
        (
            [["Other", "Kept."]],
            [("Other", "", None, ""), ("Kept.", "그대로", None, ""), (OLD, "번역", None, "obsolete")],
        ),
        # and comes back.
        ([["Other", "Kept."], ["Kept.", OLD]], [("Kept.", "그대로", None, ""), (OLD, "번역", None, "")]),
    ],
)
def test_what_becomes_of_a_translation_whose_message_changes(steps, expected):
    merged = pofile({OLD: "번역", "Kept.": "그대로"})
    for found in steps:
        merged = catalogue.update(merged, {message: ["b.md", "a.md"] for message in found})
    assert states(merged) == expected
    assert catalogue.translations(merged) == {message: text for message, text, _, mark in expected if text and not mark}
    assert [file for file, _ in merged[0].occurrences] == ["b.md", "a.md"]
    again = catalogue.update(polib.pofile(str(merged)), {message: ["b.md", "a.md"] for message in found})
    assert str(again) == str(merged)


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
        ("<p>\n<i>x", "<p>\n<b>가", ["lost HTML tag <i>", "added HTML tag <b>"]),
        ("a *word* of `code` for {x} in **b**", "**나** {x} `code` 단어", []),
    ],
)
def test_lost_markup_is_noticed(message, translation, losses):
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


def test_units_of_markdown_get_their_translations_in_their_places():
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
print("logits", names["key"], names.get("key"), "a" == "b", {"k": "v"}, " ".join(["x"]), b"bytes", '7 %')
print("yes" if names == "no" else f"{n} names")
for n in names: print("한글 \\t\\u00e9", "\\"quoted\\"")
x = y(7, desc=f"Going {n}", other="not shown") if n else print("nowhere")
!ls
"""


def test_units_of_code():
    assert messages(translate_code, CODE) == [
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


STATEMENTS = ['print("a", f"b{1:>{2}}é")', "x  # é", "", "  # d", 'print("""a\n""")', "%e", 'f(desc="é")']
texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\\"'{}\n\t"), max_size=12)


@given(st.lists(st.sampled_from(STATEMENTS)))
def test_any_code_without_translations_stays_as_it_is(statements):
    source = "\n".join(statements)
    assert translate_code(source, same) == source


@pytest.mark.parametrize("quote", ['"', '"""'])
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


FORM = "write this as one string in double quotes"
OTHER = r'the translation of f?".*words" has other placeholders or is no string'


@pytest.mark.parametrize(
    ("string", "translation", "message"),
    [
        *((string, "단어", FORM) for string in ("'single'", '"two" "strings"', '"two"\n"lines"')),
        *((string, "단어", FORM) for string in ('r"raw"', 'f"a {n}" "b"')),
        ('f"{count} words"', "단어", OTHER),
        ('f"{count} words"', "단어 {count} {count}", OTHER),
        ('f"{count} words"', "단어 {counts}", OTHER),
        ('f"{count} words"', "단어 {count", OTHER),
        ('"words"', '단어"', OTHER),
        ('"words"', "단\n어", OTHER),
        ('"words"', '단어", "둘', OTHER),
    ],
)
def test_what_cannot_be_translated_or_would_change_the_code_is_refused(string, translation, message):
    with pytest.raises(ValueError, match=message):
        translate_code(f"print({string})", lambda _: translation)


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ('x  # 왜\nprint("é", "a" if "é" else "b")', "가", 'x  # 가\nprint("가", "가" if "é" else "가")'),
        ('print(f"{n} words in {m}")', "{m} 안의 단어 {n}", 'print(f"{m} 안의 단어 {n}")'),
        ('def f():\n    """A "b"."""', '"나"를.', 'def f():\n    """"나"를."""'),
        # A line that begins with a percent sign need not be a magic.
        ('print(\n    9\n    % 5, "a"\n)', "가", 'print(\n    9\n    % 5, "가"\n)'),
    ],
)
def test_translated_code(source, translation, expected):
    assert translate_code(source, lambda _: translation) == expected


def test_code_that_does_not_parse_is_refused():
    with pytest.raises(SyntaxError):
        translate_code('print("a"', same)


# What the helpers say


def test_messages_of_helpers():
    assert helper_messages('f(translate("b"), translate("a" "c").format(x=1))') == ["b", "ac"]
    assert template_messages('{{ _("a") }}{% for x, y in [(1, _("b"))] %}{% endfor %}{{ c }}') == ["a", "b"]
    with pytest.raises(ValueError, match="line 2: translate takes a string literal, not translate\\(x\\)"):
        helper_messages("x = 1\ntranslate(x)")


SAYING = {kind.__name__ for kind in TutorialError.__subclasses__()} | {"print"}


def untranslated(source):
    """The words in our errors' messages and in prints that `translate` does not get, nor fill placeholders."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(name), args=[message, *_]) if name in SAYING:
                yield from words_written_out(message)


def words_written_out(node):
    match node:
        case ast.Call(func=ast.Name("translate")) | ast.keyword():
            return
        case ast.Constant(str() as text) if re.search(r"\w", text):
            yield text
    for part in ast.iter_child_nodes(node):
        yield from words_written_out(part)


def test_all_that_helpers_say_can_be_translated():
    bad = 'raise ParameterError("a b")\nadd(ParameterError(f"{x}: c"))\nprint(f(f"d {x}"), y)'
    good = 'ParameterError(translate("a {x}").format(x="b"))\nParameterError(f"{x}: {y}")\nParameterError(", ".join(z))'
    assert sorted(untranslated(bad)) == [": c", "a b", "d "]
    assert list(untranslated(good + '\nParameterError(text)\nValueError("a")')) == []
    found = {path: [*untranslated(path.read_text("utf-8"))] for path in (ROOT / "src" / "helpers").rglob("*.py")}
    assert len(found) > 50
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    ("fail", "left"),
    [
        (lambda: check_value("learning_rate", "2e-5"), "learning_rate YAML"),
        (lambda: check_value("epoch", 1), f"epoch epochs {' '.join(RULES)}"),
        (lambda: lab.load_profile("nope"), "nope notebooks profiles"),
        (lambda: locks.claim(Path("busy")), "busy Jupyter"),
        (lambda: onnx.export("nowhere", Path("folder")), "nowhere"),
        (lambda: read_results("busy"), "busy metrics json"),
    ],
)
def test_korean_errors_have_no_english_but_code_names_and_values(tmp_path, monkeypatch, fail, left):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locks, "PATIENCE", 0)
    use_language("ko")
    Path("busy").mkdir()
    Path("notebooks", "profiles").mkdir(parents=True)
    with FileLock(Path("busy", locks.LOCK)), pytest.raises(TutorialError) as caught:
        fail()
    assert HANGUL.search(str(caught.value))
    assert {*re.findall(r"[^\W\d가-힣][^\W가-힣]+", str(caught.value))} == {*left.split()}


@pytest.mark.parametrize("main", [main, lab.main, onnx.main])
def test_a_command_line_speaks_its_language_before_anything_can_fail(main, capsys):
    arguments = ["nowhere", "folder"] if main is onnx.main else ["--profile", "nope"]
    assert main(["--language", "ko", *arguments]) == 1
    assert HANGUL.search(capsys.readouterr().err)


def test_translate_speaks_the_chosen_language():
    message, text = next((e.msgid, e.msgstr) for e in polib.pofile(str(CATALOGUES[1])).translated_entries())
    assert HANGUL.search(text)
    use_language("ko")
    assert translate(message) == text
    assert translate("no such message") == "no such message"
    use_language("en")
    assert translate(message) == message
    with pytest.raises(ParameterError, match="no language 'fr'; choose one of en, ko"):
        use_language("fr")


def test_figures_have_the_letters_of_the_translations():
    use_language("ko")
    use_fonts()
    letters = {letter for entry in polib.pofile(str(CATALOGUES[1])) for letter in entry.msgstr}
    figure = plt.figure()
    title = figure.text(0, 0, "".join(sorted(letters - {"\n", "$"})) + "é\N{MINUS SIGN}")
    with warnings.catch_warnings(action="error"):
        figure.canvas.draw()
    title.set_text("\ue000")
    with pytest.warns(UserWarning, match="missing"):
        figure.canvas.draw()
    plt.close(figure)


RESULTS = {
    **{"edition": "pytorch", "model": {"name": "bundled"}, "parameters": {"epochs": 3}, "versions": {"torch": "2"}},
    **{"dataset": {"name": "sample", "sentences": {"train": 1}}, "errors": {"missed": 1}, "peak_memory_bytes": 1e9},
    "test": {"precision": 0.5, "recall": 0.25, "f1": 0.3, "accuracy": 0.9, "per_type": {}},
    "decoded": {"f1": 0.35},
    "seconds": {"training": 1.0, "total": 2.0},
}


def test_the_report_is_in_the_chosen_language(tmp_path):
    pages = {}
    for language in ("ko", "en"):
        use_language(language)
        pages[language] = write_report([RESULTS], tmp_path).read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in pages[language]
    texts = re.findall(r"(?:<h\d[^>]*>|<title>|<p>|<li>|alt=\")([^<\"]+)", pages["ko"])
    assert len(texts) > 10
    assert [text for text in texts if not HANGUL.search(text)] == []
    assert ">Test split</h2>" in pages["en"]
    assert not HANGUL.search(pages["en"])


# The Korean notebooks and README


def without_texts(source):
    """Write the syntax of a cell without docstrings, and without the words of what it prints or describes."""
    _, tree = parse_cell(source)
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() if ast.get_docstring(node):
                del node.body[0]
            case ast.Call(func=ast.Name("print")):
                node.args = [without_words(argument) for argument in node.args]
            case ast.keyword("desc"):
                node.value = without_words(node.value)
    return ast.dump(tree)


def without_words(node):
    match node:
        case ast.Constant(str()):
            return ast.Constant("")
        case ast.JoinedStr(values):  # whose placeholders may change places
            return ast.Constant(sorted(ast.dump(value) for value in values if isinstance(value, ast.FormattedValue)))
        case ast.IfExp():
            return ast.IfExp(node.test, without_words(node.body), without_words(node.orelse))
    return node


def test_the_comparison_of_code_would_notice_a_translated_key():
    assert without_texts('print("a", x["b"], f(c="d"))') == without_texts('print("가", x["b"], f(c="d"))')
    assert without_texts('print("a", x["b"])') != without_texts('print("a", x["나"])')
    assert without_texts('print(f"a {b}")') != without_texts('print(f"a {c}")')
    assert without_texts("f('a')") != without_texts("f('가')")


@pytest.mark.parametrize("edition", EDITIONS)
def test_korean_lessons_have_the_same_cells_code_and_headings(edition):
    pair = [read_notebook(lesson(edition, language)) for language in ("en", "ko")]
    assert pair[0].metadata == pair[1].metadata
    for english, korean in zip(*(notebook.cells for notebook in pair), strict=True):
        assert (english.cell_type, english.metadata) == (korean.cell_type, korean.metadata)
        if english.cell_type == "code":
            assert without_texts(english.source) == without_texts(
                korean.source.replace('language="ko"', 'language="en"')
            )
        else:
            one, other = (re.findall(r"^(#+ (?:\d+\.)?)", cell.source, re.M) for cell in (english, korean))
            assert one == other


def test_readme_ko_is_parallel_to_the_readme():
    english, korean = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))
    for pattern in (r"^#+ ", r"^\|", r"^```\w*", r"`[^`\n]+`"):
        assert sorted(re.findall(pattern, english, re.M)) == sorted(re.findall(pattern, korean, re.M))
    found = re.findall(r"\]\(([^)]+)\)|^\[[^]]+\]: (\S+)", korean, re.M)
    links = [inline or defined for inline, defined in found]
    assert all((ROOT / link).exists() for link in links if not link.startswith("https://"))
    assert "README.ko.md" not in links
    notebooks = [link for link in links if link.endswith(".ipynb")]
    assert notebooks and all("notebooks/ko/" in link for link in notebooks)


def test_a_korean_run_takes_the_korean_notebook_and_has_a_folder_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(write_project(tmp_path, "raise ValueError('this far')", language="ko"))
    assert main(["--language", "ko", "--edition", "pytorch"]) == 1
    assert "실행 중: notebooks/ko/token_classification_pytorch.ipynb -> runs/ko/" in capsys.readouterr().out
    assert "this far" in (tmp_path / "runs" / "ko" / "sample" / "pytorch.unfinished.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("arguments", "language"), [([], "en"), (["LANGUAGE=ko"], "ko")])
def test_make_passes_the_language_on_and_the_environments_is_none_of_ours(arguments, language):
    environment = {"PATH": "/usr/bin:/bin", "LANGUAGE": "de_DE:de"}
    make = ["make", "--dry-run", "--assume-old=.venv/.installed", "run", *arguments]
    said = subprocess.run(make, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert f"--language {language} " in said
