"""An engine for gradients and a network on it: train, save, load, and ask about a point."""

import numpy as np


class Tensor:
    made = 0

    def __init__(self, data, made_from=(), pass_back=None):
        Tensor.made += 1
        self.data, self.grad, self.number = np.asarray(data, dtype=float), 0.0, Tensor.made
        self.made_from, self.pass_back = made_from, pass_back

    def __add__(self, b):
        return Tensor(self.data + b.data, (self, b), lambda g: (g, g))

    def __mul__(self, b):
        return Tensor(self.data * b.data, (self, b), lambda g: (g * b.data, g * self.data))

    def __matmul__(self, b):
        return Tensor(self.data @ b.data, (self, b), lambda g: (g @ b.data.T, self.data.T @ g))

    def relu(self):
        return Tensor(np.maximum(self.data, 0), (self,), lambda g: (g * (self.data > 0),))

    def mean(self):  # of all numbers
        ones = np.ones(self.data.shape)
        return Tensor(self.data.mean(), (self,), lambda g: (g * ones / ones.size,))

    def backward(self):
        found, waiting = {self}, [self]
        while waiting:
            for parent in waiting.pop().made_from:
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        gradients = {self: np.ones(self.data.shape)}
        for tensor in sorted(found, key=lambda each: each.number, reverse=True):  # youngest first
            gradient = gradients.pop(tensor)
            if not tensor.made_from:
                tensor.grad = tensor.grad + gradient
                continue
            for parent, given in zip(tensor.made_from, tensor.pass_back(gradient), strict=True):
                while given.ndim > parent.data.ndim:  # what broadcasting copied is added up
                    given = given.sum(axis=0)
                gradients[parent] = gradients.get(parent, 0.0) + given


def network(w, points):  # [N, 2] -> [N, 1]: above 0 means inside
    return (Tensor(points) @ w["in"] + w["bias"]).relu() @ w["out"] + w["shift"]


generator = np.random.default_rng(0)
points = generator.uniform(-1, 1, (600, 2))  # 400 to learn from, 200 new ones
targets = np.where((points**2).sum(axis=1, keepdims=True) < 0.6, 1.0, -1.0)
shapes = {"in": (2, 16), "bias": (16,), "out": (16, 1), "shift": (1,)}
w = {name: Tensor(generator.normal(0, 0.5, shape)) for name, shape in shapes.items()}
for step in range(1000):
    error = network(w, points[:400]) + Tensor(-targets[:400])
    (error * error).mean().backward()
    for weights in w.values():
        weights.data -= 0.2 * (1 - step / 1000) * weights.grad
        weights.grad = 0.0  # the next backward adds to it
right = (network(w, points[400:]).data > 0) == (targets[400:] > 0)
print(f"{right.mean():.1%} of new points right; {(targets[400:] > 0).mean():.1%} are inside")
np.savez("circle.npz", **{name: weights.data for name, weights in w.items()})
with np.load("circle.npz") as file:
    loaded = {name: Tensor(file[name]) for name in file}
is_inside = network(loaded, [[0.1, 0.2]]).data.item() > 0  # a batch of one point, [1, 2]
print("(0.1, 0.2) is inside:", is_inside)
