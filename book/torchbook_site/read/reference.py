"""What is typed into a terminal, from where it is defined."""

from __future__ import annotations

import inspect
from typing import Any

import typer.main
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.domains.python import PyObject
from sphinx.util.docutils import SphinxDirective

from torchbook.apps import cli, config
from torchbook_site.address import repository_of


class Commands(SphinxDirective):
    """The directive `commands`: a section for each command, with its options."""

    def run(self) -> list[nodes.Node]:
        """Ask each command what it would print as its help."""
        self.env.note_dependency(cli.__file__)
        group = typer.main.get_command(cli.app)
        return [self.section(name, command) for name, command in group.commands.items()]

    def section(self, name: str, command: Any) -> nodes.section:
        """Return how a command is called, what it does, and its options."""
        section = nodes.section(ids=[f"command-{name}"], names=[f"command-{name}"])
        section += nodes.title("", "", nodes.literal(text=f"torchbook {name}"))
        context = command.make_context(name, [], resilient_parsing=True)
        usage = " ".join(["torchbook", name, *command.collect_usage_pieces(context)])
        section += _code(usage)
        section += self.markdown(command.help)
        records = [parameter.get_help_record(context) for parameter in command.params]
        section += nodes.definition_list(
            "", *(self.option(*record) for record in records if record), classes=["tb-options"]
        )
        return section

    def option(self, term: str, meaning: str) -> nodes.definition_list_item:
        """Return an option or argument with its meaning."""
        name = nodes.term("", "", nodes.literal(text=term))
        return nodes.definition_list_item(
            "", name, nodes.definition("", *self.markdown(meaning.replace("[", r"\[")))
        )

    def markdown(self, text: str) -> list[nodes.Node]:
        """Return a help text as the page shows it."""
        box = nodes.container()
        self.state.nested_parse(StringList(text.split("\n"), "help"), 0, box)
        return box.children


class Settings(SphinxDirective):
    """The directive `settings`: every setting with its default, as `--show-config` prints them."""

    def run(self) -> list[nodes.Node]:
        """Return them as TOML."""
        self.env.note_dependency(config.__file__)
        return [_code(config.Config().to_toml().rstrip(), "toml")]


class Clone(SphinxDirective):
    """The directive `clone`: how to get the project, wherever the setting says that it is."""

    def run(self) -> list[nodes.Node]:
        """Return the commands."""
        repository = repository_of(self.config)
        return [_code(f"git clone {repository}\ncd {repository.rsplit('/', 1)[1]}", "bash")]


def _code(text: str, language: str = "console") -> nodes.literal_block:
    return nodes.literal_block(text, text, language=language)


def prepare_docstring(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Complete a docstring, which Napoleon has already turned into field lists.

    Code may end with a backtick, as in Markdown. A function whose docstring names no parameters
    gets them, so that their types are shown.
    """
    lines[:] = [line.replace("` ``", "```") for line in lines]
    if what not in ("function", "method") or any(line.startswith(":param ") for line in lines):
        return
    parameters = [n for n in inspect.signature(thing).parameters if n not in ("self", "cls")]
    fields = (place for place, line in enumerate(lines) if line.startswith(":"))
    place = next(fields, len(lines))
    lines[place:place] = ["", *(f":param {parameter}:" for parameter in parameters)]


def call_attributes_attributes() -> None:
    """Give the fields of a class the heading that the docstrings use, not "Variables"."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
