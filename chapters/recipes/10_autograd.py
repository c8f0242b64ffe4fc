"""Write an engine for gradients, train a network on it, save it, ask it about a point."""

import numpy as np


class Tensor:
    made = 0

    def __init__(self, data, made_from=(), pass_back=None):
        self.data, self.made_from, self.pass_back = np.asarray(data), made_from, pass_back
        Tensor.made += 1
        self.number = Tensor.made

    def backward(self):
        found, waiting = {self}, [self]
        while waiting:
            new = set(waiting.pop().made_from) - found
            found, waiting = found | new, [*waiting, *new]
        gradients = {self: np.ones_like(self.data)}
        for tensor in sorted(found, key=lambda each: each.number, reverse=True):
            gradient = gradients.pop(tensor)
            if not tensor.made_from:
                tensor.grad = gradient
                continue
            for parent, given in zip(tensor.made_from, tensor.pass_back(gradient), strict=True):
                gradients[parent] = gradients.get(parent, 0) + given

    def __add__(self, row):  # [N, D] + [D]: the row was copied, so its gradients are added up
        return Tensor(self.data + row.data, (self, row), lambda g: (g, g.sum(axis=0)))

    def __matmul__(self, other):
        def back(g):
            return g @ other.data.T, self.data.T @ g

        return Tensor(self.data @ other.data, (self, other), back)

    def relu(self):
        return Tensor(np.maximum(self.data, 0), (self,), lambda g: (g * (self.data > 0),))

    def mean_squared_error(self, targets):
        error = self.data - targets
        return Tensor((error**2).mean(), (self,), lambda g: (g * 2 * error / error.size,))


def network(w, points):  # [N, 2] -> [N, 1]: above 0 means inside
    return (Tensor(points) @ w["in"] + w["bias"]).relu() @ w["out"] + w["shift"]


generator = np.random.default_rng(0)
points = generator.uniform(-1, 1, (600, 2))
targets = np.where((points**2).sum(axis=1, keepdims=True) < 0.6, 1.0, -1.0)
train, valid = slice(0, 400), slice(400, 600)
shapes = {"in": (2, 16), "bias": (16,), "out": (16, 1), "shift": (1,)}
w = {name: Tensor(generator.normal(0, 0.5, shape)) for name, shape in shapes.items()}
for step in range(1001):
    loss = network(w, points[train]).mean_squared_error(targets[train])
    loss.backward()
    for weights in w.values():
        weights.data -= 0.2 * weights.grad
    if step % 250 == 0:
        right = ((network(w, points[valid]).data > 0) == (targets[valid] > 0)).mean()
        print(f"step {step:4}: loss {loss.data:.3f}, {right:.1%} of new points right")
inside = (targets[valid] > 0).mean()
print(f"always the commoner answer: {max(inside, 1 - inside):.1%}")

np.savez("circle.npz", **{name: weights.data for name, weights in w.items()})
with np.load("circle.npz") as file:
    loaded = {name: Tensor(file[name]) for name in file}
score = network(loaded, np.array([[0.1, 0.2]])).data.item()
print(f"(0.1, 0.2) is {'inside' if score > 0 else 'outside'}")
