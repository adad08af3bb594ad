// Sampled verification: results of the visitor's GPU beside the f64 reference.

import { edges, grouped, LARGEST, ofAllFloats, ofRange, readable, shortest } from "./floats.js";
import { makeCopyButton, textOf } from "./notices.js";
import { makeCancelable, nextFrame } from "./pacing.js";
import { parseRange } from "./state.js";
import { addRow, clear } from "./tables.js";

const CHUNK = 65536;
const QUANTITIES = ["f", "f′", "f″"];

const element = (id) => document.getElementById(id);

/** "all", or the two ends of a range. */
function readInputs(text) {
  return text.trim() === "all" ? "all" : parseRange(text).map(Math.fround);
}

/** The inputs of an entry in chunks: edges first, then samples of all magnitudes. */
function inputsOf(entry, inputs, count) {
  const places = Object.values(entry.values).filter((value) => typeof value === "number" && Math.abs(value) <= LARGEST);
  const isIn = inputs === "all" ? () => true : (x) => x >= inputs[0] && x <= inputs[1];
  const first = edges(places).filter(isIn);
  const samples = inputs === "all" ? ofAllFloats(count) : ofRange(...inputs, count);
  const chunks = Math.ceil(samples.count / CHUNK);
  return {
    chunks: chunks + 1,
    chunk(index) {
      if (index === 0) return first;
      const start = (index - 1) * CHUNK;
      return Float32Array.from({ length: Math.min(CHUNK, samples.count - start) }, (_, i) => samples.at(start + i));
    },
  };
}

/** Two comparisons as one. A NaN counts as the worst. */
function merged(all, part) {
  const worse = !all || !(part.worstUlp <= all.worstUlp) ? part : all;
  return {
    worstUlp: worse.worstUlp,
    worstInput: worse.worstInput,
    limitUlp: part.limitUlp,
    count: (all?.count ?? 0) + part.count,
    failed: (all?.failed ?? 0) + part.failed,
  };
}

function hasBound(limit) {
  return typeof limit === "number" && Number.isFinite(limit);
}

function verdict({ limitUlp, failed }) {
  if (!hasBound(limitUlp)) return "no bound stated";
  return failed === 0 ? "yes" : "no";
}

/** Numbers that JSON lacks become text. */
function forJson(key, value) {
  if (Object.is(value, -0)) return "-0";
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

export class Verification {
  #gpu;
  #library;
  #selection;
  #json = "";

  constructor({ gpu, library, selection, fail }) {
    this.#gpu = gpu;
    this.#library = library;
    this.#selection = selection;
    element("verify-form").addEventListener("input", () => {
      element("verify-error").textContent = "";
    });
    makeCopyButton(element("verify-copy"), "JSON", () => this.#json);
    makeCancelable("verify", (signal) => this.#run(signal), fail);
  }

  /** The settings; null, with a message, where they are not possible. */
  #settings() {
    const orders = [0, 1, 2].filter((order) => element(`verify-order-${order}`).checked);
    const entries = this.#selection.usable;
    element("verify-error").textContent = "";
    try {
      if (entries.length === 0) throw new Error("No function is chosen.");
      if (orders.length === 0) throw new Error("No quantity is ticked.");
      const inputs = readInputs(element("verify-range").value);
      return {
        entries,
        orders,
        inputs,
        accuracy: element("verify-accuracy").value,
        samples: Number(element("verify-samples").value),
      };
    } catch (error) {
      element("verify-error").textContent = textOf(error);
      return null;
    }
  }

  async #run(signal) {
    const settings = this.#settings();
    if (!settings) return;
    const { entries, orders } = settings;
    const jobs = entries.flatMap((entry) =>
      orders.map((order) => ({ label: entry.label, text: entry.text, entry, activation: entry.activation, order })),
    );
    const progress = element("verify-progress");
    clear(element("verify-results"));
    element("verify-results").hidden = true;
    element("verify-details").hidden = true;
    const results = [];
    for (const [index, job] of jobs.entries()) {
      element("verify-status").textContent =
        `Verifying ${QUANTITIES[job.order]} of ${job.label} (${index + 1} of ${jobs.length}).`;
      const comparison = await this.#verify(job, settings, signal, (share) => {
        progress.value = (index + share) / jobs.length;
      });
      results.push({ function: job.text, order: job.order, ...comparison });
      this.#showRow(job, comparison);
    }
    this.#finish(settings, results);
  }

  async #verify({ entry, activation, order }, { inputs, samples, accuracy }, signal, onProgress) {
    const source = inputsOf(entry, inputs, samples);
    let all = null;
    for (let index = 0; index < source.chunks; index += 1) {
      const x = source.chunk(index);
      if (x.length > 0) {
        const results = await this.#gpu.run((gpu) =>
          order === 0 ? gpu.forward(activation, x, { accuracy }) : gpu.derivative(activation, x, { order, accuracy }),
        );
        all = merged(all, this.#library.compare(activation, x, results, { order, accuracy }));
      }
      onProgress((index + 1) / source.chunks);
      await nextFrame();
      signal.throwIfAborted();
    }
    return all;
  }

  #showRow({ label, order }, { worstUlp, worstInput, limitUlp, count, failed }) {
    const table = element("verify-results");
    table.hidden = false;
    addRow(
      table,
      [
        label,
        QUANTITIES[order],
        { number: readable(worstUlp, 4) },
        { number: hasBound(limitUlp) ? readable(limitUlp, 4) : "none" },
        verdict({ limitUlp, failed }),
        { number: shortest(worstInput).replaceAll("-", "−") },
        { number: grouped(count) },
        { number: grouped(failed) },
      ],
      hasBound(limitUlp) && failed > 0 ? "bad" : "",
    );
  }

  #finish({ inputs, accuracy, samples }, results) {
    const { name, isSoftware } = this.#gpu.adapter ?? {};
    const bounded = results.filter(({ limitUlp }) => hasBound(limitUlp));
    const within = bounded.filter(({ failed }) => failed === 0).length;
    element("verify-status").textContent = `Done: ${within} of ${bounded.length} with a stated bound are within it.`;
    this.#json = JSON.stringify({ adapter: { name, isSoftware }, accuracy, inputs, samples, results }, forJson, 2);
    element("verify-json").textContent = this.#json;
    element("verify-details").hidden = false;
  }
}
