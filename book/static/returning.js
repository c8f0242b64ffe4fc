// Chapters are laid out while the reader scrolls (torchbook.css), so a chapter's height differs
// from visit to visit and the scroll position in pixels, which browsers restore, leads elsewhere.
// This script restores the block of text on the screen instead.

const BLOCKS = ".bd-article section > :not(section)"; // not the parts of a figure
const HEADER = 70; // pixels under the site's header
const MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];
const SETTLED = 3000; // milliseconds after which the page no longer changes

/** The first block on the screen, found without a layout of the whole page. */
function blockOnScreen() {
  const left = document.querySelector(".bd-article > section").getBoundingClientRect().left + 24;
  for (let y = HEADER; y < innerHeight; y += 16) {
    const block = document.elementFromPoint(left, y)?.closest(BLOCKS);
    if (block) return block;
  }
  return null;
}

function keepPlace() {
  const block = blockOnScreen();
  if (!block) return;
  const place = {
    index: [...document.querySelectorAll(BLOCKS)].indexOf(block),
    top: block.getBoundingClientRect().top,
  };
  history.replaceState({ ...history.state, place }, "");
}

/** @param {{index: number, top: number}} place */
function goTo({ index, top }) {
  const block = document.querySelectorAll(BLOCKS)[index];
  if (block) scrollBy({ top: block.getBoundingClientRect().top - top, behavior: "instant" });
}

/**
 * Go there, and again whenever the page changes its height while parts are laid out and figures are
 * built, until the reader moves.
 * @param {{index: number, top: number}} place
 */
function comeBack(place) {
  const follow = new ResizeObserver(() => goTo(place));
  const end = () => {
    follow.disconnect();
    for (const move of MOVES) removeEventListener(move, end);
  };
  goTo(place);
  follow.observe(document.querySelector(".bd-article"));
  for (const move of MOVES) addEventListener(move, end, { passive: true });
  setTimeout(end, SETTLED);
}

if (CSS.supports("interpolate-size", "allow-keywords")) {
  history.scrollRestoration = "manual";
  const [entry] = performance.getEntriesByType("navigation");
  const { type } = /** @type {PerformanceNavigationTiming} */ (entry ?? {});
  const place = history.state?.place;
  if (place && ["reload", "back_forward"].includes(type)) comeBack(place);
  addEventListener("scrollend", keepPlace);
}
