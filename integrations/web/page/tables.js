// Rows of result tables.

/** Cells are text; those of numbers are { number: text }. The first is the row's head. */
export function addRow(table, cells, kind = "") {
  const row = table.tBodies[0].insertRow();
  if (kind) row.className = kind;
  cells.forEach((cell, index) => {
    const element = document.createElement(index === 0 ? "th" : "td");
    if (index === 0) element.scope = "row";
    element.textContent = cell.number ?? cell;
    if (cell.number !== undefined) element.className = "number";
    row.append(element);
  });
}

export function clear(table) {
  table.tBodies[0].replaceChildren();
}
