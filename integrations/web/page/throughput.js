// Throughput of a function beside a copy, on a device of this page's own.

import { selectedIn } from "./choices.js";
import { grouped, readable } from "./floats.js";
import { makeCancelable, nextFrame } from "./pacing.js";
import { addRow, clear } from "./tables.js";

const COPY = "identity";
const ROUNDS = 9;
/** A sample takes at least so many milliseconds, so that the clock and the wait count little. */
const SAMPLE = 60;
const MOST_CALLS = 4096;
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
];
const LARGEST_EXPONENT = 24;
const SOFTWARE_EXPONENT = 20;
const PATTERN = 2 ** 16;

const element = (id) => document.getElementById(id);

function isSoftware({ info }) {
  if (info?.isFallbackAdapter) return true;
  return /swiftshader|llvmpipe|software|basic render/i.test(
    [info?.vendor, info?.architecture, info?.device, info?.description].join(" "),
  );
}

/** The elements: those asked for, or what suits the device, and no more than it can bind. */
function lengthFor(adapter, device, asked) {
  const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize) / 4;
  const exponent = asked || (isSoftware(adapter) ? SOFTWARE_EXPONENT : LARGEST_EXPONENT);
  return 2 ** Math.min(Number(exponent), Math.floor(Math.log2(most)));
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A device, and what it reported. */
async function openDevice() {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("The browser gives no GPU adapter.");
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  const reports = [];
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    reports.push(event.error.message);
  });
  device.lost.then(({ message }) => reports.push(`the device was lost: ${message}`));
  return { adapter, device, reports };
}

/** A buffer of numbers from -4 to 4, where functions are curved. */
function makeBuffer(device, bytes) {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ size: bytes, usage });
  const pattern = Float32Array.from({ length: PATTERN }, (_, index) => ((index * 40503) % PATTERN) / (PATTERN / 8) - 4);
  for (let offset = 0; offset < bytes; offset += pattern.byteLength) {
    device.queue.writeBuffer(buffer, offset, pattern, 0, Math.min(PATTERN, (bytes - offset) / 4));
  }
  return buffer;
}

class Bench {
  #library;
  #open;
  #buffers;

  constructor(library, open, length) {
    this.#library = library;
    this.#open = open;
    this.length = length;
    this.#buffers = [0, 1, 2].map(() => makeBuffer(open.device, length * 4));
  }

  /** A pass of a function that can be timed. `bytes` are those it reads and writes. */
  prepare(gpu, { activation, pass, accuracy }) {
    const plan = gpu.plan(activation, { pass, accuracy, shape: [this.length], limits: this.#open.device.limits });
    const [x, dy, result] = this.#buffers;
    const operands = pass === "forward" ? { x, y: result } : { x, dy, dx: result };
    return { plan, operands, bytes: this.length * 4 * Object.keys(operands).length, calls: 1 };
  }

  /** The milliseconds of so many calls. */
  async #time({ plan, operands }, calls) {
    const { device, reports } = this.#open;
    const encoder = device.createCommandEncoder();
    for (let call = 0; call < calls; call += 1) this.#library.record(device, encoder, plan, operands);
    const commands = encoder.finish();
    await device.queue.onSubmittedWorkDone();
    const start = performance.now();
    device.queue.submit([commands]);
    await device.queue.onSubmittedWorkDone();
    if (reports.length > 0) throw new Error(reports[0]);
    return performance.now() - start;
  }

  /** Compiles, and finds how many calls make a sample. */
  async warmUp(timed) {
    await this.#time(timed, 1);
    let time = await this.#time(timed, 1);
    while (time < SAMPLE && timed.calls < MOST_CALLS) {
      timed.calls = Math.min(
        Math.max(timed.calls * 2, Math.ceil((timed.calls * SAMPLE) / Math.max(time, 1))),
        MOST_CALLS,
      );
      time = await this.#time(timed, timed.calls);
    }
  }

  /** GB in a second. */
  async rate(timed) {
    const milliseconds = await this.#time(timed, timed.calls);
    return (timed.bytes * timed.calls) / milliseconds / 1e6;
  }
}

export class Throughput {
  #gpu;
  #library;
  #selection;

  constructor({ gpu, library, selection, fail }) {
    this.#gpu = gpu;
    this.#library = library;
    this.#selection = selection;
    makeCancelable("throughput", (signal) => this.#run(signal), fail);
  }

  async #run(signal) {
    const chosen = selectedIn(element("throughput-function"), this.#selection);
    if (!chosen) {
      element("throughput-status").textContent = "No function is chosen.";
      return;
    }
    const open = await openDevice();
    try {
      const length = lengthFor(open.adapter, open.device, element("throughput-size").value);
      await this.#measure(new Bench(this.#library, open, length), chosen, signal);
    } finally {
      open.device.destroy();
    }
  }

  async #measure(bench, { activation, label }, signal) {
    const accuracy = element("throughput-accuracy").value;
    const status = element("throughput-status");
    const progress = element("throughput-progress");
    const timed = await this.#gpu.run((gpu) => [
      { label: "copy", pass: "forward", ...bench.prepare(gpu, { activation: COPY, pass: "forward", accuracy }) },
      { label, pass: "forward", ...bench.prepare(gpu, { activation, pass: "forward", accuracy }) },
      { label, pass: "backward", ...bench.prepare(gpu, { activation, pass: "backward", accuracy }) },
    ]);
    const steps = timed.length * (ROUNDS + 1);
    let step = 0;
    const stepped = async () => {
      step += 1;
      progress.value = step / steps;
      await nextFrame();
      signal.throwIfAborted();
    };
    progress.value = 0;
    status.textContent = "Compiling and warming up.";
    for (const one of timed) {
      await bench.warmUp(one);
      await stepped();
    }
    const rates = timed.map(() => []);
    for (let round = 0; round < ROUNDS; round += 1) {
      status.textContent = `Round ${round + 1} of ${ROUNDS}, ${grouped(bench.length)} elements.`;
      for (const [index, one] of timed.entries()) {
        rates[index].push(await bench.rate(one));
        await stepped();
      }
    }
    this.#show(
      timed,
      rates,
      `${grouped(bench.length)} f32, accuracy ${accuracy}, median of ${ROUNDS} rounds in turns.`,
    );
  }

  #show(timed, rates, summary) {
    const table = element("throughput-results");
    clear(table);
    table.hidden = false;
    timed.forEach(({ label, pass }, index) => {
      const own = rates[index];
      // Each round has its own copy, so what disturbs both counts for neither.
      const ratio = median(own.map((rate, round) => rate / rates[0][round]));
      addRow(table, [
        label,
        pass,
        { number: readable(median(own), 3) },
        { number: `${readable(Math.min(...own), 3)} to ${readable(Math.max(...own), 3)}` },
        { number: ratio.toFixed(2) },
      ]);
    });
    element("throughput-status").textContent = `Done: ${summary}`;
  }
}
