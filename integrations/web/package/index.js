// What index.d.ts describes: arguments are checked here, and the rest is the crate's.

import initialize, * as wasm from "./wasm.js";
export { record } from "./record.js";

let isLoaded = false;

export async function load(source = new URL("./wasm_bg.wasm", import.meta.url)) {
  await initialize({ module_or_path: source });
  isLoaded = true;
}

function loaded() {
  if (!isLoaded) throw new Error("the WebAssembly is not loaded yet: await load() first");
  return wasm;
}

// A function as text.
function text(activation) {
  if (typeof activation === "string") return activation;
  if (activation instanceof Formula) return activation.toString();
  throw new TypeError(`an activation is a name or a formula, not ${shown(activation)}`);
}

function shown(value) {
  return value?.constructor?.name ?? String(value);
}

function floats(name, values) {
  if (values instanceof Float32Array) return values;
  throw new TypeError(`${name} must be a Float32Array, not ${shown(values)}`);
}

export class Formula {
  #text;

  constructor(token, text) {
    if (token !== internal) throw new TypeError("custom() makes a formula");
    this.#text = text;
    this.parameters = wasm.parameters_of(text);
  }

  toString() {
    return this.#text;
  }
}

// Only this module has it, so that only this module constructs.
const internal = Symbol("internal");

export function list() {
  return loaded().list();
}

export function custom(formula, parameters) {
  return new Formula(internal, loaded().custom(formula, parameters));
}

export function reference(activation, x, options) {
  return loaded().reference(text(activation), Float64Array.from(x), options);
}

export function compare(activation, x, results, options) {
  return loaded().compare(text(activation), floats("x", x), floats("results", results), options);
}

export function snippet(activation, prefix, options) {
  return loaded().snippet(text(activation), prefix, options);
}

export function shader(activation, options) {
  return loaded().shader(text(activation), options);
}

export class GpuActivations {
  #gpu;

  constructor(token, gpu) {
    if (token !== internal) throw new TypeError("await GpuActivations.create() makes a context");
    this.#gpu = gpu;
  }

  static async create({ wasm: source, ...options } = {}) {
    if (!globalThis.navigator?.gpu) {
      const reason = globalThis.isSecureContext === false ? "this page is not served over HTTPS or from localhost" : "this browser has none";
      throw new Error(`WebGPU is missing (navigator.gpu): ${reason}. reference() works without it`);
    }
    await load(source);
    return new GpuActivations(internal, await wasm.Gpu.create(options));
  }

  get #live() {
    if (!this.#gpu) throw new Error("this GpuActivations was freed");
    return this.#gpu;
  }

  // The device of a context, for this module's own use.
  static live(token, gpu) {
    if (token !== internal) throw new TypeError("live() is internal");
    if (!(gpu instanceof GpuActivations)) throw new TypeError(`gpu must be a GpuActivations, not ${shown(gpu)}`);
    return gpu.#live;
  }

  get adapter() {
    return this.#live.adapter;
  }

  async forward(activation, x, options) {
    return this.#live.forward(text(activation), floats("x", x), options);
  }

  async backward(activation, x, dy, options) {
    return this.#live.backward(text(activation), floats("x", x), floats("dy", dy), options);
  }

  async derivative(activation, x, options) {
    return this.#live.derivative(text(activation), floats("x", x), options);
  }

  async doubleBackward(activation, x, dy, v, options) {
    return this.#live.doubleBackward(text(activation), floats("x", x), floats("dy", dy), floats("v", v), options);
  }

  plan(activation, options) {
    return this.#live.plan(text(activation), options);
  }

  custom(formula, parameters) {
    return custom(formula, parameters);
  }

  snippet(activation, prefix, options) {
    return snippet(activation, prefix, options);
  }

  list() {
    return list();
  }

  reference(activation, x, options) {
    return reference(activation, x, options);
  }

  free() {
    this.#gpu?.destroy();
    this.#gpu = undefined;
  }
}

export class Trainer {
  #trainer;

  constructor(token, trainer) {
    if (token !== internal) throw new TypeError("await Trainer.create() makes a trainer");
    this.#trainer = trainer;
    this.points = trainer.points;
    this.labels = trainer.labels;
    this.extent = trainer.extent;
    this.mostSteps = trainer.mostSteps;
  }

  static async create(gpu, { activation, ...training }) {
    return new Trainer(internal, GpuActivations.live(internal, gpu).trainer(text(activation), training));
  }

  get #live() {
    if (!this.#trainer) throw new Error("this Trainer was freed");
    return this.#trainer;
  }

  async train(steps) {
    if (!Number.isInteger(steps) || steps < 0 || steps >= 2 ** 32) {
      throw new TypeError(`steps must be a whole number from 0 to 2^32 - 1, not ${steps}`);
    }
    return this.#live.train(steps);
  }

  async boundary() {
    return this.#live.boundary();
  }

  async accuracy() {
    return this.#live.accuracy();
  }

  free() {
    this.#trainer?.free();
    this.#trainer = undefined;
  }
}
