// The panel in which functions are chosen: the list, the formula, and a card for each chosen function.

import { SERIES, swatch } from "./marks.js";
import { textOf } from "./notices.js";
import { debounced } from "./pacing.js";
import { parameterRow, smallButton } from "./parameters.js";
import { Selection } from "./selection.js";

const FORMULA_DELAY = 400;

const element = (id) => document.getElementById(id);

function make(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function formulaOf(info) {
  const formula = make("span", "formula", info.formula);
  formula.title = info.formula;
  return formula;
}

/** Tells "change" after every change of the selection. */
export class Functions extends EventTarget {
  selection;

  constructor(library) {
    super();
    this.selection = new Selection(library, SERIES.length);
    this.#fillList();
    element("function-search").addEventListener("input", (event) => this.#search(event.target.value));
    element("formula").addEventListener(
      "input",
      debounced(FORMULA_DELAY, () => {
        this.#readFormula();
        this.#changed();
      }),
    );
  }

  /** Replaces the choice. Gives the messages of what does not fit. */
  restore(texts) {
    const messages = this.selection.restore(texts);
    element("formula").value = texts.formula;
    this.#readFormula();
    this.#showChoice();
    return messages;
  }

  #changed() {
    this.#showChoice();
    this.dispatchEvent(new Event("change"));
  }

  #readFormula() {
    const field = element("formula");
    let problem = "";
    try {
      this.selection.setFormula(field.value.trim());
    } catch (error) {
      problem = textOf(error);
    }
    element("formula-error").textContent = problem;
    field.setAttribute("aria-invalid", String(problem !== ""));
  }

  /** Adds a function, or tells why that is not possible. */
  #add(info, options) {
    element("chosen-error").textContent = "";
    try {
      this.selection.add(info, options);
    } catch (error) {
      element("chosen-error").textContent = textOf(error);
    }
    this.#changed();
  }

  // The list

  #fillList() {
    const families = Map.groupBy(this.selection.known, (info) => info.family);
    const groups = Array.from(families, ([family, members]) => {
      const group = document.createElement("fieldset");
      group.append(make("legend", "", family), ...members.map((info) => this.#listItem(info)));
      return group;
    });
    element("function-list").prepend(...groups);
  }

  #listItem(info) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.dataset.function = info.name;
    box.addEventListener("change", () => {
      if (box.checked) {
        this.#add(info);
        return;
      }
      this.selection.removeNamed(info.name);
      this.#changed();
    });
    const label = document.createElement("label");
    label.append(box, make("span", "", info.name), formulaOf(info));
    label.dataset.words = [info.name, ...info.aliases, info.formula].join(" ").toLowerCase();
    return label;
  }

  #search(text) {
    const words = text.trim().toLowerCase().split(/\s+/);
    const groups = Array.from(document.querySelectorAll("#function-list fieldset"));
    for (const group of groups) {
      const labels = Array.from(group.querySelectorAll("label"));
      for (const label of labels) label.hidden = !words.every((word) => label.dataset.words.includes(word));
      group.hidden = labels.every((label) => label.hidden);
    }
    element("function-none").hidden = groups.some((group) => !group.hidden);
  }

  // The chosen ones

  /** Cards that are there stay, so that a slider in use stays. */
  #showChoice() {
    const { entries } = this.selection;
    for (const box of document.querySelectorAll("[data-function]")) {
      box.checked = entries.some((entry) => entry.info.name === box.dataset.function);
    }
    const place = element("chosen");
    const present = new Map(Array.from(place.children, (card) => [card.dataset.entry, card]));
    const cards = entries.map((entry) => present.get(String(entry.id)) ?? this.#card(entry));
    for (const card of present.values()) if (!cards.includes(card)) card.remove();
    // Moving a card would take the focus from its slider.
    for (const card of cards) if (!card.isConnected) place.append(card);
    element("chosen-none").hidden = cards.length > 0;
  }

  #card(entry) {
    const { info } = entry;
    const error = make("p", "error", entry.problem);
    error.id = `parameters-${entry.id}-error`;
    error.setAttribute("role", "status");
    const onValue = () => {
      error.textContent = entry.problem;
      this.dispatchEvent(new Event("change"));
    };
    const title = make("div", "card-title", "");
    title.append(swatch(entry.slot), make("strong", "", info.name), ...this.#cardButtons(entry));
    const rows = info.parameters.map((parameter) => parameterRow(entry, parameter, { error, onValue }));
    const card = make("div", "card", "");
    card.dataset.entry = entry.id;
    card.dataset.chosen = info.name;
    card.setAttribute("role", "group");
    card.setAttribute("aria-label", info.name);
    card.append(title, formulaOf(info), ...rows, error);
    return card;
  }

  #cardButtons(entry) {
    const { info, values } = entry;
    const remove = smallButton(`Remove ${info.name}`, "×", "remove", () => {
      this.selection.remove(entry);
      if (entry.formula !== null) element("formula").value = "";
      this.#changed();
      (document.querySelector("#chosen [data-action=remove]") ?? element("formula")).focus();
    });
    if (entry.formula !== null || info.parameters.length === 0) return [remove];
    const again = smallButton(`Choose ${info.name} once more, with other values`, "Once more", "again", () =>
      this.#add(info, { values }),
    );
    return [again, remove];
  }
}
