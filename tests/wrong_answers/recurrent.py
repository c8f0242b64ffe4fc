"""Answers to the exercises of chapter 15: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import math
from collections import Counter, defaultdict

import numpy as np
import torch
import torch.nn.functional as F

LETTERS = ".abcdefghijklmnopqrstuvwxyz"


def windows(name, n, ends=".", pad="."):
    text = pad * n + name + ends
    return [(text[i : i + n], text[i + n]) for i in range(len(text) - n)]


def windows_as_lists(name, n):
    result = []
    context = "." * n
    for letter in name + ".":
        result.append([context, letter])
        context = context[1:] + letter
    return result


def windows_by_zip(name, n):
    text = "." * n + name + "."
    contexts = map("".join, zip(*(text[i:] for i in range(n)), strict=False))
    return tuple(zip(contexts, text[n:], strict=False))


def windows_without_start(name, n):
    return windows(name, n)[1:]


def windows_of_one_stop(name, n):
    text = "." + name + "."
    return [(text[max(0, i - n) : i], text[i]) for i in range(1, len(text))]


def windows_only_inside(name, n):
    text = "." + name + "."
    return [(text[i : i + n], text[i + n]) for i in range(len(text) - n)]


def windows_swapped(name, n):
    return [(letter, context) for context, letter in windows(name, n)]


def at_temperature(shares, temperature):
    power = shares ** (1 / temperature)
    return power / power.sum()


def at_temperature_by_logs(shares, temperature):
    return (shares.log() / temperature).softmax(dim=0)


def at_temperature_in_numpy(shares, temperature):
    power = np.power(shares.numpy(), 1 / temperature)
    return (power / power.sum()).tolist()


def at_temperature_with_nan(shares, temperature):
    logits = shares * shares.log() / temperature
    return logits.softmax(dim=0)


def at_temperature_in_place(shares, temperature):
    shares **= 1 / temperature
    shares /= shares.sum()
    return shares


def last_by_index(states, lengths):
    return states[torch.arange(len(states)), lengths - 1]


def last_by_gather(states, lengths):
    places = (lengths - 1)[:, None, None].expand(-1, 1, states.shape[2])
    return states.gather(1, places)[:, 0]


def last_by_loop(states, lengths):
    return torch.stack([row[: int(n)][-1] for row, n in zip(states, lengths, strict=True)])


def gru_step(x, state, cell, keep=lambda z, old, new: z * old + (1 - z) * new):
    x_r, x_z, x_n = F.linear(x, cell.weight_ih, cell.bias_ih).chunk(3, dim=1)
    s_r, s_z, s_n = F.linear(state, cell.weight_hh, cell.bias_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + s_r), torch.sigmoid(x_z + s_z)
    return keep(z, state, torch.tanh(x_n + r * s_n))


def gru_step_by_slices(x, state, cell):
    n = state.shape[1]
    gates = []
    for part in (slice(0, n), slice(n, 2 * n), slice(2 * n, 3 * n)):
        one = x @ cell.weight_ih[part].T + cell.bias_ih[part]
        other = state @ cell.weight_hh[part].T + cell.bias_hh[part]
        gates.append((one, other))
    r = 1 / (1 + torch.exp(-sum(gates[0])))
    z = 1 / (1 + torch.exp(-sum(gates[1])))
    new = torch.tanh(gates[2][0] + r * gates[2][1])
    return new + z * (state - new)


@torch.no_grad()
def gru_step_in_numpy(x, state, cell):
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    w_x, w_s, b_x, b_s = (getattr(cell, name).numpy() for name in names)
    x, state = x.numpy(), state.numpy()
    x_r, x_z, x_n = np.split(np.einsum("bi,oi->bo", x, w_x) + b_x, 3, axis=1)
    s_r, s_z, s_n = np.split(np.einsum("bi,oi->bo", state, w_s) + b_s, 3, axis=1)
    r, z = 1 / (1 + np.exp(-x_r - s_r)), 1 / (1 + np.exp(-x_z - s_z))
    return (1 - z) * np.tanh(x_n + r * s_n) + z * state


def gru_reset_first(x, state, cell):
    x_r, x_z, x_n = F.linear(x, cell.weight_ih, cell.bias_ih).chunk(3, dim=1)
    w_r, w_z, w_n = cell.weight_hh.chunk(3)
    b_r, b_z, b_n = cell.bias_hh.chunk(3)
    r = torch.sigmoid(x_r + F.linear(state, w_r, b_r))
    z = torch.sigmoid(x_z + F.linear(state, w_z, b_z))
    new = torch.tanh(x_n + F.linear(r * state, w_n, b_n))
    return z * state + (1 - z) * new


def gru_order_swapped(x, state, cell):
    x_z, x_r, x_n = F.linear(x, cell.weight_ih, cell.bias_ih).chunk(3, dim=1)
    s_z, s_r, s_n = F.linear(state, cell.weight_hh, cell.bias_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + s_r), torch.sigmoid(x_z + s_z)
    return z * state + (1 - z) * torch.tanh(x_n + r * s_n)


def gru_without_reset(x, state, cell):
    _, x_z, x_n = F.linear(x, cell.weight_ih, cell.bias_ih).chunk(3, dim=1)
    _, s_z, s_n = F.linear(state, cell.weight_hh, cell.bias_hh).chunk(3, dim=1)
    z = torch.sigmoid(x_z + s_z)
    return z * state + (1 - z) * torch.tanh(x_n + s_n)


def gru_without_a_bias(x, state, cell):
    x_r, x_z, x_n = F.linear(x, cell.weight_ih, cell.bias_ih).chunk(3, dim=1)
    s_r, s_z, s_n = F.linear(state, cell.weight_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + s_r), torch.sigmoid(x_z + s_z)
    return z * state + (1 - z) * torch.tanh(x_n + r * s_n)


def count(names, longest):
    counts = [defaultdict(Counter) for _ in range(longest + 1)]
    for name in names:
        text = "." * longest + name + "."
        for place in range(longest, len(text)):
            for size in range(longest + 1):
                counts[size][text[place - size : place]][text[place]] += 1
    return counts


def mixed_counts(names, longest=4):
    counts = count(names, longest)

    def shares_after(beginning):
        text = "." * longest + beginning
        shares = [1 / 27] * 27
        for size, table in enumerate(counts):
            seen = table.get(text[len(text) - size :])
            if seen:
                total, kinds = sum(seen.values()), len(seen)
                shares = [
                    (seen[letter] + kinds * share) / (total + kinds)
                    for letter, share in zip(LETTERS, shares, strict=True)
                ]
        return shares

    return shares_after


def mixed_counts_in_numpy(names):
    counts = count(names, 3)

    def shares_after(beginning):
        text = "..." + beginning
        shares = np.full(27, 1 / 27)
        for size, table in enumerate(counts):
            seen = table.get(text[len(text) - size :], Counter())
            row = np.array([seen[letter] for letter in LETTERS])
            shares = (row + 5 * shares) / (row.sum() + 5)
        return shares

    return shares_after


def fixed_weights_in_torch(names):
    counts = count(names, 4)

    def shares_after(beginning):
        text = "...." + beginning
        shares = torch.full((27,), 1 / 27)
        for size, weight in ((0, 0.5), (1, 0.7), (2, 0.75), (3, 0.65), (4, 0.4)):
            seen = counts[size].get(text[len(text) - size :])
            if seen:
                row = torch.tensor([float(seen[letter]) for letter in LETTERS])
                shares = (1 - weight) * shares + weight * row / row.sum()
        return shares

    return shares_after


def frequencies(names):
    row = np.array([sum(name.count(letter) for name in names) for letter in LETTERS])
    row[0] = len(names)
    return lambda beginning: row / row.sum()


def longest_context_alone(names):
    counts = count(names, 4)

    def shares_after(beginning):
        seen = counts[4].get(("...." + beginning)[-4:], Counter())
        row = np.array([seen[letter] for letter in LETTERS], dtype=float)
        return row / row.sum() if row.sum() else np.full(27, 1 / 27)

    return shares_after


def counts_themselves(names):
    counts = count(names, 1)[1]
    return lambda beginning: [counts[("." + beginning)[-1]][letter] for letter in LETTERS]


def in_another_order(names):
    shares_after = mixed_counts(names)
    return lambda beginning: shares_after(beginning)[::-1]


def without_the_end(names):
    shares_after = mixed_counts(names)
    return lambda beginning: shares_after(beginning)[1:]


EACH, END = math.log(26 * 7 / 6), math.log(7)

RIGHT = {
    "15-1": [(6 * EACH + END) / 7, np.float64(3.203), torch.tensor(3.2), 3.2028],
    "15-2": [windows, windows_as_lists, windows_by_zip],
    "15-3": [at_temperature, at_temperature_by_logs, at_temperature_in_numpy],
    "15-4": [last_by_index, last_by_gather, last_by_loop],
    "15-5": [gru_step, gru_step_by_slices, gru_step_in_numpy],
    "15-6": [mixed_counts, mixed_counts_in_numpy, fixed_weights_in_torch],
}

WRONG = {
    "15-1": [
        (6 * EACH + END, "whole name"),
        ((6 * EACH + END) / 6, "seven"),
        (-(6 * EACH + END) / 7, "never negative"),
        (EACH, "cheaper"),
        (math.log(27), "how often names end"),
        ((6 * EACH + END) / 7 / math.log(2), "bits"),
        ((6 * EACH + END) / 7 / math.log(10), "natural logarithm"),
        (3.0, "add up what each costs"),
    ],
    "15-2": [
        (lambda name, n: windows(name, n, ends=""), "end is missing"),
        (windows_without_start, "has to be predicted"),
        (windows_of_one_stop, "full stops in front"),
        (windows_only_inside, "should begin with"),
        (windows_swapped, "full stops in front"),
        (lambda name, n: windows(name, n, pad=" "), "should begin with"),
        (lambda name, n: windows(name, n) * 2, "should begin with"),
        (lambda name, n: name, "list of pairs"),
    ],
    "15-3": [
        (lambda shares, t: shares ** (1 / t), "add up to 1 again"),
        (lambda shares, t: at_temperature(shares, 1 / t), "swapped"),
        (lambda shares, t: (shares / t).softmax(dim=0), "aren't logits"),
        (lambda shares, t: shares / t, "Divide the logits"),
        (lambda shares, t: shares, "changes nothing"),
        (at_temperature_with_nan, "NaN"),
        (at_temperature_in_place, "changed the shares"),
        (lambda shares, t: at_temperature(shares + 0.01, t), "stay 0"),
    ],
    "15-4": [
        (lambda states, lengths: states[:, -1], "last column"),
        (lambda states, lengths: states[torch.arange(len(states)), lengths], "One too far"),
        (lambda states, lengths: states[:, 0], "first state"),
        (lambda states, lengths: states[:, int(lengths.max()) - 1], "same place for all"),
        (lambda states, lengths: states.mean(dim=1), "mean"),
        (lambda states, lengths: states[:, lengths - 1], "shape"),
        (lambda states, lengths: states.amax(dim=1), "aren't the states"),
    ],
    "15-5": [
        (lambda x, s, c: gru_step(x, s, c, lambda z, old, new: (1 - z) * old + z * new), "replace"),
        (gru_reset_first, "after the matrix"),
        (gru_order_swapped, "swapped"),
        (gru_without_reset, "What is r for"),
        (gru_without_a_bias, "both biases"),
        (lambda x, s, c: gru_step(x, s, c, lambda z, old, new: new), "candidate"),
        (lambda x, s, c: s, "Not the same"),
    ],
    "15-6": [
        (lambda names: mixed_counts(names, 1), "table of pairs"),
        (lambda names: mixed_counts(names, 2), "Nearly"),
        (frequencies, "without looking"),
        (longest_context_alone, "costs infinitely much"),
        (counts_themselves, "not to 1"),
        (in_another_order, "no better than guessing"),
        (without_the_end, "27 shares"),
        (lambda names: [1 / 27] * 27, "Return a function"),
    ],
}
