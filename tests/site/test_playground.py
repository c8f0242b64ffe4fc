"""The playground of chapter 02, served alone: it learns as PyTorch does."""

import itertools
import random

import pytest
import torch
from figure_page import CONTRAST, DESKTOP, FALLBACK, FRAME, LOOKS, PHONE, in_node
from playwright.sync_api import expect
from torch import nn

pytestmark = pytest.mark.site

ACTIVATIONS = {"none": nn.Identity, "ReLU": nn.ReLU, "tanh": nn.Tanh}


def playground(**attributes):
    text = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<tb-playground {text}><p>{FALLBACK}</p></tb-playground>"


def wait_until(page, expression):
    """Wait as Playwright does, but without the eval that the page's policy forbids."""
    for _ in range(2000):  # longer than any machine needs
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"in vain: {expression}")


def make_torch_net(layers, activation):
    """Build the same network in float64."""
    modules = []
    for layer in layers:
        weight, bias = (torch.tensor(layer[k], dtype=torch.float64) for k in ("weight", "bias"))
        linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
        modules += [linear, ACTIVATIONS[activation]()]
    return nn.Sequential(*modules[:-1])


def train_in_torch(net, points, labels, rate, steps):
    """Full-batch gradient descent; returns the loss before each step and the first gradients."""
    x = torch.tensor(points, dtype=torch.float64)  # [N, 2]
    y = torch.tensor(labels, dtype=torch.float64)[:, None]  # [N, 1]
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    losses, first = [], None
    for _ in range(steps):
        loss = nn.functional.binary_cross_entropy_with_logits(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        first = first or [p.grad.clone() for p in net.parameters()]
        optimizer.step()
        losses.append(loss.item())
    return losses, first


def flat(layers):
    """All numbers of a network, layer by layer, the weights before the biases."""
    return torch.tensor(
        [
            number
            for layer in layers
            for number in [w for row in layer["weight"] for w in row] + layer["bias"]
        ],
        dtype=torch.float64,
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_losses_gradients_and_trained_weights_are_torchs(activation):
    generator = random.Random(activation)
    cases = []
    for hidden in ([], [1], [5], [8], [1, 1], [3, 6], [8, 8]):
        widths = [2, *hidden, 1]
        layers = [
            {
                "weight": [[generator.gauss(0, 0.6) for _ in range(n_in)] for _ in range(n_out)],
                "bias": [generator.gauss(0, 1) for _ in range(n_out)],
            }
            for n_in, n_out in itertools.pairwise(widths)
        ]
        n = generator.randint(1, 40)
        points = [[generator.gauss(0, 1), generator.gauss(0, 1)] for _ in range(n)]
        labels = [generator.randint(0, 1) for _ in range(n)]
        cases.append([layers, activation, points, labels, generator.choice([0.03, 0.1, 0.3])])
    found = in_node(
        "playground.js",
        """({ Network }, cases) => cases.map(([layers, activation, points, labels, rate]) => {
            const network = new Network(layers, activation);
            const first = network.gradients(points, labels).layers;
            const losses = Array.from({ length: 30 }, () => network.step(points, labels, rate));
            return { first, losses, layers: network.parameters() };
        })""",
        cases,
    )
    for (layers, _, points, labels, rate), js in zip(cases, found, strict=True):
        net = make_torch_net(layers, activation)
        losses, first = train_in_torch(net, points, labels, rate, steps=30)
        torch.testing.assert_close(flat(js["first"]), torch.cat([g.flatten() for g in first]))
        assert js["losses"] == pytest.approx(losses, rel=1e-9, abs=1e-12)
        trained = torch.cat([p.detach().flatten() for p in net.parameters()])
        torch.testing.assert_close(flat(js["layers"]), trained, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("data", ["circles", "spirals", "xor", "blobs"])
def test_what_the_reader_sees_is_what_torch_computes(open_page, data):
    page = open_page(playground(data=data, layers=2, activation="tanh", rate=1))
    state = "document.querySelector('tb-playground').state()"
    before = page.evaluate(state)
    assert before["epoch"] == 0
    for _ in range(3):
        page.get_by_role("button", name="One epoch").click()
    after = page.evaluate(state)
    assert after["epoch"] == 3
    net = make_torch_net(before["layers"], "tanh")
    losses, _ = train_in_torch(net, before["train"]["points"], before["train"]["labels"], 1, 4)
    assert after["trainLoss"] == pytest.approx(losses[3], rel=1e-9)
    with torch.no_grad():
        net = make_torch_net(after["layers"], "tanh")
        z = net(torch.tensor(before["heldOut"]["points"], dtype=torch.float64)).squeeze(1)
    labels = torch.tensor(before["heldOut"]["labels"])
    right = ((z > 0).long() == labels).sum().item()
    assert after["right"] == right
    sentence = (
        f"Epoch 3, training loss {losses[3]:.3f}, right on held-out points: "
        f"{100 * right / len(labels):.1f} % (guessing: 50 %)."
    )
    expect(page.locator(".tb-numbers")).to_have_text(sentence)
    expect(page.get_by_role("status")).to_have_text(sentence)


def test_the_sums_hold_where_exponentials_would_overflow():
    layers = [{"weight": [[1.0, 0.0]], "bias": [0.0]}]
    points, labels = [[1000.0, 0.0], [-1000.0, 0.0], [1000.0, 0.0]], [1, 0, 0]
    loss, probabilities = in_node(
        "playground.js",
        """({ Network, sigmoid }, [layers, points, labels]) => {
            const network = new Network(layers, "none");
            return [network.gradients(points, labels).loss, [-1000, 0, 1000].map(sigmoid)];
        }""",
        [layers, points, labels],
    )
    z = torch.tensor([1000.0, -1000.0, 1000.0], dtype=torch.float64)
    truth = nn.functional.binary_cross_entropy_with_logits(z, torch.tensor(labels).double())
    assert loss == pytest.approx(truth.item())
    assert probabilities == [0, 0.5, 1]


def test_points_come_from_their_seed_and_classes_are_even():
    found = in_node(
        "playground.js",
        """({ makeData }) => ["circles", "spirals", "xor", "blobs"].map((kind) =>
            [[0, 7], [0, 7], [0, 8], [0.3, 7]].map(([noise, seed]) =>
                makeData(kind, 2000, noise, seed)))""",
    )
    for same, again, other, noisy in found:
        assert same == again
        assert same["points"] != other["points"]
        assert sum(same["labels"]) == 1000
        scatter = torch.tensor(noisy["points"]) - torch.tensor(same["points"])
        assert scatter.std() > 0.2
    circles = torch.tensor(found[0][0]["points"])
    radii = torch.hypot(*circles.T)
    torch.testing.assert_close(radii[::2], torch.ones(1000))
    torch.testing.assert_close(radii[1::2], torch.full((1000,), 0.5))
    noise = torch.tensor(found[3][0]["points"])
    assert (noise[1::2, 0] < 0).all()
    assert (noise[::2, 0] > 0).all()


def test_it_plays_pauses_and_starts_over_by_keyboard(open_page):
    page = open_page(playground())
    expect(page.get_by_text(FALLBACK)).to_have_count(0)
    start = page.locator(".tb-numbers").text_content()
    names = []
    for _ in range(11):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")
        )
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid", names[-1]
    assert names[7:] == ["Play", "One epoch", "Reset", "Another start"]
    play = page.get_by_role("button", name="Play")
    play.press("Enter")
    wait_until(page, "document.querySelector('tb-playground').epoch > 100")
    page.get_by_role("button", name="Pause").press("Enter")
    epoch = page.evaluate("document.querySelector('tb-playground').epoch")
    expect(page.get_by_role("status")).to_contain_text(f"Epoch {epoch}, training loss")
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('tb-playground').epoch") == epoch
    page.get_by_role("button", name="Reset").press("Enter")
    expect(page.locator(".tb-numbers")).to_have_text(start)
    page.get_by_role("button", name="Another start").press("Enter")
    expect(page.locator(".tb-numbers")).not_to_have_text(start)


def test_the_lesson_is_there_to_be_found(open_page):
    """Straight lines stay near guessing, eight ReLU units solve the circles."""
    page = open_page(playground(units=8, activation="none"))
    train = "(f => { f.train(1000); f.finish(); return f.state(); })"
    figure = "(document.querySelector('tb-playground'))"
    straight = page.evaluate(train + figure)
    assert straight["trainLoss"] > 0.67
    assert straight["right"] <= 0.7 * 200
    page.get_by_label("activation", exact=True).select_option("ReLU")
    bent = page.evaluate(train + figure)
    assert bent["options"]["activation"] == "ReLU"
    assert bent["right"] >= 0.95 * 200


# Notes for each piece of training the picture in which it falls and the epochs that it takes, and
# has the page's clock go on by some milliseconds at each look.
NOTE_TRAINING = """milliseconds => {
            const figure = document.querySelector("tb-playground");
            const train = figure.train.bind(figure);
            let now = 0;
            performance.now = () => { now += milliseconds; return now; };
            window.pieces = [];
            figure.train = (...options) => {
                const before = figure.epoch;
                train(...options);
                pieces.push([document.timeline.currentTime, figure.epoch - before]);
            };
        }"""


@pytest.mark.parametrize(("milliseconds", "epochs"), [(0, 4), (5, 1)])
def test_the_page_stays_at_hand_while_it_trains(open_page, milliseconds, epochs):
    """Between two pictures it trains four epochs, or stops after 8 ms."""
    page = open_page(playground(layers=2, units=8, batch=10))
    page.evaluate(NOTE_TRAINING, milliseconds)
    page.get_by_role("button", name="Play").click()
    wait_until(page, "pieces.length >= 10")
    page.get_by_role("button", name="Pause").click()
    pictures, taken = zip(*page.evaluate("pieces"), strict=True)
    assert len(set(pictures)) == len(pictures)
    assert set(taken) == {epochs}


def test_out_of_sight_it_waits(open_page):
    page = open_page(playground() + "<p>More.</p>" * 200)
    page.get_by_role("button", name="Play").click()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.evaluate(FRAME)
    epoch = "document.querySelector('tb-playground').epoch"
    before = page.evaluate(epoch)
    page.wait_for_timeout(200)
    assert page.evaluate(epoch) == before
    page.evaluate("scrollTo(0, 0)")
    wait_until(page, f"{epoch} > {before}")


# How often a page asks for a frame while it draws five of them.
FRAMES_ASKED = """async () => {
    let asked = 0;
    const ask = window.requestAnimationFrame;
    window.requestAnimationFrame = (draw) => { asked += 1; return ask(draw); };
    for (let i = 0; i < 5; i += 1) await new Promise((done) => { ask(done); });
    window.requestAnimationFrame = ask;
    return asked;
}"""


def test_removed_from_the_page_it_stops_and_put_back_it_plays(open_page):
    page = open_page(playground())
    page.evaluate("window.figure = document.querySelector('tb-playground')")
    page.evaluate("figure.play(); figure.pause(); figure.play()")
    assert page.evaluate(FRAMES_ASKED) <= 6  # once a frame, not twice
    page.evaluate("figure.remove()")
    assert page.evaluate(FRAMES_ASKED) == 0
    page.evaluate("document.querySelector('article').append(figure)")
    page.get_by_role("button", name="Play").click()
    wait_until(page, "figure.epoch > 1")


def test_for_those_who_want_no_motion_only_the_end_is_drawn(open_page):
    page = open_page(playground(), reduced_motion="reduce")
    start = page.locator(".tb-numbers").text_content()
    page.evaluate(
        """() => {
            window.seen = new Set();
            new MutationObserver(() => seen.add(document.querySelector(".tb-numbers").textContent))
                .observe(document.querySelector(".tb-numbers"), { childList: true, subtree: true });
        }"""
    )
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    wait_until(page, "document.querySelector('tb-playground').epoch === 500")
    page.wait_for_timeout(100)
    seen = page.evaluate("[...seen]")
    assert [text.startswith("Epoch 500,") for text in seen] == [True], (start, seen)


def test_wrong_attributes_are_reported_and_leave_the_fallback(open_page):
    page = open_page(playground(data="moons"), expect_problems=True)
    expect(page.get_by_text(FALLBACK)).to_be_visible()


def test_without_scripts_the_fallback_stays_and_leaves_no_gap(open_page):
    page = open_page(playground(), java_script_enabled=False)
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    assert page.locator("tb-playground").bounding_box()["height"] < 100


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_it_fits_and_is_legible(open_page, width, theme):
    page = open_page(playground(), width=width, theme=theme, reduced_motion="reduce")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    lowest = page.evaluate(CONTRAST)
    assert lowest[0][0] >= 4.5, lowest[:3]
    for name in ("tb-plane", "tb-curve"):
        canvas = page.locator(f".{name}")
        assert canvas.get_attribute("aria-label")
        assert canvas.bounding_box()["width"] > 200


@pytest.mark.parametrize("width", [320, PHONE, DESKTOP])
def test_no_choice_stands_alone_in_its_row(open_page, width):
    page = open_page(playground(), width=width)
    tops = page.locator(".tb-choice select").evaluate_all(
        "nodes => nodes.map((node) => Math.round(node.getBoundingClientRect().bottom))"
    )
    assert len(tops) == 7
    assert all(tops.count(top) > 1 for top in tops)


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_page_does_not_jump_when_the_figure_comes(open_page, width):
    page = open_page(playground(), width=width)
    expect(page.locator(".tb-plane")).to_be_visible()
    after = page.locator("#after").bounding_box()["y"]
    page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.reload()
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    before = page.locator("#after").bounding_box()["y"]
    assert after == pytest.approx(before, abs=40)  # fonts differ from machine to machine


def test_the_picture_follows_the_theme_switch(open_page):
    page = open_page(playground())
    look = "document.querySelector('.tb-curve').toDataURL()"
    page.evaluate(f"window.light = {look}")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    wait_until(page, f"{look} !== light")
