use crate::function::Sink;
use crate::npy::{Input, NUMBERS, lengths, tuple};
use anyhow::{Context, Result};
use gpu_activations::Broadcast;
use std::ops::Range;

/// The sinks of softmax, which repeat over the rows.
pub struct RowSinks {
    /// None for a number.
    pub file: Option<Input>,
    pub values: Vec<f32>,
    pub broadcast: Broadcast,
}

impl RowSinks {
    pub fn read(sink: &Sink, x: &Input, axis: usize) -> Result<RowSinks> {
        let mut rows = x.shape.clone();
        rows[axis] = 1;
        let (file, values, shape) = match sink {
            Sink::Number(number) => (None, vec![*number], Vec::new()),
            Sink::File(path) => {
                let mut file = Input::open(path, &NUMBERS)?;
                let values = file.read_numbers()?;
                let shape = file.shape.clone();
                (Some(file), values, shape)
            }
        };
        let broadcast = Broadcast::new(&lengths(&shape), &lengths(&rows)).ok().with_context(|| {
            let name = file.as_ref().map_or("", |file| file.name.as_str());
            format!(
                "the sink in {name} has the shape {}, which numpy does not broadcast to {}, that of x with length 1 along axis \
                 {axis}",
                tuple(&shape),
                tuple(&rows)
            )
        })?;
        Ok(RowSinks { file, values, broadcast })
    }

    pub fn of(&self, rows: Range<usize>) -> Vec<f32> {
        rows.map(|row| self.values[self.broadcast.index(row)]).collect()
    }
}
