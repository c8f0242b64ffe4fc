"""Checks for the exercises of chapter 14, text."""

from typing import Any

import torch

from torchbook.book.exercises.answers import (
    Check,
    as_floats,
    as_whole,
    require,
    require_floats,
    require_function,
    require_number,
    run_answer,
)
from torchbook.data.sets.mail import load_mail

RULES = 0.915  # what the chapter's five rules reach on the test mails, rounded up


def _numbers(result: object, what: str) -> list[float]:
    """Return one list of numbers, be it a list, a tuple, a tensor or an array."""
    array = as_floats(result)
    require(
        array is not None and array.ndim == 1,
        f"{what} should be a list, but it is a {type(result).__name__}.",
    )
    return array.tolist()


def check_1(answer: object) -> None:
    """Check recall and precision of a week."""
    recall, precision = (*_numbers(answer, "The answer"), None, None)[:2]
    require(
        recall is not None and precision is not None and len(answer) == 2,  # type: ignore[arg-type]
        "Answer with two numbers: recall, precision.",
    )
    given = (round(recall, 4), round(precision, 4))
    require(max(given) <= 1, "Both are shares: between 0 and 1.")
    require(given != (round(180 / 190, 4), 0.9), "Both are there. Which is whose?")
    require(
        abs(recall - 0.95) > 1e-6, "Recall looks at the 200 spams. How many of them were caught?"
    )
    require(abs(recall - 180 / 190) > 1e-3, "That is the precision: a share of what was flagged.")
    require(abs(recall - 0.9) < 5e-4, "Recall: of the 200 spams, how many were flagged?")
    require(
        abs(precision - 0.95) > 2e-4 and abs(precision - 0.99) > 1e-6,
        "Precision leaves out what wasn't flagged: 180 of how many?",
    )
    require(abs(precision - 180 / 190) < 2e-3, "Precision: of the 190 flagged, how many are spam?")


def check_2(answer: object) -> None:
    """Check a vocabulary."""
    function = require_function(answer)
    texts = [
        ["tea", "free", "free", "free", "now"],
        ["tea", "at", "four"],
        ["free", "tea", "now"],
        ["scone", "scone", "scone"],
        [],
    ]
    for least, expected in (
        (2, {"tea": 2, "free": 3, "now": 4}),
        (1, {"tea": 2, "free": 3, "now": 4, "at": 5, "four": 6, "scone": 7}),
        (3, {"tea": 2}),
        (4, {}),
    ):
        result = run_answer(function, [list(words) for words in texts], least)
        require(isinstance(result, dict), "Return a dictionary.")
        found = {word: as_whole(number) for word, number in result.items()}
        require(
            least < 2 or "scone" not in found,
            "A word that's three times in one list is in one list.",
        )
        if expected and found:
            first = min(found.values())
            require(first == 2, f"The numbers should begin with 2, and yours begin with {first}.")
        missing = sorted(expected.keys() - found.keys())
        require(
            not missing, f"With least={least}, these are missing: {missing}. At least, not more."
        )
        extra = sorted(found.keys() - expected.keys())
        require(not extra, f"With least={least}, these are too rare: {extra}.")
        require(
            sorted(found.values()) == sorted(expected.values()),
            "Each word should have a number of its own, without gaps.",
        )
        require(
            found == expected,
            "The words are right, their order isn't: the one in most lists first, and equally "
            "common ones by the alphabet.",
        )


def check_3(answer: object) -> None:
    """Check a mean that leaves padding out."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(3)
    for shape in ((3, 5, 4), (2, 1, 3), (4, 6, 1)):
        embedded = torch.randn(shape, generator=generator)
        numbers = torch.randint(0, 3, shape[:2], generator=generator)
        numbers[0, 0] = 2  # a word before, between and behind padding
        numbers[-1] = 0  # nothing but padding
        kept_embedded, kept_numbers = embedded.clone(), numbers.clone()
        result = run_answer(function, embedded, numbers)
        require(
            torch.equal(embedded, kept_embedded) and torch.equal(numbers, kept_numbers),
            "You changed what you were given. Work on a copy.",
        )
        result = require_floats(result, (shape[0], shape[2]))
        require(
            bool(torch.isfinite(result[-1]).all()),
            "A mail without any word divides by 0. Its mean should be 0.",
        )
        real = (numbers != 0).to(torch.float64)[:, :, None]
        total = (embedded.to(torch.float64) * real).sum(dim=1)
        expected = total / real.sum(dim=1).clamp(min=1)
        plain = embedded.to(torch.float64).mean(dim=1)
        if shape[1] > 1:
            require(not torch.allclose(result, plain, atol=1e-5), "That counts the padding, too.")
            require(
                not torch.allclose(result, total / shape[1], atol=1e-5),
                "Padding is out of the sum, but still in the number that you divide by.",
            )
            require(not torch.allclose(result, total, atol=1e-5), "That's the sum. Divide it.")
        require(
            torch.allclose(result, expected, atol=1e-5),
            "Not the mean of the real words yet. Padding may stand anywhere, also in front.",
        )


def check_4(answer: object) -> None:
    """Check a threshold that keeps a promise."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(4)
    for n, may_lose in ((40, 2), (40, 0), (200, 5), (9, 1), (30, 30)):
        scores = torch.randn(n, generator=generator)
        spam = torch.rand(n, generator=generator) < 0.4
        spam[:2] = torch.tensor([True, False])
        scores = scores + spam
        threshold = run_answer(function, scores.clone(), spam.clone(), may_lose)
        threshold = require_number(threshold, "one threshold")
        flagged = scores.double() > threshold + 1e-9
        lost = int((flagged & ~spam).sum())
        require(
            lost <= may_lose,
            f"Your threshold loses {lost} wanted mails, and {may_lose} were allowed.",
        )
        wanted = scores[~spam].sort(descending=True).values
        best = wanted[may_lose].item() if may_lose < len(wanted) else scores.min().item() - 1
        caught, possible = int((flagged & spam).sum()), int((spam & (scores > best)).sum())
        require(
            caught >= possible,
            f"The promise is kept, but more spam could be caught: {possible}, and yours catches "
            f"{caught}. Go as low as the promise allows.",
        )


