"""The interactive figure of gradient descent, served alone: it needs no built book."""

import random
import re
from pathlib import Path

import pytest
import torch
from figure_page import CONTRAST, FALLBACK, PHONE, in_node
from playwright.sync_api import expect

pytestmark = pytest.mark.site

CHAPTER = Path(__file__).parents[2] / "chapters" / "01_workflow.md"
HOURS = [0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 3.5, 4.0, 4.5, 5.0]
HEIGHTS = [23.9, 22.6, 21.9, 21.1, 19.3, 17.4, 16.6, 14.8, 14.5, 12.9]


def descent(**attributes):
    attributes = {"x": words(HOURS), "y": words(HEIGHTS), **attributes}
    text = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<tb-descent {text}><p>{FALLBACK}</p></tb-descent>"


def words(numbers):
    return " ".join(f"{number:g}" for number in numbers)


def torch_path(x, y, w, b, lr, steps):
    """Descend with autograd and the optimiser of PyTorch, in float64."""
    x, y = (torch.tensor(values, dtype=torch.float64) for values in (x, y))
    parameters = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([parameters], lr=lr)
    path = []
    for _ in range(steps + 1):
        loss = torch.nn.functional.mse_loss(parameters[0] * x + parameters[1], y)
        optimizer.zero_grad()
        loss.backward()
        path.append([*parameters.tolist(), loss.item(), *parameters.grad.tolist()])
        optimizer.step()
    return path


def rows(page):
    """The table of the last steps, as numbers."""
    cells = [row.locator("th, td").all_text_contents() for row in page.locator("tbody tr").all()]
    return [[float(cell.replace("−", "-")) for cell in row] for row in cells]


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def stop_clock(page):
    """From now on the page's time goes on only when the test says so."""
    page.clock.install(time=0)
    page.clock.pause_at(1)


def run_to_the_end(page):
    button(page, "Run 100 steps").click()


def test_steps_agree_with_torch():
    generator = random.Random(0)
    cases = []
    for _ in range(40):
        n = generator.randint(2, 30)
        x = [generator.uniform(-5, 5) for _ in range(n)]
        y = [generator.uniform(-30, 30) for _ in range(n)]
        start = [generator.uniform(-10, 10), generator.uniform(-10, 40)]
        cases.append([x, y, *start, 10 ** generator.uniform(-3, -0.5), 12])
    found = in_node(
        "descent.js",
        """({ descend }, cases) => cases.map(([x, y, ...rest]) => descend({ x, y }, ...rest)
            .map(({ w, b, loss, gradW, gradB }) => [w, b, loss, gradW, gradB]))""",
        cases,
    )
    for case, path in zip(cases, found, strict=True):
        expected = torch.tensor(torch_path(*case), dtype=torch.float64)
        path = torch.tensor(path, dtype=torch.float64)
        # A slope near 0 is a difference of large numbers: compare with the largest of its column.
        scale = expected.abs().amax(dim=0).clamp(min=1)
        assert ((path - expected).abs() / scale).max() < 1e-10


def test_best_line_and_limit_agree_with_torch():
    generator = random.Random(1)
    cases = []
    for _ in range(20):
        n = generator.randint(3, 30)
        x = [generator.uniform(-5, 8) for _ in range(n)]
        cases.append([x, [generator.uniform(-30, 30) for _ in x]])
    found = in_node(
        "descent.js",
        """({ bestLine, curvature, limit }, cases) => cases.map(([x, y]) => {
            const { w, b } = bestLine({ x, y });
            const { curvatures, steep } = curvature({ x });
            return { line: [w, b], limit: limit({ x }), curvatures, steep };
        })""",
        cases,
    )
    for (x, y), result in zip(cases, found, strict=True):
        x, y = (torch.tensor(values, dtype=torch.float64) for values in (x, y))
        inputs = torch.stack([x, torch.ones_like(x)], dim=1)
        line = torch.linalg.lstsq(inputs, y[:, None]).solution.flatten().tolist()
        assert result["line"] == pytest.approx(line, rel=1e-9, abs=1e-9)
        hessian = torch.autograd.functional.hessian(
            lambda p, inputs=inputs, y=y: ((inputs @ p - y) ** 2).mean(),
            torch.zeros(2, dtype=torch.float64),
        )
        eigenvalues, vectors = torch.linalg.eigh(hessian)
        assert result["curvatures"] == pytest.approx(eigenvalues.flip(0).tolist(), rel=1e-9)
        assert result["limit"] == pytest.approx(2 / eigenvalues[-1].item(), rel=1e-9)
        steep = torch.tensor(result["steep"], dtype=torch.float64)
        assert abs(torch.dot(steep, vectors[:, -1])).item() == pytest.approx(1)


