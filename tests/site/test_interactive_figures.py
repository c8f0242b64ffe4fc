"""The interactive figures of chapter 00, served alone: they need no built book."""

import random

import pytest
import torch
from figure_page import (
    CONTRAST,
    DESKTOP,
    FALLBACK,
    LOOKS,
    PHONE,
    STICKING_OUT,
    check_no_jump,
    focused,
    in_node,
    moves_when_pressed,
    torch_says,
)
from playwright.sync_api import expect

pytestmark = pytest.mark.site


def matmul(a="1 2 3; 4 5 6", b="1 0; 0 1; 1 1"):
    return f'<tb-matmul a="{a}" b="{b}"><p>{FALLBACK}</p></tb-matmul>'


def broadcast(a="[3, 1]", b="[1, 4]", op="+"):
    return f'<tb-broadcast a="{a}" b="{b}" op="{op}"><p>{FALLBACK}</p></tb-broadcast>'


def test_matrix_multiplication_agrees_with_torch():
    generator = random.Random(0)
    cases = []
    for case in range(50):
        m, k, n = (generator.randint(1, 4) for _ in range(3))
        inner = generator.randint(1, 4) if case % 3 == 0 else k
        cases.append(
            [
                [[generator.randint(-99, 99) for _ in range(columns)] for _ in range(rows)]
                for rows, columns in ((m, k), (inner, n))
            ]
        )
    expected = [
        torch_says(lambda a=a, b=b: (torch.tensor(a) @ torch.tensor(b)).tolist()) for a, b in cases
    ]
    assert {type(outcome) for outcome in expected} == {list, str}  # both happen

    found = in_node(
        "matmul.js",
        """({ matmul }, cases) => cases.map(([a, b]) => {
            try { return matmul(a, b); } catch (error) { return error.message; }
        })""",
        cases,
    )
    assert found == expected


def random_shapes(generator):
    """Two shapes that often fit, and sometimes don't in one dimension or in several."""
    full = [generator.randint(1, 4) for _ in range(generator.randint(0, 3))]
    shapes = []
    for _ in "ab":
        part = full[generator.randint(0, len(full)) :]
        change = [generator.random() for _ in part]
        shapes.append(
            [
                1 if c < 0.3 else generator.randint(1, 4) if c > 0.85 else size
                for size, c in zip(part, change, strict=True)
            ]
        )
    return shapes


def test_broadcasting_agrees_with_torch():
    generator = random.Random(0)
    cases = [[*random_shapes(generator), generator.choice("+×")] for _ in range(50)]
    cases += [[[2, 3], [4, 4], "+"], [[2, 3, 4], [3, 2, 4], "×"], [[], [], "+"]]

    def numbers(shape, unit):
        count = torch.Size(shape).numel()
        return ((torch.arange(count) % 9 + 1) * unit).reshape(shape)

    expected = []
    for a, b, op in cases:
        x, y = numbers(a, 1), numbers(b, 10 if op == "+" else 1)
        result = torch_says(lambda x=x, y=y, op=op: x + y if op == "+" else x * y)
        if isinstance(result, str):
            expected.append(result)
            continue
        places = [
            torch.arange(t.numel()).reshape(t.shape).expand(result.shape).flatten().tolist()
            for t in (x, y)
        ]
        expected.append([list(result.shape), result.flatten().tolist(), *places])
    assert {type(outcome) for outcome in expected} == {list, str}

    found = in_node(
        "broadcast.js",
        """({ broadcast, compute, source, unravel }, cases) => cases.map(([a, b, op]) => {
            const { shape } = broadcast(a, b);
            let values;
            try { values = compute(a, b, op); } catch (error) { return error.message; }
            const from = (own) => values.map((_, i) => source(unravel(i, shape), own).flat);
            return [shape, values, from(a), from(b)];
        })""",
        cases,
    )
    assert found == expected


@pytest.mark.parametrize("body", [matmul(a="1 x"), broadcast(op="-")])
def test_wrong_attributes_are_reported_and_leave_the_fallback(open_page, body):
    page = open_page(body, expect_problems=True)
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    expect(page.locator(".tb-figure")).to_have_count(0)


