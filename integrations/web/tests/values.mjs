// What the crate itself gives on SwiftShader, by the command line, in files that the browser reads.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toNpy } from './numbers.js';

/** How many numbers each elementwise function gets. */
const COUNT = 4096;
const FORMULA = 'x * sigmoid(beta * x) + max(x, 0.1 * x^2); beta = 1.5';

/** Where functions change or saturate, beside the defaults of their parameters. */
const PLACES = [0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10, 16, 20, Math.PI, 2 * Math.PI, Math.E];
const TAILS = [
  17, 30, 50, 87, 87.33654, 88, 88.72284, 89, 103, 103.97208, 104, 128, 512, 1e3, 65504, 65536, 8388608, 16777216, 1e10, 1e19,
  1.8446743e19, 1e30, 1.7014118e38, 3.4028235e38, Infinity, 1e-3, 1e-6, 5.9604645e-8, 1e-10, 1e-20, 1e-30, 1.1754944e-38,
  1.1754942e-38, 1e-40, 1e-44, 1e-45,
];

const word = new DataView(new ArrayBuffer(4));

function fromBits(bits) {
  word.setUint32(0, bits);
  return word.getFloat32(0);
}

/** A place, both signs, and four f32 on either side. */
function neighbours(place) {
  word.setFloat32(0, Math.abs(place));
  const middle = word.getUint32(0);
  const found = [];
  for (let bits = Math.max(middle - 4, 0); bits <= Math.min(middle + 4, 0x7f800000); bits++) {
    found.push(fromBits(bits), -fromBits(bits));
  }
  return found;
}

function inputs(functions) {
  const defaults = functions.flatMap(({ parameters }) => parameters.map((parameter) => parameter.default));
  const places = new Set([...PLACES, ...defaults.filter(Number.isFinite).map((value) => Math.fround(Math.abs(value)))]);
  const x = [NaN, ...[...places].flatMap(neighbours), ...TAILS.flatMap((value) => [value, -value])];
  // Where the curves are, evenly; then through all floats.
  for (let i = 0; i <= 1024; i++) x.push((i - 512) / 40);
  const left = COUNT - x.length;
  if (left < 1000) throw new Error('too many special inputs');
  for (let i = 0; i < left; i++) x.push(fromBits(Math.floor((i + 0.5) * (2 ** 32 / left))));
  return Float32Array.from(x);
}

/** The same numbers from -4 to 4 each time. */
function random(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 8;
  });
}

/** The shape of what a function along an axis gives. */
function shapeOfResult({ function: name, family }, shape, axis) {
  const result = [...shape];
  if (['logsumexp', 'logmeanexp'].includes(name)) result[axis] = 1;
  else if (family === 'crelu') result[axis] *= 2;
  else if (family !== 'softmax') result[axis] /= 2;
  return result;
}

