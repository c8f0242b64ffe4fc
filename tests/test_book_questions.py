"""Quick questions: on the page, in other forms, and what becomes of malformed ones."""

import json
import re
from html import unescape

import pytest
from small_book import SmallBook, cell

ASKED = "A layer takes {glue:text}`n` numbers and gives `10`. How many weights?"
QUESTION = f""":::{{question}} {ASKED}
- [ ] `nn.Linear`, 794

  That adds *the two*. Every output has a weight of its own for every input.
- [x] 7,840

  784 for each of the ten outputs.

  The ten biases come on top.
- [ ] 10

  That's the number of biases.
:::
"""
AFTER_CODE = """:::{question} What does it print?
```python
print(1)
```

- [X] 1

  What else?
- [ ] 2

  No.
:::
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.page("index", "Welcome.")
    numbers = ":tags: [check]\nfrom torchbook.book.claims import glue\nglue('n', 784)"
    text = f"{cell(numbers)}\n## Quick questions\n\n{QUESTION}\n{AFTER_CODE}"
    book.page("chapters/00_small", text)
    build = book.build()
    assert build.ok, build.output
    return book


def plain(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def test_a_question_can_be_answered_and_read(book):
    html = book.html("chapters/00_small")
    first, second = re.findall(r"<tb-question(.*?)</tb-question>", html, re.S)
    name = re.match(r' id="(q-[0-9a-f]{6})" right="1"', first)[1]
    legend = re.search(r"<legend>(.*?)</legend>", first, re.S)[1]
    assert plain(legend) == "A layer takes 784 numbers and gives 10. How many weights?"
    answers = re.findall(r'<label><input type="radio" name="([^"]*)" />(.*?)</label>', first, re.S)
    assert {group for group, _ in answers} == {name}
    assert [plain(text) for _, text in answers] == ["nn.Linear, 794", "7,840", "10"]
    assert "<code" in answers[0][1]
    assert "<a " not in answers[0][1]  # a press chooses the answer: it must not lead elsewhere
    reasons = [plain(li) for li in re.findall(r"<li>(.*?)</li>", first, re.S)]
    assert reasons[0].startswith("A is wrong. That adds the two.")
    assert reasons[1] == "B is right. 784 for each of the ten outputs. The ten biases come on top."
    assert first.index("</label>") < first.index("<details")
    assert 'right="0"' in second
    assert second.index("<legend>") < second.index("print") < second.index("<label>")
    assert "task-list" not in first + second


def test_a_question_is_light(book):
    """What it takes beside its text: 250 bytes for each answer at most."""
    html = book.html("chapters/00_small")
    first = re.search(r"<tb-question.*?</tb-question>", html, re.S)[0]
    assert len(first.encode()) - len(plain(first).encode()) <= 3 * 250


def test_scripts_only_where_there_are_questions(book):
    assert "figures/question.js" in book.html("chapters/00_small")
    assert "figures/question.js" not in book.html("index")


def test_contents_list_the_questions(book):
    path = book.folder / "_build" / "html" / "_static" / "contents.json"
    [chapter] = json.loads(path.read_text(encoding="utf-8"))["chapters"]
    html = book.html("chapters/00_small")
    assert [f'id="{entry["id"]}"' in html for entry in chapter["questions"]] == [True, True]
    assert chapter["questions"][1]["title"] == "What does it print?"


def test_markdown_and_notebook_have_the_question(book):
    folder = book.folder / "_build" / "html"
    text = (folder / "chapters" / "00_small.md").read_text(encoding="utf-8")
    cells = json.loads((folder / "notebooks" / "00_small.ipynb").read_text("utf-8"))["cells"]
    last = "".join(cells[-1]["source"])
    for form in (text, last):
        words = re.sub(r"\s+", " ", form)
        assert "**A layer takes 784 numbers and gives `10`. How many weights?**" in words
        assert "* A: `nn.Linear`, 794 * B: 7,840 * C: 10" in words
        assert "<details> <summary>Show the answers</summary> * **A is wrong.** That adds" in words
        assert "\n\n<details>" in form
        assert "</summary>\n\n" in form
        assert words.index("**C is wrong.**") < words.index("</details>")


MALFORMED = {
    "none": (QUESTION.replace("[x]", "[ ]"), "has 0 answers marked [x]; exactly one must be"),
    "both": (QUESTION.replace("[ ] 10", "[x] 10"), "has 2 answers marked [x]; exactly one must be"),
    "silent": (AFTER_CODE.replace("\n\n  No.", ""), "has the answer '2' without a reason"),
    "single": (AFTER_CODE.replace("- [ ] 2\n\n  No.\n", ""), "has only one answer"),
    "plain": (AFTER_CODE.replace("[ ] 2", "2"), "has the answer '2' without a mark"),
    "torn": (AFTER_CODE.replace("- [ ]", "* [ ]"), "holds 2 lists; it must end with one list"),
    "long": (AFTER_CODE.replace("No.\n", "No.\n\nThe end.\n"), "goes on after its list"),
    "empty": (":::{question} Why?\nBecause.\n:::\n", "holds 0 lists"),
}


def test_malformed_questions_fail_the_build(tmp_path):
    book = SmallBook(tmp_path)
    for name, (text, _) in MALFORMED.items():
        book.page(name, text.replace("{glue:text}`n`", "784"))
    build = book.build()
    assert not build.ok
    for name, (_, problem) in MALFORMED.items():
        place = re.search(rf"{name}\.md:(\d+): WARNING: (the question .*)", build.output)
        assert place, f"nothing was said of the question in {name}.md"
        assert place[1] == "3"
        assert problem in place[2]
