// A card for a term: hovering, focusing or tapping a link to the glossary shows what its entry says.
// The entries come from the glossary's own page, which is fetched when the first term is pointed at.
// Where it cannot be had, and without this script, the link simply leads there.

const PAUSE = 250; // milliseconds: to pass over a term shows nothing, and there is time to get to a card
const GAP = 6; // pixels between a term and its card
const EDGE = 8; // pixels between a card and the edge of the screen
// Up to two sentences; where to read more is what the link is for.
const OPENING = /^(?:(?!\(?See ).+?[.!?]\)?(?=\s|$)\s*){1,2}/s;

/** @type {Map<string, Promise<Document>>} glossaries by address */
const glossaries = new Map();

/** @param {string} address */
async function fetchPage(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const html = await answer.text();
  // Its styles are for paper, and this page's policy would refuse them aloud.
  return new DOMParser().parseFromString(html.replace(/<style>.*?<\/style>/gs, ""), "text/html");
}

/**
 * The entry of a term: how the glossary spells it, and the paragraph about it.
 * @param {HTMLAnchorElement} link
 */
async function look(link) {
  const [address] = link.href.split("#");
  if (!glossaries.has(address)) glossaries.set(address, fetchPage(address));
  const glossary = await glossaries.get(address).catch((error) => {
    glossaries.delete(address); // try again the next time
    throw error;
  });
  const term = glossary.getElementById(decodeURIComponent(link.hash.slice(1)));
  let entry = term.nextElementSibling;
  while (entry.localName === "dt") entry = entry.nextElementSibling; // its other spellings
  return { name: term.firstChild.textContent, paragraph: entry.querySelector("p") };
}

/** The first sentences of a paragraph, without its links. @param {Element} paragraph */
function openingOf(paragraph) {
  const copy = /** @type {Element} */ (document.importNode(paragraph, true));
  for (const link of copy.querySelectorAll("a")) link.replaceWith(...link.childNodes);
  let left = copy.textContent.match(OPENING)?.[0].trimEnd().length ?? copy.textContent.length;
  const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = /** @type {Text} */ (texts.currentNode);
    text.data = text.data.slice(0, left);
    left -= text.length;
  }
  return copy.childNodes;
}

const card = document.createElement("div");
card.id = "tb-card";
card.popover = "manual"; // the others close at any press, on the term too
card.setAttribute("role", "tooltip");
const name = document.createElement("strong");
const words = document.createElement("p");
const more = document.createElement("a");
more.textContent = "In the glossary";
more.tabIndex = -1; // Tab goes on to what follows: the term itself leads to the same place
card.append(name, words, more);

/** @type {HTMLAnchorElement | undefined} the term whose card is open or on its way */
let current;
let timer = 0;

/** Put the card below a term, or above it where only there is room. @param {Element} link */
function place(link) {
  const { left, top, bottom } = link.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const above = top - GAP - EDGE;
  const below = clientHeight - bottom - GAP - EDGE;
  card.style.maxHeight = "";
  const isBelow = card.offsetHeight <= below || below >= above;
  card.style.maxHeight = `${isBelow ? below : above}px`;
  const x = Math.max(Math.min(left, clientWidth - card.offsetWidth - EDGE), EDGE);
  const y = isBelow ? bottom + GAP : top - GAP - card.offsetHeight;
  card.style.left = `${x + scrollX}px`; // in the page, with which it scrolls
  card.style.top = `${y + scrollY}px`;
}

/** @param {HTMLAnchorElement} link @returns {Promise<boolean>} whether there is a card for it */
async function show(link) {
  hide();
  current = link;
  try {
    const { name: term, paragraph } = await look(link);
    if (current !== link) return true; // the reader has moved on
    name.textContent = term;
    words.replaceChildren(...openingOf(paragraph));
    more.href = link.href;
    document.querySelector("main").append(card);
    card.showPopover();
    place(link);
    link.setAttribute("aria-describedby", card.id);
    return true;
  } catch {
    return false;
  }
}

function hide() {
  clearTimeout(timer);
  current?.removeAttribute("aria-describedby");
  current = undefined;
  card.remove();
}

/** @param {() => void} action */
function soon(action) {
  clearTimeout(timer);
  timer = setTimeout(action, PAUSE);
}

/** @param {Event} event @returns {HTMLAnchorElement | null} */
const termAt = ({ target }) => /** @type {Element} */ (target).closest("a.tb-gloss");
/** @param {Event} event */
const isOnCard = ({ target }) => card.contains(/** @type {Node} */ (target));

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const link = termAt(event);
  if (link && link !== current) {
    soon(() => show(link));
    look(link).catch(() => {}); // fetched meanwhile
  } else if (link || isOnCard(event)) clearTimeout(timer);
});

document.addEventListener("pointerout", (event) => {
  if (event.pointerType !== "mouse" || !(termAt(event) || isOnCard(event))) return;
  if (current?.matches(":focus-visible")) clearTimeout(timer);
  else soon(hide);
});

document.addEventListener("focusin", (event) => {
  const link = termAt(event);
  if (link?.matches(":focus-visible")) show(link);
});

document.addEventListener("focusout", (event) => {
  if (termAt(event) === current) hide();
});

// A finger cannot hover: its first tap shows the card, a second one on the term follows the link.
document.addEventListener("click", (event) => {
  const link = termAt(event);
  if (!link || event.pointerType !== "touch" || link === current) return;
  event.preventDefault();
  show(link).then((isShown) => {
    if (!isShown) location.assign(link.href);
  });
});

document.addEventListener("pointerdown", (event) => {
  if (termAt(event) !== current && !isOnCard(event)) hide();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
});

for (const change of ["resize", "pagehide"]) addEventListener(change, hide);
