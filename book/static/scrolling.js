// What is too wide scrolls by itself: code, outputs, tables, formulas. So that Tab gets there and a
// screen reader can say where one is, each gets a place in the Tab order and a name; what fits has
// neither, and is not in the way. (The theme gives some of them the place, but none a name.)

const NAMES = [
  [".cell_input pre", "Code"],
  [".traceback pre", "Error message"],
  [".cell_output pre", "Output"],
  [".tb-math", "Formula"],
  [".tb-scroll, .pst-scrollable-table-container, .cell_output > .output.text_html", "Table"],
  ["pre", "Code"],
];

const everything = document.querySelectorAll(NAMES.map(([selector]) => selector).join());

/** @param {Element} box */
function mark(box) {
  if (box.scrollWidth > box.clientWidth) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", NAMES.find(([selector]) => box.matches(selector))[1]);
  } else {
    for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
  }
}

// It also calls once for each as it starts.
const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
everything.forEach((box) => observer.observe(box));
