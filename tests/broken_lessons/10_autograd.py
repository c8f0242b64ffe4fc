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
    ("        tell_parents(parent)\n", "        pass\n", "recursion_a"),
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
    (
        "return each(u.data**n, (u,), (n * u.data ** (n - 1),))",
        "return each(u.data**n, (u,), (u.data ** (n - 1),))",
        "checked",
    ),
    # The way back of exp without its slope.
    ("return each(result, (u,), (result,))", "return each(result, (u,), (1.0,))", "checked"),
    # One gradient for both halves of a product, of arrays.
    ("(u, v), (v.data, u.data))", "(u, v), (v.data, v.data))", "arrays"),
    # A bias hears from one of its copies.
    ("gradient = gradient.sum(axis=0)", "gradient = gradient[0]", "arrays"),
    # The planted bug isn't one.
    ("(g * (g > 0),)", "(g * (u.data > 0),)", "planted"),
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
        "def backward(ctx, gradient):\n        return gradient\n",
        "def backward(ctx, gradient):\n        return gradient * 0\n",
        "gradcheck",
    ),
    # The model that should give NaN has its small number in the right place.
    (
        "        length = (h**2).sum(dim=1, keepdim=True).sqrt()",
        "        length = ((h**2).sum(dim=1, keepdim=True) + 1e-12).sqrt()  # too",
        "root",
    ),
    # The repaired one hasn't.
    ("keepdim=True) + 1e-12).sqrt()", "keepdim=True)).sqrt()", "repaired"),
    # The detach is still there.
    ("h / length + self.right(x))", "h / length + self.right(x).detach())", "repaired"),
]
