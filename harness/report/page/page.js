"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const order = [...body.rows];
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const isUp = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
      const compare = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if ((x === "") !== (y === "")) return x === "" ? 1 : -1; // empty cells stay last
        const difference = x - y;
        const sign = Number.isNaN(difference) ? x.localeCompare(y, "en") : difference;
        return isUp ? sign : -sign;
      };
      body.append(...[...order].sort(compare));
    });
  });
}
for (const field of document.querySelectorAll("input.filter")) {
  const rows = [...document.getElementById(field.dataset.table).tBodies[0].rows];
  field.hidden = false;
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
}
