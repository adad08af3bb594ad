// Which functions are chosen, with their parameters.

import { SERIES, swatch } from "./marks.js";
import { textOf } from "./notices.js";
import { debounced } from "./pacing.js";
import { parameterRow, readValue, smallButton, writtenValue } from "./parameters.js";

const FORMULA_DELAY = 400;

/** A chosen function. `info` is what the library's list says of it, or the formula's own parameters. */
class Chosen {
  constructor({ id, slot, info, values, formula = null, library }) {
    Object.assign(this, { id, slot, info, values, formula, library });
  }

  get changed() {
    return this.info.parameters.filter(({ name, default: initial }) => !Object.is(this.values[name], initial));
  }

  /** As text, with the parameters that differ from their defaults. */
  get label() {
    if (this.formula !== null) return "formula";
    if (this.changed.length === 0) return this.info.name;
    return `${this.info.name}(${this.changed.map(({ name }) => `${name}=${writtenValue(this.values[name])}`).join(", ")})`;
  }

  /** For the address bar, without spaces. */
  get key() {
    return this.label.replaceAll(" ", "");
  }

  /** As text that the library reads again, formulas included. */
  get text() {
    return String(this.activation);
  }

  /** What the library takes. */
  get activation() {
    return this.formula === null ? this.label : this.library.custom(this.formula, this.values);
  }

  /** What keeps the library from computing it, or nothing. */
  get problem() {
    try {
      this.library.reference(this.activation, [0]);
      return "";
    } catch (error) {
      return textOf(error);
    }
  }
}

/** The functions that are chosen. Tells "change" after every change. */
export class Functions extends EventTarget {
  #library;
  #known;
  #entries = [];
  #nextId = 1;
  #formulaField = document.getElementById("formula");
  #formulaError = document.getElementById("formula-error");

