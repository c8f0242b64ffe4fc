// Wide code, outputs, tables and formulas scroll sideways. Those that do get a place in the Tab
// order and a name for screen readers; the others get neither. (The build gives both to every block
// of text that may be too wide, so that Tab can stop there from the first moment, without scripts.)

const NAMES = [
  [".cell_input pre", "Code"],
  [".traceback pre", "Error message"],
  [".cell_output pre", "Output"],
  [".tb-math", "Formula"],
  [".tb-scroll, .pst-scrollable-table-container, .cell_output > .output.text_html", "Table"],
  ["pre", "Code"],
];

/** @type {NodeListOf<HTMLElement>} */
const boxes = document.querySelectorAll(NAMES.map(([selector]) => selector).join());

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

/** @param {HTMLElement} box */
const isTooWide = (box) => box.scrollWidth > box.clientWidth;

// Boxes on the screen, whenever their width changes. All are measured before any is marked, because
// a mark between two measurements would cost another layout.
const observer = new ResizeObserver((entries) => {
  const found = entries.map(({ target }) => /** @type {HTMLElement} */ (target));
  const widths = found.map(isTooWide);
  found.forEach((box, i) => {
    mark(box, widths[i]);
  });
});

for (const box of boxes) observer.observe(box);

// Boxes far away are laid out only when they come near (torchbook.css) or are measured. Keyboard
// users can reach them from anywhere: after the first key or focus, all are measured in idle time,
// and again after each resize.
/** @type {(work: (deadline: { timeRemaining: () => number }) => void) => void} */
const whenIdle =
  window.requestIdleCallback ?? ((work) => setTimeout(() => work({ timeRemaining: () => 0 }), 50));
/** @type {HTMLElement[]} */
let waiting = [];

/** @param {{ timeRemaining: () => number }} deadline */
function markSome(deadline) {
  do {
    const box = waiting.shift();
    if (box) mark(box, isTooWide(box));
  } while (waiting.length && deadline.timeRemaining() > 25); // stop early, so that no key waits
  if (waiting.length) whenIdle(markSome);
  else document.documentElement.dataset.scrolling = "marked"; // for the tests
}

function markAll() {
  if (!waiting.length) whenIdle(markSome);
  waiting = [...boxes];
  delete document.documentElement.dataset.scrolling;
}

const SIGNS = ["keydown", "focusin"];

function begin() {
  for (const sign of SIGNS) removeEventListener(sign, begin);
  addEventListener("resize", markAll);
  markAll();
}

for (const sign of SIGNS) addEventListener(sign, begin);
