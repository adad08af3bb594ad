// In the browser: plans on a device of the page's own give the bits of the methods.

import { GpuActivations, custom, record } from '/page/gpu-activations/index.js';
import { bits } from './numbers.js';

const SHAPE = [6, 40];
const COUNT = SHAPE[0] * SHAPE[1];

const numbers = (seed, count = COUNT) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed) * 4);

const x = numbers(0);
const dy = numbers(1);
const v = numbers(2);
const mask = Uint8Array.from(x, (value) => value > -2);

/** Gives the operands that a plan writes. */
async function run(device, plan, operands) {
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffers = {};
  for (const [name, size] of Object.entries(plan.operands)) {
    buffers[name] = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
    if (!operands[name]) continue;
    const bytes = new Uint8Array(size);
    bytes.set(new Uint8Array(operands[name].buffer));
    device.queue.writeBuffer(buffers[name], 0, bytes);
  }
  const encoder = device.createCommandEncoder();
  record(device, encoder, plan, buffers);
  const results = Object.keys(plan.operands).filter((name) => !operands[name]);
  const copies = results.map((name) => {
    const { size } = buffers[name];
    const copy = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    encoder.copyBufferToBuffer(buffers[name], 0, copy, 0, size);
    return copy;
  });
  device.queue.submit([encoder.finish()]);
  const read = {};
  for (const [i, copy] of copies.entries()) {
    await copy.mapAsync(GPUMapMode.READ);
    read[results[i]] = new Float32Array(copy.getMappedRange().slice());
  }
  return read;
}

export async function test() {
  const gpu = await GpuActivations.create();
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice();
  const uncaught = [];
  device.onuncapturederror = ({ error }) => uncaught.push(error.message);
  const formula = custom('x * sigmoid(beta * x); beta = 1.5');
  const half = numbers(3, COUNT / 2);
  const along = { shape: SHAPE, axis: 1 };
  const made = [
    ['gelu', 'forward', { shape: [COUNT] }, { x }],
    ['gelu', 'backward', { shape: [COUNT] }, { x, dy }],
    ['gelu', 'derivative', { shape: [COUNT], order: 2 }, { x }],
    ['gelu', 'doubleBackward', { shape: [COUNT] }, { x, dy, v }],
    ['swish', 'forward', { shape: [COUNT], parameters: { beta: 1.5 }, accuracy: 'fast' }, { x }],
    ['rrelu', 'forward', { shape: [COUNT], seed: 7 }, { x }],
    [formula, 'backward', { shape: [COUNT] }, { x, dy }],
    ['softmax', 'forward', along, { x }],
    ['softmax', 'backward', along, { x, dy }],
    ['softmax', 'forward', { ...along, axis: 0 }, { x }],
    ['softmax', 'forward', along, { x, mask }],
    ['softmax', 'backward', along, { x, dy, mask }],
    ['softmax', 'doubleBackward', along, { x, dy, v }],
    ['logsumexp', 'forward', along, { x }],
    ['swiglu', 'forward', along, { x }],
    ['swiglu', 'backward', along, { x, dy: half }],
  ];
  const faults = [];
  for (const [activation, pass, options, operands] of made) {
    const title = `${activation} ${pass} ${JSON.stringify(options)}${operands.mask ? ' masked' : ''}`;
    try {
      const planned = gpu.plan(activation, { pass, ...options, mask: Boolean(operands.mask), limits: device.limits });
      // Plain data, which outlives a trip to a worker.
      const found = await run(device, structuredClone(planned), operands);
      const { mask: given, x, dy, v } = operands;
      const common = { ...options, ...(given ? { mask: given } : {}) };
      let expected;
      if (pass === 'forward') expected = { y: await gpu.forward(activation, x, common) };
      if (pass === 'backward') expected = { dx: await gpu.backward(activation, x, dy, common) };
      if (pass === 'derivative') expected = { result: await gpu.derivative(activation, x, { order: options.order }) };
      if (pass === 'doubleBackward') expected = await gpu.doubleBackward(activation, x, dy, v, common);
      for (const [name, values] of Object.entries(expected)) {
        if (found[name]?.length !== values.length) {
          faults.push(`${title}: ${name} has ${found[name]?.length} elements in place of ${values.length}`);
          continue;
        }
        const i = values.findIndex((value, i) => bits(value) !== bits(found[name][i]));
        if (i >= 0) faults.push(`${title}: ${name}[${i}] is ${found[name][i]} by the plan and ${values[i]} by the method`);
      }
    } catch (error) {
      faults.push(`${title}: ${error}`);
    }
  }
  faults.push(...new Set(uncaught));
  device.destroy();
  gpu.free();
  return { faults, counted: `${made.length} plans give the bits of the methods on a device of the page's own` };
}
