// <tb-copy-page href="page.md">: copies the page as Markdown. Without scripts, the link inside it
// leads to the same text.

class CopyPage extends HTMLElement {
  connectedCallback() {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy page as Markdown";
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    button.addEventListener("click", () => this.copy(said));
    this.replaceChildren(button, said);
  }

  /** @param {HTMLElement} said where to show the result */
  async copy(said) {
    said.textContent = "";
    try {
      const answer = await fetch(this.getAttribute("href"));
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      await navigator.clipboard.writeText(await answer.text());
      said.textContent = "Copied";
    } catch (error) {
      said.textContent = `Not copied: ${error.message}`;
    }
  }
}

customElements.define("tb-copy-page", CopyPage);
