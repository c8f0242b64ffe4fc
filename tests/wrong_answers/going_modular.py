"""Answers to the exercises of chapter 05: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import argparse
import copy
import math
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from torchbook.metrics import confusion_matrix


def measures_by_loop(model, inputs, targets):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    n_right = 0
    with torch.no_grad():
        for x, y in zip(inputs, targets, strict=True):
            n_right += int(model(x.unsqueeze(0)).argmax() == y)
    for module, mode in modes.items():
        module.training = mode
    return n_right / len(targets)


def measures_with_numpy(model, inputs, targets):
    was_training = model.training
    answers = model.eval()(inputs).detach().numpy().argmax(axis=1)
    if was_training:
        model.train()
    return np.mean(answers == targets.numpy())


def measures_in_float64(model, inputs, targets):
    training = model.training
    right = model.train(False)(inputs).max(1).indices.eq(targets)
    model.train(training)
    return right.double().mean().item()


def counts_too_many(model, inputs, targets):
    return measures_in_float64(model, inputs, targets) * len(targets) / 80


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


def tests_where_it_comes_from(confusion):
    assert confusion.__module__ == "torchbook.metrics"


def tests_what_it_is_called(confusion):
    assert confusion.__name__ == confusion.__qualname__ == "confusion_matrix"


def tests_values_alone(confusion):
    counts = confusion(torch.tensor([1, 1, 1, 0]), torch.tensor([0, 0, 0, 1]), 3)
    assert torch.equal(counts.long(), torch.tensor([[0, 3, 0], [1, 0, 0], [0, 0, 0]]))
    assert not (counts % 1).any()


def tests_by_list(confusion):
    counts = confusion(torch.tensor([1, 1, 2]), torch.tensor([0, 0, 2]), n_classes=4)
    assert counts.dtype is torch.int64
    assert counts.tolist() == [[0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def tests_at_random(confusion):
    generator = torch.Generator().manual_seed(3)
    predictions, targets = torch.randint(0, 5, (2, 200), generator=generator)
    counts = confusion(predictions, targets, 7)
    expected = np.zeros((7, 7), dtype=np.int64)
    np.add.at(expected, (targets.numpy(), predictions.numpy()), 1)
    assert counts.numpy().dtype == np.int64
    assert (counts.numpy() == expected).all()


def tests_against_another(confusion):
    labels = torch.tensor([1, 0, 0]), torch.tensor([2, 1, 1])
    torch.testing.assert_close(confusion(*labels, 4), confusion_matrix(*labels, 4))


def writes_in_binary(path, text):
    data = text.encode("utf-8")
    unfinished = path.parent / "unfinished"
    unfinished.write_bytes(data)
    os.replace(unfinished, path)  # noqa: PTH105 - another style


def writes_to_a_temporary(path, text):
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, delete=False, encoding="utf-8", newline=""
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        except UnicodeError:
            Path(file.name).unlink()
            raise
    shutil.move(file.name, path)


def writes_then_renames(path, text):
    unfinished = path.with_suffix(".new")
    try:
        with open(unfinished, "w", encoding="utf-8") as file:  # noqa: PTH123 - another style
            file.write(text)
    except Exception:
        unfinished.unlink()
        raise
    unfinished.rename(path)


def moves_the_old_away(path, text):
    old = path.with_suffix(".old")
    if path.exists():
        path.rename(old)
    try:
        path.write_text(text, encoding="utf-8")
    except UnicodeError:
        path.unlink(missing_ok=True)
        old.rename(path)
        raise
    old.unlink(missing_ok=True)


def deletes_at_the_last_moment(path, text):
    unfinished = path.with_suffix(".new")
    try:
        unfinished.write_text(text, encoding="utf-8")
        path.unlink(missing_ok=True)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


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


def overrides_by_comprehension(settings, override):
    name, value = override.split("=")
    section, key = name.split(".")
    settings[section][key]
    return {
        s: {k: int(value) if (s, k) == (section, key) else v for k, v in inner.items()}
        for s, inner in settings.items()
    }


def overrides_a_deep_copy(settings, override):
    place, value = override.rsplit("=", 1)
    section, key = place.split(".", 1)
    if section not in settings or key not in settings[section]:
        raise KeyError(place)
    new = copy.deepcopy(settings)
    new[section].update({key: int(value)})
    return new


def overrides_with_numpy(settings, override):
    place, value = override.split("=")
    section, key = place.split(".")
    changed = dict(settings[section])
    if key not in changed:
        raise KeyError(key)
    changed[key] = np.int64(value)
    return settings | {section: changed}


def overrides_with_a_float(settings, override):
    name, value = override.split("=")
    section, key = name.split(".")
    return {**settings, section: {**settings[section], key: float(value)}}


def overrides_digits(settings, override):
    name, value = override.split("=")
    section, key = name.split(".")
    return {**settings, section: {**settings[section], key: int(value[-1])}}


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


def parser_of(**changes):
    """Return a right parser, but for the arguments of options that are changed."""
    arguments = {
        "photos": {},
        "--epochs": {"type": int, "default": 16},
        "--lr": {"type": float, "default": 0.003},
        "--model": {"choices": ["tiny", "small"], "default": "tiny"},
        "--resume": {"action": "store_true"},
    }
    for name, changed in changes.items():
        key = name if name == "photos" else f"--{name}"
        arguments[key] = changed
    parser = argparse.ArgumentParser()
    for name, options in arguments.items():
        parser.add_argument(name, **options)
    return parser


def one_parser_after_another(words):
    return parser_of().parse_args(words)


def without_abbreviations(words):
    parser = argparse.ArgumentParser(allow_abbrev=False, description="Train.")
    parser.add_argument("photos", type=str, help="a folder")
    parser.add_argument("--epochs", "-e", type=int, default="16")
    parser.add_argument("--lr", "--learning-rate", type=float, default=3e-3)
    parser.add_argument("--model", default="tiny", choices=("tiny", "small"))
    parser.add_argument("--resume", action="store_const", const=True, default=False)
    return parser.parse_args(args=words)


def with_a_boolean_option(words):
    parser = argparse.ArgumentParser(prog="train")
    parser.add_argument("--epochs", dest="epochs", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--model", choices=["small", "tiny"])
    parser.add_argument("--resume", action=argparse.BooleanOptionalAction)
    parser.add_argument("photos", nargs=None)
    parser.set_defaults(epochs=16, lr=0.003, model="tiny", resume=False)
    return parser.parse_args(words)


def forgets_the_types(words):
    return parser_of(epochs={"default": 16}, lr={"default": 0.003}).parse_args(words)


def rounds_epochs(words):
    return parser_of(epochs={"type": lambda x: int(float(x)), "default": 16}).parse_args(words)


def resumes_by_value(words):
    return parser_of(resume={"type": bool, "default": False}).parse_args(words)


def knows_no_choices(words):
    return parser_of(model={"default": "tiny"}).parse_args(words)


def ignores_the_unknown(words):
    return parser_of().parse_known_args(words)[0]


def needs_no_photos(words):
    return parser_of(photos={"nargs": "?"}).parse_args(words)


def returns_the_parser(words):
    return parser_of()


def other_defaults(words):
    return parser_of(lr={"type": float, "default": 0.03}).parse_args(words)


def survives(step, n_steps, path):
    generator = torch.Generator()
    generator.manual_seed(0)
    saved = {"done": 0, "state": torch.zeros(3), "random": generator.get_state()}
    if os.path.exists(path):  # noqa: PTH110 - another style
        saved = torch.load(path, weights_only=True)
    generator.set_state(saved["random"])
    for i in range(saved["done"], n_steps):
        state = step(saved["state"], generator)
        saved = {"done": i + 1, "state": state, "random": generator.get_state()}
        torch.save(saved, path)
    return saved["state"]


def survives_recursively(step, n_steps, path):
    generator = torch.Generator().manual_seed(0)
    try:
        done, state, random = torch.load(path)
    except FileNotFoundError:
        done, state, random = 0, torch.zeros(3), generator.get_state()
    if done == n_steps:
        return state
    generator.set_state(random)
    state = step(state, generator)
    torch.save([done + 1, state, generator.get_state()], path)
    return survives_recursively(step, n_steps, path)


def survives_by_history(step, n_steps, path):
    generator = torch.Generator().manual_seed(0)
    states, randoms = [torch.zeros(3)], [generator.get_state()]
    if Path(path).exists():
        states, randoms = torch.load(path, weights_only=True)
    generator.set_state(randoms[-1])
    while len(states) <= n_steps:
        states.append(step(states[-1].clone(), generator))
        randoms.append(generator.get_state())
        torch.save((states, randoms), Path(path))
    return states[-1]


def saves_afterwards(step, n_steps, path):
    generator = torch.Generator().manual_seed(0)
    state, done = torch.zeros(3), 0
    try:
        while done < n_steps:
            state = step(state, generator)
            done += 1
    finally:  # whatever the broken step drew is in the generator's state, too
        torch.save((done, state, generator.get_state()), path)
    return state


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


def begins_again(step, n_steps, path):
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


def saves_at_the_best_moment(save_seconds, seconds_between_kills):
    return max(1, round(math.sqrt(2 * save_seconds * seconds_between_kills)))


def saves_by_search(save_seconds, seconds_between_kills):
    costs = []
    for every in range(1, 3_000):
        kills = math.exp((every + save_seconds) / seconds_between_kills) - 1
        costs.append(kills / every)
    return np.argmin(costs) + 1


def saves_by_a_rule(save_seconds, seconds_between_kills):
    return torch.tensor(2.0 * save_seconds * seconds_between_kills).sqrt().long()


def saves_every_time(save_seconds, seconds_between_kills):
    return 1


def saves_every_283_steps(save_seconds, seconds_between_kills):
    return 283


def saves_just_before_the_kill(save_seconds, seconds_between_kills):
    return seconds_between_kills


def saves_before_it_starts(save_seconds, seconds_between_kills):
    return save_seconds // seconds_between_kills


def saves_between_steps(save_seconds, seconds_between_kills):
    return math.sqrt(2 * save_seconds * seconds_between_kills)


def saves_too_often(save_seconds, seconds_between_kills):
    return math.isqrt(seconds_between_kills)


RIGHT = {
    "05-1": [96, 96.0, np.int64(96), torch.tensor(96), 5 * math.ceil(1_000 / 32) - 64],
    "05-2": [measures_by_loop, measures_with_numpy, measures_in_float64],
    "05-3": [tests_by_list, tests_at_random, tests_against_another],
    "05-4": [writes_in_binary, writes_to_a_temporary, writes_then_renames],
    "05-5": [overrides_by_comprehension, overrides_a_deep_copy, overrides_with_numpy],
    "05-6": [one_parser_after_another, without_abbreviations, with_a_boolean_option],
    "05-7": [survives, survives_recursively, survives_by_history],
    "05-8": [saves_at_the_best_moment, saves_by_search, saves_by_a_rule],
}

WRONG = {
    "05-1": [
        (85, "nothing were lost"),
        (93, "isn't full"),
        (11, "are lost"),
        (64, "How many are left"),
        (np.int64(160), "the whole run"),
        (96.5, "whole number"),
        ("96", "whole number"),
        (97, "First the steps"),
    ],
    "05-2": [
        (forgets_eval, "takes notes"),
        (leaves_it_in_eval, "training mode before"),
        (always_trains_on, "evaluation mode before"),
        (returns_a_tensor, "Python float"),
        (counts_only, "not 0.75"),
        (counts_too_many, "4 of 7"),
    ],
    "05-3": [
        (tests_nothing, "says nothing"),
        (tests_the_wrong_way_round, "Rows are true classes"),
        (tests_symmetric_labels, "swapped"),
        (tests_all_classes_present, "larger than your largest"),
        (tests_single_pairs, "however often"),
        (tests_by_an_error_of_its_own, "stopped with TypeError"),
        (tests_where_it_comes_from, "fails on a confusion matrix that is right"),
        (tests_what_it_is_called, "fails on a confusion matrix that is right"),
        (tests_values_alone, "int64 was promised"),
    ],
    "05-4": [
        (overwrites, "the old one is gone"),
        (encodes_first, "written over"),
        (leaves_a_copy, "something else"),
        (leaves_the_unfinished, "unfinished file"),
        (deletes_first, "the old one is gone"),
        (swallows_the_error, "must hear of it"),
        (writes_latin, "UTF-8"),
        (moves_the_old_away, "there is no file at the path"),
        (deletes_at_the_last_moment, "there is no file at the path"),
    ],
    "05-5": [
        (overrides_in_place, "have changed"),
        (overrides_a_shallow_copy, "shares the inner ones"),
        (overrides_with_text, "text"),
        (accepts_unknown_keys, "misspelt"),
        (forgets_the_rest, "all others stay"),
        (overrides_with_a_float, "a float"),
        (overrides_digits, "should be -12"),
    ],
    "05-6": [
        (forgets_the_types, "Words stay words"),
        (rounds_epochs, "no whole number"),
        (resumes_by_value, "was refused"),
        (knows_no_choices, "lists choices"),
        (ignores_the_unknown, "parse_known_args"),
        (needs_no_photos, "empty command line"),
        (returns_the_parser, "has no photos"),
        (other_defaults, "lr should be 0.003"),
    ],
    "05-7": [
        (never_saves, "no file"),
        (saves_at_the_end, "no file"),
        (another_seed, "seed 0"),
        (begins_again, "more steps"),
        (forgets_the_generator, "What else"),
        (swallows_the_break, "Let it pass"),
        (saves_afterwards, "more steps"),
    ],
    "05-8": [
        (saves_every_time, "One number"),
        (saves_every_283_steps, "One number"),
        (saves_just_before_the_kill, "more often"),
        (saves_before_it_starts, "at least one step"),
        (saves_between_steps, "whole number"),
        (saves_too_often, "less often"),
    ],
}
