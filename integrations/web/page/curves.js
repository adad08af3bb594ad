// Values of the chosen functions, for the plot and at the cursor.

import { readable } from "./floats.js";
import { dash, swatch } from "./marks.js";
import { announce } from "./notices.js";
import { debounced, Latest } from "./pacing.js";

const ORDERS = [0, 1, 2];
const SIGNS = ["", "′", "″"];
const FIRST_X = [-5, 5];
const DELAY = 60;
const SPEAKING_DELAY = 500;
const MARGIN = 0.06;

/** A range of y for these curves: all of them, or what is about the median where they reach too far. */
function fittingRange(curves, width) {
  const values = curves.flatMap((curve) => Array.from(curve.values));
  const finite = Float64Array.from(values.filter(Number.isFinite)).sort();
  if (finite.length === 0) return [-1, 1];
  let [low, high] = [finite[0], finite[finite.length - 1]];
  if (high - low > 2 * width) {
    const median = finite[finite.length >> 1];
    [low, high] = [Math.max(low, median - width), Math.min(high, median + width)];
  }
  const room = (high - low) * MARGIN || Math.max(Math.abs(high) * MARGIN, width * MARGIN);
  return [low - room, high + room];
}

export class Curves {
  #gpu;
  #library;
  #selection;
  #plot;
  #fail;
  #curves = new Latest();
  #values = new Latest();
  #curveResults = new Map();
  #valueResults = new Map();
  #field = document.getElementById("cursor");
  #body = document.querySelector("#readout tbody");
  #shape = "";
  #soon = debounced(DELAY, () => this.#compute());
  #speak = debounced(SPEAKING_DELAY, () => this.#announceValues());
  /** Whether y follows the curves, until the visitor zooms or pans. */
  followsY = true;

  /** `fail` is told of errors. */
  constructor({ gpu, library, selection, plot, fail }) {
    this.#gpu = gpu;
    this.#library = library;
    this.#selection = selection;
    this.#plot = plot;
    this.#fail = fail;
    for (const place of document.querySelectorAll("[data-dash]")) place.append(dash(Number(place.dataset.dash)));
    this.#listen();
  }

