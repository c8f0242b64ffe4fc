"""The real TensorBoard, in a real browser, shows what `torchbook.apps.tracking` wrote."""

import contextlib
import os
import re
import subprocess
import sys
import threading

import pytest
import torch
from playwright.sync_api import expect
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from torchbook.apps.tracking import Run
from torchbook.data import Batches, Examples
from torchbook.training import fit

pytestmark = [pytest.mark.site, pytest.mark.weekly]

RATES = {"slow": 0.001, "quick": 0.1}
PATIENCE = 60_000  # milliseconds; on a busy machine TensorBoard takes its time


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """A folder with two runs of five epochs."""
    folder = tmp_path_factory.mktemp("logs")
    draw = torch.Generator().manual_seed(0)
    inputs = torch.randn(60, 4, generator=draw)
    examples = Examples(inputs, (inputs[:, 0] > 0).long())
    for name, lr in RATES.items():
        torch.manual_seed(0)
        model = nn.Linear(4, 2)
        optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        with Run(folder / name, {"lr": lr}) as run:
            train, valid = Batches(examples[:40], 20), Batches(examples[40:], 20)
            fit(model, train, valid, optimizer, epochs=5, callbacks=[run], progress=False)
    return folder


@contextlib.contextmanager
def tensorboard(folder):
    """Start TensorBoard on a free port of this machine, and give its address."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
    command += ["--host", "127.0.0.1", "--port", "0", "--load_fast", "false"]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONUNBUFFERED": "1"}
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=environment, **streams)
    said, address, ready = [], [], threading.Event()

    def listen():  # to the end, or the pipe fills up and TensorBoard waits for us
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                address.append(found[0])
                ready.set()
        ready.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        ready.wait(PATIENCE / 1000)
        assert address, f"TensorBoard did not start: {''.join(said)}"
        yield address[0]
    finally:
        process.kill()
        process.wait()
        listener.join()
        process.stderr.close()


def test_tensorboard_shows_the_runs_and_their_curves(browser, logs):
    events = {name: EventAccumulator(str(logs / name)).Reload() for name in RATES}
    last = {name: found.Scalars("loss/valid")[-1] for name, found in events.items()}
    with tensorboard(logs) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        # What it would like from other hosts it does not get, and can do without.
        page.route(re.compile(rf"^https?://(?!{re.escape(address[7:])})"), lambda r: r.abort())
        page.goto(f"{address}/?darkMode=false#timeseries")
        for name in RATES:
            expect(page.get_by_text(name, exact=True).first).to_be_visible(timeout=PATIENCE)
        # Groups of charts: the word before the slash. TensorBoard folds the last ones.
        group = page.get_by_role("button", name="group").filter(has_text="loss")
        expect(group).to_be_visible(timeout=PATIENCE)
        if page.get_by_role("button", name="Expand group").filter(has_text="loss").count():
            group.click()
        card = page.locator("card-view").filter(has=page.get_by_text("loss/valid", exact=True))
        expect(card.locator("line-chart")).to_be_visible(timeout=PATIENCE)
        card.scroll_into_view_if_needed()  # only then does it fetch its numbers
        # Below the chart each run has a row with the value at the last step.
        for name, event in last.items():
            row = card.locator("tb-data-table-content-row").filter(has_text=name)
            expect(row).to_contain_text(f"{event.value:.4g}", timeout=PATIENCE)
            expect(row).to_contain_text(str(event.step))
        context.close()
