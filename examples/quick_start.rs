//! Slices in, slices out.

use gpu_activations::{Activation, GpuActivations};

fn main() -> Result<(), gpu_activations::Error> {
    let context = GpuActivations::new()?;
    let x = [-2.0_f32, -0.5, 0.0, 0.5, 2.0];
    let y = context.forward_slice(Activation::Gelu, &x)?;
    let dx = context.backward_slice(Activation::Gelu, &x, &[1.0; 5])?;
    println!("x  {x:?}\ny  {y:?}\ndx {dx:?}");
    Ok(())
}
