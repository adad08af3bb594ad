// Which functions are chosen, and with which parameters.

import { textOf } from "./notices.js";
import { readValue, writtenValue } from "./parameters.js";

function defaultsOf(info) {
  return Object.fromEntries(info.parameters.map((parameter) => [parameter.name, parameter.default]));
}

/** A chosen function. `info` is what the library's list says of it, or the formula's own parameters. */
class Chosen {
  constructor({ library, id, slot, info, values, formula = null }) {
    Object.assign(this, { library, id, slot, info, values, formula });
  }

  /** The parameters that differ from their defaults, as text. */
  get changes() {
    return this.info.parameters
      .filter(({ name, default: initial }) => !Object.is(this.values[name], initial))
      .map(({ name }) => `${name}=${writtenValue(this.values[name])}`);
  }

  /** For people. */
  get label() {
    if (this.formula !== null) return "formula";
    return this.changes.length === 0 ? this.info.name : `${this.info.name}(${this.changes.join(", ")})`;
  }

  /** For the address bar, without spaces. */
  get key() {
    return this.label.replaceAll(" ", "");
  }

  /** What the library takes. */
  get activation() {
    return this.formula === null ? this.label : this.library.custom(this.formula, this.values);
  }

  /** As text that the library reads again, formulas included. */
  get text() {
    return String(this.activation);
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

  setValue(text) {
    const [name, value] = text.split("=").map((part) => part.trim());
    const number = readValue(value ?? "");
    if (!Object.hasOwn(this.values, name) || Number.isNaN(number))
      throw new Error(`${this.info.name} has no parameter for "${text}".`);
    this.values[name] = number;
  }
}

/** The chosen functions, of which at most one is a formula. */
export class Selection {
  #library;
  #slots;
  #nextId = 1;
  entries = [];
  /** Also where it is no formula. */
  formula = "";

  /** `slots` is how many functions can be told apart. */
  constructor(library, slots) {
    this.#library = library;
    this.#slots = slots;
    this.known = library.list().filter((info) => !info.along);
  }

  /** The chosen functions that can be computed. */
  get usable() {
    return this.entries.filter((entry) => entry.problem === "");
  }

  get formulaEntry() {
    return this.entries.find((entry) => entry.formula !== null) ?? null;
  }

  /** The functions but the formula, as text. */
  get keys() {
    return this.entries.filter((entry) => entry.formula === null).map((entry) => entry.key);
  }

  add(info, { values = defaultsOf(info), formula = null } = {}) {
    const slot = Array.from({ length: this.#slots }, (_, index) => index).find((index) =>
      this.entries.every((entry) => entry.slot !== index),
    );
    if (slot === undefined) throw new Error(`At most ${this.#slots} functions can be chosen at once.`);
    const entry = new Chosen({ library: this.#library, id: this.#nextId, slot, info, values: { ...values }, formula });
    this.#nextId += 1;
    this.entries.push(entry);
    return entry;
  }

  remove(entry) {
    this.entries = this.entries.filter((other) => other !== entry);
    if (entry.formula !== null) this.formula = "";
  }

  removeNamed(name) {
    this.entries = this.entries.filter((entry) => entry.info.name !== name);
  }

  /** Takes another formula; an empty one is none. Throws what is wrong with it. */
  setFormula(text) {
    if (this.formulaEntry?.formula === text) return;
    this.entries = this.entries.filter((entry) => entry.formula === null);
    this.formula = text;
    if (text === "") return;
    const { parameters } = this.#library.custom(text);
    this.add({ name: "formula", formula: text, parameters }, { formula: text });
  }

  /** Adds "swish(beta=2)". */
  #addText(key) {
    const match = /^([^()]*)(?:\((.*)\))?$/.exec(key);
    const name = match?.[1].trim() ?? "";
    const info = this.known.find((one) => one.name === name || one.aliases.includes(name));
    if (!info) throw new Error(`There is no elementwise function "${key}".`);
    const entry = this.add(info);
    for (const text of (match[2] ?? "").split(",").filter(Boolean)) entry.setValue(text);
  }

  /** Replaces the choice by what these texts say. Gives the messages of what does not fit. */
  restore({ keys, formula, values }) {
    const messages = [];
    const attempt = (action) => {
      try {
        action();
      } catch (error) {
        messages.push(textOf(error));
      }
    };
    this.entries = [];
    for (const key of keys) attempt(() => this.#addText(key));
    attempt(() => this.setFormula(formula));
    for (const text of this.formulaEntry ? values : []) attempt(() => this.formulaEntry.setValue(text));
    return messages;
  }
}