  #listen() {
    const plot = this.#plot;
    plot.addEventListener("resize", () => this.#soon());
    plot.addEventListener("view", () => {
      this.followsY = false;
      this.#soon();
    });
    plot.addEventListener("reset", () => this.resetView());
    plot.addEventListener("cursor", () => {
      this.#field.value = String(plot.cursor);
      this.#computeValues();
      if (document.activeElement?.id === "plot") this.#speak();
    });
    this.#field.addEventListener("input", () => {
      const x = this.#field.value.trim() === "" ? NaN : Number(this.#field.value.replace("−", "-"));
      this.#field.setAttribute("aria-invalid", String(Number.isNaN(x)));
      if (Number.isNaN(x)) return;
      plot.cursor = x;
      plot.draw();
      this.#computeValues();
    });
    for (const order of ORDERS) {
      document.getElementById(`show-${order}`).addEventListener("change", () => this.refresh());
    }
    document.getElementById("zoom-in").addEventListener("click", () => plot.zoom(1 / 1.5));
    document.getElementById("zoom-out").addEventListener("click", () => plot.zoom(1.5));
    document.getElementById("zoom-reset").addEventListener("click", () => this.resetView());
  }

  /** Shows these ranges; y follows the curves where it is null. */
  setView(x, y) {
    this.followsY = y === null;
    this.#plot.view = { x: x ?? FIRST_X, y: y ?? this.#plot.view.y };
  }

  resetView() {
    this.setView(null, null);
    this.#plot.dispatchEvent(new Event("resize"));
  }

  /** Computes everything anew, after a change of functions, parameters or GPU. */
  refresh() {
    this.#showRows();
    this.#soon();
  }

  get #orders() {
    return ORDERS.filter((order) => document.getElementById(`show-${order}`).checked);
  }

  /** On the GPU in f32, or without one by the reference in f64. */
  async #evaluate(entry, order, x) {
    const { activation } = entry;
    if (!this.#gpu.ready) return this.#library.reference(activation, x, { order });
    return this.#gpu.run((gpu) =>
      order === 0 ? gpu.forward(activation, x) : gpu.derivative(activation, x, { order }),
    );
  }

  /** The results of each function and order, one after the other: the first use of one takes a while. */
  async *#evaluations(x) {
    for (const order of this.#orders) {
      for (const entry of this.#selection.usable) {
        const { slot, id } = entry;
        yield { id, slot, order, x, values: await this.#evaluate(entry, order, x) };
      }
    }
  }

  /** Of these results those that are wanted now; f comes last, over its derivatives. */
  #wanted(results) {
    const ids = this.#selection.usable.map(({ id }) => id);
    return Array.from(results.values())
      .filter(({ id, order }) => ids.includes(id) && this.#orders.includes(order))
      .sort((a, b) => b.order - a.order);
  }

  /** Puts new results in the place of the old ones as they come, and tells `show` all of them. */
  async #renew(results, x, show) {
    try {
      for await (const result of this.#evaluations(x)) {
        results.set(`${result.id}/${result.order}`, result);
        show(this.#wanted(results));
      }
      show(this.#wanted(results));
    } catch (error) {
      this.#fail(error);
    }
  }

  #compute() {
    if (!this.#gpu.settled) return;
    this.#curves.run(async () => {
      const { view, samples } = this.#plot;
      await this.#renew(this.#curveResults, samples, (curves) => this.#plot.showCurves(curves));
      const curves = this.#wanted(this.#curveResults);
      if (this.followsY) this.#plot.view = { x: this.#plot.view.x, y: fittingRange(curves, view.x[1] - view.x[0]) };
      this.#plot.draw();
      this.#describe(curves);
    });
    this.#computeValues();
  }

  #computeValues() {
    if (!this.#gpu.settled) return;
    this.#values.run(() =>
      this.#renew(this.#valueResults, Float32Array.of(this.#plot.cursor), (results) => {
        this.#plot.showValues(results.map(({ slot, values: [value] }) => ({ slot, value })));
        this.#showValues(results);
      }),
    );
  }

  // Text

  /** A row for each function. Those that are there keep their values until new ones come. */
  #showRows() {
    const orders = this.#orders;
    const entries = this.#selection.usable;
    const shape = JSON.stringify([orders, entries.map(({ id }) => id)]);
    if (shape === this.#shape) {
      entries.forEach(({ label }, index) => {
        this.#body.rows[index].querySelector("th span").textContent = label;
      });
      return;
    }
    this.#shape = shape;
    for (const cell of document.querySelectorAll("#readout th[data-order]")) {
      cell.hidden = !orders.includes(Number(cell.dataset.order));
    }
    this.#body.replaceChildren(...entries.map((entry) => this.#row(entry, orders)));
  }

  #row(entry, orders) {
    const row = document.createElement("tr");
    row.dataset.entry = entry.id;
    const head = document.createElement("th");
    head.scope = "row";
    const name = document.createElement("span");
    name.textContent = entry.label;
    head.append(swatch(entry.slot), name);
    row.append(
      head,
      ...orders.map((order) => {
        const cell = document.createElement("td");
        cell.dataset.order = order;
        return cell;
      }),
    );
    return row;
  }

  #showValues(values) {
    document.getElementById("readout").dataset.by = this.#gpu.ready ? "gpu" : "reference";
    for (const {
      id,
      order,
      values: [value],
    } of values) {
      const cell = this.#body.querySelector(`[data-entry="${id}"] [data-order="${order}"]`);
      if (cell) cell.textContent = readable(value);
    }
  }

  #announceValues() {
    const rows = Array.from(this.#body.rows, (row) => Array.from(row.cells, (cell) => cell.textContent).join(" "));
    announce(`x = ${readable(this.#plot.cursor)}: ${rows.join("; ")}`);
  }

  #describe(curves) {
    const { x, y } = this.#plot.view;
    const names = this.#selection.usable.map((entry) => entry.label).join(", ") || "no function";
    const between = ([low, high]) => `from ${readable(low, 4)} to ${readable(high, 4)}`;
    this.#plot.describe(`Curves of ${names}, x ${between(x)}, y ${between(y)}`);
    const sentences = curves.map(({ id, order, values }) => {
      const { label } = this.#selection.usable.find((entry) => entry.id === id) ?? { label: "" };
      const finite = Array.from(values).filter(Number.isFinite);
      if (finite.length === 0) return `${label}: f${SIGNS[order]} has no finite value here.`;
      const [left, right] = [finite[0], finite.at(-1)].map((value) => readable(value, 4));
      const least = readable(
        finite.reduce((a, b) => Math.min(a, b)),
        4,
      );
      const largest = readable(
        finite.reduce((a, b) => Math.max(a, b)),
        4,
      );
      const ends = `goes from ${left} at the left to ${right} at the right`;
      return `${label}: f${SIGNS[order]} ${ends}; least ${least}, largest ${largest}.`;
    });
    document.getElementById("plot-description").textContent = sentences.join(" ");
  }
}
