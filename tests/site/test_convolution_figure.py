"""The interactive figure of convolution, served alone: it computes what PyTorch computes."""

import random
import re

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

SIDES, KERNELS, PADDINGS, STRIDES = range(2, 8), (1, 3, 5), (0, 1, 2), (1, 2, 3)


def convolution(**attributes):
    text = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<tb-convolution {text}><p>{FALLBACK}</p></tb-convolution>"


def torch_map(picture, kernel, padding, stride):
    """The feature map as rows of floats, or the text of PyTorch's error."""
    picture, kernel = (torch.tensor(x, dtype=torch.float64)[None, None] for x in (picture, kernel))
    convolve = torch.nn.functional.conv2d
    found = torch_says(lambda: convolve(picture, kernel, padding=padding, stride=stride)[0, 0])
    return found if isinstance(found, str) else found.tolist()


def random_case(generator):
    side, size = generator.choice(SIDES), generator.choice(KERNELS)
    picture = [[generator.randint(0, 9) for _ in range(side)] for _ in range(side)]
    kernel = [[generator.randint(-9, 9) for _ in range(size)] for _ in range(size)]
    return picture, kernel, generator.choice(PADDINGS), generator.choice(STRIDES)


def rows(numbers):
    return "; ".join(" ".join(str(number) for number in row) for row in numbers)


def read_map(page):
    """The map as the page shows it, as rows of floats."""
    lines = page.get_by_role("grid", name="feature map").get_by_role("row").all()
    texts = [line.get_by_role("gridcell").all_text_contents() for line in lines]
    return [[float(text.replace("−", "-")) for text in line] for line in texts]


def show_all(page):
    button = page.get_by_role("button", name="Show all")
    if button.is_enabled():  # not where the map has one number only
        button.click()


def test_random_maps_agree_with_torch():
    generator = random.Random(0)
    cases = [random_case(generator) for _ in range(200)]
    expected = [torch_map(*case) for case in cases]
    assert {type(outcome) for outcome in expected} == {list, str}  # both happen
    found = in_node(
        "convolution.js",
        """({ convolve }, cases) => cases.map((each) => {
            try { return convolve(...each); } catch (error) { return error.message; }
        })""",
        cases,
    )
    assert found == expected


@pytest.mark.parametrize("seed", range(6))
def test_what_the_page_shows_agrees_with_torch(open_page, seed):
    generator = random.Random(seed)
    picture, kernel, padding, stride = random_case(generator)
    body = convolution(picture=rows(picture), kernel=rows(kernel), padding=padding, stride=stride)
    page = open_page(body)
    expected = torch_map(picture, kernel, padding, stride)
    if isinstance(expected, str):
        expect(page.locator(".tb-error")).to_have_text(f"RuntimeError: {expected}")
        return
    show_all(page)
    assert read_map(page) == expected
    side = len(expected)
    expect(page.locator(".tb-result-shape")).to_have_text(re.compile(rf"={side}$"))
    expect(page.locator(".tb-panel-map small")).to_have_text(f"[{side}, {side}]")
    for _ in range(4):  # the sum that is written out has the same value, by Python's arithmetic
        row, column = generator.randrange(side), generator.randrange(side)
        page.get_by_role("gridcell", name=f"map[{row}, {column}]").click()
        terms = " ".join(page.locator(".tb-products").all_text_contents())
        assert terms.count("×") == len(kernel) ** 2
        assert eval(terms.replace("×", "*").replace("−", "-")) == expected[row][column]
        total = f"= {expected[row][column]:g} = map[{row}, {column}]".replace("-", "−")
        expect(page.locator(".tb-sum")).to_have_text(total)


def test_the_choices_agree_with_torch(open_page):
    """Each picture with each kernel, the way a reader picks them; the map to one digit."""
    page = open_page(convolution())
    show_all(page)
    lists = [page.get_by_label(name, exact=True) for name in ("picture", "kernel")]
    lists = [found.and_(page.locator("select")) for found in lists]
    names = [found.locator("option").all_text_contents()[:-1] for found in lists]
    assert len(names[0]) * len(names[1]) >= 16
    for size in KERNELS:
        page.get_by_label("side of the kernel").select_option(str(size))
        show_all(page)
        for picture in names[0]:
            lists[0].select_option(picture)
            for kernel in names[1]:
                lists[1].select_option(kernel)
                numbers = page.evaluate(
                    """() => ["picture", "kernel"].map((name) => [
                        ...document.querySelectorAll(`[aria-label=${name}] [role=row]`)
                    ].map((row) => [...row.querySelectorAll("input")].map((i) => i.value)))"""
                )
                numbers = [
                    [[eval(text.replace("−", "-")) for text in row] for row in grid]
                    for grid in numbers
                ]
                found = torch.tensor(read_map(page), dtype=torch.float64)
                expected = torch.tensor(torch_map(*numbers, 0, 1), dtype=torch.float64)
                torch.testing.assert_close(found, expected, atol=0.0501, rtol=0)


