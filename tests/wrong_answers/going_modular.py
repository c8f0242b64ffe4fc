"""Typical wrong answers to the exercises of chapter 05, each with a part of the intended hint."""

import math
from pathlib import Path

import torch

from torchbook.metrics import confusion_matrix


def forgets_eval(model, inputs, targets):
    return (model(inputs).argmax(dim=1) == targets).float().mean().item()


def leaves_it_in_eval(model, inputs, targets):
    model.eval()
    return (model(inputs).argmax(dim=1) == targets).float().mean().item()


def always_trains_on(model, inputs, targets):
    model.eval()
    result = (model(inputs).argmax(dim=1) == targets).float().mean().item()
    model.train()
    return result


def returns_a_tensor(model, inputs, targets):
    training = model.training
    result = (model.eval()(inputs).argmax(dim=1) == targets).float().mean()
    model.train(training)
    return result


def counts_only(model, inputs, targets):
    training = model.training
    result = float((model.eval()(inputs).argmax(dim=1) == targets).sum())
    model.train(training)
    return result


def tests_nothing(confusion):
    confusion(torch.tensor([0]), torch.tensor([0]), 2)


def tests_the_wrong_way_round(confusion):
    counts = confusion(torch.tensor([1, 1]), torch.tensor([0, 0]), 2)
    assert counts.tolist() == [[0, 0], [2, 0]]


def tests_symmetric_labels(confusion):
    counts = confusion(torch.tensor([0, 1, 0, 1]), torch.tensor([0, 1, 1, 0]), 2)
    assert counts.tolist() == [[1, 1], [1, 1]]


def tests_all_classes_present(confusion):
    counts = confusion(torch.tensor([1, 1, 1]), torch.tensor([0, 0, 1]), 2)
    assert counts.tolist() == [[0, 2], [0, 1]]


def tests_single_pairs(confusion):
    counts = confusion(torch.tensor([1, 1]), torch.tensor([0, 1]), 3)
    assert counts.tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 0]]


def tests_by_an_error_of_its_own(confusion):
    return confusion_matrix[0]


def overwrites(path, text):
    path.write_text(text, encoding="utf-8")


def encodes_first(path, text):
    path.write_bytes(text.encode())


def leaves_a_copy(path, text):
    unfinished = path.with_suffix(".new")
    unfinished.write_text(text, encoding="utf-8")
    path.write_bytes(unfinished.read_bytes())


