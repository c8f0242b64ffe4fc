"""Quick questions: a reader chooses an answer, and the page says at once whether it is right.

    :::{question} A layer takes 784 numbers and gives 10. How many weights has it?
    - [ ] 794

      That adds the two.
    - [x] 7,840

      784 for each of the ten outputs.
    :::

On the page the answers are radio buttons, which book/static/figures/question.js brings to life; all
answers with their reasons are folded below them, for readers without scripts and for other forms.
"""

from __future__ import annotations

import hashlib

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from torchbook_site.resolve.folds import fold

logger = logging.getLogger(__name__)

CHECKED = 'checked="checked"'  # in the box that MyST makes of [x]


class question(nodes.General, nodes.Element):
    """A question: what is `asked`, perhaps some code, two or more `choice`s, the folded reasons."""


class asked(nodes.General, nodes.TextElement):
    """The words of a question."""


class choice(nodes.General, nodes.TextElement):
    """An answer that can be chosen, with its `letter`."""


class Question(SphinxDirective):
    """The directive `question`."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the question, or warn of what is wrong with it."""
        text = self.arguments[0]
        words, messages = self.parse_inline(text, lineno=self.lineno)
        content = self.parse_content_to_nodes()
        try:
            answers = read_answers(content)
        except ValueError as error:
            logger.warning(
                "the question %r %s",
                text,
                error,
                location=self.get_location(),
                type="torchbook",
                subtype="question",
            )
            return []
        name = f"q-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
        right = next(place for place, (is_right, _, _) in enumerate(answers) if is_right)
        reasons = nodes.bullet_list()
        node = question("", asked("", "", *words), *content[:-1], ids=[name], right=right)
        for place, (is_right, words, reason) in enumerate(answers):
            letter = chr(ord("A") + place)
            node += choice("", "", *words, letter=letter, question=name)
            verdict = nodes.strong(text=f"{letter} is {'right' if is_right else 'wrong'}.")
            reason[0].insert(0, [verdict, nodes.Text(" ")])
            reasons += nodes.list_item("", *reason)
        node += fold("", reasons, title="Show the answers", classes=["tb-reasons"])
        return [node, *messages]


def read_answers(
    content: list[nodes.Node],
) -> list[tuple[bool, list[nodes.Node], list[nodes.Node]]]:
    """Return of each answer whether it is right, its words and its reason.

    Raises:
        ValueError: if that can't be told from what a question holds; it says what was found.
    """
    lists = [node for node in content if isinstance(node, nodes.bullet_list)]
    if len(lists) != 1 or content[-1] is not lists[0]:
        found = f"holds {len(lists)} lists" if len(lists) != 1 else "goes on after its list"
        raise ValueError(f"{found}; it must end with one list, of all its answers")
    answers = [_read_answer(item) for item in lists[0]]
    if len(answers) < 2:
        raise ValueError("has only one answer; it needs two or more")
    if (marked := sum(is_right for is_right, _, _ in answers)) != 1:
        raise ValueError(f"has {marked} answers marked [x]; exactly one must be")
    return answers


def _read_answer(item: nodes.Node) -> tuple[bool, list[nodes.Node], list[nodes.Node]]:
    first, *reason = item.children
    box, *words = first.children if isinstance(first, nodes.paragraph) else [first]
    text = f"the answer {first.astext().strip()!r}"
    if not isinstance(box, nodes.raw):
        raise ValueError(f"has {text} without a mark; it must begin with [ ] or [x]")
    text = f"the answer {''.join(word.astext() for word in words).strip()!r}"
    if not reason or not isinstance(reason[0], nodes.paragraph):
        raise ValueError(f"has {text} without a reason; it must follow as a paragraph of its own")
    if isinstance(words[0], nodes.Text):
        words[0] = nodes.Text(words[0].lstrip())
    return CHECKED in box.astext(), words, reason


def visit_question(self: HTML5Translator, node: question) -> None:
    """Open a question."""
    self.body.append(
        f'<tb-question id="{node["ids"][0]}" right="{node["right"]}"><fieldset class="tb-question">'
    )


def depart_question(self: HTML5Translator, node: question) -> None:
    """Close a question."""
    self.body.append("</fieldset></tb-question>\n")


def visit_asked(self: HTML5Translator, node: asked) -> None:
    """Open the words of a question."""
    self.body.append("<legend>")


def depart_asked(self: HTML5Translator, node: asked) -> None:
    """Close them."""
    self.body.append("</legend>\n")


def visit_choice(self: HTML5Translator, node: choice) -> None:
    """Open an answer."""
    self.body.append(f'<label><input type="radio" name="{node["question"]}" />')


def depart_choice(self: HTML5Translator, node: choice) -> None:
    """Close it."""
    self.body.append("</label>\n")


VISITORS = {
    question: (visit_question, depart_question),
    asked: (visit_asked, depart_asked),
    choice: (visit_choice, depart_choice),
}
