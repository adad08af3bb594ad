use crate::catalog::{Activation, Axis, AxisFunction, Gate, Kernels, Operands};
use crate::context::GpuActivations;
use crate::error::Error;
use std::ops::Range;

/// The range of the x axis.
pub const X_FROM: f64 = -5.0;
pub const X_TO: f64 = 5.0;

const POINTS: usize = 400;

/// The distance from a kink at which a line ends: too small to see, and not subnormal.
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
    /// One line between every two kinks, so that none crosses a jump.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// The kinks, with the values at them.
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

    /// One entry of a function's result for a row with x at one position, or the derivative of that entry by x.
    pub fn along(context: &GpuActivations, row: &Row, entry: usize, kind: Kind) -> Result<Self, Error> {
        let x = between(X_FROM as f32, X_TO as f32);
        let rows: Vec<f32> = x.iter().flat_map(|&x| row.with(x)).collect();
        let axis = Axis::last(&[x.len(), row.values.len()])?;
        let values: Vec<f32> = match kind {
            Kind::Function => {
                let y = context.forward_along_slice(&row.function, &axis, None, &rows)?;
                y.chunks(row.entries()).map(|y| y[entry]).collect()
            }
            Kind::Derivative => {
                let unit = |at: usize| f32::from(u8::from(at % row.entries() == entry));
                let dy: Vec<f32> = (0..x.len() * row.entries()).map(unit).collect();
                let dx = context.backward_along_slice(&row.function, &axis, None, &rows, &dy)?;
                dx.chunks(row.values.len()).map(|dx| dx[row.position]).collect()
            }
        };
        let line = x.iter().zip(values).map(|(&x, y)| (x.into(), y.into())).collect();
        Ok(Curve { lines: vec![line], kinks: Vec::new() })
    }

    /// The lines, clipped to a span of values.
    pub fn within(&self, span: &Range<f64>) -> Vec<Vec<(f64, f64)>> {
        self.lines.iter().flat_map(|line| clipped(line, span)).collect()
    }
}

/// A short row that shows how a function along an axis responds when one entry, x, moves.
pub struct Row {
    pub function: AxisFunction,
    values: Vec<f32>,
    /// The position of x among them.
    position: usize,
    entries: usize,
}

impl Row {
    pub fn of(function: &AxisFunction) -> Result<Row, Error> {
        function.validate()?;
        let mut function = function.clone();
        // More than 64 pieces do not fit into a picture and are drawn as 64.
        if let AxisFunction::Maxout { pieces } = &mut function {
            *pieces = (*pieces).min(64);
        }
        let (values, position) = match function.definition().kernels {
            Kernels::Rowwise(_) => (vec![0.0, 0.0, 1.0], 0),
            Kernels::Groupwise { operands: Operands::Entry, .. } => (vec![0.0], 0),
            // A value of 1, with x as the gate.
            Kernels::Groupwise { operands: Operands::Gated, .. } => match function.gate() {
                Gate::First => (vec![0.0, 1.0], 0),
                Gate::Second => (vec![1.0, 0.0], 1),
            },
            Kernels::Groupwise { operands: Operands::Group, .. } => {
                ((0..function.groups().inputs).map(|entry| entry as f32 - 1.0).collect(), 0)
            }
        };
        let entries = function.output_len(&Axis::last(&[values.len()])?)?;
        Ok(Row { function, values, position, entries })
    }

    fn with(&self, x: f32) -> Vec<f32> {
        let mut row = self.values.clone();
        row[self.position] = x;
        row
    }

    /// The number of entries of the result.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// The row as text.
    pub fn text(&self) -> String {
        let value =
            |(index, value): (usize, &f32)| if index == self.position { "x".to_owned() } else { value.to_string() };
        format!("({})", self.values.iter().enumerate().map(value).collect::<Vec<_>>().join(", "))
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
