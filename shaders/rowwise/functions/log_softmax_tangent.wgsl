// The gradient by dy of log_softmax's own gradient: v minus its mean weighted by the shares, divided by the temperature.

const ONLY_PEAK: bool = false;
const UNWEIGHTED: bool = false;
const LOGARITHMIC: bool = false;

// Never called: this pass has the form of a backward pass.
fn forward_value(e: Entry, weight: f32, s: Statistics) -> f32 {
    return 0.0;
}

fn share_of_output(y: f32) -> f32 {
    return 0.0;
}

fn backward_value(e: Entry, weight: f32, s: Statistics) -> f32 {
    return per_temperature(minus(e.dy, s.dot));
}
