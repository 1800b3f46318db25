"use strict";
(() => {
  const NAME = 0, STATUS = 1, CLASS = 2, REASON = 3, PAGES = 4, CONFIDENCE = 5, MILLISECONDS = 6, BYTES = 7;
  const STEP = 100, PRINTED = 1000, UNITS = ["bytes", "KB", "MB", "GB", "TB"];
  const byId = (id) => document.getElementById(id);
  const documents = JSON.parse(byId("documents").textContent);
  const advice = JSON.parse(byId("advice").textContent);
  const texts = documents.map((row) => `${row[NAME]}\n${row[CLASS]}\n${row[REASON]}`.toLowerCase());
  const whole = new Intl.NumberFormat("en");
  const state = { column: null, descending: false, shown: STEP, found: [] };

  const element = (name, content, className) => {
    const made = document.createElement(name);
    if (content !== undefined) made.textContent = content;
    if (className) made.className = className;
    return made;
  };

  const cell = (content, label) => {
    const made = element("td", content, label ? "number" : "");
    made.setAttribute("role", "cell");
    if (label) made.dataset.label = label;
    return made;
  };

  const size = (bytes) => {
    let power = 0;
    for (; bytes >= 1000 && power < UNITS.length - 1; power += 1) bytes /= 1000;
    return `${power ? bytes.toFixed(1) : bytes} ${UNITS[power]}`;
  };

  // Names have escapes in place of what is not printable, and so must what is looked for among them.
  const printable = (text) =>
    text.replace(/[\p{C}\p{Z}]/gu, (char) => {
      const code = char.codePointAt(0), digits = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
      const escape = { 2: "x", 4: "u", 8: "U" }[digits] + code.toString(16).padStart(digits, "0");
      return char === " " ? char : `\\${escape}`;
    });

  // What stands between backticks is code.
  const withCode = (text) =>
    text.split(/`([^`]+)`/).map((part, number) => (number % 2 ? element("code", part) : part));

  const reasonOf = (row) => {
    const made = element("div", undefined, "reason");
    if (row[CLASS]) made.append(element("b", row[CLASS].replaceAll("_", " ")), ": ");
    const sentence = row[REASON] && !/[.!?]$/.test(row[REASON]) ? `${row[REASON]}.` : row[REASON];
    made.append(...withCode(`${sentence} ${advice[row[CLASS]] || ""}`.trim()));
    return made;
  };

  const line = (row) => {
    const made = document.createElement("tr");
    made.setAttribute("role", "row");
    const name = cell();
    const shown = element("span", row[NAME], "name short");
    shown.title = row[NAME];
    name.append(shown);
    if (row[CLASS] || row[REASON]) name.append(reasonOf(row));
    const status = cell();
    status.append(element("span", row[STATUS], `status ${row[STATUS]}`));
    const confidence = row[CONFIDENCE] === null ? "–" : row[CONFIDENCE].toFixed(1);
    made.append(
      name, status, cell(whole.format(row[PAGES]), "pages"), cell(confidence, "confidence"),
      cell((row[MILLISECONDS] / 1000).toFixed(1), "seconds"), cell(size(row[BYTES]), "size"));
    return made;
  };

  const compare = (one, other) => {
    const [left, right] = [documents[one][state.column], documents[other][state.column]];
    if (left === null || right === null) return (left === null) - (right === null) || one - other;
    const order = typeof left === "string" ? left.localeCompare(right) : left - right;
    return (state.descending ? -order : order) || one - other;
  };

  const find = () => {
    const words = byId("search").value.split(/[\t ]+/).filter(Boolean).map((word) => printable(word).toLowerCase());
    const status = byId("status").value, reason = byId("class").value;
    state.found = [...documents.keys()].filter((number) =>
      (!status || documents[number][STATUS] === status) && (!reason || documents[number][CLASS] === reason)
      && words.every((word) => texts[number].includes(word)));
    if (state.column !== null) state.found.sort(compare);
  };

  const show = () => {
    const shown = state.found.slice(0, state.shown);
    byId("rows").replaceChildren(...shown.map((number) => line(documents[number])));
    byId("found").textContent =
      `${whole.format(state.found.length)} of ${whole.format(documents.length)} document${documents.length === 1 ? "" : "s"}, ${whole.format(shown.length)} shown`;
    byId("more").hidden = state.found.length <= state.shown;
  };

  const markHeads = () => {
    for (const head of byId("heads").children) {
      const sorted = Number(head.dataset.column) === state.column;
      if (sorted) head.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    byId("sort").value = state.column === null ? "" : String(state.column);
  };

  const refresh = () => {
    state.shown = STEP;
    find();
    markHeads();
    show();
  };

  const sortBy = (column, descending) => {
    state.column = column;
    state.descending = descending;
    refresh();
  };

  const largestFirst = (column) => [PAGES, MILLISECONDS, BYTES].includes(column);
  byId("heads").addEventListener("click", (event) => {
    const head = event.target.closest("th");
    if (!head || !event.target.closest("button")) return;
    const column = Number(head.dataset.column);
    sortBy(column, column === state.column ? !state.descending : largestFirst(column));
  });
  byId("sort").addEventListener("change", (event) => {
    const column = event.target.value === "" ? null : Number(event.target.value);
    sortBy(column, column !== null && largestFirst(column));
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const [id, kind] of [["search", "input"], ["status", "change"], ["class", "change"]]) {
    byId(id).addEventListener(kind, refresh);
  }
  byId("more").addEventListener("click", () => {
    const before = state.shown;
    state.shown += STEP;
    show();
    const next = byId("rows").children[before];
    if (next) { next.tabIndex = -1; next.focus(); }
  });
  window.addEventListener("beforeprint", () => { state.shown = Math.max(state.shown, PRINTED); show(); });
  refresh();
})();
