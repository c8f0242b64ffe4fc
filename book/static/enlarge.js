// A tap on a figure, or Enter, shows it as large as the screen allows: plots, pictures and drawings.
// A tap, Escape or the button closes that again. Two fingers enlarge it as they do any page.

const FIGURES = ".bd-article :is(img, svg.tb-drawing)";
const WIDE = 1.25; // width by height; such a figure is turned on an upright phone

/**
 * Whether a tap on it does something already: it is in a link, or part of an interactive figure. A
 * plot in such a figure only stands there until that is built.
 * @param {Element} node
 */
function isInUse(node) {
  for (let part = node.parentElement; part; part = part.parentElement) {
    if (part.matches("a, button, label, summary")) return true;
    if (part.localName.includes("-") && !node.matches(".tb-graph")) return true;
  }
  return false;
}

/** @param {Element} node a copy, which must not have the names of the original */
function withoutNames(node) {
  for (const part of [node, ...node.querySelectorAll("[id]")]) part.removeAttribute("id");
  for (const link of node.querySelectorAll(".headerlink")) link.remove();
  return node;
}

/** @param {HTMLElement | SVGElement} figure @returns {HTMLDialogElement} */
function makeDialog(figure) {
  const dialog = document.createElement("dialog");
  const shown = /** @type {HTMLElement | SVGElement} */ (figure.cloneNode(true));
  const caption = figure.closest("figure")?.querySelector("figcaption");
  const close = document.createElement("button");
  const { width, height } = figure.getBoundingClientRect();
  dialog.className = "tb-screen";
  dialog.classList.toggle("tb-screen--wide", width > WIDE * height);
  dialog.setAttribute(
    "aria-label",
    caption?.querySelector(".caption-number")?.textContent ?? "Figure",
  );
  close.type = "button";
  close.textContent = "Close";
  shown.removeAttribute("style"); // it has a least width in the page
  dialog.append(close, withoutNames(shown));
  if (caption) dialog.append(withoutNames(/** @type {Element} */ (caption.cloneNode(true))));
  return dialog;
}

/** @param {HTMLButtonElement} button @param {HTMLElement | SVGElement} figure */
function enlarge(button, figure) {
  const dialog = makeDialog(figure);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    button.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** @type {NodeListOf<HTMLElement | SVGElement>} */
const figures = document.querySelectorAll(FIGURES);

for (const figure of figures) {
  if (isInUse(figure)) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tb-enlarge";
  button.title = "Full screen";
  figure.replaceWith(button);
  button.append(figure);
  button.addEventListener("click", () => enlarge(button, figure));
}