def check_5(answer: object) -> None:
    """Check decoding."""
    function = require_function(answer)
    merges = [(116, 104), (256, 101), (32, 257), (258, 258), (195, 164)]
    for tokens, expected in (
        ([116, 256], b"tth"),
        ([257], b"the"),
        ([259, 33], b" the the!"),
        ([], b""),
        ([195], b"\xc3"),
        ([260, 258], "ä the".encode()),
    ):
        result = run_answer(function, list(tokens), list(merges))
        require(not isinstance(result, str), "Bytes, not text: half a letter isn't text yet.")
        require(
            isinstance(result, bytes | bytearray),
            f"Return bytes, but it is a {type(result).__name__}.",
        )
        require(
            bytes(result) == expected,
            f"{tokens} should become {expected!r}, but became {bytes(result)!r}. A pair may be "
            "made of tokens that are pairs themselves.",
        )
    plain = run_answer(function, [104, 105], [])
    require(
        isinstance(plain, bytes | bytearray) and bytes(plain) == b"hi", "It needs merges to work."
    )


def check_6(answer: object) -> None:
    """Check nearest neighbours by cosine."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(6)
    for n, width, k in ((30, 5, 4), (8, 3, 7), (50, 20, 1)):
        vectors = torch.randn(n, width, generator=generator)
        vectors *= 10 * torch.rand(n, 1, generator=generator) + 0.1  # lengths differ
        unit = vectors / vectors.norm(dim=1, keepdim=True)
        for i in (0, n - 1, n // 2):
            cosines = unit @ unit[i]
            cosines[i] = -2
            expected = cosines.argsort(descending=True)[:k].tolist()
            given = vectors.clone()
            result = run_answer(function, given, i, k)
            require(torch.equal(given, vectors), "You changed the vectors. Work on a copy.")
            result = [as_whole(number) for number in _numbers(result, "The result")]
            require(i not in result, "Row i itself is among the neighbours. Leave it out.")
            require(
                len(result) == k, f"There should be {k} neighbours, but there are {len(result)}."
            )
            dots = vectors @ vectors[i]
            dots[i] = -torch.inf
            by_dot = dots.argsort(descending=True)[:k].tolist()
            require(
                result != by_dot or by_dot == expected,
                "Those have the largest dot products. Long vectors win there: divide by lengths.",
            )
            require(result != expected[::-1] or k == 1, "The most similar first: turn it round.")
            require(result == expected, "Those aren't the rows with the largest cosines.")


def check_7(answer: object) -> None:
    """Check a spam filter on the test mails."""
    function = require_function(answer)
    test = [mail for mail in load_mail() if mail.day >= "2002-08-27"]
    result: Any = run_answer(function, [mail.text for mail in test])
    flags = _numbers(result, "The result")
    require(
        len(flags) == len(test),
        f"One answer for each text: {len(test)}, but there are {len(flags)}.",
    )
    require(
        set(flags) <= {0.0, 1.0},
        "The answers should be True or False. Are yours scores? Compare them with a threshold.",
    )
    right = sum(flag == (mail.kind == "spam") for flag, mail in zip(flags, test, strict=True))
    share = right / len(test)
    require(sum(flags) > 0, "It flags nothing. That's the majority, and it catches no spam.")
    require(share > 0.5, f"{share:.1%} right. Is True spam, and not the other way round?")
    require(share > RULES, f"{share:.1%} right. The five rules reach {RULES - 0.001:.1%}.")
    print(f"{share:.1%} of the test mails right")


CHECKS: dict[str, Check] = {
    "14-1": check_1,
    "14-2": check_2,
    "14-3": check_3,
    "14-4": check_4,
    "14-5": check_5,
    "14-6": check_6,
    "14-7": check_7,
}
