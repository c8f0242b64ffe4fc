"""The small GPT: its blocks are PyTorch's, no token sees the future, the cache changes nothing."""

import pytest
import torch
from torch import nn

from torchbook.data import load_shakespeare
from torchbook.models import shakespeare_gpt
from torchbook.models.gpt import GPT, GPTBlock, angles, shares_of, turn
from torchbook.models.trained import SHAKESPEARE_LETTERS

MODERN = {"rope": True, "qk_norm": True, "relu2": True}
CLASSIC = dict.fromkeys(MODERN, False)


def randomised(model):
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.2 * torch.randn(weight.shape))
    return model.eval()


def make(**options):
    return randomised(GPT(11, 12, 16, n_layers=2, n_heads=2, **options))


def test_a_block_computes_what_pytorchs_encoder_layer_computes():
    ours = randomised(GPTBlock(16, 2, qk_norm=False, relu2=False))
    theirs = nn.TransformerEncoderLayer(
        16, 2, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    names = {
        "self_attn.in_proj_": "attention.qkv.",
        "self_attn.out_proj.": "attention.out.",
        "linear1.": "up.",
        "linear2.": "down.",
        "norm1.": "norm_1.",
        "norm2.": "norm_2.",
    }
    weights = ours.state_dict()
    theirs.load_state_dict(
        {
            their + end: weights[our + end]
            for their, our in names.items()
            for end in ("weight", "bias")
        }
    )
    x = torch.randn(3, 7, 16)
    mask = nn.Transformer.generate_square_subsequent_mask(7)
    expected = theirs.train()(x, src_mask=mask, is_causal=True)
    assert torch.allclose(ours(x)[0], expected, atol=1e-5)


@pytest.mark.parametrize("options", [CLASSIC, MODERN])
def test_a_later_token_changes_nothing_before_it(options):
    model = make(**options)
    ids = torch.randint(11, (2, 9))
    other = ids.clone()
    other[:, 5:] = (ids[:, 5:] + 1) % 11
    before, after = model(ids), model(other)
    assert torch.allclose(before[:, :5], after[:, :5], atol=1e-5)
    assert not torch.allclose(before[:, 5:], after[:, 5:], atol=1e-2)


@pytest.mark.parametrize("options", [CLASSIC, MODERN])
def test_reading_in_pieces_gives_the_same_logits(options):
    model = make(**options)
    ids = torch.randint(11, (2, 12))
    first, cache = model.extend(ids[:, :4])
    second, cache = model.extend(ids[:, 4:5], cache)
    third, cache = model.extend(ids[:, 5:], cache)
    assert torch.allclose(torch.cat([first, second, third], dim=1), model(ids), atol=1e-5)
    assert cache[1][0].shape == (2, 2, 12, 8)


@pytest.mark.parametrize("options", [CLASSIC, MODERN])
def test_the_cache_changes_no_token_even_when_the_context_is_full(options):
    model = make(**options).double()  # so that rounding decides nothing
    ids = torch.randint(11, (3, 5))
    written = [
        model.write(ids, 40, use_cache=use, generator=torch.Generator().manual_seed(1))
        for use in (True, False)
    ]
    assert torch.equal(*written)
    assert written[0].shape == (3, 45)
    assert torch.equal(written[0][:, :5], ids)


def test_more_tokens_than_the_context_are_refused():
    model = make()
    with pytest.raises(ValueError, match="12 tokens at most, but got 13 after 0"):
        model(torch.zeros(1, 13, dtype=torch.long))
    _, cache = model.extend(torch.zeros(1, 12, dtype=torch.long))
    with pytest.raises(ValueError, match="got 1 after 12"):
        model.extend(torch.zeros(1, 1, dtype=torch.long), cache)


def test_a_new_model_knows_nothing_and_says_so():
    torch.manual_seed(0)
    shares = GPT(11, 12, 16)(torch.arange(11)[None]).softmax(dim=2)
    assert (shares - 1 / 11).abs().max() < 0.05


def test_turning_depends_on_the_distance_alone():
    def at(x, place):
        return turn(x, *angles(place, 1, 8, x.device))

    q, k = torch.randn(2, 1, 1, 1, 8).double()
    scores = [(at(q, i) * at(k, j)).sum() for i, j in [(3, 1), (10, 8), (52, 50)]]
    assert torch.allclose(torch.stack(scores), scores[0], atol=1e-5)
    assert not torch.allclose((at(q, 3) * at(k, 2)).sum(), scores[0])
    assert torch.allclose(at(q, 0), q)
    assert torch.allclose(at(q, 7).norm(), q.norm(), atol=1e-5)


def test_shares_are_cut_and_add_up_to_one_again():
    logits = torch.tensor([[0.1, 0.4, 0.2, 0.3]]).log()
    near = torch.testing.assert_close
    near(shares_of(logits), logits.exp())
    near(shares_of(logits, temperature=0), torch.tensor([[0.0, 1, 0, 0]]))
    near(shares_of(logits, top_k=2), torch.tensor([[0, 4 / 7, 0, 3 / 7]]))
    near(shares_of(logits, top_k=9), logits.exp())
    near(shares_of(logits, top_p=0.6), torch.tensor([[0, 4 / 7, 0, 3 / 7]]))
    near(shares_of(logits, top_p=0.3), torch.tensor([[0.0, 1, 0, 0]]))
    near(shares_of(logits, top_p=1.0), logits.exp())
    near(shares_of(logits, 0.5), torch.tensor([[1, 16, 4, 9]]) / 30)


def test_the_shipped_model_reads_shakespeare_and_its_letters_are_the_plays():
    plays = load_shakespeare()
    assert sorted(set("".join(plays.values()))) == list(SHAKESPEARE_LETTERS)
    text = plays["As You Like It"][:1281]
    ids = torch.tensor([SHAKESPEARE_LETTERS.index(letter) for letter in text])
    with torch.no_grad():
        logits = shakespeare_gpt()(ids[:-1].view(10, 128))
    assert nn.functional.cross_entropy(logits.flatten(0, 1), ids[1:]) < 1.9
