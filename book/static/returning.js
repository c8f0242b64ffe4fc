// On chapters: one comes back to where one was. They are laid out as one reads (torchbook.css), so
// their height is not the same when they are opened again, and what the browser remembers, a number
// of pixels, would lead elsewhere. Here it is a block of the text, and where on the screen it was.

const BLOCKS = ".bd-article section > :not(section)"; // whatever a figure makes of its inside
const HEADER = 70; // pixels that the site's header covers
const MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];
const SETTLED = 3000; // milliseconds after which a page is what it will be

/** The first block on the screen, found without laying out the rest of the page. */
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
 * Go there, and again whenever the page grows or shrinks: what comes near the screen is laid out
 * then, and its figures are built. That ends with the first move of the reader's own.
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
  const type = performance.getEntriesByType("navigation")[0]?.type;
  const place = history.state?.place;
  if (place && ["reload", "back_forward"].includes(type)) comeBack(place);
  addEventListener("scrollend", keepPlace);
}
