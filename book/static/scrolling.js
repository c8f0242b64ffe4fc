// Wide outputs, tables and formulas scroll sideways. Those that do get a place in the Tab order and a
// name for screen readers; the others get neither. (The build gives both to every output and table
// that may be too wide, so that Tab can stop there from the first moment, without scripts.)

const NAMES = [
  [".output pre", "Output"],
  [".tb-math", "Formula"],
  [".tb-scroll, .pst-scrollable-table-container, .output.text_html", "Table"],
];

/** @param {HTMLElement} box @param {boolean} scrolls */
function mark(box, scrolls) {
  if (scrolls === box.hasAttribute("aria-label")) return;
  if (scrolls) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", NAMES.find(([selector]) => box.matches(selector))[1]);
  } else {
    for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
  }
}

// Whenever their width changes. All are measured before any is marked, because a mark between two
// measurements would cost another layout.
const observer = new ResizeObserver((entries) => {
  const boxes = entries.map(({ target }) => /** @type {HTMLElement} */ (target));
  const widths = boxes.map((box) => box.scrollWidth > box.clientWidth);
  boxes.forEach((box, i) => {
    mark(box, widths[i]);
  });
});

for (const box of document.querySelectorAll(NAMES.map(([selector]) => selector).join())) {
  observer.observe(box);
}
