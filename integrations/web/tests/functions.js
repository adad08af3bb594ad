// In the browser: everything in cases.json, against what the crate itself gave.

import { GpuActivations, custom, list } from '/page/gpu-activations/index.js';
import { agree, bits, fromNpy } from './numbers.js';

const arrays = new Map();

async function array(name) {
  if (!arrays.has(name)) {
    const response = await fetch(`/values/${name}.npy`);
    if (!response.ok) throw new Error(`no ${name}.npy`);
    arrays.set(name, fromNpy(await response.arrayBuffer()));
  }
  return arrays.get(name);
}

/** Those properties that there are. */
function picked(object, names) {
  return Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]));
}

/** Gives up on a call after half a minute. */
async function inTime(call) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('nothing for 30 s')), 30_000);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function evaluate(gpu, one) {
  const activation = one.formula ? custom(one.formula) : one.activation;
  const [x, dy, v] = await Promise.all(['x', 'dy', 'v'].map((kind) => one[kind] && array(one[kind])));
  if (one.operation === 'derivative') {
    return [await gpu.derivative(activation, x, picked(one, ['parameters', 'order', 'accuracy']))];
  }
  const options = picked(one, ['parameters', 'shape', 'axis', 'accuracy', 'seed']);
  if (one.mask) options.mask = await array(one.mask);
  switch (one.operation) {
    case 'forward':
      return [await gpu.forward(activation, x, options)];
    case 'backward':
      return [await gpu.backward(activation, x, dy, options)];
    case 'doubleBackward': {
      const { dx, ddy } = await gpu.doubleBackward(activation, x, dy, v, options);
      return [dx, ddy];
    }
  }
}

/** What a case is, in a line. */
function title(one) {
  const shown = picked(one, ['order', 'parameters', 'shape', 'axis', 'accuracy', 'seed']);
  const words = Object.entries(shown).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [one.formula ?? one.activation, one.operation, ...words, ...(one.mask ? ['masked'] : [])].join(', ');
}

const shown = (value) => `${value} (0x${bits(value).toString(16).padStart(8, '0')})`;

/** What is wrong with a result, if anything. */
function difference(one, which, got, expected, x) {
  const place = `${title(one)}${one.results.length > 1 ? `, ${['dx', 'ddy'][which]}` : ''}`;
  if (!(got instanceof Float32Array)) return `${place}: the result is no Float32Array`;
  if (got.length !== expected.length) return `${place}: ${got.length} results in place of ${expected.length}`;
  const wrong = [];
  got.forEach((value, i) => agree(value, expected[i]) || wrong.push(i));
  if (!wrong.length) return;
  const at = (i) => {
    const input = x.length === got.length ? `at x = ${shown(x[i])}` : `element ${i}`;
    return `${input}: ${shown(got[i])} in place of ${shown(expected[i])}`;
  };
  return `${place}: ${wrong.length} of ${got.length} differ; ${wrong.slice(0, 3).map(at).join('; ')}`;
}

/** Evaluates every so many of the cases, which others share. */
export async function test({ part, parts }) {
  const { cases, functions } = await (await fetch('/values/cases.json')).json();
  const gpu = await GpuActivations.create();
  const faults = [];
  const names = JSON.stringify(list().map((info) => info.name));
  if (names !== JSON.stringify(functions)) faults.push(`list() has other functions than the command line: ${names}`);
  if (JSON.stringify(gpu.list()) !== JSON.stringify(list())) faults.push('gpu.list() is not list()');

  const counts = { table: 0, others: 0, results: 0, apart: 0 };
  for (const one of cases.filter((_, i) => i % parts === part)) {
    let results;
    try {
      results = await inTime(evaluate(gpu, one));
    } catch (error) {
      faults.push(`${title(one)}: ${error}`);
      continue;
    }
    for (const [which, name] of one.results.entries()) {
      const expected = await array(name);
      const fault = difference(one, which, results[which], expected, await array(one.x));
      if (fault) {
        faults.push(fault);
        continue;
      }
      counts.results += expected.length;
      counts.apart += expected.filter((value, i) => !Object.is(value, results[which][i])).length;
    }
    if (one.table) counts.table++;
    else counts.others++;
  }
  counts.inputs = (await array('x')).length;
  gpu.free();
  return { faults, counts };
}
