// An ordinary table that one can sort by its headings. Without scripts it stays what it is.

import { define, make } from "./common.js";

/**
 * The order of two cells: numbers by value, texts as people sort them, numbers before texts.
 * @param {{number: number, text: string}} a
 * @param {{number: number, text: string}} b
 */
export function compareCells(a, b) {
  const numbers = [a, b].filter((cell) => !Number.isNaN(cell.number)).length;
  if (numbers === 2) return a.number - b.number;
  if (numbers === 1) return Number.isNaN(a.number) ? 1 : -1;
  return a.text.localeCompare(b.text, "en", { numeric: true });
}

const isMissing = (cell) => ["", "–", "nan"].includes(cell.text.toLowerCase());

/** What a cell is sorted by. @param {HTMLTableCellElement} cell */
const readCell = (cell) => ({
  number: "value" in cell.dataset ? Number(cell.dataset.value) : NaN,
  text: cell.textContent.trim(),
});

class Sortable extends HTMLElement {
  connectedCallback() {
    if (this.status) return; // it was only moved within the page
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
        "tb-number",
        cells.some((cell) => "value" in cell.dataset),
      );
    });
    this.append(this.status);
  }

  /** Sort by a column; once more turns the order round. What is missing stays at the end. */
  sort(column) {
    const heading = this.headings[column];
    const upwards = heading.getAttribute("aria-sort") !== "ascending";
    const order = upwards ? "ascending" : "descending";
    for (const other of this.headings) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", order);
    const rows = [...this.body.rows].map((row) => ({ row, cell: readCell(row.cells[column]) }));
    rows.sort((a, b) => {
      const missing = isMissing(a.cell) - isMissing(b.cell);
      return missing || (upwards ? 1 : -1) * compareCells(a.cell, b.cell);
    });
    this.body.append(...rows.map(({ row }) => row));
    this.status.textContent = `Sorted by ${heading.textContent.trim()}, ${order}.`;
  }
}

define("tb-sortable", Sortable);
