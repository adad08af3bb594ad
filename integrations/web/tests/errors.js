// In the browser: what goes wrong is an Error that says so, in time.

import { GpuActivations, custom, load, reference, snippet } from '/page/gpu-activations/index.js';

const SECONDS = 20;

/** What is wrong with the way that a call fails, if anything. */
async function fault(what, call, pattern) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve('late'), SECONDS * 1000);
  });
  try {
    const ended = await Promise.race([(async () => void (await call()))(), late]);
    return ended === 'late' ? `${what}: nothing for ${SECONDS} s` : `${what}: no error`;
  } catch (error) {
    if (!(error instanceof Error)) return `${what}: it throws no Error but ${typeof error} ${String(error)}`;
    if (error instanceof WebAssembly.RuntimeError) return `${what}: the module panics: ${error.message}`;
    if (!pattern.test(error.message)) return `${what}: the message does not match ${pattern}: ${error.message}`;
  } finally {
    clearTimeout(timer);
  }
}

async function faultsOf(checks) {
  const faults = [];
  for (const [what, call, pattern] of checks) faults.push(await fault(what, call, pattern));
  return faults.filter(Boolean);
}

export async function test() {
  const gpu = await GpuActivations.create();
  const x = Float32Array.of(-1, 0, 1);
  const y = Float32Array.of(1, 2);
  const checks = [
    ['an unknown name', () => gpu.forward('gelo', x), /gelo/],
    ['a name that is a number', () => gpu.forward(3, x), /Number/],
    ['no name', () => gpu.forward(undefined, x), /undefined/],
    ['an unknown option', () => gpu.forward('softmax', x, { axes: 0 }), /axes/],
    ['an unknown option of a derivative', () => gpu.derivative('gelu', x, { degree: 2 }), /degree/],
    ['an unknown option of create', () => GpuActivations.create({ accurate: true }), /accurate/],
    ['an unknown accuracy', () => gpu.forward('gelu', x, { accuracy: 'best' }), /accuracy .*best/],
    ['an order of 3', () => gpu.derivative('gelu', x, { order: 3 }), /order is 3/],
    ['a derivative along an axis', () => gpu.derivative('softmax', x), /softmax/],
    ['an array in place of a Float32Array', () => gpu.forward('gelu', [1, 2]), /Float32Array/],
    ['a Float64Array in place of a Float32Array', () => gpu.forward('gelu', new Float64Array(2)), /Float32Array/],
    ['a shape of words', () => gpu.forward('softmax', x, { shape: 'all' }), /shape/],
    ['a shape below 0', () => gpu.forward('softmax', x, { shape: [-3] }), /shape .*-3/],
    ['a fraction as axis', () => gpu.forward('softmax', x, { axis: 0.5 }), /axis .*0\.5/],
    ['options that are no object', () => gpu.forward('gelu', x, 7), /object, not 7/],
    ['an unknown parameter', () => gpu.forward('elu', x, { parameters: { beta: 1 } }), /beta/],
    ['a parameter out of range', () => gpu.forward('softplus', x, { parameters: { beta: 0 } }), /beta/],
    ['a parameter that is NaN', () => gpu.forward('elu', x, { parameters: { alpha: NaN } }), /alpha/],
    ['a parameter that is a word', () => gpu.forward('elu', x, { parameters: { alpha: 'large' } }), /alpha/],
    ['a dy of another length', () => gpu.backward('gelu', x, y), /dy has 2 .*x has 3/],
    ['a v of another length', () => gpu.doubleBackward('gelu', x, x, y), /v has 2 .*x has 3/],
    ['a shape of another size', () => gpu.forward('softmax', x, { shape: [2, 2] }), /\[2, 2\].*3 elements/],
    ['a mask of another length', () => gpu.forward('softmax', x, { mask: new Uint8Array(2) }), /mask/],
    ['a mask where none is taken', () => gpu.forward('gelu', x, { mask: new Uint8Array(3) }), /mask/],
    ['an axis that is not there', () => gpu.forward('softmax', x, { axis: 1 }), /axis/],
    ['a second gradient that there is not', () => gpu.doubleBackward('sparsemax', x, x, x), /sparsemax/],
    ['a gated unit of 3', () => gpu.forward('swiglu', x), /swiglu.*3|3.*even/],
    ['a wrong formula', () => custom('x +'), /the end|expected/],
    ['a formula without a value', () => custom('beta * x'), /beta/],
    ['a formula with a wrong parameter', () => custom('beta * x; beta = 1', { gamma: 1 }), /gamma/],
    ['a wrong formula as text', () => gpu.forward('custom(y)', x), /parameter y/],
    ['a wrong prefix', () => snippet('gelu', '1 2'), /1 2/],
    ['a wrong pass', () => gpu.plan('gelu', { pass: 'sideways', shape: [3] }), /pass is .*sideways/],
    ['a mask in a plan where none is taken', () => gpu.plan('gelu', { shape: [3], mask: true }), /gelu.*mask/],
    ['a seed in a plan along an axis', () => gpu.plan('softmax', { shape: [3], seed: 1 }), /softmax.*seed/],
    ['an order in a plan of a forward pass', () => gpu.plan('gelu', { shape: [3], order: 2 }), /order/],
    ['limits that are no object', () => gpu.plan('gelu', { shape: [3], limits: 7 }), /limits .*7/],
    ['a limit below 0', () => gpu.plan('gelu', { shape: [3], limits: { maxBufferSize: -1 } }), /maxBufferSize .*-1/],
    ['a plan beyond every buffer', () => gpu.plan('gelu', { shape: [1000000000] }), /4000000000/],
    ['a plan without a shape', () => gpu.plan('gelu', {}), /shape/],
  ];
  const faults = await faultsOf(checks);

  const empty = await gpu.forward('gelu', new Float32Array(0));
  if (!(empty instanceof Float32Array) || empty.length) faults.push('no elements do not give an empty array');
  const after = await gpu.forward('relu', x);
  if (String(after) !== '0,0,1') faults.push(`after errors relu gives ${after}`);

  // In one go a binding of WebGPU has 128 MiB.
  const count = 2 ** 25 + 3;
  const large = new Float32Array(count).fill(-1);
  large.set([1, 2, 3], count - 3);
  const result = await gpu.forward('relu', large);
  const sum = result.reduce((a, b) => a + b, 0);
  if (result.length !== count || sum !== 6 || result[count - 1] !== 3) faults.push('an array of 128 MiB comes back wrong');

  const several = await Promise.all([1, 2, 3, 4].map((value) => gpu.forward('relu', Float32Array.of(value))));
  if (String(several) !== '1,2,3,4') faults.push(`calls at the same time give ${several}`);

  gpu.free();
  const freed = [
    ['forward after free()', () => gpu.forward('gelu', x), /freed/],
    ['plan after free()', () => gpu.plan('gelu', { shape: [3] }), /freed/],
  ];
  faults.push(...(await faultsOf(freed)));
  return { faults, counted: `${checks.length + freed.length} wrong calls fail with an Error; 0 and ${count} elements work` };
}

