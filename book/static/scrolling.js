// What is too wide scrolls by itself: code, outputs, tables, formulas. So that Tab gets there and a
// screen reader can say where one is, each gets a place in the Tab order and a name; what fits has
// neither, and is not in the way. (Outputs have both from the build, tb_page.py: they can be reached
// from the first moment on, and without scripts.)

const NAMES = [
  [".cell_input pre", "Code"],
  [".traceback pre", "Error message"],
  [".cell_output pre", "Output"],
  [".tb-math", "Formula"],
  [".tb-scroll, .pst-scrollable-table-container, .cell_output > .output.text_html", "Table"],
  ["pre", "Code"],
];

const boxes = [...document.querySelectorAll(NAMES.map(([selector]) => selector).join())];

/** @param {Element} box @param {boolean} scrolls */
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

const isTooWide = (box) => box.scrollWidth > box.clientWidth;

// Those on the screen, and each again when its width changes. All are measured before any is
// marked: a mark between two measurements would have the page laid out again.
const observer = new ResizeObserver((entries) => entries
  .map(({ target }) => [target, isTooWide(target)])
  .forEach(([box, scrolls]) => mark(box, scrolls)));

boxes.forEach((box) => observer.observe(box));

// The others are not laid out before one comes near them (torchbook.css), unless someone asks how
// wide they are. Whoever uses the keyboard may go to them from afar: from the first key or the first
// focus on, that is asked whenever there is nothing else to do, and again for another width.
const whenIdle = window.requestIdleCallback
  ?? ((work) => setTimeout(() => work({ timeRemaining: () => 0 }), 50));
let waiting = [];

function markSome(deadline) {
  do {
    const box = waiting.shift();
    if (box) mark(box, isTooWide(box));
  } while (waiting.length && deadline.timeRemaining() > 25); // half of what it may take: no key waits
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
