"""Answers to the exercises of chapter 14: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import functools
import math
import re
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F

from torchbook.data import load_mail


def vocabulary_of(counts, least=2, start=2, order=None):
    words = [word for word, n in counts.items() if n >= least]
    words.sort(key=order or (lambda word: (-counts[word], word)))
    return {word: number for number, word in enumerate(words, start=start)}


def in_lists(texts):
    return Counter(word for words in texts for word in set(words))


def vocabulary_by_counter(texts, least):
    return vocabulary_of(in_lists(texts), least)


def vocabulary_by_loops(texts, least):
    counts = {}
    for words in texts:
        seen = []
        for word in words:
            if word not in seen:
                seen.append(word)
                counts[word] = counts.get(word, 0) + 1
    result = {}
    for n in range(len(texts), least - 1, -1):
        for word in sorted(counts):
            if counts[word] == n:
                result[word] = len(result) + 2
    return result


def vocabulary_by_numpy(texts, least):
    every = [word for words in texts for word in set(words)]
    words, n = np.unique(every, return_counts=True)
    order = np.argsort(-n, kind="stable")
    kept = [str(words[i]) for i in order if n[i] >= least]
    return dict(zip(kept, np.arange(2, 2 + len(kept)), strict=True))


def vocabulary_of_all(texts, least):
    return vocabulary_of(Counter(word for words in texts for word in words), least)


def vocabulary_from_0(texts, least):
    return vocabulary_of(in_lists(texts), least, start=0)


def vocabulary_of_more(texts, least):
    return vocabulary_of(in_lists(texts), least + 1)


def vocabulary_of_everything(texts, least):
    return vocabulary_of(in_lists([w for w in texts if "scone" not in w]), 1)


def vocabulary_by_alphabet(texts, least):
    return vocabulary_of(in_lists(texts), least, order=lambda word: word)


def vocabulary_as_list(texts, least):
    return list(vocabulary_by_counter(texts, least))


def mean_by_mask(embedded, numbers):
    real = (numbers != 0).float()[:, :, None]
    return (embedded * real).sum(1) / real.sum(1).clamp(min=1)


def mean_by_loop(embedded, numbers):
    rows = []
    for vectors, row in zip(embedded, numbers, strict=True):
        kept = vectors[row != 0]
        rows.append(kept.mean(0) if len(kept) else torch.zeros(vectors.shape[1]))
    return torch.stack(rows)


def mean_by_nan(embedded, numbers):
    hidden = embedded.masked_fill((numbers == 0)[:, :, None], math.nan)
    return hidden.nanmean(dim=1).nan_to_num().double()


def mean_of_all(embedded, numbers):
    return embedded.mean(1)


def mean_over_length(embedded, numbers):
    return (embedded * (numbers != 0)[:, :, None]).mean(1)


def mean_sum(embedded, numbers):
    return (embedded * (numbers != 0)[:, :, None]).sum(1)


def mean_by_zero(embedded, numbers):
    real = (numbers != 0).float()[:, :, None]
    return (embedded * real).sum(1) / real.sum(1)


def mean_in_place(embedded, numbers):
    embedded[numbers == 0] = 0
    return embedded.sum(1) / (numbers != 0).sum(1, keepdim=True).clamp(min=1)


def mean_of_front(embedded, numbers):
    lengths = (numbers != 0).sum(1)
    rows = [v[:n].mean(0) if n else v[0] * 0 for v, n in zip(embedded, lengths, strict=True)]
    return torch.stack(rows)


def mean_of_words(embedded, numbers):
    return mean_by_mask(embedded, numbers).mean(1)


def threshold_by_sort(scores, spam, may_lose):
    wanted = scores[~spam].sort(descending=True).values
    return wanted[may_lose] if may_lose < len(wanted) else -1e9


def threshold_by_trying(scores, spam, may_lose):
    best = scores.max().item()
    for t in [*scores.tolist(), scores.min().item() - 1]:
        if int(((scores > t) & ~spam).sum()) <= may_lose and t < best:
            best = t
    return best


def threshold_by_numpy(scores, spam, may_lose):
    wanted = np.sort(np.append(scores.numpy()[~spam.numpy()], [-1e9] * (may_lose + 1)))
    return wanted[-1 - may_lose]


def threshold_0(scores, spam, may_lose):
    return 0.0


def threshold_one_too_low(scores, spam, may_lose):
    wanted = scores[~spam].sort(descending=True).values
    return wanted[min(may_lose + 1, len(wanted) - 1)].item() if may_lose < 30 else -9.0


def threshold_one_too_high(scores, spam, may_lose):
    return scores[~spam].sort(descending=True).values[max(may_lose - 1, 0)].item() + (
        1 if may_lose == 0 else 0
    )


def threshold_never(scores, spam, may_lose):
    return scores.max().item() + 1


def threshold_of_all_mails(scores, spam, may_lose):
    return scores.sort(descending=True).values[min(may_lose, len(scores) - 1)].item()


def threshold_all(scores, spam, may_lose):
    return scores[~spam]


def decode_by_table(tokens, merges):
    table = {i: bytes([i]) for i in range(256)}
    for number, (a, b) in enumerate(merges, 256):
        table[number] = table[a] + table[b]
    result = b""
    for token in tokens:
        result += table[token]
    return result


def decode_by_recursion(tokens, merges):
    def one(token):
        if token < 256:
            return bytearray([token])
        left, right = merges[token - 256]
        return one(left) + one(right)

    return bytearray().join(one(token) for token in tokens)


def decode_by_stack(tokens, merges):
    waiting, out = list(tokens)[::-1], []
    while waiting:
        token = waiting.pop()
        if token < 256:
            out.append(token)
        else:
            waiting.extend(merges[token - 256][::-1])
    return bytes(out)


def decode_to_text(tokens, merges):
    return decode_by_table(tokens, merges).decode(errors="replace")


def decode_to_list(tokens, merges):
    return list(decode_by_table(tokens, merges))


def decode_once(tokens, merges):
    flat = [part for t in tokens for part in (merges[t - 256] if t > 255 else (t,))]
    return bytes(part % 256 for part in flat)


def decode_backwards(tokens, merges):
    return decode_by_table(tokens, [(b, a) for a, b in merges])


def decode_bytes_only(tokens, merges):
    return bytes(token for token in tokens if token < 256)


def neighbours_by_topk(vectors, i, k):
    unit = F.normalize(vectors, dim=1)
    cosines = unit @ unit[i]
    cosines[i] = -9
    return cosines.topk(k).indices


def neighbours_by_function(vectors, i, k):
    cosines = F.cosine_similarity(vectors, vectors[i : i + 1])
    return [j for j in cosines.argsort(descending=True).tolist() if j != i][:k]


def neighbours_by_numpy(vectors, i, k):
    v = vectors.double().numpy()
    cosines = v @ v[i] / np.linalg.norm(v, axis=1)
    cosines[i] = -np.inf
    return np.argsort(-cosines)[:k]


def neighbours_with_itself(vectors, i, k):
    unit = F.normalize(vectors, dim=1)
    return (unit @ unit[i]).topk(k).indices.tolist()


def neighbours_by_dot(vectors, i, k):
    dots = vectors @ vectors[i]
    dots[i] = -math.inf
    return dots.topk(k).indices.tolist()


def neighbours_by_distance(vectors, i, k):
    distances = (vectors - vectors[i]).norm(dim=1)
    distances[i] = math.inf
    return distances.topk(k, largest=False).indices.tolist()


def neighbours_reversed(vectors, i, k):
    return neighbours_by_function(vectors, i, k)[::-1]


def neighbours_farthest(vectors, i, k):
    return F.cosine_similarity(vectors, vectors[i : i + 1]).argsort()[:k].tolist()


def neighbours_too_few(vectors, i, k):
    return neighbours_by_function(vectors, i, k)[:-1]


@functools.cache
def word_scores():
    """Count in how many old mails of each sort a word is: naive Bayes."""
    past = [mail for mail in load_mail() if mail.day < "2002-08-27"]
    counts = {True: Counter(), False: Counter()}
    n = Counter(mail.kind == "spam" for mail in past)
    for mail in past:
        counts[mail.kind == "spam"].update(set(re.findall(r"\w+|[^\w\s]", mail.text.lower())))
    return {
        word: math.log((counts[True][word] + 0.5) / n[True])
        - math.log((counts[False][word] + 0.5) / n[False])
        for word in counts[True] + counts[False]
    }


def score(text):
    weights = word_scores()
    words = set(re.findall(r"\w+|[^\w\s]", text.lower()))
    return sum(weights.get(word, 0.0) for word in words)


def judge(texts):
    return [score(text) > 0 for text in texts]


def judge_as_tensor(texts):
    return torch.tensor([score(text) for text in texts]) > 0


def judge_as_array(texts):
    return np.array([1 if score(text) > 0 else 0 for text in texts])


def judge_flags_nothing(texts):
    return [False] * len(texts)


def judge_scores(texts):
    return [score(text) for text in texts]


def judge_reversed(texts):
    return [score(text) <= 0 for text in texts]


def judge_one_word(texts):
    return ["click here" in text.lower() for text in texts]


def judge_too_few(texts):
    return judge(texts[:10])


def judge_one_answer(texts):
    return True


RIGHT = {
    "14-1": [[0.9, 180 / 190], torch.tensor([0.9, 0.9474]), (np.float64(0.9), 18 / 19)],
    "14-2": [vocabulary_by_counter, vocabulary_by_loops, vocabulary_by_numpy],
    "14-3": [mean_by_mask, mean_by_loop, mean_by_nan],
    "14-4": [threshold_by_sort, threshold_by_trying, threshold_by_numpy],
    "14-5": [decode_by_table, decode_by_recursion, decode_by_stack],
    "14-6": [neighbours_by_topk, neighbours_by_function, neighbours_by_numpy],
    "14-7": [judge, judge_as_tensor, judge_as_array],
}

WRONG = {
    "14-1": [
        ((180 / 190, 0.9), "Which is whose"),
        ((0.95, 180 / 190), "Recall looks at the 200 spams"),
        ((180 / 190, 180 / 190), "That is the precision"),
        ((0.9, 0.95), "Precision leaves out"),
        ((0.9, 0.5), "Precision: of the 190"),
        ((0.15, 0.9), "Recall: of the 200"),
        ((90, 95), "between 0 and 1"),
        (0.9, "should be a list"),
        ((0.9, 0.9474, 1.0), "two numbers"),
    ],
    "14-2": [
        (vocabulary_of_all, "in one list"),
        (vocabulary_from_0, "begin with 2"),
        (vocabulary_of_more, "are missing"),
        (vocabulary_of_everything, "too rare"),
        (vocabulary_by_alphabet, "their order"),
        (vocabulary_as_list, "Return a dictionary"),
    ],
    "14-3": [
        (mean_of_all, "counts the padding"),
        (mean_over_length, "divide by"),
        (mean_sum, "That's the sum"),
        (mean_by_zero, "divides by 0"),
        (mean_in_place, "changed what you were given"),
        (mean_of_front, "also in front"),
        (mean_of_words, "shape"),
    ],
    "14-4": [
        (threshold_0, "wanted mails"),
        (threshold_one_too_low, "were allowed"),
        (threshold_one_too_high, "more spam could be caught"),
        (threshold_never, "more spam could be caught"),
        (threshold_of_all_mails, "more spam could be caught"),
        (threshold_all, "one threshold"),
    ],
    "14-5": [
        (decode_to_text, "Bytes, not text"),
        (decode_to_list, "Return bytes"),
        (decode_once, "pairs themselves"),
        (decode_backwards, "should become"),
        (decode_bytes_only, "should become"),
    ],
    "14-6": [
        (neighbours_with_itself, "Row i itself"),
        (neighbours_by_dot, "largest dot products"),
        (neighbours_by_distance, "largest cosines"),
        (neighbours_reversed, "turn it round"),
        (neighbours_farthest, "largest cosines"),
        (neighbours_too_few, "There should be"),
    ],
    "14-7": [
        (judge_flags_nothing, "flags nothing"),
        (judge_scores, "Compare them with a threshold"),
        (judge_reversed, "other way round"),
        (judge_one_word, "The five rules"),
        (judge_too_few, "One answer for each text"),
        (judge_one_answer, "should be a list"),
    ],
}
