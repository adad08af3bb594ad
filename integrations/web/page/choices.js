// The lists in which one of the chosen selection, or of all, is selected.

const FIRST_ACTIVATION = "gelu";

function option(text, value, entry) {
  const element = document.createElement("option");
  element.textContent = text;
  element.value = value;
  if (entry) element.dataset.entry = entry.id;
  return element;
}

function optionOf(entry) {
  return option(entry.formula === null ? entry.label : `formula: ${entry.formula}`, entry.key, entry);
}

function group(label, options) {
  const element = document.createElement("optgroup");
  element.label = label;
  element.append(...options);
  return element;
}

function allOptions(selection) {
  const options = selection.known.map(({ name }) => option(name, name));
  const first = options.find(({ value }) => value === FIRST_ACTIVATION);
  if (first) first.defaultSelected = true;
  // Those at their defaults are among all.
  const own = selection.usable.filter((entry) => entry.formula !== null || entry.changes.length > 0);
  return own.length === 0 ? [group("All", options)] : [group("Chosen", own.map(optionOf)), group("All", options)];
}

/** Fills the lists anew. What was selected stays selected, with its new parameters. */
export function fillChoices(selection) {
  for (const select of document.querySelectorAll("select[data-chosen]")) {
    const before = select.selectedOptions[0];
    const filled = select.dataset.chosen === "all" ? allOptions(selection) : selection.usable.map(optionOf);
    select.replaceChildren(...filled);
    const options = Array.from(select.options);
    const same =
      before &&
      (options.find(({ dataset }) => dataset.entry && dataset.entry === before.dataset.entry) ??
        options.find(({ value }) => value === before.value));
    if (same) same.selected = true;
    select.disabled = options.length === 0;
  }
}

/** What the selected option stands for: { label, text, activation }, or nothing where no function is chosen. */
export function selectedIn(select, selection) {
  const [selected] = select.selectedOptions;
  if (!selected) return null;
  const entry = selection.usable.find(({ id }) => String(id) === selected.dataset.entry);
  return entry ?? { label: selected.value, text: selected.value, activation: selected.value };
}
