// On chapters: one comes back to where one was. They are laid out as one reads (torchbook.css), so
// their height is not the same when they are opened again, and what the browser remembers, a number
// of pixels, would lead elsewhere. Here it is a paragraph, and where on the screen it was.

const BLOCKS = ".bd-article :is(p, pre, li, h1, h2, h3, svg)";
const HEADER = 70; // pixels that the site's header covers

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

if (CSS.supports("interpolate-size", "allow-keywords")) {
  history.scrollRestoration = "manual";
  const type = performance.getEntriesByType("navigation")[0]?.type;
  const place = history.state?.place;
  if (place && ["reload", "back_forward"].includes(type)) {
    // What comes onto the screen is laid out then, and may move the rest: once more after that.
    goTo(place);
    requestAnimationFrame(() => { goTo(place); requestAnimationFrame(() => goTo(place)); });
  }
  addEventListener("scrollend", keepPlace);
}
