"""The table that can be sorted, served alone: it needs no built book."""

import random

import pytest
from figure_page import LOOKS
from playwright.sync_api import expect

from torchbook.book.tables import table

pytestmark = pytest.mark.site

ROWS = [
    {"change": "batch norm", "gain": 1.25, "runs": 20},
    {"change": "<b>GELU</b>", "gain": -0.5, "runs": 9},
    {"change": "arm 10", "gain": None, "runs": 100},
    {"change": "arm 9", "gain": 10.0, "runs": 3},
]


def html(rows=ROWS, **options):
    return table(rows, {"gain": "+.1f"} if rows is ROWS else None, **options)._repr_html_()


def column(page, number):
    return [row.locator("td").nth(number).inner_text() for row in page.locator("tbody tr").all()]


def button(page, name):
    return page.get_by_role("columnheader", name=name).get_by_role("button")


def test_a_click_sorts_and_another_turns_round(open_page):
    page = open_page(html())
    assert column(page, 0) == ["batch norm", "<b>GELU</b>", "arm 10", "arm 9"]
    button(page, "gain").click()
    assert column(page, 1) == ["-0.5", "+1.2", "+10.0", "–"]
    button(page, "gain").click()
    assert column(page, 1) == ["+10.0", "+1.2", "-0.5", "–"]  # what is missing stays last
    button(page, "change").click()
    assert column(page, 0) == ["<b>GELU</b>", "arm 9", "arm 10", "batch norm"]
    button(page, "runs").click()
    assert column(page, 2) == ["3", "9", "20", "100"]


def test_headings_of_numbers_are_aligned_with_them(open_page):
    page = open_page(html())
    align = "nodes => nodes.map((node) => getComputedStyle(node).textAlign)"
    assert page.locator("th").evaluate_all(align) == ["start", "end", "end"]
    assert page.locator(".tb-number").count() == 0  # that is the number of a chapter or section


def test_the_order_is_told_to_those_who_do_not_see_it(open_page):
    page = open_page(html(caption="Four changes"))
    assert page.get_by_role("table", name="Four changes").count() == 1
    heads = page.locator("th")

    def orders():
        return heads.evaluate_all("nodes => nodes.map((n) => n.getAttribute('aria-sort'))")

    assert orders() == ["none"] * 3
    button(page, "gain").click()
    assert orders() == ["none", "ascending", "none"]
    expect(page.get_by_role("status")).to_have_text("Sorted by gain, ascending.")
    button(page, "runs").click()
    button(page, "runs").click()
    assert orders() == ["none", "none", "descending"]
    expect(page.get_by_role("status")).to_have_text("Sorted by runs, descending.")


def test_by_keyboard_alone(open_page):
    page = open_page(html())
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert column(page, 1) == ["-0.5", "+1.2", "+10.0", "–"]
    page.keyboard.press("Space")
    assert column(page, 1) == ["+10.0", "+1.2", "-0.5", "–"]
    assert page.evaluate("document.activeElement.textContent") == "gain"  # the focus stays
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_numbers_are_sorted_as_python_sorts_them(open_page):
    generator = random.Random(0)
    values = [generator.choice([-1, 1]) * 10 ** generator.uniform(-12, 12) for _ in range(60)]
    page = open_page(html([{"value": value} for value in values]))
    button(page, "value").click()
    shown = page.locator("td").evaluate_all("nodes => nodes.map((n) => Number(n.dataset.value))")
    assert shown == sorted(values)


def test_equal_rows_keep_their_order(open_page):
    page = open_page(html([{"a": i % 2, "b": i} for i in range(10)]))
    button(page, "a").click()
    assert column(page, 1) == [str(i) for i in (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)]


@pytest.mark.parametrize(("width", "theme"), LOOKS[:2])
def test_a_wide_table_scrolls_by_itself(open_page, theme, width, axe_violations):
    rows = [{f"a rather long heading {i}": 1000.0 * i for i in range(8)}]
    page = open_page(html(rows), width=width, theme=theme, bypass_csp=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("tb-sortable").evaluate("node => node.scrollWidth > node.clientWidth")
    found = [v for v in axe_violations(page) if v[0] not in PAGE_RULES]
    assert not found


# What axe asks of whole pages, and this one has nothing but a table.
PAGE_RULES = {"landmark-one-main", "page-has-heading-one", "region"}


def test_without_scripts_it_is_an_ordinary_table(open_page):
    page = open_page(html(), java_script_enabled=False)
    assert page.locator("tbody tr").count() == 4
    expect(page.get_by_text("+10.0")).to_be_visible()
    assert page.locator("button").count() == 0
