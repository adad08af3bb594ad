//! A physics-informed network solves u″ = −sin x on [0, π] with u(0) = u(π) = 0. The solution is sin x.
//!
//!     cargo run --release --example pinn [ACTIVATION] [FOLDER]
//!
//! The activation is tanh unless named; sine is another good one. The picture `pinn.svg` goes to `target/pinn` unless a
//! folder is given.
//!
//! # The network
//!
//! Of all functions that are 0 at both ends, the solution has the least energy
//!
//!     E(u) = ∫ ½·u′² − u·sin x dx
//!
//! so the network is trained to lower it (Ritz). With one hidden layer and activation f,
//!
//!     zⱼ = wⱼ·x + bⱼ                 for each unit j
//!     N  = Σⱼ aⱼ·f(zⱼ)               the network
//!     N′ = Σⱼ cⱼ·f′(zⱼ)              its derivative by x, with cⱼ = aⱼ·wⱼ
//!     u  = s·N,  u′ = s′·N + s·N′    where s = x·(π − x) holds u at 0 at both ends
//!
//! E has f′, so the gradient of E has f″ and no more. The square of u″ + sin x would need f‴.
//!
//! # The gradient
//!
//! The integral is a sum over points xᵢ with the weight q. Differentiated back to N and N′, at each point:
//!
//!     Aᵢ = ∂E/∂N  = q·(u′·s′ − s·sin x)
//!     Bᵢ = ∂E/∂N′ = q·u′·s
//!
//! The gradient by f(z) is A·a, and that by f′(z) is B·c. Further back, for each point and unit:
//!
//!     gᵢⱼ = ∂E/∂z = A·a·f′(z)        `backward` with dy = A·a
//!                 + B·c·f″(z)        dx of `double_backward` with dy = c and v = B
//!     hᵢⱼ = B·f′(z)                  ddy of the same call: what point i adds to ∂E/∂c
//!
//! z and c are made of the weights, so their gradients are sums over the points:
//!
//!     ∂E/∂wⱼ = Σᵢ xᵢ·gᵢⱼ + aⱼ·hᵢⱼ
//!     ∂E/∂bⱼ = Σᵢ gᵢⱼ
//!     ∂E/∂aⱼ = Σᵢ Aᵢ·f(zᵢⱼ) + wⱼ·hᵢⱼ
//!
//! The device computes f, f′ and f″ for all points and units at once. The sums are short and stay on the CPU. Before it
//! trains, the program compares the gradient with finite differences of the energy in f64.

use anyhow::{Context, Result, ensure};
use gpu_activations::{Activation, DoubleBackward, Error, GpuActivations, GpuBuffer, Order};
use std::f64::consts::PI;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const UNITS: usize = 32;
/// Cells of the integral, each with two points.
const CELLS: usize = 32;
const STEPS: usize = 2000;
/// Adam's step at the start. It falls to 0 in a straight line.
const RATE: f64 = 0.02;
/// The most that the gradient may differ from finite differences, as a share of its largest entry. f32 rounds to 6e-8.
const GRADIENT_TOLERANCE: f64 = 1e-6;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let name = std::env::args_os().nth(1).unwrap_or("tanh".into());
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::args_os().nth(2).map_or(project.join("target/pinn"), PathBuf::from);
    let activation: Activation = name.to_string_lossy().parse()?;
    let context = GpuActivations::new()?;
    println!("{UNITS} units of {activation}, {} points, on {}", 2 * CELLS, context.adapter_info().name);

    let points = points();
    let layer = Layer::new(&context, activation, points.len())?;
    let mut network = Network::new();
    check_gradient(&network, &layer, &points)?;
    train(&mut network, &layer, &points)?;

    let shown: Vec<f64> = (0..=400).map(|i| PI * f64::from(i) / 400.0).collect();
    let (values, slopes) = Layer::new(&context, activation, shown.len())?.forward(&network.z(&shown))?;
    let u: Vec<f64> = network.solution(&shown, &values, &slopes).into_iter().map(|(u, _)| u).collect();
    let errors: Vec<f64> = shown.iter().zip(&u).map(|(x, u)| u - x.sin()).collect();
    println!("largest error {:.1e}", largest(&errors));

    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join("pinn.svg");
    std::fs::write(&path, picture(&shown, &u, &errors)).with_context(|| format!("cannot write {}", path.display()))?;
    println!("picture {}", path.display());
    Ok(())
}

