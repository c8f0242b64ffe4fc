"""Settings: defaults, files, overrides, and each error with its setting and what was expected."""

import codecs
import inspect
import json
import os
import subprocess
import sys
import tomllib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from torchbook.apps.config import (
    Config,
    ConfigError,
    Data,
    Model,
    Optimizer,
    Training,
    load,
    validate,
)
from torchbook.data.sets.registry import DATA_SETS
from torchbook.models import CLASSIFIERS


def refused(*overrides: str, file=None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(file, overrides)
    return str(caught.value)


@pytest.fixture
def toml(tmp_path):
    """Write a file of settings."""

    def write(text: str):
        path = tmp_path / "run.toml"
        path.write_text(text)
        return path

    return write


# --- what is right


def test_nothing_said_trains_a_small_cnn_on_fashion_mnist():
    config = load()
    assert config == Config()
    assert (config.data.name, config.model.name, config.model.width) == (
        "fashion_mnist",
        "SmallCNN",
        16,
    )
    assert (config.optimizer.name, config.optimizer.lr) == ("AdamW", 0.005)


def test_a_file_is_read_and_overrides_win(toml):
    path = toml('[training]\nepochs = 7\nseed = 3\n[model]\nname = "TinyVGG"\n')
    config = load(path, ["training.epochs=2", "optimizer.name=SGD"])
    assert (config.training.epochs, config.training.seed) == (2, 3)
    assert config.model == Model(name="TinyVGG", hidden_units=10)
    assert config.optimizer == Optimizer(name="SGD", lr=0.05, weight_decay=0.0005, momentum=0.9)


def test_the_last_of_two_overrides_wins():
    assert load(None, ["training.epochs=2", "training.epochs=3"]).training.epochs == 3


def test_overrides_are_toml_and_plain_words_are_texts():
    config = load(
        None,
        [
            "model.name=TinyVGG",
            'data.augment="flip"',
            "training.compile=true",
            "optimizer.lr=1e-2",
            "training.clip_norm=1",
            "checkpoint.path=runs/a b.pt",
        ],
    )
    assert config.model.name == "TinyVGG"
    assert config.data.augment == "flip"
    assert config.training.compile is True
    assert config.optimizer.lr == 0.01
    assert config.training.clip_norm == 1.0
    assert isinstance(config.training.clip_norm, float)
    assert config.checkpoint.path == "runs/a b.pt"


def test_none_unsets(toml):
    path = toml("[training]\npatience = 3\nclip_norm = 1.0\n[checkpoint]\nevery = 10\n")
    config = load(path, ["training.patience=none", 'checkpoint.every="none"'])
    assert config.training.patience is None
    assert config.checkpoint.every is None
    assert config.training.clip_norm == 1.0
    assert load(None, ["checkpoint.path=none"]).checkpoint.path is None


def test_what_only_another_model_has_is_none():
    config = load(None, ["model.name=LinearClassifier", "schedule.name=none"])
    assert config.model.width is config.model.hidden_units is config.model.n_hidden is None
    assert config.schedule.warm_up is None


def settings_of_all_kinds() -> st.SearchStrategy[Config]:
    return st.builds(
        Config,
        data=st.builds(
            Data,
            batch_size=st.integers(1, 9999),
            n_valid=st.none() | st.integers(1, 999),
            augment=st.sampled_from([None, "flip"]),
        ),
        model=st.sampled_from(
            ["LinearClassifier", "TwoLayerClassifier", "TinyVGG", "SmallCNN"]
        ).map(lambda name: Model(name=name)),
        optimizer=st.builds(
            Optimizer,
            name=st.sampled_from(["SGD", "Adam", "AdamW"]),
            lr=st.floats(1e-9, 1e3),
            weight_decay=st.floats(0, 1),
        ),
        training=st.builds(
            Training,
            epochs=st.integers(1, 99),
            compile=st.booleans(),
            clip_norm=st.none() | st.floats(1e-3, 1e3),
            patience=st.none() | st.integers(1, 99),
        ),
    )


@given(config=settings_of_all_kinds())
def test_settings_come_back_from_toml_and_from_dictionaries(config):
    assert validate(Config, tomllib.loads(config.to_toml())) == config
    assert validate(Config, config.model_dump()) == config
    assert config.differences(config) == {}


@given(path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_file_name_comes_back_from_toml(path):
    config = validate(Config, {"checkpoint": {"path": path}})
    assert validate(Config, tomllib.loads(config.to_toml())) == config
    assert config.to_toml().isascii()  # whatever the output's encoding, nothing gets lost


def test_the_file_that_is_written_explains_itself():
    text = Config().to_toml()
    assert "epochs = 4                  # passes through the training split\n" in text
    assert 'name = "one_cycle"          # one_cycle, cosine, none\n' in text
    assert 'path = "model.pt"' in text
    assert 'patience = "none"' in text
    assert "hidden_units" not in text


def test_differences_are_named_with_both_values():
    changed = load(None, ["training.epochs=9", "model.name=LinearClassifier"])
    assert Config().differences(changed) == {
        "model.name": ("SmallCNN", "LinearClassifier"),
        "model.width": (16, None),
        "training.epochs": (4, 9),
    }


def test_the_words_for_data_sets_and_models_are_those_of_the_registries():
    assert get_args(Data.model_fields["name"].annotation) == tuple(DATA_SETS)
    assert get_args(Model.model_fields["name"].annotation) == tuple(CLASSIFIERS)
    for name, build in CLASSIFIERS.items():
        options = {
            option: parameter.default
            for option, parameter in inspect.signature(build).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        }
        assert Model(name=name).model_dump(exclude={"name"}, exclude_none=True) == options


@pytest.mark.parametrize(
    "arguments", ["['train', '--show-config']", "['--help']", "['train', '--set=a.b=1']"]
)
def test_help_settings_and_their_errors_need_no_pytorch(arguments):
    source = (
        "import sys; from torchbook.apps import cli\n"
        f"sys.argv = ['torchbook', *{arguments}]\n"
        "try: cli.main()\n"
        "finally: print('torch' in sys.modules, file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout or done.returncode == 2
    assert done.stderr.splitlines()[-1] == "False"


# --- what is wrong

SECTIONS = "data, model, optimizer, schedule, training, checkpoint"
MODELS = "LinearClassifier, TwoLayerClassifier, TinyVGG, SmallCNN"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=5", "there is no setting training.epoch; did you mean training.epochs?"),
        ("training.lr=1", "there is no setting training.lr; did you mean optimizer.lr?"),
        (
            "data.zzz=3",
            "there is no setting data.zzz; there are name, batch_size, n_valid, augment",
        ),
        ("training.epochs.x=1", "there is no setting training.epochs.x; did you mean "),
        ("trainin.epochs=3", "there is no section trainin; did you mean training?"),
        ("zzz.epochs=3", f"there is no section zzz; there are {SECTIONS}"),
        ("training.epochs=0", "training.epochs should be greater than or equal to 1, but is 0"),
        ("training.epochs=1.5", "training.epochs should be a valid integer, but is 1.5"),
        ("training.epochs=1.0", "training.epochs should be a valid integer, but is 1.0"),
        ("training.epochs=ten", 'training.epochs should be a valid integer, but is "ten"'),
        ("training.epochs=true", "training.epochs should be a valid integer, but is true"),
        ("training.epochs=none", 'training.epochs should be a valid integer, but is "none"'),
        ("training.seed=4294967296", "training.seed should be less than 2147483648, but is 42"),
        ("training.compile=1", "training.compile should be a valid boolean, but is 1"),
        ("optimizer.lr=0", "optimizer.lr should be greater than 0, but is 0"),
        ("optimizer.lr=true", "optimizer.lr should be a valid number, but is true"),
        ("optimizer.lr=nan", "optimizer.lr should be a finite number, but is nan"),
        ("optimizer.lr=inf", "optimizer.lr should be a finite number, but is inf"),
        ("schedule.warm_up=1.0", "schedule.warm_up should be less than 1, but is 1.0"),
        ("training.clip_norm=-1", "training.clip_norm should be greater than 0, or none, but is"),
        ("data.augment=[1]", "data.augment should be one of flip, none, but is [1]"),
        ("data.augment={a=1}", "data.augment should be one of flip, none, but is {'a': 1}"),
        (
            "model.name=SmalCNN",
            f'model.name should be one of {MODELS}, but is "SmalCNN"; did you mean SmallCNN?',
        ),
        (
            "data.name=mnist",
            'data.name should be one of fashion_mnist, animal_vegetable_mineral, but is "mnist"',
        ),
        ("checkpoint.path=2024", "checkpoint.path should be a valid string, or none, but is 2024"),
        (
            "checkpoint.path=2024-01-01",
            "checkpoint.path should be a valid string, or none, but is 2024-01-01",
        ),
        (
            "checkpoint.path=''",
            'checkpoint.path should have at least 1 character, or none, but is ""',
        ),
        (
            "checkpoint.path=caf\udce9.pt",
            'checkpoint.path should be Unicode text, as all of TOML, but is "caf\udce9.pt"',
        ),
        (
            "model.n_hidden=5",
            'model.n_hidden applies only to TwoLayerClassifier, but name is "SmallCNN"',
        ),
        ("training.epochs", "expected SECTION.NAME=VALUE, such as training.epochs=5"),
        ("=5", "expected SECTION.NAME=VALUE, such as training.epochs=5"),
        (
            "lr=1",
            "expected SECTION.NAME=VALUE, such as training.epochs=5; did you mean optimizer.lr?",
        ),
    ],
)
def test_an_override_that_is_wrong_is_named(override, message):
    refusal = refused(override)
    assert refusal.startswith(f"--set {override}: {message}")
    assert "\n" not in refusal


def test_an_error_carries_its_setting():
    for override, key in {
        "training.epochs=0": "training.epochs",
        "trainin.epochs=3": "trainin",
        "lr=1": None,
    }.items():
        with pytest.raises(ConfigError) as caught:
            load(None, [override])
        assert caught.value.key == key


def test_a_line_break_brings_in_no_second_setting():
    assert refused("training.epochs=1\nseed = 3") == (
        "--set training.epochs=1\nseed = 3: training.epochs should be a valid integer, but is "
        '"1\\nseed = 3"'
    )


def test_saving_often_needs_a_file():
    assert refused("checkpoint.every=5", "checkpoint.path=none") == (
        "--set checkpoint.every=5: checkpoint.every needs a file to save to: set checkpoint.path"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training]\nepochs = = 5\n", " is not valid TOML: Invalid value (at line 2, column 10)"),
        ("[training\n", " is not valid TOML: "),
        ('[data]\nname = """', " is not valid TOML: "),
        ("epochs = 5\n", ": there is no section epochs; did you mean training.epochs?"),
        ("zzz = 5\n", f": there is no section zzz; there are {SECTIONS}"),
        ("training = 5\n", ": training should be a table, but is 5"),
        (
            '[training]\nepochs = "five"\n',
            ': training.epochs should be a valid integer, but is "five"',
        ),
    ],
)
def test_a_file_that_is_wrong_is_named(toml, text, message):
    path = toml(text)
    assert refused(file=path).startswith(f"{path}{message}")


