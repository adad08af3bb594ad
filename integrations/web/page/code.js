// WGSL of a chosen function: the snippet and the whole module.

import { selectedIn } from "./choices.js";
import { makeCopyButton, textOf } from "./notices.js";

const element = (id) => document.getElementById(id);

export class Code {
  #library;
  #selection;

  constructor({ library, selection }) {
    this.#library = library;
    this.#selection = selection;
    element("code-form").addEventListener("input", () => this.refresh());
    element("code-form").addEventListener("submit", (event) => event.preventDefault());
    for (const kind of ["snippet", "shader"]) {
      makeCopyButton(
        element(`${kind}-copy`),
        kind === "snippet" ? "Snippet" : "Module",
        () => element(kind).textContent,
      );
    }
  }

  refresh() {
    element("code-error").textContent = "";
    const chosen = selectedIn(element("code-function"), this.#selection);
    const accuracy = element("code-accuracy").value;
    const [pass, order] = element("code-pass").value.split(" ");
    const options = order ? { pass, order: Number(order), accuracy } : { pass, accuracy };
    this.#show("snippet", chosen, ({ activation }) =>
      this.#library.snippet(activation, element("code-prefix").value.trim(), { accuracy }),
    );
    this.#show("shader", chosen, ({ activation }) => this.#library.shader(activation, options));
  }

  #show(kind, chosen, text) {
    const place = element(kind);
    const button = element(`${kind}-copy`);
    place.textContent = "";
    button.disabled = true;
    if (!chosen) return;
    try {
      place.textContent = text(chosen);
      button.disabled = false;
    } catch (error) {
      element("code-error").textContent = textOf(error);
    }
  }
}