/// The two Gauss points of each cell. Their sum is exact for cubics, and all have the weight [`weight`].
fn points() -> Vec<f64> {
    let width = PI / CELLS as f64;
    let offset = width / 12.0_f64.sqrt();
    let pair = |cell: usize| {
        let middle = (cell as f64 + 0.5) * width;
        [middle - offset, middle + offset]
    };
    (0..CELLS).flat_map(pair).collect()
}

fn weight() -> f64 {
    PI / (2 * CELLS) as f64
}

/// s, which is 0 at both ends.
fn envelope(x: f64) -> f64 {
    x * (PI - x)
}

fn envelope_slope(x: f64) -> f64 {
    PI - 2.0 * x
}

/// The weights w, b and a of all units, one after the other.
struct Network {
    weights: Vec<f64>,
}

impl Network {
    /// Units bend at points all over the interval. a is small, so u begins near 0.
    fn new() -> Network {
        let mut random = fastrand::Rng::with_seed(1);
        let mut between = |low: f64, high: f64| low + (high - low) * random.f64();
        let w: Vec<f64> = (0..UNITS).map(|_| between(-2.0, 2.0)).collect();
        let b: Vec<f64> = w.iter().map(|w| -w * between(0.0, PI)).collect();
        let a: Vec<f64> = (0..UNITS).map(|_| between(-0.1, 0.1)).collect();
        Network { weights: [w, b, a].concat() }
    }

    fn w(&self) -> &[f64] {
        &self.weights[..UNITS]
    }

    fn b(&self) -> &[f64] {
        &self.weights[UNITS..2 * UNITS]
    }

    fn a(&self) -> &[f64] {
        &self.weights[2 * UNITS..]
    }

    fn c(&self) -> Vec<f64> {
        self.a().iter().zip(self.w()).map(|(a, w)| a * w).collect()
    }

    /// z of every unit, point after point.
    fn z(&self, points: &[f64]) -> Vec<f64> {
        let units = |&x: &f64| self.w().iter().zip(self.b()).map(move |(w, b)| w * x + b);
        points.iter().flat_map(units).collect()
    }

    /// u and u′ at every point, from f(z) and f′(z).
    fn solution(&self, points: &[f64], values: &[f64], slopes: &[f64]) -> Vec<(f64, f64)> {
        let c = self.c();
        let rows = values.chunks(UNITS).zip(slopes.chunks(UNITS));
        let at = |(&x, (values, slopes)): (&f64, (&[f64], &[f64]))| {
            let (n, dn) = (dot(self.a(), values), dot(&c, slopes));
            (envelope(x) * n, envelope_slope(x) * n + envelope(x) * dn)
        };
        points.iter().zip(rows).map(at).collect()
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn energy(points: &[f64], solution: &[(f64, f64)]) -> f64 {
    let density = |(x, (u, du)): (&f64, &(f64, f64))| 0.5 * du * du - u * x.sin();
    weight() * points.iter().zip(solution).map(density).sum::<f64>()
}

/// The activation of all units at all points, on the device.
struct Layer<'a> {
    context: &'a GpuActivations,
    activation: Activation,
    z: GpuBuffer<f32>,
    /// f(z) and f′(z).
    value: GpuBuffer<f32>,
    slope: GpuBuffer<f32>,
    /// A·a, and what `backward` makes of it.
    dvalue: GpuBuffer<f32>,
    dz: GpuBuffer<f32>,
    /// c and B, and what `double_backward` makes of them.
    c: GpuBuffer<f32>,
    dn: GpuBuffer<f32>,
    dz_of_slope: GpuBuffer<f32>,
    dc: GpuBuffer<f32>,
}

impl<'a> Layer<'a> {
    fn new(context: &'a GpuActivations, activation: Activation, points: usize) -> Result<Self, Error> {
        let buffer = || context.allocate(points * UNITS);
        Ok(Layer {
            context,
            activation,
            z: buffer()?,
            value: buffer()?,
            slope: buffer()?,
            dvalue: buffer()?,
            dz: buffer()?,
            c: buffer()?,
            dn: buffer()?,
            dz_of_slope: buffer()?,
            dc: buffer()?,
        })
    }