def test_an_override_does_not_repair_a_section(toml):
    path = toml("training = 5\n")
    assert refused("training.epochs=3", file=path) == (
        f"{path}: training should be a table, but is 5"
    )


def test_of_a_file_and_an_override_the_wrong_one_is_named(toml):
    path = toml("[training]\nepochs = 0\nseed = 1\n")
    assert refused("training.seed=2", file=path).startswith(f"{path}: training.epochs should be")
    assert refused("training.epochs=1", "training.seed=-1", file=path) == (
        "--set training.seed=-1: training.seed should be greater than or equal to 0, but is -1"
    )


def test_all_wrong_settings_are_named_in_a_line_each(toml):
    path = toml("[training]\nepochs = 0\n[optimiser]\nlr = 1\n")
    assert refused("model.name=VGG", file=path).splitlines() == [
        f'--set model.name=VGG: model.name should be one of {MODELS}, but is "VGG"; did you mean '
        "TinyVGG?",
        f"{path}: training.epochs should be greater than or equal to 1, but is 0",
        f"{path}: there is no section optimiser; did you mean optimizer?",
    ]


def test_a_missing_file_says_how_to_get_one(tmp_path):
    path = tmp_path / "run.toml"
    assert refused(file=path) == (
        f"there is no file {path}. To write one with all settings: "
        "torchbook train --show-config > run.toml"
    )


def test_a_folder_cannot_be_read(tmp_path):
    assert refused(file=tmp_path) == f"{tmp_path} cannot be read: Is a directory"


@given(path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_files_are_read_as_editors_and_shells_save_them(tmp_path_factory, mark, encoding, path):
    text = f"[checkpoint]\r\npath = {json.dumps(path, ensure_ascii=False)}\r\n"
    file = tmp_path_factory.getbasetemp() / "saved.toml"
    file.write_bytes(mark + text.replace("\x7f", "\\u007f").encode(encoding))
    assert load(file) == validate(Config, {"checkpoint": {"path": path}})


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"])
def test_other_encodings_get_advice(tmp_path, encoding):
    path = tmp_path / "run.toml"
    path.write_bytes('[checkpoint]\npath = "modèle.pt"\n'.encode(encoding))
    assert refused(file=path).startswith(f"{path} is not UTF-8 text: save it as UTF-8 (in an ")


def test_settings_made_in_python_are_checked_too():
    with pytest.raises(ValidationError, match=r"epochs\s+Input should be greater than or equal"):
        Training(epochs=0)
    with pytest.raises(ValidationError, match="frozen"):
        Training().epochs = 3
