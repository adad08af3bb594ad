// Gives WGSL to Dawn, Chrome's compiler, for `cargo xtask dawn`:
//
//   node dawn.mjs compile PACKAGE LIST          compiles each of the files that LIST names, one a line
//   node dawn.mjs run PACKAGE FOLDER FUNCTION   evaluates a function of that folder forward and backward
//
// PACKAGE is the index.js of the npm package `webgpu`. What was found goes to stdout, one JSON object a line.

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [task, webgpu, ...rest] = process.argv.slice(2);
const { create, globals } = await import(pathToFileURL(webgpu));
Object.assign(globalThis, globals);

// Dropping it destroys its devices.
let gpu;

// The first device of a backend, with all storage buffers that it has.
async function deviceOf(backend) {
  gpu = create([`backend=${backend}`]);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error(`Dawn finds no adapter of the backend ${backend}`);
  const { maxStorageBuffersPerShaderStage } = adapter.limits;
  return adapter.requestDevice({
    requiredFeatures: ['subgroups', 'shader-f16'].filter((feature) => adapter.features.has(feature)),
    requiredLimits: { maxStorageBuffersPerShaderStage },
  });
}

// On the line of what follows, so that lines keep their numbers.
//
// wgpu takes no `enable` of subgroups yet; the standard demands one. Lanes of one subgroup may work on different rows, of
// which the last may be missing for some, so their control flow is not uniform. It need not be: lanes exchange only with
// those of their own row, which are all there.
function enabling(code) {
  return /\bsubgroup/.test(code) ? `enable subgroups; diagnostic(off, subgroup_uniformity); ${code}` : code;
}

function* entryPoints(code) {
  for (const [, name] of code.matchAll(/^@compute\b[^\n]*\n\s*fn (\w+)/gm)) yield name;
}

async function checked(device, call) {
  device.pushErrorScope('validation');
  const value = await call();
  return { value, error: await device.popErrorScope() };
}

// The first thing that is wrong with a module, if any.
async function fault(device, code) {
  const { value: module, error } = await checked(device, () => device.createShaderModule({ code: enabling(code) }));
  const { messages } = await module.getCompilationInfo();
  const found = messages.find((message) => message.type === 'error');
  if (found) return { line: found.lineNum, message: found.message };
  if (error) return { line: 0, message: error.message };
  for (const entryPoint of entryPoints(code)) {
    try {
      await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint } });
    } catch (error) {
      return { line: 0, message: `${entryPoint}: ${error.message}` };
    }
  }
}

async function compile(list) {
  // It checks all that the standard says and makes no code of it, which would take minutes.
  const device = await deviceOf('null');
  for (const file of readFileSync(list, 'utf8').split('\n').filter(Boolean)) {
    const found = await fault(device, readFileSync(file, 'utf8'));
    console.log(JSON.stringify({ file, ...found }));
  }
}

async function run(folder, name) {
  const device = await deviceOf('vulkan');
  const read = (kind) => readFileSync(`${folder}/${name}.${kind}`);
  const code = read('wgsl').toString();
  const constant = (word) => Number(code.match(new RegExp(`const ${word}: u32 = (\\d+)u;`))[1]);
  const buffer = (data, usage) => {
    const buffer = device.createBuffer({ size: data.byteLength, usage: usage | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(buffer, 0, data);
    return { buffer };
  };
  const x = read('x');
  const module = device.createShaderModule({ code: enabling(code) });
  const layoutEntry = (binding, type) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } });
  const types = ['read-only-storage', 'read-only-storage', 'storage', 'uniform'];
  const layout = device.createBindGroupLayout({ entries: types.map((type, binding) => layoutEntry(binding, type)) });
  const result = buffer(new Uint8Array(x.byteLength), GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
  const operands = [
    buffer(x, GPUBufferUsage.STORAGE),
    buffer(new Float32Array(x.byteLength / 4).fill(1), GPUBufferUsage.STORAGE),
    result,
    buffer(read('uniform'), GPUBufferUsage.UNIFORM),
  ];
  const group = device.createBindGroup({
    layout,
    entries: operands.map((resource, binding) => ({ binding, resource })),
  });
  for (const entryPoint of ['forward', 'backward']) {
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint },
    });
    const readable = device.createBuffer({ size: x.byteLength, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(x.byteLength / 16 / constant('WORKGROUP') / constant('VECTORS')));
    pass.end();
    encoder.copyBufferToBuffer(result.buffer, 0, readable, 0, x.byteLength);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(GPUMapMode.READ);
    writeFileSync(`${folder}/${name}.${entryPoint}.dawn`, new Uint8Array(readable.getMappedRange()));
  }
}

await { compile, run }[task](...rest);
// The package may crash when its objects are dropped in order.
process.exit(0);