@pytest.mark.parametrize("lr", [0.002, 0.05, 0.1])
def test_the_table_shows_what_torch_computes(open_page, lr):
    page = open_page(descent(lr=lr, w=2, b=5))
    expected = torch_path(HOURS, HEIGHTS, 2.0, 5.0, lr, 6)
    for step in range(7):
        number, *values = rows(page)[-1]
        assert number == step
        assert values == pytest.approx(expected[step], abs=0.00051)
        button(page, "Step").click()
    assert len(rows(page)) == 4


def test_the_update_is_spelled_out_and_read_out(open_page):
    page = open_page(descent(lr=0.01))
    button(page, "Step").click()
    (_, _, loss, grad_w, grad_b), (w, b, *_) = torch_path(HOURS, HEIGHTS, 0.0, 0.0, 0.01, 1)
    text = (
        f"w = 0.000 − 0.01 × ({grad_w:.3f}) = {w:.3f}. "
        f"b = 0.000 − 0.01 × ({grad_b:.3f}) = {b:.3f}. "
        "The loss has fallen."
    ).replace("-", "−")
    expect(page.locator(".tb-explanation")).to_have_text(text)
    expect(page.get_by_role("status")).to_contain_text(f"Step 1: w {w:.3f}, b {b:.3f}, loss")
    expect(page.get_by_role("status")).to_contain_text(text)
    assert rows(page)[0][3] == pytest.approx(loss, abs=0.00051)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_run_takes_100_steps_and_reaches_the_same_place(open_page, motion):
    page = open_page(descent(lr=0.05), reduced_motion=motion)
    stop_clock(page)
    run_to_the_end(page)
    if motion == "reduce":  # one jump
        assert rows(page)[-1][0] == 100
    else:
        expect(button(page, "Stop")).to_be_visible()
        page.clock.run_for(100 * 40)
    expect(page.locator("tbody tr").last.locator("th")).to_have_text("100")
    expect(button(page, "Run 100 steps")).to_be_visible()
    expected = torch_path(HOURS, HEIGHTS, 0.0, 0.0, 0.05, 100)[-1]
    assert rows(page)[-1][1:] == pytest.approx(expected, abs=0.00051)


def test_a_run_can_be_stopped(open_page):
    page = open_page(descent(lr=0.001))
    stop_clock(page)
    run_to_the_end(page)
    page.clock.run_for(10 * 40)
    button(page, "Stop").click()
    page.clock.run_for(10 * 40)
    assert rows(page)[-1][0] == 10
    button(page, "Reset").click()
    assert [row[0] for row in rows(page)] == [0]


def test_just_above_the_limit_it_diverges_and_says_so(open_page):
    x = torch.tensor(HOURS, dtype=torch.float64)
    hessian = 2 * torch.stack(
        [torch.stack([(x * x).mean(), x.mean()]), torch.stack([x.mean(), torch.ones(())])]
    )
    limit = 2 / torch.linalg.eigvalsh(hessian)[-1].item()
    page = open_page(descent(lr=f"{1.05 * limit:.5f}"), reduced_motion="reduce")
    run_to_the_end(page)
    expect(page.locator(".tb-explanation")).to_contain_text("Diverged")
    expect(page.locator(".tb-explanation")).to_contain_text(f"learning rate of {limit:.3f}")
    expect(page.get_by_role("status")).to_contain_text("Diverged")
    expect(button(page, "Step")).to_be_disabled()
    button(page, "Reset").click()
    expect(button(page, "Step")).to_be_enabled()

    page = open_page(descent(lr=f"{0.95 * limit:.5f}"), reduced_motion="reduce")
    for _ in range(5):
        run_to_the_end(page)
    expect(page.locator(".tb-explanation")).to_contain_text("The bottom")


