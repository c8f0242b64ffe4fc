"""Questions, exercises, covered outputs and the page on one's progress, on a small book."""

import json
import re

import pytest
from playwright.sync_api import expect
from serving import serve
from small_book import SmallBook, cell

pytestmark = pytest.mark.site

CHAPTER = """
Some prose.

## Start

{PRINTS}

{CLAIMS}

{LINES}

## Errors

{FAILS}

{MORE}

## Quick questions

:::{question} How many weights?
- [ ] 794

  That adds them.
- [x] 7,840

  That multiplies them.
- [ ] 10

  Those are the biases.
:::

:::{question} How many legs has a spider?
- [x] Eight

  Count them.
- [ ] Six

  It's no insect.
:::

## Exercises

:::{exercise} Count
:label: ex-00-1
How many?
:::

{ANSWER}

After it.
"""
CELLS = {
    "{PRINTS}": "print('forty-two')",
    "{CLAIMS}": ":tags: [check]\nfrom torchbook.book.claims import claim\n"
    "claim('two', 'Two is more than one', 2, at_least=1)",
    "{LINES}": "for number in range(40):\n    print('line', number)",
    "{FAILS}": ":tags: [raises-exception]\n1 / 0",
    "{MORE}": "print('and more')",
    "{ANSWER}": ":tags: [skip-execution]\nanswer = ...",
}
PAGE = "chapters/00_small"
TARGET = 44  # pixels that a finger needs


@pytest.fixture(scope="module")
def book_address(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.page("index", "Welcome.")
    text = CHAPTER
    for name, code in CELLS.items():
        text = text.replace(name, cell(code))
    book.page(PAGE, text)
    book.page("book/solutions/00_small", f"## 00-1: Count\n\n{cell('answer = 42')}")
    book.page("book/progress", "<tb-predict></tb-predict>\n\n<tb-progress></tb-progress>\n")
    build = book.build()
    assert build.ok, build.output
    with serve(book.folder / "_build" / "html") as address:
        yield address


@pytest.fixture
def page(browser, book_address):
    context = browser.new_context(
        base_url=f"{book_address}/", viewport={"width": 390, "height": 900}
    )
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: m.type == "error" and problems.append(m.text))
    page.goto(f"{PAGE}.html")
    yield page
    context.close()
    assert not problems


@pytest.fixture(scope="module")
def page_without_scripts(browser, book_address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{book_address}/{PAGE}.html")
    yield page
    context.close()


def kept(page):
    return json.loads(page.evaluate("localStorage.getItem('torchbook.progress')") or "{}")


def height(locator):
    return locator.bounding_box()["height"]


def test_a_question_is_judged_at_once_and_remembered(page, axe_violations):
    question = page.get_by_role("group", name="How many weights?")
    status = question.get_by_role("status")
    expect(status).to_be_empty()
    answers = question.get_by_role("radio")
    answers.first.focus()
    page.keyboard.press("ArrowDown")
    expect(answers.nth(1)).to_be_focused()
    expect(answers.nth(1)).not_to_be_checked()  # a walk past an answer does not choose it
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(status).to_have_text(re.compile(r"C is wrong\. Those are the biases\. Try again\."))
    assert kept(page).get("right", {}) == {}
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(status).to_have_text(re.compile(r"B is right\. That multiplies them\."))
    expect(question.locator("label.tb-right")).to_have_text("7,840")
    expect(question.locator("label.tb-wrong")).to_have_count(0)
    assert len(kept(page)["right"][PAGE]) == 1
    page.get_by_text("Six", exact=True).click()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe_violations(page, within="tb-question") == []
    assert all(height(label) >= TARGET for label in page.locator("tb-question label").all())
    page.reload()
    expect(page.locator("tb-question").first).to_have_attribute("answered", "")
    expect(page.locator("tb-question").nth(1)).not_to_have_attribute("answered", "")
    expect(answers.nth(1)).not_to_be_checked()  # one may want to try again


def test_questions_can_be_read_without_scripts(page_without_scripts):
    question = page_without_scripts.locator("tb-question").first
    expect(question.get_by_text("7,840")).to_be_visible()
    expect(question.locator("input").first).to_be_hidden()
    question.get_by_text("Show the answers").click()
    expect(question.get_by_text("That multiplies them.")).to_be_visible()


def test_an_exercise_is_one_card(page, axe_violations):
    card = page.locator(".tb-exercise")
    expect(card.get_by_text("How many?")).to_be_visible()
    expect(card.get_by_text("answer = ...")).to_be_visible()
    solution = card.get_by_text("answer = 42")
    expect(solution).to_be_hidden()
    summary, done = card.get_by_text("Show the solution"), card.locator("label")
    expect(done).to_have_text("Done")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert done.bounding_box()["height"] >= TARGET
        assert height(card.locator("summary")) >= TARGET
        text, label = summary.bounding_box(), done.bounding_box()
        assert abs(text["y"] + text["height"] - label["y"] - label["height"]) < 12  # in one line
    summary.click()
    expect(solution).to_be_visible()
    code, label, whole = (part.bounding_box() for part in (solution, done, card))
    assert code["y"] + code["height"] <= label["y"]
    assert label["y"] + label["height"] <= whole["y"] + whole["height"]
    done.click()
    assert axe_violations(page, within=".tb-exercise") == []
    page.reload()
    expect(card.get_by_role("checkbox", name="Done: Exercise 00-1 Count")).to_be_checked()


def heights(page):
    return page.locator(".cell_output, .tb-claims").evaluate_all(
        "nodes => nodes.map((node) => node.offsetHeight)"
    )


def test_outputs_are_covered_until_they_are_asked_for(page, axe_violations):
    shown = page.get_by_text("forty-two").last
    claim, error = page.get_by_text("Two is more than one"), page.locator(".traceback")
    expect(shown).to_be_visible()
    page.evaluate("document.fonts.ready")
    before = heights(page)
    page.get_by_role("switch", name="Predict first").check()
    for part in (shown, claim, error, page.get_by_text("line 39")):
        expect(part).to_be_hidden()
    expect(page.get_by_text("Some prose.")).to_be_visible()
    covers = page.get_by_role("button", name="Show the output")
    expect(covers).to_have_count(4)
    assert heights(page) == pytest.approx(before, abs=12)
    assert all(height(cover) >= TARGET for cover in covers.all())
    assert axe_violations(page) == []

    page.reload()
    expect(page.get_by_role("switch", name="Predict first")).to_be_checked()
    covers.first.focus()
    page.keyboard.press("Enter")
    expect(shown).to_be_visible()
    expect(claim).to_be_visible()  # it belongs to that output
    expect(page.locator(".cell_output").first).to_be_focused()
    expect(covers).to_have_count(3)

    page.evaluate("location.hash = '#errors'")  # as a hit of the search for its message
    expect(error).to_be_visible()
    expect(page.get_by_text("and more").last).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.get_by_text("and more").last).to_be_visible()
    expect(page.get_by_text("Show the output")).to_have_count(2)
    expect(page.get_by_text("Show the output").first).to_be_hidden()

    page.emulate_media(media="screen")
    page.goto("book/progress.html")
    page.get_by_role("switch", name="Predict first").uncheck()
    page.goto(f"{PAGE}.html")
    expect(page.get_by_text("and more").last).to_be_visible()


