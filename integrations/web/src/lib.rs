//! `gpu-activations` for JavaScript. `package/index.d.ts` documents what `package/index.js` makes of it.

mod functions;
mod gpu;
mod options;
mod plan;
mod trainer;