    fn upload(&self, data: &[f64], buffer: &GpuBuffer<f32>) -> Result<(), Error> {
        self.context.upload_into(&data.iter().map(|&value| value as f32).collect::<Vec<_>>(), buffer)
    }

    fn download(&self, buffer: &GpuBuffer<f32>) -> Result<Vec<f64>, Error> {
        Ok(self.context.download(buffer)?.into_iter().map(f64::from).collect())
    }

    /// f(z) and f′(z).
    fn forward(&self, z: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        self.upload(z, &self.z)?;
        self.context.batch(|recording| {
            recording.forward(self.activation, &self.z, &self.value)?;
            recording.derivative(self.activation, Order::First, &self.z, &self.slope)
        })?;
        Ok((self.download(&self.value)?, self.download(&self.slope)?))
    }

    /// g and h of the text above, at the z of the last forward pass.
    fn backward(&self, dvalue: &[f64], c: &[f64], dn: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        self.upload(dvalue, &self.dvalue)?;
        self.upload(c, &self.c)?;
        self.upload(dn, &self.dn)?;
        let operands = DoubleBackward {
            x: (&self.z).into(),
            dy: (&self.c).into(),
            v: (&self.dn).into(),
            dx: (&self.dz_of_slope).into(),
            ddy: (&self.dc).into(),
        };
        self.context.batch(|recording| {
            recording.backward(self.activation, &self.z, &self.dvalue, &self.dz)?;
            recording.double_backward(self.activation, operands)
        })?;
        let (of_value, of_slope) = (self.download(&self.dz)?, self.download(&self.dz_of_slope)?);
        let dz = of_value.iter().zip(of_slope).map(|(of_value, of_slope)| of_value + of_slope).collect();
        Ok((dz, self.download(&self.dc)?))
    }
}

/// The energy, and its gradient by every weight.
fn gradient(network: &Network, layer: &Layer<'_>, points: &[f64]) -> Result<(f64, Vec<f64>), Error> {
    let (values, slopes) = layer.forward(&network.z(points))?;
    let solution = network.solution(points, &values, &slopes);
    let by_network = |(&x, &(_, du)): (&f64, &(f64, f64))| {
        let by_n = weight() * (du * envelope_slope(x) - envelope(x) * x.sin());
        (by_n, weight() * du * envelope(x))
    };
    let (by_n, by_dn): (Vec<f64>, Vec<f64>) = points.iter().zip(&solution).map(by_network).unzip();

    let dvalue: Vec<f64> = by_n.iter().flat_map(|by_n| network.a().iter().map(move |a| by_n * a)).collect();
    let c = network.c().repeat(points.len());
    let dn: Vec<f64> = by_dn.iter().flat_map(|&by_dn| [by_dn; UNITS]).collect();
    let (g, h) = layer.backward(&dvalue, &c, &dn)?;

    let mut gradient = vec![0.0; 3 * UNITS];
    for (i, x) in points.iter().enumerate() {
        for j in 0..UNITS {
            let at = i * UNITS + j;
            gradient[j] += x * g[at] + network.a()[j] * h[at];
            gradient[UNITS + j] += g[at];
            gradient[2 * UNITS + j] += by_n[i] * values[at] + network.w()[j] * h[at];
        }
    }
    Ok((energy(points, &solution), gradient))
}

/// The energy in f64, on the CPU.
fn reference_energy(weights: Vec<f64>, activation: Activation, points: &[f64]) -> f64 {
    let network = Network { weights };
    let z = network.z(points);
    let values: Vec<f64> = z.iter().map(|&z| activation.forward(z)).collect();
    let slopes: Vec<f64> = z.iter().map(|&z| activation.derivative(z)).collect();
    energy(points, &network.solution(points, &values, &slopes))
}

/// Compares the gradient with central differences of the energy.
fn check_gradient(network: &Network, layer: &Layer<'_>, points: &[f64]) -> Result<()> {
    const STEP: f64 = 1e-5;
    let (_, gradient) = gradient(network, layer, points)?;
    let moved = |index: usize, by: f64| {
        let mut weights = network.weights.clone();
        weights[index] += by;
        reference_energy(weights, layer.activation, points)
    };
    let difference = |index: usize| (moved(index, STEP) - moved(index, -STEP)) / (2.0 * STEP);
    let deviations: Vec<f64> = (0..gradient.len()).map(|index| gradient[index] - difference(index)).collect();
    let (deviation, size) = (largest(&deviations), largest(&gradient));
    println!("gradient {size:.3}, differs from finite differences by {deviation:.1e}");
    ensure!(deviation <= GRADIENT_TOLERANCE * size, "the gradient is not that of the energy");
    Ok(())
}

/// NaN where one of the values is NaN.
fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most: f64, value| if value.is_nan() { f64::NAN } else { most.max(value.abs()) })
}

