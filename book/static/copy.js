// A button in the bar above each block of code copies the block as it was written.

const SHOWN = 2000; // milliseconds for which the button says that it has copied

for (const box of document.querySelectorAll(":not(.output) > div.highlight")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tb-copy-code";
  button.textContent = "Copy";
  box.prepend(button);
}

// For screen readers, which don't read a button again when its text changes.
const said = document.createElement("p");
said.className = "tb-status";
said.setAttribute("role", "status");
document.querySelector("main").append(said);

/** @param {Element} pre */
async function copy(pre) {
  try {
    await navigator.clipboard.writeText(pre.textContent.trimEnd());
    return "Copied";
  } catch {
    getSelection().selectAllChildren(pre); // an old browser, or one that forbids it
    return "Selected";
  }
}

addEventListener("click", async ({ target }) => {
  const button = /** @type {Element} */ (target).closest("button.tb-copy-code");
  if (!button) return;
  const answer = await copy(button.parentElement.querySelector("pre"));
  button.textContent = said.textContent = answer;
  setTimeout(() => {
    button.textContent = "Copy";
    said.textContent = "";
  }, SHOWN);
});
