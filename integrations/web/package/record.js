// What `record` keeps for each device: pipelines by module, entry point and bindings; uniforms by their bytes; and scratch
// memory by plan.
const kept = new WeakMap();
// The uniforms at which they are forgotten; recorded passes keep theirs.
const MOST_UNIFORMS = 4096;

function keptFor(device) {
  if (!kept.has(device)) kept.set(device, { pipelines: new Map(), uniforms: new Map(), scratch: new WeakMap() });
  return kept.get(device);
}

// The value of a key, made where it is missing.
function keptOr(map, key, make) {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

export function record(device, encoder, plan, buffers) {
  check(device, plan, buffers);
  const { pipelines, uniforms, scratch } = keptFor(device);
  const scratchBuffers = keptOr(scratch, plan, () => plan.scratch.map((size) => buffer(device, size, GPUBufferUsage.STORAGE)));
  const pass = encoder.beginComputePass({ label: "activations" });
  for (const dispatch of plan.dispatches) {
    const { bindings, uniform } = dispatch;
    const code = plan.modules[dispatch.module];
    const types = bindings.map(({ binding, type }) => `${binding} ${type}`);
    const key = [dispatch.entryPoint, uniform?.binding, types, code].join("\n");
    const { pipeline, layout } = keptOr(pipelines, key, () => compiled(device, code, dispatch));
    const entries = bindings.map(({ binding, buffer, offset, size }) => {
      const bound = typeof buffer === "number" ? scratchBuffers[buffer] : buffers[buffer];
      return { binding, resource: { buffer: bound, offset, size } };
    });
    if (uniform) {
      if (uniforms.size >= MOST_UNIFORMS) uniforms.clear();
      const filled = keptOr(uniforms, uniform.bytes.join(), () => uniformBuffer(device, uniform.bytes));
      entries.push({ binding: uniform.binding, resource: { buffer: filled } });
    }
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(...dispatch.workgroups);
  }
  pass.end();
}

function check(device, plan, buffers) {
  for (const name of Object.keys(buffers)) {
    if (!(name in plan.operands)) {
      throw new Error(`the plan has no operand ${name}; it has ${Object.keys(plan.operands).join(", ")}`);
    }
  }
  for (const [name, size] of Object.entries(plan.operands)) {
    const given = buffers[name];
    if (!(given instanceof GPUBuffer)) throw new Error(`the plan needs a GPUBuffer for ${name}`);
    if (given.size < size) throw new Error(`the buffer of ${name} has ${given.size} bytes, the plan needs ${size}`);
    if (!(given.usage & GPUBufferUsage.STORAGE)) throw new Error(`the buffer of ${name} lacks the usage STORAGE`);
  }
}

function buffer(device, size, usage) {
  return device.createBuffer({ label: "activations", size, usage });
}

function uniformBuffer(device, bytes) {
  const filled = buffer(device, bytes.length, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  // It takes effect before the next submission, and the bytes never change.
  device.queue.writeBuffer(filled, 0, bytes);
  return filled;
}

function compiled(device, code, { entryPoint, bindings, uniform }) {
  const entry = (binding, type) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } });
  const entries = bindings.map(({ binding, type }) => entry(binding, type));
  if (uniform) entries.push(entry(uniform.binding, "uniform"));
  const layout = device.createBindGroupLayout({ entries });
  const pipeline = device.createComputePipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code }), entryPoint },
  });
  return { pipeline, layout };
}
