"""What breaks the lessons of chapter 05, and the claim that must then fail.

Each entry: a text that occurs once in the chapter, what to put in its place, the claim's name.
"""

BROKEN = [
    # no variables left over
    (
        "stale = accuracy(",
        "inputs, targets = valid.inputs / 255, valid.targets\nstale = accuracy(",
        "stale",
    ),
    # a main guard that guards nothing
    ('if __name__ == "__main__":\n    context', "if True:\n    context", "guard"),
    # a drawing with its upper rows below
    ('["training"], ["apps"]]', '["training"]]\nrows = [["apps"], *rows]', "one_way"),
    # batches of convenient sizes only
    ('"size", [75, 25, 1, 32]', '"size", [75, 25, 1, 15]', "caught"),
    # a learning rate at which nothing is learned
    (
        "[training]\nepochs = 2",
        "[optimizer]\nlr = 0.0000001\n\n[training]\nepochs = 2",
        "trained",
    ),
    # a whole checkpoint that is none
    ('"nothing": {},', '"nothing": {"generators": []},', "nothing_forgotten"),
    # nothing forgotten where something should be
    (
        '"optimiser": {"optimizer": optimizer.state_dict()},',
        '"optimiser": {},',
        "something_forgotten",
    ),
    # the gift opened trustingly once more
    (
        "        checkpoint.load(name)\n",
        "        load = torch.load if name == 'gift.pt' else checkpoint.load\n"
        "        load(name, **({'weights_only': False} if load is torch.load else {}))\n",
        "refused",
    ),
    # not killed
    ("process.kill()\n", "process.wait()\n", "killed"),
    # begun anew from another seed instead of resumed
    (
        'run_python(*again, "--resume")',
        'run_python(*again, "--resume", "--set", "checkpoint.path=new.pt", "--set", '
        '"training.seed=8")\nPath("new.pt").replace("killed.pt")',
        "resumed",
    ),
    # a hash that is the same everywhere
    ("print(hash('shirt') % 1_000_000)", "import zlib; print(zlib.crc32(b'shirt'))", "hash"),
    # the last weights, not the best
    ("patience=3, keep_best=True", "patience=3, keep_best=False", "best"),
    # never stopped
    ("epochs=100, patience=3", "epochs=100, patience=None", "stopped"),
    # four steps instead of one
    ("one_step(make_model, 8, 4)", "one_step(make_model, 8, 1)", "accumulated"),
]