/** All that is evaluated, and the arrays that it needs. */
function plan(functions) {
  const arrays = new Map([['x', { values: inputs(functions), shape: [COUNT] }]]);
  const sizeOf = (shape) => shape.reduce((a, b) => a * b);
  const array = (kind, shape) => {
    const name = `${kind}-${shape.join('x')}`;
    const seed = { x: 1, dy: 2, v: 3, mask: 4 }[kind];
    const values = random(sizeOf(shape), seed);
    arrays.set(name, { values: kind === 'mask' ? Uint8Array.from(values, (value) => value > -2) : values, shape });
    return name;
  };
  const cases = [];
  const add = (made) => {
    const results = made.operation === 'doubleBackward' ? ['dx', 'ddy'] : ['y'];
    cases.push({ ...made, results: results.map((result) => `${cases.length}-${result}`) });
  };

  const elementwise = functions.filter(({ family }) => family === 'elementwise').map((found) => found.function);
  const allOrders = (one) => {
    add({ operation: 'forward', x: 'x', ...one });
    for (const order of [1, 2]) add({ operation: 'derivative', x: 'x', order, ...one });
  };
  for (const activation of elementwise) allOrders({ activation, table: true });
  allOrders({ formula: FORMULA });
  allOrders({ activation: 'leaky_relu', parameters: { negative_slope: 0.2 } });
  allOrders({ activation: 'swish', parameters: { beta: -0.7 } });
  add({ operation: 'forward', x: 'x', activation: 'gelu', accuracy: 'fast' });
  add({ operation: 'derivative', x: 'x', order: 1, activation: 'gelu', accuracy: 'fast' });
  add({ operation: 'forward', x: 'x', activation: 'rrelu', seed: 7 });
  const [dy, v] = [array('dy', [COUNT]), array('v', [COUNT])];
  for (const one of [{ activation: 'gelu' }, { activation: 'mish' }, { activation: 'sine' }, { formula: FORMULA }]) {
    add({ operation: 'backward', x: 'x', dy, ...one });
    add({ operation: 'doubleBackward', x: 'x', dy, v, ...one });
  }

  const twice = ['softmax', 'softmin', 'quiet_softmax', 'log_softmax'];
  for (const found of functions.filter(({ family }) => family !== 'elementwise')) {
    const { function: activation, family } = found;
    const softmax = family === 'softmax';
    // Each kind of kernel of the softmax family has one function here that is tried more widely.
    const widely = ['softmax', 'entmax15', 'logsumexp'].includes(activation);
    const shapes = softmax ? [[3, 5, 7], [2, 1025], ...(widely ? [[1, 1]] : [])] : [[3, 4, 6]];
    for (const shape of shapes) {
      const x = array('x', shape);
      const axes = shape.length < 3 ? [1] : widely ? [0, 1, 2] : [1, 2];
      for (const axis of axes) {
        const common = { activation, x, shape, axis };
        add({ operation: 'forward', ...common });
        if (shape[0] === 1) continue;
        const dy = array('dy', shapeOfResult(found, shape, axis));
        if (axis > 0) add({ operation: 'backward', dy, ...common });
        if (axis === 2 && softmax) {
          const mask = array('mask', shape);
          add({ operation: 'forward', mask, ...common });
          add({ operation: 'backward', mask, dy, ...common });
        }
        if (axis === 2 && (twice.includes(activation) || family === 'gated')) {
          add({ operation: 'doubleBackward', dy, v: array('v', shape), ...common });
        }
      }
    }
  }
  return { arrays, cases };
}

/** The command line's words for a case. */
function words(one, file) {
  const operation = one.operation === 'doubleBackward' ? 'double-backward' : one.operation;
  const words = [operation, one.formula ? 'custom' : one.activation, file(one.x), '--output', file(one.results[0])];
  if (one.formula) words.push('--formula', one.formula);
  if (one.order) words.push('--order', one.order);
  if (one.axis !== undefined) words.push('--axis', one.axis);
  if (one.accuracy) words.push('--accuracy', one.accuracy);
  if (one.dy) words.push('--grad', file(one.dy));
  if (one.v) words.push('--tangent', file(one.v), '--grad-out', file(one.results[1]));
  if (one.mask) words.push('--param', `mask=@${file(one.mask)}`);
  if (one.seed !== undefined) words.push('--param', `seed=${one.seed}`);
  for (const [name, value] of Object.entries(one.parameters ?? {})) words.push('--param', `${name}=${value}`);
  // It never computes on the CPU reference instead.
  return [...words, '--device', 'gpu', '--adapter', 'SwiftShader on vulkan'].map(String);
}

/** Writes all inputs and results to a folder, with cases.json that says what they are, and gives the cases. Values that are
 * there from the same program are kept. */
export async function store({ program, driver, folder }) {
  const env = { ...process.env, VK_DRIVER_FILES: driver, WGPU_BACKEND: 'vulkan', NODEVICE_SELECT: '1' };
  delete env.WGPU_ADAPTER_NAME;
  const run = async (words) => {
    try {
      return await promisify(execFile)(program, words, { env, timeout: 60_000 });
    } catch (error) {
      throw new Error(`gpu-activations ${words.join(' ')}: ${error.stderr?.trim() || error.message}`);
    }
  };
  const list = (await run(['list', '--json'])).stdout.trim().split('\n').map((line) => JSON.parse(line));
  const { arrays, cases } = plan(list);

  const { size, mtimeMs } = statSync(program);
  const stamp = createHash('sha256').update(JSON.stringify([size, mtimeMs, driver, cases, [...arrays.values()]]));
  const text = JSON.stringify({ stamp: stamp.digest('hex'), functions: list.map((found) => found.function), cases });
  const index = join(folder, 'cases.json');
  if (existsSync(index) && readFileSync(index, 'utf8') === text) return cases;

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const file = (name) => join(folder, `${name}.npy`);
  for (const [name, { values, shape }] of arrays) writeFileSync(file(name), toNpy(values, shape));
  const left = [...cases];
  const work = async () => {
    for (let one = left.shift(); one; one = left.shift()) await run(words(one, file));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  writeFileSync(index, text);
  return cases;
}
