use crate::{Activation, Error, GpuActivations};
use std::ops::Range;

/// What the x axis shows.
pub const X_FROM: f64 = -5.0;
pub const X_TO: f64 = 5.0;

const POINTS: usize = 400;

/// How far from a kink a line ends: less than is seen, and no subnormal number.
const BESIDE: f32 = 1e-5;

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Function,
    Derivative,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Function => "function",
            Kind::Derivative => "derivative",
        }
    }
}

/// The values of one function, or of its derivative.
pub struct Curve {
    /// One line between each two kinks, so that a jump is none.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// The kinks, with the values there.
    pub kinks: Vec<(f64, f64)>,
}

impl Curve {
    pub fn new(context: &GpuActivations, activation: Activation, kind: Kind) -> Result<Self, Error> {
        let inside = |kink: &f64| kink.is_finite() && (X_FROM..X_TO).contains(kink);
        let kinks: Vec<f32> = activation.kinks().into_iter().filter(inside).map(|kink| kink as f32).collect();
        let ends = [X_FROM as f32].into_iter().chain(kinks.iter().copied()).chain([X_TO as f32]);
        let ends: Vec<f32> = ends.collect();
        let evaluate = |x: &[f32]| -> Result<Vec<(f64, f64)>, Error> {
            let y = match kind {
                Kind::Function => context.forward_slice(activation, x)?,
                Kind::Derivative => context.backward_slice(activation, x, &vec![1.0; x.len()])?,
            };
            Ok(x.iter().zip(y).map(|(&x, y)| (x.into(), y.into())).collect())
        };
        let lines = ends.windows(2).map(|pair| evaluate(&between(pair[0], pair[1]))).collect::<Result<_, _>>()?;
        Ok(Curve { lines, kinks: evaluate(&kinks)? })
    }

    /// The parts of the lines whose values lie in a span, cut where they leave it.
    pub fn within(&self, span: &Range<f64>) -> Vec<Vec<(f64, f64)>> {
        self.lines.iter().flat_map(|line| clipped(line, span)).collect()
    }
}

/// Evenly spaced points from just after `from` to just before `to`.
fn between(from: f32, to: f32) -> Vec<f32> {
    let count = ((f64::from(to) - f64::from(from)) / (X_TO - X_FROM) * POINTS as f64).ceil().max(1.0) as usize;
    let at = |i: usize| from + (to - from) * i as f32 / count as f32;
    let inner = (1..count).map(at);
    std::iter::once(from + BESIDE).chain(inner).chain([to - BESIDE]).collect()
}

fn clipped(line: &[(f64, f64)], span: &Range<f64>) -> Vec<Vec<(f64, f64)>> {
    let mut parts = vec![Vec::new()];
    let mut previous: Option<(f64, f64)> = None;
    for &point in line {
        let is_in = |value: f64| value >= span.start && value <= span.end;
        if let Some(last) = previous
            && is_in(last.1) != is_in(point.1)
        {
            let (inner, outer) = if is_in(point.1) { (point, last) } else { (last, point) };
            let edge = outer.1.clamp(span.start, span.end);
            let share = (edge - inner.1) / (outer.1 - inner.1);
            parts.last_mut().into_iter().for_each(|part| part.push((inner.0 + share * (outer.0 - inner.0), edge)));
        }
        match (parts.last_mut(), is_in(point.1)) {
            (Some(part), true) => part.push(point),
            (Some(part), false) if !part.is_empty() => parts.push(Vec::new()),
            _ => {}
        }
        previous = Some(point);
    }
    parts.retain(|part| part.len() > 1);
    parts
}