def test_the_kernels_are_those_of_the_chapter(open_page):
    page = open_page(convolution())
    kernels = {}
    for name in ("vertical edges", "horizontal edges", "blur"):
        page.locator(".tb-conv-choices select").nth(1).select_option(name)
        values = page.locator(".tb-panel-kernel input").evaluate_all("all => all.map(i => i.value)")
        kernels[name] = [eval(value.replace("−", "-")) for value in values]
    upright = torch.tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    assert kernels["vertical edges"] == upright.flatten().tolist()
    assert kernels["horizontal edges"] == upright.T.flatten().tolist()
    assert kernels["blur"] == [1 / 9] * 9


def test_wrong_attributes_are_reported_and_leave_the_fallback(open_page):
    page = open_page(convolution(picture="cat"), expect_problems=True)
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    expect(page.locator(".tb-figure")).to_have_count(0)


def test_a_kernel_that_does_not_fit_shows_the_error_of_torch_until_it_is_mended(open_page):
    page = open_page(convolution(side=4))
    page.get_by_label("side of the kernel").select_option("5")
    with pytest.raises(RuntimeError) as raised:
        torch.nn.Conv2d(1, 1, kernel_size=5)(torch.ones(1, 1, 4, 4))
    expect(page.locator(".tb-error")).to_have_text(f"RuntimeError: {raised.value}")
    expect(page.locator(".tb-result-shape")).to_have_text("→ error")
    expect(page.get_by_role("status")).to_contain_text(str(raised.value))
    expect(page.get_by_role("grid", name="feature map")).to_have_count(0)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_label("padding", exact=True).select_option("1")
    expect(page.locator(".tb-error")).to_have_count(0)
    show_all(page)
    assert len(read_map(page)) == 2


def test_by_keyboard_alone(open_page):
    page = open_page(convolution(padding=1))
    figure = page.locator("tb-convolution")
    expect(figure.get_by_text(FALLBACK)).to_have_count(0)
    walk = []
    for _ in range(13):
        page.keyboard.press("Tab")
        walk.append(focused(page) or page.evaluate("document.activeElement.textContent"))
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid", walk[-1]
    assert walk == [
        *("side of the picture", "padding", "side of the kernel", "stride"),
        *("picture", "kernel", "Move picture right"),
        *("picture[0, 0]", "kernel[0, 0]"),  # one stop for each grid
        *("23, map[0, 0]", "Previous", "Next", "Show all"),
    ]

    page.get_by_label("picture[0, 0]").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert focused(page) == "picture[2, 1]"
    page.keyboard.type("3")  # what was there is selected, so that it is typed over
    expect(page.get_by_label("picture[2, 1]")).to_have_value("3")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert focused(page) == "picture[2, 1]"

    figure.get_by_role("gridcell", name="map[0, 0]").focus()
    for key, cell in [
        ("ArrowRight", "map[0, 1]"),
        ("ArrowDown", "map[1, 1]"),
        ("End", "map[1, 6]"),
        ("ArrowRight", "map[1, 6]"),  # the row ends here
        ("Home", "map[1, 0]"),
        ("ArrowUp", "map[0, 0]"),
        ("ArrowUp", "map[0, 0]"),
    ]:
        page.keyboard.press(key)
        assert focused(page).endswith(cell)
        current = figure.locator("[aria-selected=true]")
        expect(current).to_have_attribute("aria-label", focused(page))
    expect(figure.get_by_role("status")).to_have_text(
        "Rows −1 to 1, columns −1 to 1 of the picture (partly in the padding), times the kernel: "
        "0 × (−1) + 0 × 0 + 0 × 1 + 0 × (−2) + 0 × 0 + 7 × 2 + 0 × (−1) + 9 × 0 + 9 × 1 = 23. "
        "So map[0, 0] is 23."
    )