def test_a_figure_that_is_removed_before_it_is_built_stays_unbuilt(open_page):
    page = open_page(matmul())
    built = page.evaluate(
        """() => {
            const figure = document.createElement("tb-matmul");
            figure.style.cssText = "display: block; margin-top: 10000px";
            document.body.append(figure);
            figure.remove();
            dispatchEvent(new KeyboardEvent("keydown", { key: "a" }));
            const before = figure.childElementCount;
            document.body.append(figure);
            dispatchEvent(new KeyboardEvent("keydown", { key: "a" }));
            return [before > 0, figure.childElementCount > 0];
        }"""
    )
    assert built == [False, True]


def test_matrix_multiplication_by_keyboard_alone(open_page):
    page = open_page(matmul())
    figure = page.locator("tb-matmul")
    expect(figure.get_by_text(FALLBACK)).to_have_count(0)
    expect(figure.locator(".tb-sum")).to_have_text("1 × 1 + 2 × 0 + 3 × 1 = 4")
    expect(figure.locator(".tb-result-shape")).to_have_text("→ [2outer, 2outer]")

    walk = []
    for _ in range(20):
        page.keyboard.press("Tab")
        walk.append(focused(page) or "a button")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid", walk[-1]
    assert walk[:4] == ["rows of A", "columns of A", "rows of B", "columns of B"]
    assert walk[4:16] == [
        *(f"A[{i}, {j}]" for i in range(2) for j in range(3)),
        *(f"B[{i}, {j}]" for i in range(3) for j in range(2)),
    ]
    assert walk[16] == "4, C[0, 0]"  # one stop for the whole grid
    assert walk[17:] == ["a button"] * 3

    figure.get_by_role("gridcell", name="C[0, 0]").focus()
    for key, cell in [
        ("ArrowRight", "C[0, 1]"),
        ("ArrowRight", "C[0, 1]"),  # the row ends here
        ("ArrowDown", "C[1, 1]"),
        ("Home", "C[1, 0]"),
        ("End", "C[1, 1]"),
        ("ArrowUp", "C[0, 1]"),
    ]:
        page.keyboard.press(key)
        assert focused(page).endswith(cell)
        current = figure.locator("[aria-selected=true]")
        expect(current).to_have_attribute("aria-label", focused(page))
    expect(figure.locator(".tb-sum")).to_have_text("1 × 0 + 2 × 1 + 3 × 1 = 5")
    expect(figure.get_by_role("status")).to_have_text(
        "Row 0 of A times column 1 of B: 1 × 0 + 2 × 1 + 3 × 1 = 5. So C[0, 1] is 5."
    )
    hot = figure.locator("input.tb-pair").evaluate_all("nodes => nodes.map(n => n.ariaLabel)")
    assert hot == ["A[0, 0]", "A[0, 1]", "A[0, 2]", "B[0, 1]", "B[1, 1]", "B[2, 1]"]


def test_matrix_multiplication_by_its_buttons(open_page):
    page = open_page(matmul())
    cells = page.get_by_role("gridcell")
    assert cells.all_text_contents() == ["4", "?", "?", "?"]  # predict before you look
    page.get_by_role("button", name="Next cell").click()
    assert cells.all_text_contents() == ["4", "5", "?", "?"]
    page.get_by_role("button", name="Previous cell").click()
    page.get_by_role("button", name="Previous cell").click()  # before the first comes the last
    assert cells.all_text_contents() == ["4", "5", "?", "11"]
    page.get_by_role("button", name="Show all").click()
    assert cells.all_text_contents() == ["4", "5", "10", "11"]
    page.get_by_role("button", name="Hide all").click()
    assert cells.all_text_contents() == ["?", "?", "?", "11"]
    cells.nth(2).click()
    assert cells.all_text_contents() == ["?", "?", "10", "11"]


def test_numbers_can_be_edited_and_nonsense_does_not_count(open_page):
    page = open_page(matmul())
    total = page.locator(".tb-sum")
    number = page.get_by_label("A[0, 1]", exact=True)
    page.get_by_label("B[1, 0]", exact=True).fill("5")
    number.fill("-7")
    expect(total).to_have_text("1 × 1 + (−7) × 5 + 3 × 1 = −31")
    for nonsense in ("", "100", "1.5"):
        number.fill(nonsense)
        expect(total).to_have_text("1 × 1 + (−7) × 5 + 3 × 1 = −31")
        assert number.evaluate("input => !input.validity.valid")
        number.press("Tab")
        expect(number).to_have_value("-7")


