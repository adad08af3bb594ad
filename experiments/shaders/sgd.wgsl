// Stochastic gradient descent with momentum. The rates of weights that do not learn are 0.

struct Settings {
    momentum: f32,
}

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> rates: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> velocity: array<f32>;
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;

@compute @workgroup_size(64)
fn sgd(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i < arrayLength(&rates) && rates[i] != 0.0 {
        velocity[i] = settings.momentum * velocity[i] + gradient[i];
        weights[i] -= rates[i] * velocity[i];
    }
}
