// Opens the search, from its links or with Ctrl+K (on a Mac, Command+K). The search itself is
// loaded only then. There is no single-character shortcut: speech input would trigger it by
// accident.

const isMac = /^(Mac|iP)/.test(navigator.platform);

async function open() {
  const { openSearch } = await import("./search/panel.js");
  openSearch();
}

document.addEventListener("click", (event) => {
  const link = /** @type {Element} */ (event.target).closest("a[data-search]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});

document.addEventListener("keydown", (event) => {
  const { key, altKey, shiftKey, ctrlKey, metaKey } = event;
  const isShortcut =
    key.toLowerCase() === "k" &&
    !altKey &&
    !shiftKey &&
    (isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey);
  if (!isShortcut) return;
  event.preventDefault();
  open();
});

/** @type {NodeListOf<HTMLAnchorElement>} */
const links = document.querySelectorAll("a[data-search]");
for (const link of links) {
  link.setAttribute("role", "button"); // it no longer leads to a page
  link.setAttribute("aria-haspopup", "dialog");
  link.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    link.click();
  });
  const modifier = link.querySelector(".kbd-shortcut__modifier");
  if (modifier && isMac) modifier.textContent = "⌘";
}

if (document.querySelector("tb-search")) import("./search/panel.js");
