"""Kill small trainings at random moments and resume them; print how many ended the same.

    python tests/killed_training.py FOLDER KILLS KIND [SEED]

KIND is "ours", or "outside" for an optimiser, a scheduler and a loader from other packages.

Each training runs in a process of its own and is killed with SIGKILL once, wherever it is: in a
step, in the validation, while a checkpoint is being written. A second process resumes it.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from test_resume import Training, from_outside


def ending(training: Training, history) -> str:
    """Return a fingerprint of the weights, the learning rate and the history."""
    rows, weights, rate = training.ending(history)
    digest = hashlib.sha256(json.dumps([rows, rate]).encode())
    for name, value in weights.items():
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()


KINDS = {"ours": Training, "outside": from_outside}


def run(kind: str, checkpoint: Path | None, result: Path, beat: int | None = None) -> None:
    """Train, going on from the checkpoint if there is one, and write the fingerprint.

    A byte is written to the pipe `beat` when a batch of either split is made ready.
    """
    training = KINDS[kind]()
    if beat is not None:
        for batches in (training.train, training.valid):
            name = "transform" if hasattr(batches, "transform") else "collate_fn"
            setattr(batches, name, beating(getattr(batches, name), beat))
    options = {}
    if checkpoint is not None:
        options = {"checkpoint": checkpoint, "checkpoint_every": 1, "resume": True}
    result.write_text(ending(training, training.run(**options)))


def beating(transform: Callable[[Any], Any], beat: int) -> Callable[[Any], Any]:
    """Return the transform, with a byte into a pipe at each call."""

    def transform_and_tell(inputs: Any) -> Any:
        os.write(beat, b".")
        return transform(inputs)

    return transform_and_tell


def start(kind: str, checkpoint: Path | None, result: Path, beat: int | None = None) -> int:
    """Call `run` in a new process, which shares nothing but the imports; return its id."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            run(kind, checkpoint, result, beat)
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    return pid


def finish(pid: int) -> None:
    """Wait for a process and insist that it ended well."""
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit(f"a training failed with status {status}")


def main(folder: Path, kills: int, kind: str, seed: int) -> None:
    """Kill, resume, compare; print the counts as JSON."""
    torch.set_num_threads(1)  # threads would not survive the fork
    draw = random.Random(seed)
    result = folder / "ending"
    listen, beat = os.pipe()
    begun = time.monotonic()
    finish(start(kind, None, result, beat))
    n_beats = len(os.read(listen, 1_000_000))
    between = (time.monotonic() - begun) / n_beats
    expected = result.read_text()

    killed, identical, unfinished = 0, 0, 0
    steps: dict[int, int] = {}
    while killed < kills:
        checkpoint = folder / f"{killed}.pt"
        result.unlink(missing_ok=True)
        pid = start(kind, checkpoint, result, beat)
        for _ in range(draw.randint(1, n_beats)):  # any batch of the run
            os.read(listen, 1)
        time.sleep(draw.uniform(0, 2 * between))  # and any moment of what follows
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.set_blocking(listen, False)
        with suppress(BlockingIOError):
            os.read(listen, 1_000_000)  # what it told before it died
        os.set_blocking(listen, True)
        if not os.WIFSIGNALED(status):  # it had ended already: no kill
            checkpoint.unlink()
            continue
        killed += 1
        unfinished += checkpoint.with_name(f".{checkpoint.name}.unfinished").exists()
        step = saved_step(checkpoint)
        steps[step] = steps.get(step, 0) + 1
        finish(start(kind, checkpoint, result))
        identical += result.read_text() == expected
        checkpoint.unlink()
    outcome = {
        "kills": killed,
        "identical": identical,
        "kills_by_last_saved_step": dict(sorted(steps.items())),
        "kills_while_writing": unfinished,
    }
    print(json.dumps(outcome))


def saved_step(path: Path) -> int:
    """Return the step of a checkpoint, 0 if there is none yet."""
    return torch.load(path, weights_only=True)["step"] if path.exists() else 0


if __name__ == "__main__":
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], seed)
