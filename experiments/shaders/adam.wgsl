// Adam (Kingma & Ba 2015). The rates of weights that do not learn are 0.

struct Settings {
    mean_decay: f32,
    square_decay: f32,
    epsilon: f32,
}

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> step: array<u32>;
// For each step, what makes mean and square unbiased.
@group(0) @binding(2) var<storage, read> corrections: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> rates: array<f32>;
@group(0) @binding(4) var<storage, read> gradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> means: array<f32>;
@group(0) @binding(6) var<storage, read_write> squares: array<f32>;
@group(0) @binding(7) var<storage, read_write> weights: array<f32>;

@compute @workgroup_size(64)
fn adam(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i < arrayLength(&rates) && rates[i] != 0.0 {
        let slope = gradient[i];
        means[i] = mix(slope, means[i], settings.mean_decay);
        squares[i] = mix(slope * slope, squares[i], settings.square_decay);
        let unbiased = vec2<f32>(means[i], squares[i]) * corrections[step[0]];
        weights[i] -= rates[i] * unbiased.x / (sqrt(unbiased.y) + settings.epsilon);
    }
}
