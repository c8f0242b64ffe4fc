"""The transformer is PyTorch's, leaks nothing, and trains with `fit` through a step of its own."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from torchbook.models.seq2seq import DecoderLayer, EncoderLayer, MultiHeadAttention, Transformer
from torchbook.training import StepResult, fit

WIDTH, HEADS, HIDDEN = 24, 3, 40


def shaken(module):
    """Return the module with weights that hide nothing: LayerNorms begin with ones and zeros."""
    for parameter in module.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return module.double().eval()


def attention_weights(prefix, part):
    three = (part.query, part.key, part.value)
    return {
        f"{prefix}.in_proj_weight": torch.cat([x.weight for x in three]),
        f"{prefix}.in_proj_bias": torch.cat([x.bias for x in three]),
        f"{prefix}.out_proj.weight": part.out.weight,
        f"{prefix}.out_proj.bias": part.out.bias,
    }


def layer_weights(layer):
    """Return a layer's weights under PyTorch's names."""
    parts = {"norm1": layer.norm_1, "norm2": layer.norm_2}
    parts |= {"linear1": layer.mlp[0], "linear2": layer.mlp[2]}
    weights = attention_weights("self_attn", layer.attention)
    if isinstance(layer, DecoderLayer):
        parts["norm3"] = layer.norm_3
        weights |= attention_weights("multihead_attn", layer.cross)
    for name, part in parts.items():
        weights |= {f"{name}.weight": part.weight, f"{name}.bias": part.bias}
    return weights


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(16)


def test_attention_is_pytorchs():
    ours = shaken(MultiHeadAttention(WIDTH, HEADS))
    theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True).double()
    weights = attention_weights("x", ours)
    theirs.load_state_dict({name.removeprefix("x."): value for name, value in weights.items()})
    asking, answering = torch.randn(2, 5, WIDTH).double(), torch.randn(2, 7, WIDTH).double()
    allowed = torch.rand(5, 7) < 0.7
    allowed[:, 0] = True
    expected, weights = theirs(
        asking, answering, answering, attn_mask=~allowed, average_attn_weights=False
    )
    assert torch.allclose(ours(asking, answering, allowed), expected)
    assert torch.allclose(ours.weights, weights)


def test_an_encoder_layer_is_pytorchs():
    ours = shaken(EncoderLayer(WIDTH, HEADS, HIDDEN, dropout=0.1))
    theirs = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, batch_first=True, norm_first=True)
    theirs.load_state_dict(layer_weights(ours))
    x, empty = torch.randn(2, 6, WIDTH).double(), torch.zeros(2, 6, dtype=torch.bool)
    empty[1, 4:] = True
    expected = theirs.double().eval()(x, src_key_padding_mask=empty)
    found = ours(x, ~empty[:, None, None])
    assert torch.allclose(found[~empty], expected[~empty])


def test_a_decoder_layer_is_pytorchs():
    ours = shaken(DecoderLayer(WIDTH, HEADS, HIDDEN, dropout=0.1))
    theirs = nn.TransformerDecoderLayer(WIDTH, HEADS, HIDDEN, batch_first=True, norm_first=True)
    theirs.load_state_dict(layer_weights(ours))
    x, memory = torch.randn(2, 4, WIDTH).double(), torch.randn(2, 6, WIDTH).double()
    empty = torch.zeros(2, 6, dtype=torch.bool)
    empty[0, 3:] = True
    past = torch.ones(4, 4, dtype=torch.bool).tril()
    expected = theirs.double().eval()(x, memory, tgt_mask=~past, memory_key_padding_mask=empty)
    assert torch.allclose(ours(x, memory, past, ~empty[:, None, None]), expected)


def small(**settings):
    return Transformer(9, 7, **{"width": WIDTH, "n_heads": HEADS, "n_hidden": HIDDEN, **settings})


def test_the_future_changes_nothing_in_the_past():
    model = shaken(small())
    source, target = torch.randint(1, 9, (3, 6)), torch.randint(1, 7, (3, 8))
    changed = target.clone()
    changed[:, 5:] = changed[:, 5:] % 6 + 1
    one, other = model(source, target), model(source, changed)
    assert torch.equal(one[:, :5], other[:, :5])
    assert not torch.allclose(one[:, 5:], other[:, 5:])


def test_padding_changes_nothing():
    model = shaken(small())
    source, target = torch.randint(1, 9, (1, 4)), torch.randint(1, 7, (1, 5))
    assert torch.allclose(model(F.pad(source, (0, 3)), target), model(source, target))


def test_step_by_step_it_says_what_it_says_at_once():
    model = shaken(small())
    source, target = torch.randint(1, 9, (2, 4)), torch.randint(1, 7, (2, 5))
    memory, whole = model.encode(source), model(source, target)
    for n in range(1, 6):
        assert torch.allclose(model.decode(target[:, :n], memory, source), whole[:, :n])


def test_a_sequence_may_not_be_longer_than_its_places():
    with pytest.raises(ValueError, match="has 5 tokens, but n_places is 4"):
        small(n_places=4)(torch.ones(1, 5, dtype=torch.long), torch.ones(1, 2, dtype=torch.long))


def test_heads_must_share_the_width():
    with pytest.raises(ValueError, match="multiple of n_heads"):
        small(n_heads=5)


def step(model, batch):
    """Count each token that isn't padding once, however the batches are cut."""
    source, target = batch
    logits, following = model(source, target[:, :-1]), target[:, 1:]
    losses = F.cross_entropy(
        logits.flatten(0, 1), following.flatten(), ignore_index=0, reduction="sum"
    )
    real = following != 0
    n_right = ((logits.argmax(dim=2) == following) & real).sum()
    return StepResult(losses, real.sum(), {"right": (n_right, real.sum())})


def test_it_learns_to_turn_sequences_round_with_fit():
    source = torch.randint(3, 9, (600, 4))
    target = F.pad(F.pad(source.flip(1) - 2, (1, 0), value=5), (0, 1), value=6)
    batches = [(source[i : i + 50], target[i : i + 50]) for i in range(0, 600, 50)]
    model = Transformer(9, 7, width=32, n_heads=2, n_layers=1, n_hidden=64, dropout=0.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    history = fit(model, batches[2:], batches[:2], optimizer, epochs=8, step=step, progress=False)
    assert 0 < history.rows[0]["valid_right"] < 0.9
    assert history.rows[-1]["valid_right"] > 0.97