def test_it_says_when_a_step_overshoots(open_page):
    page = open_page(descent(lr=0.3))
    button(page, "Step").click()
    expect(page.locator(".tb-explanation")).to_contain_text("The loss has grown")


def test_the_learning_rate_is_set_by_keyboard_on_a_logarithmic_scale(open_page):
    page = open_page(descent(lr=0.05))
    page.keyboard.press("Tab")
    slider = page.get_by_role("slider", name="learning rate")
    expect(slider).to_be_focused()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "0.001")
    expect(page.locator("output")).to_have_text("0.001")
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "0.32")
    button(page, "Step").press("Enter")
    expected = torch_path(HOURS, HEIGHTS, 0.0, 0.0, 0.32, 1)[-1]
    assert rows(page)[-1][1:] == pytest.approx(expected, abs=0.51)  # large ones are shown rounded


def test_the_start_is_chosen_by_keyboard_or_by_click(open_page):
    page = open_page(descent())
    button(page, "Step").click()
    page.get_by_label("start w").fill("-5.5")
    assert rows(page)[0][:3] == [0, -5.5, 0]
    page.get_by_label("start b").fill("1e9")  # out of range: does not count
    assert rows(page)[0][:3] == [0, -5.5, 0]
    page.get_by_label("start b").press("Tab")
    expect(page.get_by_label("start b")).to_have_value("0")

    frame = page.locator(".tb-surface .tb-frame").bounding_box()
    page.mouse.click(frame["x"] + 0.75 * frame["width"], frame["y"] + 0.2 * frame["height"])
    number, w, b, *_ = rows(page)[0]
    assert (number, w, b) == (0, pytest.approx(5, abs=0.2), pytest.approx(30, abs=0.5))
    expect(page.get_by_label("start w")).to_have_value(re.compile(rf"^{w:g}$"))


def test_wrong_attributes_leave_the_fallback(open_page):
    page = open_page(descent(lr="fast"), expect_problems=True)
    expect(page.get_by_text(FALLBACK)).to_be_visible()


def test_without_scripts_the_fallback_stays(open_page):
    page = open_page(descent(), java_script_enabled=False)
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    assert page.locator("tb-descent").bounding_box()["height"] < 100


@pytest.mark.parametrize("width", [320, PHONE, 1440])
def test_it_fits_and_the_page_does_not_jump(open_page, width):
    page = open_page(descent(lr=0.3), width=width, reduced_motion="reduce")
    button(page, "Step").click()
    button(page, "Step").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    after = page.locator("#after").bounding_box()["y"]
    page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.reload()
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    assert after == pytest.approx(page.locator("#after").bounding_box()["y"], abs=24)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(open_page, theme):
    page = open_page(descent(), theme=theme, reduced_motion="reduce")
    found = page.evaluate(CONTRAST)
    assert len(found) > 20
    assert found[0][0] >= 4.5, found[:5]


def test_the_chapter_types_the_readings_that_its_figure_shows():
    text = CHAPTER.read_text(encoding="utf-8")
    (element,) = re.findall(r"<tb-descent [^>]*>", text)
    for name, attribute in (("few_hours", "x"), ("few_heights", "y")):
        typed = re.search(rf"^{name} = torch\.tensor\(\s*\[([^]]*)\]", text, re.M)[1]
        typed = [float(number) for number in typed.replace(",", " ").split()]
        shown = [float(n) for n in re.search(rf'\b{attribute}="([^"]*)"', element)[1].split()]
        assert typed == shown