def test_covered_outputs_are_not_seen_before_the_script_covers_them(browser, book_address):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("localStorage.setItem('torchbook.predict', 'on')")
    page.route("**/predict.js*", lambda route: route.abort())
    page.goto(f"{book_address}/{PAGE}.html")
    expect(page.get_by_text("Some prose.")).to_be_visible()
    expect(page.get_by_text("forty-two").last).to_be_hidden()
    context.close()


def test_without_scripts_outputs_are_shown_and_no_switch(page_without_scripts):
    expect(page_without_scripts.get_by_text("forty-two").last).to_be_visible()
    expect(page_without_scripts.locator("tb-predict")).to_be_hidden()


def test_progress_is_counted_and_old_data_restored(page, tmp_path, axe_violations):
    page.get_by_text("Eight", exact=True).click()
    page.goto("book/progress.html")
    total, chapter = page.locator(".tb-total"), page.locator("tb-progress details")
    for part in (total, chapter.locator("summary")):
        expect(part).to_contain_text("of 4 sections read")
        expect(part).to_contain_text("0 of 1 exercises done")
        expect(part).to_contain_text("1 of 2 questions answered right")

    # From before there were questions, and of a chapter that has another name now.
    old = {
        "version": 1,
        "read": {"chapters/gone": ["x"]},
        "done": {PAGE: ["ex-00-1"]},
        "last": None,
    }
    file = tmp_path / "old.json"
    file.write_text(json.dumps(old), encoding="utf-8")
    button = page.get_by_label("Restore from a file")
    button.set_input_files(file)
    status = page.locator("tb-progress [role=status]")
    expect(status).to_contain_text("Restored from old.json. It added 1 section and 1 exercise.")
    expect(total).to_contain_text("1 of 1 exercises done")
    expect(total).to_contain_text("1 of 2 questions answered right")
    bars = total.locator(".tb-share-bar").evaluate_all(
        "nodes => nodes.map((node) => node.style.getPropertyValue('--tb-share'))"
    )
    assert bars[1:] == ["1", "0.5"]
    assert kept(page)["read"]["chapters/gone"] == ["x"]
    file.write_text('{"version": 1, "re', encoding="utf-8")
    button.set_input_files(file)
    expect(status).to_contain_text("old.json is not a file saved from this page")
    expect(status).to_contain_text("Nothing has changed.")

    chapter.locator("summary").click()
    for theme, width in (("light", 320), ("dark", 1440)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe_violations(page) == []
    page.get_by_role("checkbox", name="How many weights?, answered right").check()
    expect(total).to_contain_text("2 of 2 questions answered right")
