// Loads the library, and joins the parts of the page with each other and with the address.

import { fillChoices } from "./choices.js";
import { Code } from "./code.js";
import { Curves } from "./curves.js";
import { Functions } from "./functions.js";
import { Gpu } from "./gpu.js";
import { alert, clearAlerts, makeCopyButton, textOf } from "./notices.js";
import { debounced } from "./pacing.js";
import { Plot } from "./plot.js";
import {
  compact,
  formatRange,
  formatState,
  parseRange,
  parseState,
  readControls,
  splitList,
  writeControls,
} from "./state.js";
import { Throughput } from "./throughput.js";
import { Training } from "./training.js";
import { Verification } from "./verify.js";

const FIRST_FUNCTIONS = "gelu,relu";
const SAVING_DELAY = 250;

const device = document.getElementById("device");

class Page {
  #gpu;
  #functions;
  #plot;
  #curves;
  #code;
  #training;

  constructor(library) {
    const gpu = new Gpu(library);
    const functions = new Functions(library);
    const plot = new Plot();
    const fail = (error) => alert(`The library reports: ${textOf(error)}`, () => this.#startGpu());
    const parts = { library, gpu, plot, fail, selection: functions.selection };
    this.#gpu = gpu;
    this.#functions = functions;
    this.#plot = plot;
    this.#curves = new Curves(parts);
    this.#code = new Code(parts);
    this.#training = new Training(parts);
    new Verification(parts);
    new Throughput(parts);
  }

  async start() {
    this.#restore();
    this.#listen();
    await this.#startGpu();
  }

  #listen() {
    const save = debounced(SAVING_DELAY, () => this.#save());
    this.#functions.addEventListener("change", () => {
      this.#refresh();
      save();
    });
    for (const name of ["view", "reset"]) this.#plot.addEventListener(name, save);
    document.getElementById("zoom-reset").addEventListener("click", save);
    for (const name of ["input", "change"]) document.addEventListener(name, save);
    makeCopyButton(document.getElementById("copy-link"), "Link", () => {
      this.#save();
      return location.href;
    });
    window.addEventListener("hashchange", () => {
      clearAlerts();
      this.#restore();
    });
    window.addEventListener("pagehide", () => {
      this.#training.reset();
      this.#gpu.free();
    });
    window.addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      clearAlerts();
      this.#startGpu();
    });
  }

  async #startGpu() {
    this.#training.reset();
    device.textContent = "Looking for a GPU.";
    await this.#gpu.start();
    this.#showDevice();
    this.#training.reset();
    this.#refresh();
  }

  #showDevice() {
    const { ready, reason, adapter } = this.#gpu;
    for (const button of document.querySelectorAll("[data-needs-gpu]")) {
      button.disabled = !ready;
      button.dataset.without = ready ? "" : "gpu";
      button.title = ready ? "" : reason;
    }
    for (const id of ["verify-status", "throughput-status"]) {
      document.getElementById(id).textContent = ready ? "" : reason;
    }
    if (ready) {
      const name = adapter.name || "an adapter that the browser does not name";
      device.textContent = `Computing on ${name}${adapter.isSoftware ? ", in software" : ""}.`;
      return;
    }
    device.textContent = "No GPU: curves come from the f64 reference.";
    alert(
      `${reason} Curves come from the f64 reference on the CPU. Verification, throughput and training need WebGPU.`,
      () => this.#startGpu(),
    );
  }

  #refresh() {
    fillChoices(this.#functions.selection);
    this.#curves.refresh();
    this.#code.refresh();
    this.#training.refresh();
  }

  // The address

  #pairs() {
    const { x, y } = this.#plot.view;
    const { keys, formula, formulaEntry } = this.#functions.selection;
    const values = formulaEntry?.changes ?? [];
    return [
      ["f", keys.join(",")],
      ...(formula ? [["formula", compact(formula)]] : []),
      ...(values.length > 0 ? [["values", values.join(",")]] : []),
      ["x", formatRange(x)],
      ...(this.#curves.followsY ? [] : [["y", formatRange(y)]]),
      ...readControls(),
    ];
  }

  #save() {
    history.replaceState(null, "", `#${formatState(this.#pairs())}`);
  }

  /** Takes the state from the address. What does not fit is told, and the rest is taken. */
  #restore() {
    const { pairs, messages } = parseState(location.hash);
    const take = (key, otherwise) => {
      const value = pairs.get(key) ?? otherwise;
      pairs.delete(key);
      return value;
    };
    messages.push(
      ...this.#functions.restore({
        keys: splitList(take("f", FIRST_FUNCTIONS)),
        formula: take("formula", ""),
        values: splitList(take("values", "")),
      }),
    );
    const range = (key) => {
      const text = take(key, null);
      try {
        return text === null ? null : parseRange(text);
      } catch (error) {
        messages.push(textOf(error));
        return null;
      }
    };
    this.#curves.setView(range("x"), range("y"));
    fillChoices(this.#functions.selection);
    messages.push(...writeControls(pairs));
    for (const key of pairs.keys()) messages.push(`This page knows no setting "${key}".`);
    this.#training.reset();
    this.#refresh();
    if (messages.length > 0) alert(`Some of the address was not understood. ${messages.join(" ")}`);
  }
}

try {
  const library = await import("./gpu-activations/index.js");
  await library.load();
  await new Page(library).start();
} catch (error) {
  device.textContent = "The library could not be loaded.";
  alert(`The library could not be loaded: ${textOf(error)}`, () => location.reload());
}
