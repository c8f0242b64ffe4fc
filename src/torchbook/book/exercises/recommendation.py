"""Checks for the exercises of chapter 20, recommendation."""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    require,
    require_floats,
    require_function,
    require_number,
    run_answer,
)
from torchbook.data import load_film_ratings

FIRST, NEXT = 471, 571  # the viewers to learn from, and those after them to recommend to
TO_BEAT = 26.0  # recall@20 in percent, in the last exercise


def check_1(answer: object) -> None:
    """Check a shrunk mean of four ratings."""
    found = require_number(answer, "one number of stars")

    def is_near(value: float) -> bool:
        return abs(found - value) < 0.006

    require(not is_near(4.75), "That's the mean of the four. Where are the three pretended ones?")
    require(not is_near(5 / 7), "That's the bias. Add the mean of all ratings.")
    require(not is_near(19 / 7), "The pretended ratings are average, so each is 3.5 and not 0.")
    require(not is_near(3.5 + 1.25 / 7), "Divide the sum of the differences, not their mean.")
    require(not is_near(3.5 + 5 / 3), "Divide by the count and the strength, 4 + 3.")
    require(
        is_near(3.5 + 5 / 7),
        "How far is each rating above 3.5? Add that up, and divide by 4 + 3.",
    )


def check_2(answer: object) -> None:
    """Check a step of gradient descent for one rating."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(20)
    for n, stars, lr in ((2, 5.0, 0.1), (5, 0.5, 0.05), (1, 3.0, 0.3)):
        p = torch.randn(n, generator=generator, dtype=torch.float64)
        q = torch.randn(n, generator=generator, dtype=torch.float64)
        mean = 3.4
        kept = p.clone(), q.clone()
        found = run_answer(function, p, q, stars, mean, lr)
        require(isinstance(found, tuple | list) and len(found) == 2, "Return two: p and q.")
        new_p = require_floats(found[0], shape=(n,))
        new_q = require_floats(found[1], shape=(n,))
        require(
            torch.equal(p, kept[0]) and torch.equal(q, kept[1]),
            "You changed the vectors that you were given. Make new ones.",
        )
        error = mean + p @ q - stars
        expected = p - lr * 2 * error * q, q - lr * 2 * error * p
        if not (torch.allclose(new_p, expected[0]) and torch.allclose(new_q, expected[1])):
            _check_step(new_p, new_q, p, q, error, lr)
        require(
            torch.allclose(new_p, expected[0]) and torch.allclose(new_q, expected[1]),
            "Not yet. The gradient for p is 2 times the error times q, and for q it's 2 times the "
            "error times p. Subtract the learning rate times that.",
        )


def _check_step(
    new_p: Tensor, new_q: Tensor, p: Tensor, q: Tensor, error: Tensor, lr: float
) -> None:
    step_p, step_q = lr * 2 * error * q, lr * 2 * error * p
    first = p - step_p
    for wrong, hint in (
        ((p + step_p, q + step_q), "That's uphill: the error gets larger. Subtract."),
        ((p - step_p / 2, q - step_q / 2), "The slope of a square has a factor of 2."),
        (
            (first, q - lr * 2 * error * first),
            "The step of q begins from the old p, but yours uses the new one.",
        ),
        ((p - lr * 2 * error * p, q - lr * 2 * error * q), "p moves by q, and q by p."),
        ((step_p, step_q), "Those are the steps. Where do they lead to?"),
        ((p - 2 * error * q, q - 2 * error * p), "What is lr for?"),
        ((first, q), "q moves, too."),
    ):
        require(
            not (torch.allclose(new_p, wrong[0]) and torch.allclose(new_q, wrong[1])),
            hint,
        )


def check_3(answer: object) -> None:
    """Check recall@k of one viewer."""
    function = require_function(answer)
    cases: list[tuple[list[int], set[int], set[int], int]] = [
        ([5, 3, 6, 1, 2, 4], {3}, {5, 6, 1, 2, 4, 20, 21}, 2),
        ([4, 9, 2, 7, 1, 8], set(), {2, 8}, 3),
        ([4, 9, 2, 7, 1, 8], {4, 9}, {7, 8, 30}, 3),
        ([5, 3, 6, 1, 2, 4], {6, 4}, {11, 12}, 4),
        ([1, 2], set(), {2}, 5),
    ]
    for recommended, known, hidden, k in cases:
        given = list(recommended), set(known), set(hidden)
        found = require_number(run_answer(function, recommended, known, hidden, k), "one share")
        require(
            given == (recommended, known, hidden),
            "You changed the list or the sets that you were given.",
        )
        fresh = [film for film in recommended if film not in known]
        n_found = len(set(fresh[:k]) & hidden)
        expected = n_found / min(k, len(hidden))

        def is_near(value: float, found: float = found) -> bool:
            return abs(found - value) < 1e-6

        if not is_near(expected):
            early = [film for film in recommended[:k] if film not in known]
            require(
                not is_near(len(set(recommended[:k]) & hidden) / min(k, len(hidden))) or not known,
                "Films that the viewer knows take up places. Leave them out before you count to k."
                if early != fresh[:k]
                else "Leave the known films out first.",
            )
            require(
                not is_near(n_found / len(hidden)),
                "With more than k films hidden, not all of them can be found: divide by k then.",
            )
            require(
                not is_near(n_found / k),
                "That's the share of the list that was right: precision. Divide by the hidden.",
            )
            require(n_found < 2 or not is_near(n_found), "That's a count. Make it a share.")
        require(
            is_near(expected),
            f"For the list {recommended}, known {known or 'none'}, hidden {hidden} and k = {k}, it "
            f"should be {expected:.3f}.",
        )


def check_4(answer: object) -> None:
    """Check folding in, with a strength each for the bias and the taste."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(4)
    for n, k, bias_strength, taste_strength in (
        (6, 3, 2.0, 5.0),
        (2, 4, 3.0, 1.0),
        (0, 2, 1.0, 4.0),
    ):
        q = torch.randn(n, k, generator=generator, dtype=torch.float64)
        y = torch.randn(n, generator=generator, dtype=torch.float64)
        kept = q.clone(), y.clone()
        found = run_answer(function, q, y, bias_strength, taste_strength)
        require(isinstance(found, tuple | list) and len(found) == 2, "Return a bias and a taste.")
        bias = require_number(found[0], "one number for the bias")
        taste = require_floats(found[1], shape=(k,))
        require(
            torch.equal(q, kept[0]) and torch.equal(y, kept[1]),
            "You changed the tensors that you were given.",
        )
        joined = torch.cat([torch.tensor([bias], dtype=torch.float64), taste])
        expected = _solved(q, y, [bias_strength] + [taste_strength] * k)
        if not torch.allclose(joined, expected, atol=1e-5):
            _check_newcomer(joined, q, y, bias_strength, taste_strength)
        require(
            torch.allclose(joined, expected, atol=1e-5),
            "Not the numbers that make the error and the penalty smallest. Put a column of ones "
            "before q, and solve (XᵀX + D) w = Xᵀy, with the strengths on the diagonal of D.",
        )