/// Adam (Kingma & Ba 2015).
fn train(network: &mut Network, layer: &Layer<'_>, points: &[f64]) -> Result<(), Error> {
    let (mut means, mut squares) = (vec![0.0; 3 * UNITS], vec![0.0; 3 * UNITS]);
    for step in 0..=STEPS {
        let (energy, gradient) = gradient(network, layer, points)?;
        if step.is_multiple_of(STEPS / 5) {
            println!("step {step:>4}  energy {energy:+.6}, of sin x {:+.6}", -PI / 4.0);
        }
        let rate = RATE * (1.0 - step as f64 / STEPS as f64);
        let unbiased = |decay: f64| 1.0 - decay.powi(step as i32 + 1);
        for (index, slope) in gradient.into_iter().enumerate() {
            means[index] = 0.9 * means[index] + 0.1 * slope;
            squares[index] = 0.999 * squares[index] + 0.001 * slope * slope;
            let (mean, square) = (means[index] / unbiased(0.9), squares[index] / unbiased(0.999));
            network.weights[index] -= rate * mean / (square.sqrt() + 1e-8);
        }
    }
    Ok(())
}

/// u over sin x above, and the error below, as SVG.
fn picture(points: &[f64], u: &[f64], errors: &[f64]) -> String {
    let sine: Vec<f64> = points.iter().map(|x| x.sin()).collect();
    let most = largest(errors).max(f64::MIN_POSITIVE);
    let line = |values: &[f64], (zero, scale): (f64, f64), style: &str| {
        let at = |(x, y): (&f64, &f64)| format!("{:.1},{:.1}", 30.0 + 640.0 * x / PI, zero - scale * y);
        let path: Vec<String> = points.iter().zip(values).map(at).collect();
        format!("<polyline points=\"{}\" fill=\"none\" {style}/>\n", path.join(" "))
    };
    let text =
        |y: u32, colour: &str, words: &str| format!("<text x=\"30\" y=\"{y}\" fill=\"{colour}\">{words}</text>\n");
    let (above, below) = ((260.0, 200.0), (370.0, 60.0 / most));
    let grey = "stroke=\"#999999\"";
    let zeros = vec![0.0; points.len()];
    [
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"700\" height=\"450\" font-family=\"sans-serif\">\n",
        "<rect width=\"700\" height=\"450\" fill=\"white\"/>\n",
        &text(24, "#0072b2", "u, the network"),
        &text(44, "#d55e00", "sin x, dashed"),
        &line(&zeros, above, grey),
        &line(u, above, "stroke=\"#0072b2\" stroke-width=\"8\""),
        &line(&sine, above, "stroke=\"#d55e00\" stroke-width=\"3\" stroke-dasharray=\"10\""),
        &text(300, "#009e73", &format!("u − sin x, at most {most:.1e}")),
        &line(&zeros, below, grey),
        &line(errors, below, "stroke=\"#009e73\" stroke-width=\"2\""),
        "</svg>\n",
    ]
    .concat()
}