def test_inner_numbers_that_differ_show_the_error_of_torch(open_page):
    page = open_page(matmul())
    page.get_by_label("rows of B").select_option("2")
    with pytest.raises(RuntimeError) as raised:
        torch.ones(2, 3) @ torch.ones(2, 2)
    expect(page.locator(".tb-error")).to_have_text(f"RuntimeError: {raised.value}")
    expect(page.get_by_role("status")).to_contain_text(str(raised.value))
    expect(page.get_by_role("gridcell")).to_have_count(0)
    expect(page.get_by_role("button", name="Next cell")).to_be_disabled()
    assert page.locator(".tb-alone").evaluate_all("nodes => nodes.map(n => n.ariaLabel)") == [
        "A[0, 2]"
    ]
    page.get_by_label("columns of A").select_option("2")  # fixed
    expect(page.locator(".tb-error")).to_have_count(0)
    expect(page.locator(".tb-sum")).to_have_text("1 × 1 + 2 × 0 = 1")


def test_broadcasting_by_keyboard_alone(open_page):
    page = open_page(broadcast())
    page.keyboard.press("Tab")
    assert focused(page) == "shape of a"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("2, 3, 1")
    table = page.locator("tb-broadcast table")
    expect(table.get_by_role("row", name="result")).to_have_text("result234")
    for _ in range(7):  # operation, b, four examples, the grid
        page.keyboard.press("Tab")
    assert focused(page) == "46, result[1, 2, 3]"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "23, result[0, 2, 1]"  # from one slice to the other
    expect(page.locator(".tb-sum")).to_have_text(
        "result[0, 2, 1] = a[0, 2, 0] + b[0, 1] = 3 + 20 = 23"
    )
    expect(page.get_by_role("status")).to_have_text(
        "result[0, 2, 1] is a[0, 2, 0] + b[0, 1]: 3 + 20 = 23."
    )
    assert page.locator(".tb-here").all_text_contents() == ["3", "20"]


def test_stretched_copies_are_ghosts(open_page):
    page = open_page(broadcast())
    a, b = page.locator(".tb-tensor-a"), page.locator(".tb-tensor-b")
    assert a.locator(".tb-own").all_text_contents() == ["1", "2", "3"]
    assert a.locator(".tb-copy").all_text_contents() == ["1"] * 3 + ["2"] * 3 + ["3"] * 3
    assert b.locator(".tb-own").all_text_contents() == ["10", "20", "30", "40"]
    assert b.locator(".tb-copy").all_text_contents() == ["10", "20", "30", "40"] * 2


def test_shapes_that_do_not_fit_show_the_error_of_torch(open_page):
    page = open_page(broadcast())
    page.get_by_role("button", name="[3, 2] + [3]").click()
    with pytest.raises(RuntimeError) as raised:
        torch.ones(3, 2) + torch.ones(3)
    expect(page.locator(".tb-error")).to_have_text(f"RuntimeError: {raised.value}")
    expect(page.get_by_role("status")).to_contain_text(str(raised.value))
    expect(page.get_by_role("gridcell")).to_have_count(0)
    page.get_by_label("shape of b").fill("[2]")  # fixed
    expect(page.locator(".tb-error")).to_have_count(0)
    expect(page.get_by_role("gridcell")).to_have_count(6)


def test_what_is_no_shape_is_said_and_the_last_good_one_stays(open_page):
    page = open_page(broadcast())
    field = page.get_by_label("shape of a")
    for nonsense in ("[7, 1]", "[2, 2, 2, 2]", "three", "[2, , 2]"):
        field.fill(nonsense)
        expect(page.locator(".tb-problem")).to_contain_text(f"“{nonsense}” is no shape")
        expect(page.get_by_role("status")).to_contain_text("is no shape")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("gridcell")).to_have_count(12)
    field.fill("[1, 1]")
    expect(page.locator(".tb-problem")).to_have_text("")
    expect(page.get_by_role("gridcell")).to_have_count(4)


def test_screen_readers_hear_a_sentence_once_the_reader_pauses(open_page):
    page = open_page(matmul() + broadcast())
    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.evaluate(
        """() => {
            window.said = [];
            for (const status of document.querySelectorAll("[role=status]")) {
                new MutationObserver(() => said.push(status.textContent))
                    .observe(status, { childList: true, characterData: true, subtree: true });
            }
        }"""
    )
    page.clock.run_for(600)
    assert page.evaluate("said") == []  # nothing as the page loads
    page.get_by_role("button", name="Next cell").click(click_count=3)
    field = page.get_by_label("shape of a")
    field.press("ControlOrMeta+a")
    field.press_sequentially("[2, 3, 1]")
    page.clock.run_for(600)
    assert page.evaluate("said") == [
        "Row 1 of A times column 1 of B: 4 × 0 + 5 × 1 + 6 × 1 = 11. So C[1, 1] is 11.",
        "[2, 3, 1] + [1, 4] gives [2, 3, 4]. Dimension 0: none in b: taken as 1, stretched to 2. "
        "Dimension 1: 1 in b, stretched to 3. Dimension 2: 1 in a, stretched to 4.",
    ]