  constructor(library) {
    super();
    this.#library = library;
    this.#known = library.list().filter((info) => !info.along);
    this.#fillList();
    document.getElementById("function-search").addEventListener("input", (event) => this.#search(event.target.value));
    this.#formulaField.addEventListener("input", debounced(FORMULA_DELAY, () => {
      this.#readFormula();
      this.#changed();
    }));
  }

  /** All elementwise functions of the library. */
  get known() {
    return this.#known;
  }

  /** The chosen functions that can be computed. */
  get usable() {
    return this.#entries.filter((entry) => entry.problem === "");
  }

  get formula() {
    return this.#formulaField.value.trim();
  }

  get keys() {
    return this.#entries.filter((entry) => entry.formula === null).map((entry) => entry.key);
  }

  /** The values of the formula's parameters that differ from its text. */
  get formulaValues() {
    const entry = this.#entries.find((one) => one.formula !== null);
    return entry ? entry.changed.map(({ name }) => `${name}=${writtenValue(entry.values[name])}`) : [];
  }

  /** Replaces the choice. Gives the messages of what does not fit. */
  restore({ keys, formula, formulaValues }) {
    this.#entries = [];
    const messages = keys.map((key) => this.#tryAdding(key)).filter(Boolean);
    this.#formulaField.value = formula;
    this.#readFormula();
    const entry = this.#entries.find((one) => one.formula !== null);
    for (const text of formulaValues) {
      const [name, value] = text.split("=");
      if (entry && name in entry.values && !Number.isNaN(readValue(value ?? ""))) entry.values[name] = readValue(value);
      else messages.push(`The formula has no parameter for "${text}".`);
    }
    this.#showChoice();
    return messages;
  }

  #tryAdding(key) {
    try {
      this.#add(this.#parse(key));
      return "";
    } catch (error) {
      return textOf(error);
    }
  }

  /** The parts of "swish(beta=2)". */
  #parse(key) {
    const match = /^([^()]*)(?:\((.*)\))?$/.exec(key);
    const name = match?.[1].trim() ?? key;
    const info = this.#known.find((one) => one.name === name || one.aliases.includes(name));
    if (!info) throw new Error(`There is no elementwise function "${key}".`);
    const values = this.#defaults(info);
    for (const pair of (match[2] ?? "").split(",").filter(Boolean)) {
      const [parameter, text] = pair.split("=").map((part) => part.trim());
      const value = readValue(text ?? "");
      if (!(parameter in values) || Number.isNaN(value)) throw new Error(`${name} has no parameter for "${pair}".`);
      values[parameter] = value;
    }
    return { info, values };
  }

  #defaults(info) {
    return Object.fromEntries(info.parameters.map((parameter) => [parameter.name, parameter.default]));
  }

  #add(parts) {
    const slot = SERIES.findIndex((_, index) => this.#entries.every((entry) => entry.slot !== index));
    if (slot < 0) throw new Error(`At most ${SERIES.length} functions can be chosen at once.`);
    this.#entries.push(new Chosen({ ...parts, id: this.#nextId, slot, library: this.#library }));
    this.#nextId += 1;
  }

  #remove(test) {
    this.#entries = this.#entries.filter((entry) => !test(entry));
  }

  #changed() {
    this.#showChoice();
    this.dispatchEvent(new Event("change"));
  }

  #readFormula() {
    const text = this.formula;
    const before = this.#entries.find((entry) => entry.formula !== null);
    this.#formulaError.textContent = "";
    this.#formulaField.removeAttribute("aria-invalid");
    if (before?.formula === text) return;
    this.#remove((entry) => entry === before);
    if (text === "") return;
    try {
      const info = { name: "formula", formula: text, parameters: this.#library.custom(text).parameters };
      this.#add({ info, formula: text, values: this.#defaults(info) });
    } catch (error) {
      this.#formulaError.textContent = textOf(error);
      this.#formulaField.setAttribute("aria-invalid", "true");
    }
  }

  // The list

  #fillList() {
    const list = document.getElementById("function-list");
    const families = Map.groupBy(this.#known, (info) => info.family);
    for (const [family, members] of families) {
      const group = document.createElement("fieldset");
      const legend = document.createElement("legend");
      legend.textContent = family;
      group.append(legend, ...members.map((info) => this.#listItem(info)));
      list.append(group);
    }
    const none = document.createElement("p");
    none.className = "hint";
    none.id = "function-none";
    none.hidden = true;
    none.textContent = "No function has this in its name or formula.";
    list.append(none);
  }

  #listItem(info) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.dataset.function = info.name;
    box.addEventListener("change", () => this.#toggle(info, box));
    const name = document.createElement("span");
    name.textContent = info.name;
    const formula = document.createElement("span");
    formula.className = "formula";
    formula.textContent = info.formula;
    formula.title = info.formula;
    label.append(box, name, formula);
    label.dataset.words = [info.name, ...info.aliases, info.formula].join(" ").toLowerCase();
    return label;
  }

  #toggle(info, box) {
    document.getElementById("chosen-error").textContent = "";
    if (box.checked) {
      try {
        this.#add({ info, values: this.#defaults(info) });
      } catch (error) {
        box.checked = false;
        document.getElementById("chosen-error").textContent = textOf(error);
        return;
      }
    } else {
      this.#remove((entry) => entry.info === info);
    }
    this.#changed();
  }

  #search(text) {
    const words = text.trim().toLowerCase().split(/\s+/);
    let found = 0;
    for (const group of document.querySelectorAll("#function-list fieldset")) {
      const labels = Array.from(group.querySelectorAll("label"));
      for (const label of labels) {
        label.hidden = !words.every((word) => label.dataset.words.includes(word));
        found += label.hidden ? 0 : 1;
      }
      group.hidden = labels.every((label) => label.hidden);
    }
    document.getElementById("function-none").hidden = found > 0;
  }

  // The chosen ones

  #showChoice() {
    for (const box of document.querySelectorAll("[data-function]")) {
      box.checked = this.#entries.some((entry) => entry.info.name === box.dataset.function);
    }
    const place = document.getElementById("chosen");
    const cards = this.#entries.map((entry) => this.#cardOf(entry, place));
    for (const card of Array.from(place.children)) if (!cards.includes(card)) card.remove();
    cards.forEach((card, index) => {
      if (place.children[index] !== card) place.insertBefore(card, place.children[index] ?? null);
    });
    document.getElementById("chosen-none").hidden = cards.length > 0;
  }

  /** The card that is there already, so that a slider in use stays. */
  #cardOf(entry, place) {
    const present = Array.from(place.children).find((card) => card.dataset.entry === String(entry.id));
    return present ?? this.#newCard(entry);
  }

  #newCard(entry) {
    const card = document.createElement("div");
    card.className = "card";
    card.dataset.entry = entry.id;
    card.dataset.chosen = entry.info.name;
    card.setAttribute("role", "group");
    card.setAttribute("aria-label", entry.info.name);
    const name = document.createElement("strong");
    name.textContent = entry.info.name;
    const formula = document.createElement("span");
    formula.className = "formula";
    formula.textContent = entry.info.formula;
    formula.title = entry.info.formula;
    const title = document.createElement("div");
    title.className = "card-title";
    title.append(swatch(entry.slot), name, ...this.#cardButtons(entry));
    const error = document.createElement("p");
    error.className = "error";
    error.id = `parameters-${entry.id}-error`;
    error.setAttribute("role", "status");
    error.textContent = entry.problem;
    card.append(title, formula, ...this.#rowsOf(entry, error), error);
    return card;
  }

  #cardButtons(entry) {
    const buttons = [smallButton(`Remove ${entry.info.name}`, "×", "remove", () => {
      this.#remove((other) => other === entry);
      if (entry.formula !== null) this.#formulaField.value = "";
      this.#changed();
      (document.querySelector("#chosen [data-action=remove]") ?? this.#formulaField).focus();
    })];
    if (entry.formula === null && entry.info.parameters.length > 0) {
      buttons.unshift(smallButton(`Choose ${entry.info.name} once more, with other values`, "Once more", "again", () => {
        document.getElementById("chosen-error").textContent = "";
        try {
          this.#add({ info: entry.info, values: { ...entry.values } });
        } catch (error) {
          document.getElementById("chosen-error").textContent = textOf(error);
        }
        this.#changed();
      }));
    }
    return buttons;
  }

  #rowsOf(entry, error) {
    const onValue = () => {
      error.textContent = entry.problem;
      this.dispatchEvent(new Event("change"));
    };
    return entry.info.parameters.map((parameter) => parameterRow(entry, parameter, { error, onValue }));
  }
}