/** What the device refuses is the error of the call that waits for it, and nothing of it is kept. */
export async function refused() {
  const gpu = await GpuActivations.create();
  const x = Float32Array.of(-1, 0, 1);
  const { createShaderModule, popErrorScope } = GPUDevice.prototype;
  const faults = [];

  GPUDevice.prototype.popErrorScope = async function () {
    GPUDevice.prototype.popErrorScope = popErrorScope;
    await popErrorScope.call(this);
    return new GPUOutOfMemoryError('none is left');
  };
  faults.push(await fault('memory that has run out', () => gpu.forward('relu', x), /memory/));

  GPUDevice.prototype.createShaderModule = function ({ code, ...rest }) {
    return createShaderModule.call(this, { code: code.replace('fn activation', 'fx activation'), ...rest });
  };
  faults.push(await fault('a module that is no WGSL', () => gpu.forward('tanh', x), /activations\/tanh\.wgsl/));
  GPUDevice.prototype.createShaderModule = createShaderModule;

  for (const [name, expected] of [['relu', '0,0,1'], ['hard_tanh', '-1,0,1']]) {
    const y = await gpu.forward(name, x);
    if (String(y) !== expected) faults.push(`afterwards ${name} gives ${y}`);
  }
  const [y] = await gpu.forward('tanh', x);
  if (Math.abs(y - Math.tanh(-1)) > 1e-6) faults.push(`afterwards tanh(-1) is ${y}`);
  gpu.free();
  return { faults: faults.filter(Boolean), counted: 'memory and modules that are refused are Errors, and the next calls work' };
}

/** A device that is lost while it is in use. */
export async function lost() {
  const devices = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...rest) {
    const device = await requestDevice.apply(this, rest);
    devices.push(device);
    return device;
  };
  const x = Float32Array.of(-1, 0, 1);
  const gpu = await GpuActivations.create();
  await gpu.forward('gelu', x);
  if (!devices.length) return { faults: ['it asks no GPUAdapter for a device'] };
  const during = fault('a device that is lost during a call', () => gpu.forward('mish', new Float32Array(1 << 22)), /lost|destroyed|device/i);
  devices.forEach((device) => device.destroy());
  // The call may have come through before.
  const faults = [await during].filter((found) => found && !found.endsWith('no error'));
  faults.push(...(await faultsOf([['a call on a lost device', () => gpu.forward('gelu', x), /lost|destroyed|device/i]])));
  const next = await GpuActivations.create();
  const y = await next.forward('relu', x);
  if (String(y) !== '0,0,1') faults.push(`the next context gives ${y}`);
  return { faults, counted: 'a lost device is an Error, and the next context works' };
}

/** A browser without WebGPU. */
export async function absent() {
  if (navigator.gpu) throw new Error('this browser still has WebGPU');
  const faults = await faultsOf([['WebGPU that is absent', () => GpuActivations.create(), /WebGPU/]]);
  await load();
  const [y] = reference('gelu', [1]);
  if (Math.abs(y - 0.8413447460685429) > 1e-15) faults.push(`reference('gelu', [1]) is ${y}`);
  return { faults, counted: 'without WebGPU there is an Error that says so, and the reference works' };
}