def _solved(q: Tensor, y: Tensor, strengths: list[float]) -> Tensor:
    x = torch.cat([torch.ones(len(q), 1, dtype=q.dtype), q], dim=1)
    diagonal = torch.diag(torch.tensor(strengths, dtype=q.dtype))
    return torch.linalg.solve(x.T @ x + diagonal, x.T @ y)


def _check_newcomer(
    joined: Tensor, q: Tensor, y: Tensor, bias_strength: float, taste_strength: float
) -> None:
    k = q.shape[1]
    for strengths, hint in (
        ([taste_strength] + [bias_strength] * k, "The two strengths are swapped."),
        ([bias_strength] * (k + 1), "The taste has a strength of its own."),
        ([taste_strength] * (k + 1), "The bias has a strength of its own."),
        ([0.0] + [taste_strength] * k, "The bias isn't shrunk: its strength belongs there, too."),
    ):
        if len(q) >= k + 1 or min(strengths) > 0:
            require(
                not torch.allclose(joined, _solved(q, y, strengths), atol=1e-5),
                hint,
            )
    if len(q):
        alone = y.sum() / (len(y) + bias_strength)
        eye = taste_strength * torch.eye(k, dtype=q.dtype)
        rest = torch.linalg.solve(q.T @ q + eye, q.T @ (y - alone))
        require(
            not torch.allclose(joined, torch.cat([alone[None], rest]), atol=1e-5),
            "First the bias and then the taste isn't the same as both together: solve for all at "
            "once, with a column of ones.",
        )