def leaves_the_unfinished(path, text):
    unfinished = path.with_suffix(".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def deletes_first(path, text):
    path.unlink(missing_ok=True)
    unfinished = path.with_suffix(".new")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def swallows_the_error(path, text):
    unfinished = path.with_suffix(".new")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except UnicodeEncodeError:
        unfinished.unlink()


def writes_latin(path, text):
    unfinished = path.with_suffix(".new")
    unfinished.write_text(text, encoding="latin-1")
    unfinished.replace(path)


def overrides_in_place(settings, override):
    name, value = override.split("=")
    section, key = name.split(".")
    settings[section][key] = int(value)
    return settings


def overrides_a_shallow_copy(settings, override):
    return overrides_in_place(dict(settings), override)


def overrides_with_text(settings, override):
    name, value = override.split("=")
    section, key = name.split(".")
    return {**settings, section: {**settings[section], key: value}}


def accepts_unknown_keys(settings, override):
    name, value = override.split("=")
    section, key = name.split(".")
    return {**settings, section: {**settings[section], key: int(value)}}


def forgets_the_rest(settings, override):
    name, value = override.split("=")
    section, key = name.split(".")
    return {section: {key: int(value)}}


def compares_with_the_one_before(losses, patience):
    worse = 0
    for epoch in range(2, len(losses) + 1):
        worse = worse + 1 if losses[epoch - 1] >= losses[epoch - 2] else 0
        if worse >= patience:
            return epoch
    return len(losses)


def counts_from_zero(losses, patience):
    best = 0
    for place, loss in enumerate(losses):
        if loss < losses[best]:
            best = place
        if place - best >= patience:
            return place
    return len(losses)


def waits_too_long(losses, patience):
    best = 0
    for place, loss in enumerate(losses):
        if loss < losses[best]:
            best = place
        if place - best > patience:
            return place + 1
    return len(losses)


def takes_equal_for_better(losses, patience):
    best_epoch, best = 0, math.inf
    for epoch, loss in enumerate(losses, start=1):
        if loss <= best:
            best_epoch, best = epoch, loss
        if epoch - best_epoch >= patience:
            return epoch
    return len(losses)


def never_saves(step, n_steps, path):
    generator, state = torch.Generator().manual_seed(0), torch.zeros(3)
    for _ in range(n_steps):
        state = step(state, generator)
    return state


def saves_at_the_end(step, n_steps, path):
    state = never_saves(step, n_steps, path)
    torch.save(state, path)
    return state


def another_seed(step, n_steps, path):
    generator, state = torch.Generator().manual_seed(1), torch.zeros(3)
    for _ in range(n_steps):
        state = step(state, generator)
    return state


def begins_anew(step, n_steps, path):
    generator, state = torch.Generator().manual_seed(0), torch.zeros(3)
    for _ in range(n_steps):
        state = step(state, generator)
        torch.save(state, path)
    return state


def forgets_the_generator(step, n_steps, path):
    generator, done, state = torch.Generator().manual_seed(0), 0, torch.zeros(3)
    if Path(path).exists():
        done, state = torch.load(path, weights_only=True)
    while done < n_steps:
        state = step(state, generator)
        done += 1
        torch.save((done, state), path)
    return state


def swallows_the_break(step, n_steps, path):
    generator, state = torch.Generator().manual_seed(0), torch.zeros(3)
    for _ in range(n_steps):
        try:
            state = step(state, generator)
        except Exception:
            break
    return state


WRONG = {
    "05-1": [
        (1719.0, "should be a int"),
        (5157, "counts batches"),
        (430, "one epoch"),
        (1287, "last group"),
        (100, "groups of four"),
    ],
    "05-2": [
        (forgets_eval, "dropout"),
        (leaves_it_in_eval, "training mode before"),
        (always_trains_on, "evaluation mode before"),
        (returns_a_tensor, "Python float"),
        (counts_only, "0.75"),
    ],
    "05-3": [
        (tests_nothing, "says nothing"),
        (tests_the_wrong_way_round, "Rows are true classes"),
        (tests_symmetric_labels, "swapped"),
        (tests_all_classes_present, "larger than your largest"),
        (tests_single_pairs, "however often"),
        (tests_by_an_error_of_its_own, "stopped with TypeError"),
    ],
    "05-4": [
        (overwrites, "the old one is gone"),
        (encodes_first, "written over"),
        (leaves_a_copy, "something else"),
        (leaves_the_unfinished, "unfinished file"),
        (deletes_first, "the old one is gone"),
        (swallows_the_error, "must hear of it"),
        (writes_latin, "UTF-8"),
    ],
    "05-5": [
        (overrides_in_place, "have changed"),
        (overrides_a_shallow_copy, "shares the inner ones"),
        (overrides_with_text, "text"),
        (accepts_unknown_keys, "misspelt"),
        (forgets_the_rest, "all others stay"),
    ],
    "05-6": [
        (compares_with_the_one_before, "better than the best"),
        (counts_from_zero, "Epochs count from 1"),
        (waits_too_long, "One too many"),
        (takes_equal_for_better, "Equal is no new best"),
        (lambda losses, patience: losses.index(min(losses)) + 1, "best epoch"),
    ],
    "05-7": [
        (never_saves, "no file"),
        (saves_at_the_end, "no file"),
        (another_seed, "seed 0"),
        (begins_anew, "more steps"),
        (forgets_the_generator, "What else"),
        (swallows_the_break, "Let it pass"),
    ],
}
