"""Answers to the exercises of chapter 19: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import numpy as np
import torch

ORDER = {
    "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
    "color": list("JIHGFED"),
    "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
}


def standardised(train, valid):
    mean, spread = train.mean(dim=0), train.std(dim=0)
    spread = torch.where(spread > 0, spread, 1.0)
    return (train - mean) / spread, (valid - mean) / spread


def standardised_in_numpy(train, valid):
    train, valid = train.numpy(), valid.numpy()
    spread = train.std(axis=0)
    spread[spread == 0] = 1
    return [(part - train.mean(axis=0)) / spread for part in (train, valid)]


def standardised_by_loop(train, valid):
    train, valid = train.clone(), valid.clone()
    for column in range(train.shape[1]):
        mean, spread = train[:, column].mean().item(), train[:, column].std().item()
        for part in (train, valid):
            part[:, column] = (part[:, column] - mean) / (spread or 1)
    return train, valid


def standardised_each(train, valid):
    return standardised(train, train)[0], standardised(valid, valid)[0]


def standardised_by_all(train, valid):
    return [standardised(torch.cat([train, valid]), part)[1] for part in (train, valid)]


def standardised_with_nan(train, valid):
    mean, spread = train.mean(dim=0), train.std(dim=0)
    return (train - mean) / spread, (valid - mean) / spread


def codes(train, new):
    place_of = {name: place for place, name in enumerate(sorted(set(train)), start=1)}
    return torch.tensor([place_of.get(value, 0) for value in new])


def codes_as_list(train, new):
    names = sorted(set(train))
    return [names.index(value) + 1 if value in names else 0 for value in new]


def codes_in_numpy(train, new):
    names = np.unique(train)
    new = np.asarray(new)
    places = np.searchsorted(names, new)
    known = names[np.minimum(places, len(names) - 1)] == new
    return np.where(known, places + 1, 0)


def codes_from_zero(train, new):
    names = sorted(set(train))
    return torch.tensor([names.index(value) if value in names else -1 for value in new])


def codes_of_all(train, new):
    return codes(train + new, new)


def codes_as_seen(train, new):
    names = list(dict.fromkeys(train))
    return [names.index(value) + 1 if value in names else 0 for value in new]


def codes_with_a_last(train, new):
    names = sorted(set(train))
    return [names.index(value) + 1 if value in names else len(names) + 1 for value in new]


def codes_that_stop(train, new):
    names = sorted(set(train))
    return [names.index(value) + 1 for value in new]


def free(column, edges):
    return (column[:, None] - edges[:-1]) / (edges[1:] - edges[:-1])


def open_pieces(column, edges):
    pieces = free(column, edges)
    low = torch.zeros(pieces.shape[1])
    high = torch.ones(pieces.shape[1])
    low[0], high[-1] = -torch.inf, torch.inf
    return torch.minimum(torch.maximum(pieces, low), high)


def open_pieces_by_loop(column, edges):
    columns = []
    n = len(edges) - 1
    for i in range(n):
        piece = (column - edges[i]) / (edges[i + 1] - edges[i])
        if i > 0:
            piece = piece.clamp(min=0)
        if i < n - 1:
            piece = piece.clamp(max=1)
        columns.append(piece)
    return torch.stack(columns, dim=1)


def open_pieces_in_numpy(column, edges):
    column, edges = column.numpy(), edges.numpy()
    result = np.empty((len(column), len(edges) - 1))
    for i in range(result.shape[1]):
        result[:, i] = (column - edges[i]) / (edges[i + 1] - edges[i])
    result[:, 1:] = np.maximum(result[:, 1:], 0)
    result[:, :-1] = np.minimum(result[:, :-1], 1)
    return result


def closed_pieces(column, edges):
    return free(column, edges).clamp(0, 1)


def open_below(column, edges):
    pieces = free(column, edges)
    return torch.cat([pieces[:, :1].clamp(max=1), pieces[:, 1:].clamp(0, 1)], dim=1)


def open_above(column, edges):
    pieces = free(column, edges)
    return torch.cat([pieces[:, :-1].clamp(0, 1), pieces[:, -1:].clamp(min=0)], dim=1)


def closed_if_alone(column, edges):
    return closed_pieces(column, edges) if len(edges) == 2 else open_pieces(column, edges)


def importance(predict, inputs, targets, groups):
    base = (predict(inputs) - targets).abs().mean()
    rises = []
    for group in groups:
        shuffled = inputs.clone()
        order = torch.randperm(len(inputs))
        for column in group:
            shuffled[:, column] = inputs[order, column]
        rises.append((predict(shuffled) - targets).abs().mean() - base)
    return torch.stack(rises)


def importance_at_once(predict, inputs, targets, groups):
    base = (predict(inputs) - targets).abs().mean()
    rises = []
    for group in groups:
        shuffled = inputs.clone()
        shuffled[:, group] = shuffled[torch.randperm(len(inputs))][:, group]
        rises.append(((predict(shuffled) - targets).abs().mean() - base).item())
    return rises


def importance_in_numpy(predict, inputs, targets, groups):
    dice = np.random.default_rng()
    base = np.abs(predict(inputs).numpy() - targets.numpy()).mean()
    rises = np.zeros(len(groups))
    for place, group in enumerate(groups):
        shuffled = inputs.numpy().copy()
        shuffled[:, group] = dice.permutation(shuffled[:, group], axis=0)
        guesses = predict(torch.from_numpy(shuffled)).numpy()
        rises[place] = np.abs(guesses - targets.numpy()).mean() - base
    return rises


def importance_errors(predict, inputs, targets, groups):
    rises = importance(predict, inputs, targets, groups)
    return rises + (predict(inputs) - targets).abs().mean()


def importance_in_place(predict, inputs, targets, groups):
    base = (predict(inputs) - targets).abs().mean()
    rises = []
    for group in groups:
        inputs[:, group] = inputs[torch.randperm(len(inputs))][:, group]
        rises.append((predict(inputs) - targets).abs().mean() - base)
    return rises


def importance_one_after_the_other(predict, inputs, targets, groups):
    return importance_in_place(predict, inputs.clone(), targets, groups)


def importance_in_several_orders(predict, inputs, targets, groups):
    base = (predict(inputs) - targets).abs().mean()
    rises = []
    for group in groups:
        shuffled = inputs.clone()
        for column in group:
            shuffled[:, column] = inputs[torch.randperm(len(inputs)), column]
        rises.append((predict(shuffled) - targets).abs().mean() - base)
    return rises


def importance_added_up(predict, inputs, targets, groups):
    rises = []
    for group in groups:
        singles = importance(predict, inputs, targets, [[column] for column in group])
        rises.append(singles.sum())
    return rises


def importance_of_zeros(predict, inputs, targets, groups):
    base = (predict(inputs) - targets).abs().mean()
    rises = []
    for group in groups:
        without = inputs.clone()
        without[:, group] = 0
        rises.append((predict(without) - targets).abs().mean() - base)
    return rises


def interval(first, second, z=1.96):
    difference = first - second
    half = z * difference.std() / len(difference) ** 0.5
    return difference.mean() - half, difference.mean() + half


def interval_in_numpy(first, second):
    difference = first.numpy() - second.numpy()
    half = 1.96 * difference.std() / np.sqrt(len(difference))
    return np.array([difference.mean() - half, difference.mean() + half])


def interval_by_floats(first, second):
    differences = [a - b for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    mean = sum(differences) / len(differences)
    variance = sum((d - mean) ** 2 for d in differences) / (len(differences) - 1)
    half = 1.96 * (variance / len(differences)) ** 0.5
    return [mean - half, mean + half]


def interval_unpaired(first, second):
    half = 1.96 * ((first.var() + second.var()) / len(first)) ** 0.5
    middle = first.mean() - second.mean()
    return middle - half, middle + half


def interval_of_single_differences(first, second):
    difference = first - second
    return difference.mean() - 1.96 * difference.std(), difference.mean() + 1.96 * difference.std()


def inputs_of(table, edges, bends=True):
    """Return one row of numbers for each diamond: pieces, grades as columns of 0 and 1, a 1."""
    columns = [np.ones((len(table["carat"]), 1))]
    for name, edge in edges.items():
        column = table[name][:, None].astype(np.float64)
        pieces = np.clip((column - edge[:-1]) / np.diff(edge), 0, 1)
        columns.append(pieces if bends else column)
    for name, grades in ORDER.items():
        columns.append(np.stack([table[name] == grade for grade in grades[1:]], axis=1))
    return np.concatenate(columns, axis=1)


def pieces_by_least_squares(table, bends=True):
    edges = {}
    for name in ("carat", "depth", "table", "x", "y", "z"):
        edges[name] = np.unique(np.quantile(table[name], np.linspace(0, 1, 25)))
    inputs = inputs_of(table, edges, bends)
    ridge = 0.1 * np.eye(inputs.shape[1])
    solution = np.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ np.log(table["price"]))
    return lambda new: np.exp(inputs_of(new, edges, bends) @ solution)


def pieces_in_torch(table):
    prices_of = pieces_by_least_squares(table)
    return lambda new: torch.from_numpy(prices_of(new))[:, None]


def boosted(table):
    from xgboost import XGBRegressor

    def matrix(part):
        columns = [part[name] for name in ("carat", "depth", "table", "x", "y", "z")]
        for name, grades in ORDER.items():
            columns.append(np.array([grades.index(value) for value in part[name]]))
        return np.stack(columns, axis=1)

    model = XGBRegressor(n_estimators=300, learning_rate=0.05, max_depth=6, n_jobs=1)
    model.fit(matrix(table), np.log(table["price"]))
    return lambda new: np.exp(model.predict(matrix(new))).tolist()


def straight(table):
    return pieces_by_least_squares(table, bends=False)


def only_the_weight(table):
    slope, start = np.polyfit(np.log(table["carat"]), np.log(table["price"]), 1)
    return lambda new: np.exp(start + slope * np.log(new["carat"]))


RIGHT = {
    "19-1": [76, 76.0, np.float64(76), torch.tensor(76.0), 100 * (310 - 272) / (310 - 260)],
    "19-2": [standardised, standardised_in_numpy, standardised_by_loop],
    "19-3": [codes, codes_as_list, codes_in_numpy],
    "19-4": [open_pieces, open_pieces_by_loop, open_pieces_in_numpy],
    "19-5": [importance, importance_at_once, importance_in_numpy],
    "19-6": [interval, interval_in_numpy, interval_by_floats],
    "19-7": [pieces_by_least_squares, pieces_in_torch, boosted],
}

WRONG = {
    "19-1": [
        (0.76, "per cent"),
        (24, "left of the gap"),
        (38, "dollars won"),
        (100 * 38 / 310, "shrank"),
        (100 * 260 / 272, "compares two errors"),
        (50, "How far"),
    ],
    "19-2": [
        (standardised_each, "own mean"),
        (standardised_by_all, "all rows"),
        (standardised_with_nan, "constant"),
        (lambda t, v: (t - t.mean(dim=0), v - t.mean(dim=0)), "not divided"),
        (lambda t, v: (standardised(t, v)[0], v), "training rows are right"),
        (lambda t, v: standardised(t, v)[1], "two tensors"),
    ],
    "19-3": [
        (codes_from_zero, "Count from 1"),
        (codes_of_all, "had a say"),
        (codes_as_seen, "in which they came"),
        (codes_with_a_last, "should be 0"),
        (codes_that_stop, "stopped"),
        (lambda train, new: torch.zeros(len(new)), "it should be"),
    ],
    "19-4": [
        (closed_pieces, "outer edges"),
        (free, "nothing is cut off"),
        (open_below, "last piece"),
        (open_above, "first piece"),
        (closed_if_alone, "outer edges"),
        (lambda column, edges: free(column, edges).T, "shape"),
    ],
    "19-5": [
        (importance_errors, "rise"),
        (importance_in_place, "caller's own"),
        (importance_one_after_the_other, "before"),
        (importance_in_several_orders, "One order"),
        (importance_added_up, "added up"),
        (importance_of_zeros, "one value"),
        (lambda p, x, y, groups: -importance(p, x, y, groups), "wrong way round"),
        (lambda p, x, y, groups: torch.zeros(len(groups)), "really shuffled"),
    ],
    "19-6": [
        (lambda a, b: interval(b, a), "second minus first"),
        (interval_unpaired, "same rows"),
        (interval_of_single_differences, "single differences"),
        (lambda a, b: interval(a, b, z=1), "1.96"),
        (lambda a, b: interval(a, b)[::-1], "lower end"),
        (lambda a, b: (a - b).mean(), "shape"),
    ],
    "19-7": [
        (straight, "bend"),
        (only_the_weight, "grades"),
        (lambda table: lambda new: np.full(len(new["x"]), np.median(table["price"])), "same price"),
        (lambda table: lambda new: np.log(pieces_by_least_squares(table)(new)), "dollars"),
        (lambda table: pieces_by_least_squares(table)(table), "Return a function"),
        (lambda table: lambda new: pieces_by_least_squares(table)(new)[:10], "one price"),
    ],
}
