// In the browser: how far elementwise functions and their derivatives are from the reference, on a sample of all floats.

import { GpuActivations, compare, list, load } from '/page/gpu-activations/index.js';

const CHUNK = 1 << 20;
const PASSES = ['forward', 'derivative', 'second derivative'];

/** Every `step`-th float but NaN, in arrays. */
function* samples(step) {
  const count = Math.floor(0xffffffff / step) + 1;
  for (let first = 0; first < count; first += CHUNK) {
    const bits = Uint32Array.from({ length: Math.min(CHUNK, count - first) }, (_, i) => (first + i) * step);
    yield new Float32Array(bits.buffer).filter((x) => !Number.isNaN(x));
  }
}

const worse = (a, b) => (a && a.worstUlp >= b.worstUlp ? a : b);

async function compared(gpu, name, order, step) {
  let worst;
  let failed = 0;
  for (const x of samples(step)) {
    const results = await (order === 0 ? gpu.forward(name, x) : gpu.derivative(name, x, { order }));
    const comparison = compare(name, x, results, { order });
    failed += comparison.failed;
    worst = worse(worst, comparison);
  }
  // JSON has no infinities.
  return { worst_ulp: String(worst.worstUlp), worst_input: String(worst.worstInput), failed };
}

/** The names of all elementwise functions. */
export async function names() {
  await load();
  return list().filter((info) => !info.along).map((info) => info.name);
}

/** The rows of a function. */
export async function measure({ name, step }) {
  const gpu = await GpuActivations.create();
  const rows = {};
  for (const [order, pass] of PASSES.entries()) rows[`${name} ${pass}`] = await compared(gpu, name, order, step);
  gpu.free();
  return rows;
}