def test_without_scripts_the_fallback_stays_and_leaves_no_gap(open_page):
    page = open_page(matmul() + broadcast(), java_script_enabled=False)
    expect(page.get_by_text(FALLBACK)).to_have_count(2)
    expect(page.get_by_text(FALLBACK).first).to_be_visible()
    for box in [figure.bounding_box() for figure in page.locator("tb-matmul, tb-broadcast").all()]:
        assert box["height"] < 100


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("body", [matmul(), broadcast()], ids=["matmul", "broadcast"])
def test_the_page_does_not_jump_when_the_figure_comes(open_page, width, body):
    check_no_jump(open_page, body, width)


WIDEST = [
    matmul("99 -99 99 -99; 1 2 3 4; 1 2 3 4; 1 2 3 4", "-99 9 9 9; 99 9 9 9; -99 9 9 9; 99 9 9 9"),
    matmul("1 2 3 4", "1 2 3 4; 1 2 3 4"),
    broadcast("[4, 4, 4]", "[4]"),
    broadcast("[2, 3, 4]", "[3, 1]", "×"),
    broadcast("[3, 4]", "[4, 3]"),
    broadcast("[]", "[4]"),
]


@pytest.mark.parametrize(("width", "theme"), LOOKS[:2])
def test_no_sideways_scroll_on_a_phone(open_page, theme, width):
    page = open_page("".join(WIDEST), width=width, theme=theme)
    page.get_by_role("button", name="Show all").first.click()
    expect(page.get_by_text("−39204").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(STICKING_OUT) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast_in_both_themes(open_page, theme):
    page = open_page("".join(WIDEST), theme=theme, reduced_motion="reduce")
    found = page.evaluate(CONTRAST)
    assert len(found) > 300
    assert found[0][0] >= 4.5, found[:5]


def test_the_look_follows_the_theme_switch(open_page):
    page = open_page(matmul() + broadcast(), reduced_motion="reduce")
    look = """() => [".tb-figure", "select", ".tb-pair-0", ".tb-copy"].map((selector) => {
        const style = getComputedStyle(document.querySelector(selector));
        return [style.color, style.backgroundColor, style.borderColor].join();
    })"""
    light = page.evaluate(look)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    dark = page.evaluate(look)
    assert all(a != b for a, b in zip(light, dark, strict=True))


@pytest.mark.parametrize(("wish", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_those_who_ask_for_that(open_page, wish, moves):
    page = open_page(matmul() + broadcast(), reduced_motion=wish)
    assert moves_when_pressed(page.get_by_role("button", name="[3, 1] × [1, 4]")) == moves


def test_a_number_that_is_refused_is_named_until_the_next_one(open_page):
    page = open_page(matmul())
    hint = page.locator("tb-matmul > .tb-hint")
    before = hint.inner_text()
    field = page.get_by_label("A[0, 1]")
    field.fill("12345")
    field.press("Tab")
    expect(field).to_have_value("2")
    refused = "“12345” is no whole number from −99 to 99: A[0, 1] stays 2."
    expect(hint).to_have_text(refused)
    expect(page.get_by_role("status")).to_have_text(refused)
    field.fill("7")
    expect(hint).to_have_text(before)


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_shapes_that_do_not_fit_leave_the_figure_as_high_as_it_was(open_page, width):
    page = open_page(matmul(), width=width)
    figure = page.locator("tb-matmul")
    before = figure.bounding_box()["height"]
    page.get_by_label("columns of A").select_option("2")
    expect(figure.locator(".tb-error")).to_be_visible()
    assert figure.bounding_box()["height"] <= before


def test_a_finger_hits_what_can_be_pressed(open_page):
    page = open_page(matmul() + broadcast(), width=PHONE, has_touch=True, is_mobile=True)
    small = page.locator(".tb-figure :is(button, select, input:not(.tb-cell))").evaluate_all(
        """nodes => nodes.map((node) => [node.outerHTML, node.getBoundingClientRect()])
            .filter(([, box]) => Math.min(box.width, box.height) < 44)"""
    )
    assert small == []