def check_5(answer: object) -> None:
    """Check the corrected loss of a batch."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(5)
    for numbers, n in (([3, 1, 3, 0, 2], 4), ([0, 4, 2], 6), ([1, 1, 1, 5], 2)):
        batch = len(numbers)
        viewers = torch.randn(batch, n, generator=generator, dtype=torch.float64)
        vectors = torch.randn(6, n, generator=generator, dtype=torch.float64)
        film_numbers = torch.tensor(numbers)
        films = vectors[film_numbers]
        shares = torch.tensor([0.4, 0.05, 0.3, 0.15, 0.02, 0.08], dtype=torch.float64)
        answered = run_answer(
            function, viewers.clone(), films.clone(), film_numbers.clone(), shares.clone()
        )
        found = require_number(
            answered.detach() if isinstance(answered, Tensor) else answered, "one loss"
        )
        expected = _batch_loss(viewers, films, film_numbers, shares)
        if abs(found - expected) > 1e-5:
            _check_loss(found, viewers, films, film_numbers, shares)
        require(
            abs(found - expected) <= 1e-5,
            f"For a batch of {batch} it should be {expected:.4f}, but yours is {found:.4f}.",
        )


def _batch_loss(
    viewers: Tensor,
    films: Tensor,
    numbers: Tensor,
    shares: Tensor,
    correction: float = -1,
    masked: str = "others",
) -> float:
    scores = viewers @ films.T + correction * shares[numbers].log()
    same = numbers[:, None] == numbers[None, :]
    if masked == "others":
        same = same & ~torch.eye(len(numbers), dtype=torch.bool)
    if masked != "none":
        scores = scores.masked_fill(same, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(numbers))).item()


def _check_loss(
    found: float, viewers: Tensor, films: Tensor, numbers: Tensor, shares: Tensor
) -> None:
    tests: tuple[tuple[float, str], ...] = (
        (
            _batch_loss(viewers, films, numbers, shares, correction=1),
            "The sign: ln Q is taken away during training, not added.",
        ),
        (_batch_loss(viewers, films, numbers, shares, correction=0), "The correction is missing."),
        (
            _batch_loss(viewers, films, numbers, shares, masked="none"),
            "The same film twice in a batch: the second one isn't a wrong answer.",
        ),
        (
            _batch_loss(viewers, films, numbers, shares, correction=0, masked="none"),
            "That's the plain loss. Correct it, and leave out the same film.",
        ),
        (
            len(numbers) * _batch_loss(viewers, films, numbers, shares),
            "That's the sum. The mean is asked for.",
        ),
        (
            _batch_loss(films, viewers, numbers, shares),
            "Rows should be viewers and columns films. Yours are the other way round.",
        ),
    )
    require(
        found == found and abs(found) != float("inf"),
        "The loss isn't a number: is the right answer masked, too?",
    )
    for wrong, hint in tests:
        require(abs(found - wrong) > 1e-5, hint)
    scores = viewers @ films.T - shares[numbers]
    same = (numbers[:, None] == numbers[None, :]) & ~torch.eye(len(numbers), dtype=torch.bool)
    plain = F.cross_entropy(
        scores.masked_fill(same, float("-inf")), torch.arange(len(numbers))
    ).item()
    require(abs(found - plain) > 1e-5, "Take away the logarithm of the share, not the share.")


@functools.cache
def _newcomers() -> tuple[Tensor, Tensor, Tensor]:
    """Return the likes to learn from, and those of newcomers, shown and hidden, as bool."""
    ratings = load_film_ratings()
    liked = ratings.stars >= 4
    likes = torch.zeros(int(ratings.viewer.max()) + 1, len(ratings.titles), dtype=torch.bool)
    likes[ratings.viewer[liked], ratings.film[liked]] = True
    new = likes[FIRST:NEXT]
    new = new[new.sum(dim=1) >= 10]
    shown = new & (torch.rand(new.shape, generator=torch.Generator().manual_seed(6)) < 0.5)
    return likes[:FIRST], shown, new & ~shown


def _recall(scores: Tensor, shown: Tensor, hidden: Tensor, k: int = 20) -> float:
    best = scores.masked_fill(shown, float("-inf")).topk(k, dim=1).indices
    found = hidden.gather(1, best).sum(dim=1) / hidden.sum(dim=1).clamp(max=k)
    return 100 * found.mean().item()


def check_6(answer: object) -> None:
    """Check a recommender, whatever it's made of."""
    function = require_function(answer)
    learn, shown, hidden = _newcomers()
    scores_for = run_answer(function, learn.clone())
    require(callable(scores_for), "Return a function: it gets shown likes, and returns scores.")
    scores = require_floats(run_answer(scores_for, shown.clone()), shape=tuple(shown.shape))
    require(not bool(scores.isnan().any()), "Some scores are NaN. Is something divided by 0?")
    recall = _recall(scores, shown, hidden)
    popular = _recall(learn.sum(dim=0).double().expand(shown.shape), shown, hidden)
    require(
        recall > popular - 1,
        f"{recall:.1f} %: less than the most popular films get, which is {popular:.1f} %. Is the "
        "score of a film the higher, the better?",
    )
    require(
        recall > popular + 1,
        f"{recall:.1f} %: so do the most popular films. Look at what each newcomer likes.",
    )
    require(
        recall > TO_BEAT,
        f"{recall:.1f} %, against {popular:.1f} % for the most popular films. Nearly: films that "
        "are liked together say something about each other, but popular ones go with everything. A "
        "matrix inverse takes that out.",
    )
    print(f"recall@20: {recall:.1f} % for {len(shown)} newcomers")


CHECKS: dict[str, Check] = {
    "20-1": check_1,
    "20-2": check_2,
    "20-3": check_3,
    "20-4": check_4,
    "20-5": check_5,
    "20-6": check_6,
}