def test_keys_move_the_caret_in_a_field_until_it_reaches_the_edge(open_page):
    page = open_page(convolution(kernel="blur"))
    weight = page.get_by_label("kernel[0, 1]")
    weight.focus()
    caret = "document.activeElement.selectionStart"
    for key, place in (("End", 3), ("ArrowLeft", 2), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        assert (focused(page), page.evaluate(caret)) == ("kernel[0, 1]", place), key
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert focused(page) == "kernel[0, 2]"
    page.keyboard.press("ArrowLeft")  # all of it is selected: the key leads to the next field
    assert focused(page) == "kernel[0, 1]"


def test_by_its_buttons(open_page):
    page = open_page(convolution(picture="square", side=4))
    cells = page.get_by_role("grid", name="feature map").get_by_role("gridcell")
    assert cells.all_text_contents() == ["27", "?", "?", "?"]  # predict before you look
    page.get_by_role("button", name="Next").click()
    assert cells.all_text_contents() == ["27", "−27", "?", "?"]
    page.get_by_role("button", name="Previous").click()
    page.get_by_role("button", name="Previous").click()  # before the first comes the last
    assert cells.all_text_contents() == ["27", "−27", "?", "−27"]
    page.get_by_role("button", name="Show all").click()
    assert cells.all_text_contents() == ["27", "−27", "27", "−27"]
    page.get_by_role("button", name="Hide all").click()
    assert cells.all_text_contents() == ["?", "?", "?", "−27"]


def frame(page):
    """The cells of the picture that lie under the kernel's frame."""
    return page.evaluate(
        """() => {
            const frame = document.querySelector(".tb-patch").getBoundingClientRect();
            return [...document.querySelectorAll(".tb-panel-picture .tb-cell")].filter((cell) => {
                const box = cell.getBoundingClientRect();
                const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
                return x > frame.left && x < frame.right && y > frame.top && y < frame.bottom;
            }).map((cell) => cell.ariaLabel);
        }"""
    )


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_frame_lies_over_the_patch(open_page, width):
    page = open_page(convolution(side=5, padding=1, stride=2), width=width, reduced_motion="reduce")
    assert frame(page) == [
        *["0, padding"] * 4,
        *("picture[0, 0]", "picture[0, 1]"),
        "0, padding",
        *("picture[1, 0]", "picture[1, 1]"),
    ]
    page.get_by_role("gridcell", name="map[1, 1]").click()
    assert frame(page) == [f"picture[{i}, {j}]" for i in (1, 2, 3) for j in (1, 2, 3)]
    assert page.locator(".tb-pad").count() == 7 * 7 - 5 * 5


def test_pixels_that_no_patch_reaches_are_marked_and_counted(open_page):
    page = open_page(convolution(side=6, stride=2))
    marked = page.locator(".tb-unseen").evaluate_all("all => all.map(i => i.ariaLabel)")
    assert marked == [f"picture[{i}, {j}]" for i in range(6) for j in range(6) if 5 in (i, j)]
    expect(page.get_by_text("11 pixels are never looked at.").first).to_be_visible()
    expect(page.locator(".tb-result-shape")).to_have_text("=⌊1.5⌋+1=2")
    page.get_by_label("padding", exact=True).select_option("1")
    expect(page.locator(".tb-unseen")).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text(
        "The map's side: 6 plus 2 times 1 minus 3, divided by 2, is 2.5, rounded down 2, plus 1 "
        "is 3. Rows −1 to 1"
    )


def test_numbers_can_be_edited_and_nonsense_does_not_count(open_page):
    page = open_page(convolution(picture="0 0 0; 0 5 0; 0 0 0", kernel="copy"))
    cell = page.get_by_role("gridcell", name="map[0, 0]")
    kernel = page.locator(".tb-conv-choices select").nth(1)
    expect(cell).to_have_text("5")
    weight = page.get_by_label("kernel[1, 1]")
    for text, result in (("-2", "−10"), ("1/3", "1.7"), (".5", "2.5")):
        weight.fill(text)
        expect(cell).to_have_text(result)
    expect(kernel).to_have_value("your own")
    weight.fill("1/3")
    expect(page.locator(".tb-sum")).to_have_text("≈ 1.67 = map[0, 0]")
    for nonsense in ("", "99", "x"):
        weight.fill(nonsense)
        expect(weight).to_have_attribute("aria-invalid", "true")
        assert weight.evaluate("field => !field.validity.valid")
        expect(cell).to_have_text("1.7")
        weight.press("Tab")
        expect(weight).to_have_value("1/3")
        assert weight.evaluate("field => field.validity.valid")
    page.get_by_label("side of the kernel").select_option("5")  # numbers of one's own stay
    expect(page.get_by_label("kernel[2, 2]")).to_have_value("1/3")
    page.get_by_label("padding", exact=True).select_option("1")
    expect(cell).to_have_text("1.7")
    kernel.select_option("blur")
    expect(page.get_by_label("kernel[2, 2]")).to_have_value("1/25")


def test_a_picture_that_moves_moves_its_map(open_page):
    page = open_page(convolution(picture="square"))
    show_all(page)
    before = read_map(page)
    page.get_by_role("button", name="Move picture right").click()
    after = read_map(page)
    assert [row[1:] for row in after] == [row[:-1] for row in before]
    expect(page.get_by_label("picture[2, 3]")).to_have_value("9")
    expect(page.locator(".tb-conv-choices select").first).to_have_value("your own")


def test_the_map_is_grey_where_it_is_zero_and_hides_what_is_not_seen(open_page):
    page = open_page(convolution(picture="square", side=5, kernel="vertical edges", padding=1))

    def expect_ground(cell, colour):  # colours fade in
        expect(page.get_by_role("gridcell", name=cell)).to_have_css("background-color", colour)

    expect_ground("map[2, 4]", "rgba(0, 0, 0, 0)")
    page.get_by_role("button", name="Show all").click()
    expect_ground("map[2, 4]", "rgb(0, 0, 0)")  # −36, the most negative
    expect_ground("map[2, 2]", "rgb(128, 128, 128)")
    expect_ground("map[0, 0]", "rgb(159, 159, 159)")  # 9 of 36


def test_screen_readers_hear_a_sentence_once_the_reader_pauses(open_page):
    page = open_page(convolution(picture="square", side=3, size=1, kernel="copy"))
    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.evaluate(
        """() => {
            window.said = [];
            const status = document.querySelector("[role=status]");
            new MutationObserver(() => said.push(status.textContent))
                .observe(status, { childList: true, characterData: true, subtree: true });
        }"""
    )
    page.clock.run_for(600)
    assert page.evaluate("said") == []  # nothing as the page loads
    page.get_by_role("button", name="Next").click(click_count=4)
    page.clock.run_for(600)
    assert page.evaluate("said") == [
        "Row 1, column 1 of the picture, times the kernel: 9 × 1 = 9. So map[1, 1] is 9."
    ]


def test_without_scripts_the_fallback_stays_and_leaves_no_gap(open_page):
    page = open_page(convolution(), java_script_enabled=False)
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    assert page.locator("tb-convolution").bounding_box()["height"] < 100


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_page_does_not_jump_when_the_figure_comes(open_page, width):
    check_no_jump(open_page, convolution(), width)


WIDEST = [
    convolution(),
    convolution(padding=2, size=1, kernel="copy"),
    convolution(padding=2, kernel=rows([[-9] * 5] * 5), picture=rows([[9] * 7] * 7)),
    convolution(padding=2, size=5, kernel="blur"),
    convolution(side=2, stride=3),
    convolution(side=6, stride=2),
]


def show_every_map(page):
    page.evaluate(
        """() => [...document.querySelectorAll(".tb-button")]
            .filter((button) => button.textContent === "Show all")
            .forEach((button) => button.click())"""
    )


@pytest.mark.parametrize(("width", "theme"), LOOKS[:2])
def test_no_sideways_scroll_on_a_phone(open_page, theme, width):
    page = open_page("".join(WIDEST), width=width, theme=theme)
    show_every_map(page)
    expect(page.get_by_text("−2025").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(STICKING_OUT) == []


@pytest.mark.parametrize(("width", "theme"), LOOKS[1:])
def test_text_has_contrast_and_axe_finds_nothing(open_page, axe_violations, theme, width):
    page = open_page(
        "<h1>Figures</h1>" + "".join(WIDEST), width=width, theme=theme, reduced_motion="reduce"
    )
    show_every_map(page)
    found = page.evaluate(CONTRAST)
    assert len(found) > 500
    assert found[0][0] >= 4.5, found[:5]
    # That a page has landmarks is the business of the book's pages.
    assert [v for v in axe_violations(page) if v[0] not in ("region", "landmark-one-main")] == []


@pytest.mark.parametrize(("wish", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_those_who_ask_for_that(open_page, wish, moves):
    page = open_page(convolution(), reduced_motion=wish)
    assert moves_when_pressed(page.get_by_role("button", name="Next")) == moves
