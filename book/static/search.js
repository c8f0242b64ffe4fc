// Opens the search: from its links, with Ctrl+K (on a Mac Command+K) and with "/". What it needs is
// loaded only then.

const isMac = /^(Mac|iP)/.test(navigator.platform);

/** Whether keys belong to something that is written into. @param {Element} element */
const isField = (element) =>
  element.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);

async function open() {
  const { openSearch } = await import("./search/panel.js");
  openSearch();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-search]");
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
  const isSlash = key === "/" && !altKey && !ctrlKey && !metaKey && !isField(event.target);
  if (!isShortcut && !isSlash) return;
  event.preventDefault();
  open();
});

for (const link of document.querySelectorAll("a[data-search]")) {
  link.setAttribute("role", "button"); // it leads nowhere any more
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
