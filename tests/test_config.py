"""Settings: defaults, files, overrides, and each error with its setting and what was expected."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torchbook.apps.config import Config, ConfigError, Data, Model, Optimizer, Training, load, parse


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
    assert config.optimizer == Optimizer("SGD", lr=0.05, weight_decay=0.0005, momentum=0.9)


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
            augment=st.sampled_from(["none", "flip"]),
        ),
        model=st.sampled_from(
            ["LinearClassifier", "TwoLayerClassifier", "TinyVGG", "SmallCNN"]
        ).map(Model),
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
    assert parse(tomllib.loads(config.to_toml())) == config
    assert parse(config.as_dict()) == config
    assert config.differences(config) == {}


@given(path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_file_name_comes_back_from_toml(path):
    config = parse({"checkpoint": {"path": path}})
    assert parse(tomllib.loads(config.to_toml())) == config


def test_the_file_that_is_written_explains_itself():
    text = Config().to_toml()
    assert "epochs = 4                  # how often to go through the training split\n" in text
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


# --- what is wrong

SECTIONS = "data, model, optimizer, schedule, training and checkpoint"
MODELS = "LinearClassifier, TwoLayerClassifier, TinyVGG or SmallCNN"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=5", "training.epoch is no setting; did you mean training.epochs?"),
        ("training.lr=1", "training.lr is no setting; did you mean optimizer.lr?"),
        ("data.zzz=3", "data.zzz is no setting; [data] has name, batch_size, n_valid and augment"),
        ("trainin.epochs=3", "[trainin] is no section; did you mean [training]?"),
        ("zzz.epochs=3", f"[zzz] is no section; there are {SECTIONS}"),
        ("training.epochs=0", "training.epochs must be a whole number of at least 1, but is 0"),
        (
            "training.epochs=1.5",
            "training.epochs must be a whole number of at least 1, but is 1.5 (a number)",
        ),
        (
            "training.epochs=ten",
            'training.epochs must be a whole number of at least 1, but is "ten" (a text)',
        ),
        (
            "training.epochs=true",
            "training.epochs must be a whole number of at least 1, but is true",
        ),
        ("training.compile=1", "training.compile must be true or false, but is 1 (a whole number)"),
        ("optimizer.lr=0", "optimizer.lr must be a number above 0, but is 0"),
        ("optimizer.lr=nan", "optimizer.lr must be a number above 0, but is nan"),
        ("optimizer.lr=inf", "optimizer.lr must be a number above 0, but is inf"),
        (
            "schedule.warm_up=1.0",
            "schedule.warm_up must be a number of at least 0 and below 1, but is 1.0",
        ),
        (
            "training.clip_norm=-1",
            'training.clip_norm must be a number above 0 or "none", but is -1',
        ),
        ("data.augment=[1]", "data.augment must be one of none or flip, but is [1] (a list)"),
        (
            "data.augment={a=1}",
            "data.augment must be one of none or flip, but is {'a': 1} (a table)",
        ),
        (
            "model.name=SmalCNN",
            f'model.name must be one of {MODELS}, but is "SmalCNN"; did you mean SmallCNN?',
        ),
        (
            "data.name=mnist",
            'data.name must be one of fashion_mnist or animal_vegetable_mineral, but is "mnist"',
        ),
        (
            "checkpoint.path=2024",
            'checkpoint.path must be a text or "none", but is 2024 (a whole number)',
        ),
        (
            "checkpoint.path=2024-01-01",
            'checkpoint.path must be a text or "none", but is 2024-01-01 (a date)',
        ),
        ("checkpoint.path=''", 'checkpoint.path must be the name of a file or "none", but is ""'),
        (
            "model.n_hidden=5",
            'model.n_hidden is a setting of TwoLayerClassifier, but model.name is "SmallCNN": '
            "leave it out, or choose another model.name",
        ),
        ("training.epochs", "expected SECTION.KEY=VALUE, such as training.epochs=5"),
        ("=5", "expected SECTION.KEY=VALUE, such as training.epochs=5"),
        (
            "lr=1",
            "expected SECTION.KEY=VALUE, such as training.epochs=5; did you mean optimizer.lr?",
        ),
    ],
)
def test_an_override_that_is_wrong_is_named(override, message):
    assert refused(override) == f"--set {override}: {message}"


def test_a_line_break_brings_in_no_second_setting():
    assert refused("training.epochs=1\nseed = 3") == (
        "--set training.epochs=1\nseed = 3: training.epochs must be a whole number of at least 1, "
        'but is "1\\u000aseed = 3" (a text)'
    )


def test_saving_often_needs_a_file():
    assert refused("checkpoint.every=5", "checkpoint.path=none") == (
        "--set checkpoint.every=5: checkpoint.every is 5, but there is no file to save to: set "
        "checkpoint.path too"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training]\nepochs = = 5\n", ", line 2 is not TOML: Invalid value: epochs = = 5"),
        ("[training\n", ", line 1 is not TOML: "),
        ('[data]\nname = """', " is not TOML: "),
        ("epochs = 5\n", ": epochs stands outside every section; did you mean training.epochs?"),
        ("zzz = 5\n", ": zzz stands outside every section"),
        (
            "training = 5\n",
            ": training must be a section with settings, [training], but is 5 (a whole number)",
        ),
        (
            '[training]\nepochs = "five"\n',
            ': training.epochs must be a whole number of at least 1, but is "five" (a text)',
        ),
    ],
)
def test_a_file_that_is_wrong_is_named(toml, text, message):
    path = toml(text)
    assert refused(file=path).startswith(f"{path}{message}")


def test_an_override_cannot_mend_what_is_no_section(toml):
    path = toml("training = 5\n")
    assert "training must be a section" in refused("training.epochs=3", file=path)


def test_of_a_file_and_an_override_the_wrong_one_is_named(toml):
    path = toml("[training]\nepochs = 0\nseed = 1\n")
    assert refused("training.seed=2", file=path).startswith(f"{path}: training.epochs must be")
    assert refused("training.epochs=1", "training.seed=-1", file=path) == (
        "--set training.seed=-1: training.seed must be a whole number of at least 0, but is -1"
    )


def test_a_missing_file_says_how_to_get_one(tmp_path):
    path = tmp_path / "run.toml"
    assert refused(file=path) == (
        f"there is no file {path}. To get one with all settings: "
        "torchbook train --show-config > run.toml"
    )


def test_files_that_cannot_be_read(tmp_path):
    assert refused(file=tmp_path) == f"{tmp_path} cannot be read: Is a directory"
    path = tmp_path / "run.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert refused(file=path) == f"{path} cannot be read: it is no UTF-8 text"


def test_settings_made_in_python_are_checked_too():
    with pytest.raises(ConfigError, match=r"^training.epochs must be a whole number of at least 1"):
        Training(epochs=0)
