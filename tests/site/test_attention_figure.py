"""The interactive attention figure of chapter 08, served alone: it needs no built book."""

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
)
from playwright.sync_api import expect

pytestmark = pytest.mark.site


def figure(**attributes):
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<tb-attention{written}><p>{FALLBACK}</p></tb-attention>"


def test_attention_agrees_with_torch():
    generator = torch.Generator().manual_seed(0)
    cases, expected = [], []
    for n_queries, n_keys, d, size in [(1, 1, 1, 1), (3, 5, 2, 1), (17, 17, 16, 3), (4, 9, 8, 30)]:
        q = size * torch.randn(n_queries, d, generator=generator)
        k = size * torch.randn(n_keys, d, generator=generator)
        cases.append([q.tolist(), k.tolist()])
        # The values are the unit vectors: what is collected is the weights.
        expected.append(torch.nn.functional.scaled_dot_product_attention(q, k, torch.eye(n_keys)))
    function = "({ attention }, cases) => cases.map(([q, k]) => attention(q, k))"
    found = in_node("attention.js", function, cases)
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.allclose(torch.tensor(ours, dtype=torch.float32), theirs, atol=1e-5)


def weights(page):
    cells = page.locator("tb-attention [aria-hidden] .tb-cell").all_text_contents()
    return [0 if text == "<1 %" else int(text.removesuffix(" %")) for text in cells]


def test_a_head_looks_for_what_is_like_the_one_that_asks(open_page):
    page = open_page(figure(picture="stripes", asks="brightness", sharpness=8, place=0))
    assert weights(page) == [12] * 4 + [0] * 4 + [12] * 4 + [0] * 4
    expect(page.locator(".tb-explanation")).to_contain_text("a brightness of 9.0; its own is 9")
    page.get_by_label("the head looks for the same").select_option("row")
    assert len(set(weights(page)[:4])) == 1
    assert weights(page)[0] > weights(page)[4] > weights(page)[8]
    page.get_by_label("the head looks for the same").select_option("place")
    assert max(weights(page)) == weights(page)[0]
    expect(page.get_by_role("status")).to_contain_text("from itself")
    page.get_by_label("sharpness").select_option("0")
    assert weights(page) == [6] * 16
    expect(page.get_by_role("status")).to_contain_text("the same from all")
    expect(page.locator(".tb-explanation")).to_contain_text("a brightness of 4.5")


def test_by_keyboard_alone(open_page):
    page = open_page(figure())
    for _ in range(4):  # three choices, the grid
        page.keyboard.press("Tab")
    assert focused(page).startswith("patch [1, 0], brightness 7")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("patch [2, 1], brightness 8")
    expect(page.locator(".tb-explanation")).to_contain_text("Patch [2, 1] asks")
    expect(page.get_by_role("status")).to_contain_text("Patch [2, 1] asks")
    page.keyboard.press("End")
    assert focused(page).startswith("patch [2, 3], brightness 0")


def test_wrong_attributes_are_told_and_the_fallback_stays(open_page):
    page = open_page(figure(picture="hat"), expect_problems=True)
    expect(page.get_by_text(FALLBACK)).to_be_visible()


def test_without_scripts_the_fallback_stays(open_page):
    page = open_page(figure(), java_script_enabled=False)
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    assert page.locator("tb-attention").bounding_box()["height"] < 100


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_page_does_not_jump_when_the_figure_comes(open_page, width):
    check_no_jump(open_page, figure(), width)


@pytest.mark.parametrize(("width", "theme"), LOOKS[:2])
def test_no_sideways_scroll_on_a_phone(open_page, theme, width):
    page = open_page(figure(), width=width, theme=theme)
    expect(page.locator(".tb-figure")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(STICKING_OUT) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast_in_both_themes(open_page, theme):
    page = open_page(figure(), theme=theme, reduced_motion="reduce")
    expect(page.locator(".tb-figure")).to_have_count(1)
    found = page.evaluate(CONTRAST)
    assert len(found) > 40
    assert found[0][0] >= 4.5, found[:5]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_accessibility_violations(open_page, axe_violations, theme):
    page = open_page(figure(), theme=theme, reduced_motion="reduce", bypass_csp=True)
    expect(page.locator(".tb-figure")).to_have_count(1)
    found = [v for v in axe_violations(page) if "tb-" in v[1]]
    assert found == []
