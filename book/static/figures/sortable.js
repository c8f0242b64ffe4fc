// A table that can be sorted by its headings. Without scripts it is an ordinary table.

import { define, make } from "./common.js";

/** @typedef {{ number: number, text: string }} Cell */

/** Order by number, then by text; numbers come first. @param {Cell} a @param {Cell} b */
export function compareCells(a, b) {
  const numbers = [a, b].filter((cell) => !Number.isNaN(cell.number)).length;
  if (numbers === 2) return a.number - b.number;
  if (numbers === 1) return Number.isNaN(a.number) ? 1 : -1;
  return a.text.localeCompare(b.text, "en", { numeric: true });
}

/** @param {Cell} cell */
const isMissing = (cell) => ["", "–", "nan"].includes(cell.text.toLowerCase());

/** @param {HTMLTableCellElement} cell */
const readCell = (cell) => ({
  number: "value" in cell.dataset ? Number(cell.dataset.value) : NaN,
  text: cell.textContent.trim(),
});

class Sortable extends HTMLElement {
  connectedCallback() {
    if (this.status) return; // it was only moved
    const table = this.querySelector("table");
    this.headings = [...table.tHead.rows[0].cells];
    this.body = table.tBodies[0];
    this.status = make("p", { class: "tb-status", role: "status" });
    this.headings.forEach((heading, column) => {
      const button = make("button", { type: "button" }, ...heading.childNodes);
      button.addEventListener("click", () => this.sort(column));
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      const cells = [...this.body.rows].map((row) => row.cells[column]);
      heading.classList.toggle(
        "tb-numeric",
        cells.some((cell) => "value" in cell.dataset),
      );
    });
    this.append(this.status);
  }

  /**
   * Sort by a column; a second time reverses the order. Missing values stay last.
   * @param {number} column
   */
  sort(column) {
    const heading = this.headings[column];
    const upwards = heading.getAttribute("aria-sort") !== "ascending";
    const order = upwards ? "ascending" : "descending";
    for (const other of this.headings) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", order);
    const rows = [...this.body.rows].map((row) => ({ row, cell: readCell(row.cells[column]) }));
    rows.sort((a, b) => {
      const missing = Number(isMissing(a.cell)) - Number(isMissing(b.cell));
      return missing || (upwards ? 1 : -1) * compareCells(a.cell, b.cell);
    });
    this.body.append(...rows.map(({ row }) => row));
    this.status.textContent = `Sorted by ${heading.textContent.trim()}, ${order}.`;
  }
}

define("tb-sortable", Sortable);
