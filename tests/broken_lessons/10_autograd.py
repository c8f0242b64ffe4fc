"""Ways to break the lessons of chapter 10, each with the claim that must notice."""

BROKEN = [
    # The slopes of a product, exchanged.
    (
        "(self, other), (other.data, self.data))",
        "(self, other), (self.data, other.data))",
        "recursion_a",
    ),
    # Writes over what other paths have brought.
    ("parent.grad += slope * value.grad", "parent.grad = slope * value.grad", "recursion_a"),
    # The same in the version with the sort.
    ("gradients.get(parent, 0.0) + slope * gradient", "slope * gradient", "sorted_a"),
    # Multiplies by the parent's number, not by the slope.
    (
        "gradients.get(parent, 0.0) + slope * gradient",
        "gradients.get(parent, 0.0) + parent.data * gradient",
        "sorted_a",
    ),
    # PyTorch computes with short numbers.
    (
        "torch.tensor(x, dtype=torch.float64, requires_grad=True)",
        "torch.tensor(x, requires_grad=True)",
        "graphs",
    ),
    # Tells nobody.
    ("        pass_back(parent)\n", "        pass\n", "recursion_a"),
    # Forgets what was there.
    ("            value.grad += gradient  #", "            value.grad = gradient  #", "twice"),
    # Steps of no length. (Uphill, Python's numbers overflow before the claim.)
    ("value.data -= 0.1 * value.grad", "value.data -= 0.0 * value.grad", "circle"),
    # The mean over copies.
    (
        "gradient = gradient.sum(axis=axis, keepdims=True)",
        "gradient = gradient.mean(axis=axis, keepdims=True)",
        "checked",
    ),
    # A place that was taken twice gets one gradient.
    ("np.add.at(gradient, places, g)", "gradient[places] = g", "checked"),
    # A power without its factor.
    ("(g * n * self.data ** (n - 1),)", "(g * self.data ** (n - 1),)", "checked"),
    # The way back of exp without its slope.
    ("lambda g: (g * result,)", "lambda g: (g,)", "checked"),
    # One gradient for both halves of a product.
    ("(g * other.data, g * self.data)", "(g * other.data, g * other.data)", "checked"),
    # The planted bug isn't one.
    ("(g * (g > 0),)", "(g * (self.data > 0),)", "planted"),
    # Another start for PyTorch.
    (
        "theirs[name] = torch.tensor(array, requires_grad=True)",
        "theirs[name] = torch.tensor(1.01 * array, requires_grad=True)",
        "gpt_gradients",
    ),
    # Steps too small to learn anything.
    ("weights.data -= 0.7 *", "weights.data -= 0.0007 *", "gpt_learns"),
    # The rounding tells the truth.
    (
        "        return gradient\n\n\nx = torch.tensor([0.3, 1.7]",
        "        return gradient * 0\n\n\nx = torch.tensor([0.3, 1.7]",
        "gradcheck",
    ),
]
