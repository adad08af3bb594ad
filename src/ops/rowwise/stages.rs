//! The dispatches along an axis: statistics of rows, and results from them.

use crate::catalog::Run;
use crate::device::{BoundRange, BufferRange, Command, Device, Dispatch, RESIDENT, pooled_bytes};
use crate::error::Error;
use crate::ops::check::{span, workgroups_for};
use crate::ops::recording::Recording;
use crate::ops::rowwise::plan::{Plan, Rows, most_scratch, plan};
use crate::shader::{
    Access, Aliasing, Element, Kernel, MOST_MASK_RUNS, Masking, Orientation, RowStatistics, RowwiseKernel,
    RowwiseUniform, Stage, Storage, Team, Turns, numbers, with_parameters,
};

/// The inputs of kernels.
pub(crate) struct RowwiseOperands<'a, T: Element> {
    pub x: BufferRange<'a, T>,
    pub dy: Option<BufferRange<'a, T>>,
    /// v of a double backward pass.
    pub v: Option<BufferRange<'a, T>>,
    /// The mask, and the runs of axes along which it repeats if it does.
    pub mask: Option<(BufferRange<'a, u8>, Vec<Run>)>,
    /// Whether dy has one element for each row.
    pub reduced_dy: bool,
    /// The location of the result relative to x and dy.
    pub aliasing: Aliasing,
    pub parameters: Vec<BoundRange<'a>>,
    /// The index of the first element within the whole array, for random numbers.
    pub first_element: u32,
}

/// Work along one axis.
pub(crate) struct Rowwise<'a, T: Element> {
    device: &'a Device,
    label: &'static str,
    rows: Rows,
    plan: Plan,
    statistics: RowStatistics,
    operands: RowwiseOperands<'a, T>,
    /// The part of the uniform that all dispatches share, and the activation's parameters.
    uniform: RowwiseUniform,
    params: Vec<f32>,
}

/// Several outer entries, or the positions from `begin` to `end` of one.
#[derive(Debug, Clone, Copy)]
struct Slab {
    /// The outer entry at which the statistics in memory begin.
    base: u64,
    first_outer: u64,
    outer: u64,
    begin: u64,
    end: u64,
}

/// The inputs of a dispatch, with their offsets in the bindings.
struct Inputs<'a> {
    bindings: Vec<BoundRange<'a>>,
    /// The bound elements of the operands.
    start: u64,
    elements: u64,
    first: u64,
    first_mask: u64,
    first_gradient: u64,
}

/// Prepared dispatches, and their scratch memory.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub dispatches: Vec<Dispatch>,
    pub scratch: Vec<wgpu::Buffer>,
}

/// A dispatch without the function, the operands and the shared part of the uniform.
struct Job<'b> {
    stage: Stage,
    team: Team,
    storage: Storage,
    whole_vectors: bool,
    bindings: Vec<BoundRange<'b>>,
    uniform: RowwiseUniform,
    workgroups: u64,
}

impl<'a, T: Element> Rowwise<'a, T> {
    /// Plans the work.
    ///
    /// # Errors
    /// [`Error::BindingTooLarge`], [`Error::Refused`].
    pub(crate) fn new(
        recording: &Recording<'a, '_>,
        label: &'static str,
        rows: Rows,
        statistics: RowStatistics,
        operands: RowwiseOperands<'a, T>,
        (uniform, params): (RowwiseUniform, Vec<f32>),
    ) -> Result<Self, Error> {
        let device = recording.device;
        let plan = plan(&rows, &device.traits, recording.strategy)?;
        let plan = Plan { held: plan.held.filter(|_| !statistics.has_tangents()), ..plan };
        let width = rows.width(&device.traits);
        let (mask_lengths, mask_strides) = mask_axes(operands.mask.as_ref().map_or(&[], |(_, runs)| runs));
        let (inner, length) = (rows.inner as u32, rows.length as u32);
        let uniform = RowwiseUniform { inner, length, width, mask_lengths, mask_strides, ..uniform };
        Ok(Rowwise { device, label, rows, plan, statistics, operands, uniform, params })
    }

    /// Prepares one result for each element.
    pub(crate) fn elementwise(&self, result: BufferRange<'a, T>) -> Result<Prepared, Error> {
        let mut prepared = Prepared::default();
        for slab in self.slabs(self.plan.fused) {
            if self.plan.fused {
                self.fused(slab, result, &mut prepared)?;
                continue;
            }
            let statistics = self.statistics_of(slab, &mut prepared)?;
            if self.rows.shares_words() {
                self.write_words(slab, &statistics, result, &mut prepared)?;
            } else {
                self.write_rows(slab, &statistics, result, &mut prepared)?;
            }
        }
        Ok(prepared)
    }

    /// Prepares one result for each row.
    pub(crate) fn reduced<R: Element>(&self, result: BufferRange<'a, R>) -> Result<Prepared, Error> {
        let mut prepared = Prepared::default();
        for slab in self.slabs(false) {
            let statistics = self.statistics_of(slab, &mut prepared)?;
            let inner = self.rows.inner;
            let rows = slab.first_outer * inner..(slab.first_outer + slab.outer) * inner;
            self.write_reduced(&statistics, rows, result, &mut prepared)?;
        }
        Ok(prepared)
    }

    /// Prepares one sum for each of `channels` channels. A channel's rows lie side by side in the inner axes, or far
    /// apart in the outer axes.
    pub(crate) fn summed(&self, channels: u64, result: BufferRange<'a, f32>) -> Result<Prepared, Error> {
        let mut prepared = Prepared::default();
        let rows = self.rows.outer * self.rows.inner;
        let chunks = self.rows.length.div_ceil(self.plan.chunk);
        let partials = self.scratch(rows * chunks, &mut prepared)?;
        let nothing = self.scratch(0, &mut prepared)?;
        for part in self.parts(self.all()) {
            self.partial(part, 0, (&partials, &nothing), &mut prepared)?;
        }
        let (repeats, all_chunks) = match self.rows.inner {
            1 => (rows / channels, chunks),
            _ => (1, rows / channels * chunks),
        };
        let statistics = self.scratch(channels, &mut prepared)?;
        let uniform = RowwiseUniform {
            rows: channels as u32,
            all_chunks: all_chunks as u32,
            repeats: repeats as u32,
            ..self.uniform
        };
        self.combine((&partials, &statistics), uniform, &mut prepared)?;
        self.write_reduced(&statistics, 0..channels, result, &mut prepared)?;
        Ok(prepared)
    }

    fn all(&self) -> Slab {
        Slab { base: 0, first_outer: 0, outer: self.rows.outer, begin: 0, end: self.rows.length }
    }

    /// Splits the outer entries into slabs whose elements fit into bindings, and whose statistics fit into scratch
    /// memory.
    fn slabs(&self, fused: bool) -> Vec<Slab> {
        let Rows { inner, length, element_bytes, statistics_bytes, .. } = self.rows;
        let by_binding = self.plan.most_bytes / (self.rows.block() * element_bytes).max(1);
        let statistics = inner * (length.div_ceil(self.plan.chunk) + 1) * statistics_bytes;
        let by_scratch = most_scratch(&self.device.traits.limits) / statistics.max(1);
        let most = if fused { by_binding } else { by_binding.min(by_scratch) };
        // A slab of 128 outer entries or more is a multiple of 128, so that the next one begins at a multiple of 256
        // bytes.
        let most = if most > 128 { most / 128 * 128 } else { most.max(1) };
        let slabs = outer_parts(self.all(), most);
        slabs.into_iter().map(|slab| Slab { base: slab.first_outer, ..slab }).collect()
    }

    /// Splits a slab into parts that fit into bindings: outer entries, or whole chunks of one.
    fn parts(&self, slab: Slab) -> Vec<Slab> {
        let Rows { inner, length, element_bytes, .. } = self.rows;
        let bytes = self.rows.block() * element_bytes;
        if bytes == 0 {
            return Vec::new();
        }
        if bytes <= self.plan.most_bytes {
            return outer_parts(slab, self.plan.most_bytes / bytes);
        }
        let positions = self.plan.most_bytes / (inner * element_bytes) / self.plan.chunk * self.plan.chunk;
        let mut parts = Vec::new();
        for entry in outer_parts(slab, 1) {
            let mut begin = 0;
            while begin < length {
                let end = (begin + positions).min(length);
                parts.push(Slab { begin, end, ..entry });
                begin = end;
            }
        }
        parts
    }

    fn scratch(&self, rows: u64, prepared: &mut Prepared) -> Result<wgpu::Buffer, Error> {
        let limit = self.device.traits.limits.max_storage_buffer_binding_size;
        let bytes = (rows * self.rows.statistics_bytes).max(64);
        let bytes = pooled_bytes(bytes, limit);
        if bytes > limit {
            return Err(Error::BindingTooLarge { bytes, limit });
        }
        let buffer = self.device.acquire(bytes, RESIDENT)?;
        prepared.scratch.push(buffer.clone());
        Ok(buffer)
    }

    /// The statistics of every row of a slab.
    fn statistics_of(&self, slab: Slab, prepared: &mut Prepared) -> Result<wgpu::Buffer, Error> {
        let rows = slab.outer * self.rows.inner;
        let statistics = self.scratch(rows, prepared)?;
        let chunks = self.rows.length.div_ceil(self.plan.chunk);
        let parts = self.parts(slab);
        let few_turns = self.rows.length <= self.plan.most_entries;
        if let (1, [part], true) = (chunks, parts.as_slice(), few_turns) {
            self.whole_statistics(*part, &statistics, prepared)?;
            return Ok(statistics);
        }
        let partials = self.scratch(rows * chunks, prepared)?;
        for round in 0..self.rows.rounds {
            for &part in &parts {
                self.partial(part, round, (&partials, &statistics), prepared)?;
            }
            let uniform =
                RowwiseUniform { rows: rows as u32, all_chunks: chunks as u32, repeats: 1, round, ..self.uniform };
            self.combine((&partials, &statistics), uniform, prepared)?;
        }
        Ok(statistics)
    }

    /// The uniform of a dispatch of rows. Statistics of a slab count its rows from 0, those of a whole array all rows.
    fn uniform_of(&self, slab: Slab, inputs: &Inputs<'_>, chunks: u64) -> RowwiseUniform {
        let first_element = u64::from(self.operands.first_element) + slab.first_outer * self.rows.block();
        RowwiseUniform {
            first: inputs.first as u32,
            first_mask: inputs.first_mask as u32,
            first_gradient: inputs.first_gradient as u32,
            first_element: first_element as u32,
            rows: (slab.outer * self.rows.inner) as u32,
            base_row: (slab.first_outer * self.rows.inner) as u32,
            begin: slab.begin as u32,
            end: slab.end as u32,
            tasks: self.rows.tasks(slab.outer, chunks) as u32,
            ..self.uniform
        }
    }

    /// The same for rows divided into chunks.
    fn uniform_of_chunks(&self, part: Slab, inputs: &Inputs<'_>, round: u32) -> RowwiseUniform {
        let chunk = self.plan.chunk;
        let chunks = (part.end - part.begin).div_ceil(chunk);
        RowwiseUniform {
            chunk: chunk as u32,
            first_chunk: (part.begin / chunk) as u32,
            chunks: chunks as u32,
            all_chunks: self.rows.length.div_ceil(chunk) as u32,
            round,
            first_row: ((part.first_outer - part.base) * self.rows.inner) as u32,
            base_row: (part.base * self.rows.inner) as u32,
            ..self.uniform_of(part, inputs, chunks)
        }
    }

    /// Written out, the loops of noise are so much code that they are slower; on llvmpipe any are.
    fn turns(&self) -> Turns {
        let draws = matches!(&self.statistics, RowStatistics::Function { kernels, .. } if kernels.draws());
        if self.device.traits.on_cpu || draws { Turns::Loops } else { Turns::WrittenOut }
    }

    /// Dispatches the statistics and results of whole rows.
    fn fused(&self, slab: Slab, result: BufferRange<'a, T>, prepared: &mut Prepared) -> Result<(), Error> {
        let inputs = self.inputs(slab);
        let uniform = self.uniform_of(slab, &inputs, 1);
        let start = slab.first_outer * self.rows.block();
        let mut bindings = inputs.bindings;
        bindings.extend(self.result(result, start, slab.outer * self.rows.block()));
        let stage = match self.plan.held {
            Some(held) => Stage::FusedHeld(held, self.turns()),
            None => Stage::Fused,
        };
        self.push(self.job(stage, bindings, uniform), prepared)
    }

    /// Dispatches the statistics of whole rows.
    fn whole_statistics(&self, slab: Slab, statistics: &wgpu::Buffer, prepared: &mut Prepared) -> Result<(), Error> {
        let inputs = self.inputs(slab);
        let uniform = self.uniform_of(slab, &inputs, 1);
        let mut bindings = inputs.bindings;
        bindings.push(BoundRange::whole(numbers::WHOLE_STATISTICS, Access::Write, statistics));
        let stage = match self.plan.held {
            Some(held) => Stage::StatisticsHeld(held, self.turns()),
            None => Stage::Statistics,
        };
        self.push(self.job(stage, bindings, uniform), prepared)
    }

    /// Dispatches the statistics of a part's chunks in one round.
    fn partial(
        &self,
        part: Slab,
        round: u32,
        (partials, statistics): (&wgpu::Buffer, &wgpu::Buffer),
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        let inputs = self.inputs(part);
        let uniform = self.uniform_of_chunks(part, &inputs, round);
        let mut bindings = inputs.bindings;
        bindings.push(BoundRange::whole(numbers::PARTIALS, Access::Write, partials));
        bindings.push(BoundRange::whole(numbers::STATISTICS, Access::Read, statistics));
        let stage = Stage::Partial { is_first_round: round == 0 };
        self.push(self.job(stage, bindings, uniform), prepared)
    }

    /// Dispatches the statistics of rows, from those of their chunks.
    fn combine(
        &self,
        (partials, statistics): (&wgpu::Buffer, &wgpu::Buffer),
        uniform: RowwiseUniform,
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        let many = u64::from(uniform.repeats) * u64::from(uniform.all_chunks) > 64;
        let team = if many { Team::Workgroup { lanes: 128, subgroups: 0 } } else { Team::Invocation };
        let bindings = vec![
            BoundRange::whole(numbers::PARTIALS, Access::Read, partials),
            BoundRange::whole(numbers::STATISTICS, Access::Write, statistics),
        ];
        let workgroups = workgroups(team, uniform.rows.into());
        let job = Job { team, whole_vectors: false, workgroups, ..self.job(Stage::Combine, bindings, uniform) };
        self.push(job, prepared)
    }

    /// Dispatches the results of a slab, chunk by chunk, from the statistics of its rows.
    fn write_rows(
        &self,
        slab: Slab,
        statistics: &wgpu::Buffer,
        result: BufferRange<'a, T>,
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        for part in self.parts(slab) {
            let inputs = self.inputs(part);
            let uniform = self.uniform_of_chunks(part, &inputs, 0);
            let mut bindings = inputs.bindings;
            bindings.extend(self.result(result, inputs.start, inputs.elements));
            bindings.push(BoundRange::whole(numbers::STATISTICS, Access::Read, statistics));
            self.push(self.job(Stage::WriteRows, bindings, uniform), prepared)?;
        }
        Ok(())
    }

    /// Dispatches the results of a slab, word by word, from the statistics of its rows.
    fn write_words(
        &self,
        slab: Slab,
        statistics: &wgpu::Buffer,
        result: BufferRange<'a, T>,
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        let block = self.rows.block();
        let (start, end) = (slab.first_outer * block, (slab.first_outer + slab.outer) * block);
        let most = self.plan.most_bytes / self.rows.element_bytes / 4 * 4;
        let mut from = start;
        while from < end {
            let elements = most.min(end - from);
            let inputs = self.inputs_of(from, elements, slab);
            let uniform = RowwiseUniform {
                elements: elements as u32,
                begin: (from - start) as u32,
                ..self.uniform_of(slab, &inputs, 1)
            };
            let mut bindings = inputs.bindings;
            bindings.extend(self.result(result, from, elements));
            bindings.push(BoundRange::whole(numbers::STATISTICS, Access::Read, statistics));
            let job = Job {
                team: Team::Invocation,
                whole_vectors: from.is_multiple_of(4) && elements.is_multiple_of(4),
                workgroups: workgroups_for(elements),
                ..self.job(Stage::WriteWords, bindings, uniform)
            };
            self.push(job, prepared)?;
            from += elements;
        }
        Ok(())
    }

    /// Dispatches one result for each row; the statistics begin with the first row.
    fn write_reduced<R: Element>(
        &self,
        statistics: &wgpu::Buffer,
        rows: std::ops::Range<u64>,
        result: BufferRange<'a, R>,
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        let count = rows.end - rows.start;
        let (bound, first) = span(result, numbers::RESULT, Access::Write, rows.start, count);
        let uniform = RowwiseUniform { first: first as u32, rows: count as u32, ..self.uniform };
        let bindings = vec![bound, BoundRange::whole(numbers::STATISTICS, Access::Read, statistics)];
        let job = Job {
            team: Team::Invocation,
            storage: R::STORAGE,
            whole_vectors: false,
            workgroups: workgroups_for(count),
            ..self.job(Stage::WriteReduced, bindings, uniform)
        };
        self.push(job, prepared)
    }

    fn inputs(&self, slab: Slab) -> Inputs<'a> {
        let Rows { length, inner, .. } = self.rows;
        let start = slab.first_outer * self.rows.block() + slab.begin * inner;
        let elements = if slab.outer == 1 { slab.end - slab.begin } else { slab.outer * length } * inner;
        self.inputs_of(start, elements, slab)
    }

    /// The bindings of elements, and of the gradients of a slab's rows.
    fn inputs_of(&self, start: u64, elements: u64, slab: Slab) -> Inputs<'a> {
        let RowwiseOperands { x, dy, v, mask, reduced_dy, aliasing, parameters, .. } = &self.operands;
        let access = if *aliasing == Aliasing::Separate { Access::Read } else { Access::Write };
        let number = if *aliasing == Aliasing::OverX { numbers::RESULT } else { numbers::X };
        let (x, first) = span(*x, number, access, start, elements);
        let mut inputs = Inputs { bindings: vec![x], start, elements, first, first_mask: 0, first_gradient: 0 };
        if let Some(dy) = *dy {
            let number = if *aliasing == Aliasing::OverDy { numbers::RESULT } else { numbers::DY };
            let bound = if *reduced_dy {
                let inner = self.rows.inner;
                let (bound, first) = span(dy, number, access, slab.first_outer * inner, slab.outer * inner);
                inputs.first_gradient = first;
                bound
            } else {
                span(dy, number, access, start, elements).0
            };
            inputs.bindings.push(bound);
        }
        inputs.bindings.extend(v.map(|v| span(v, numbers::TANGENT, Access::Read, start, elements).0));
        match mask {
            None => {}
            Some((mask, runs)) if runs.is_empty() => {
                let (bound, first) = span(*mask, numbers::MASK, Access::Read, start, elements);
                inputs.first_mask = first;
                inputs.bindings.push(bound);
            }
            // All of a mask that repeats is bound, and counts elements of the whole array.
            Some((mask, _)) => {
                inputs.first_mask = start;
                inputs.bindings.push(span(*mask, numbers::MASK, Access::Read, 0, mask.elements).0);
            }
        }
        inputs.bindings.extend(parameters.iter().copied());
        inputs
    }

    /// The binding of a result, unless an input has it already.
    fn result(&self, result: BufferRange<'a, T>, start: u64, elements: u64) -> Option<BoundRange<'a>> {
        let in_place = matches!(self.operands.aliasing, Aliasing::OverX | Aliasing::OverDy);
        (!in_place).then(|| span(result, numbers::RESULT, Access::Write, start, elements).0)
    }

    /// A dispatch by the planned team, over the tasks of the uniform.
    fn job<'b>(&self, stage: Stage, bindings: Vec<BoundRange<'b>>, uniform: RowwiseUniform) -> Job<'b> {
        let team = self.plan.team;
        Job {
            stage,
            team,
            storage: T::STORAGE,
            whole_vectors: self.rows.has_whole_vectors(),
            bindings,
            uniform,
            workgroups: workgroups(team, uniform.tasks.into()),
        }
    }

    fn masking(&self) -> Masking {
        match &self.operands.mask {
            None => Masking::None,
            Some((_, runs)) if runs.is_empty() => Masking::Whole,
            Some((_, runs)) => Masking::Repeated { runs: runs.len() },
        }
    }

    fn push(&self, job: Job<'_>, prepared: &mut Prepared) -> Result<(), Error> {
        let Job { stage, team, storage, whole_vectors, bindings, uniform, workgroups } = job;
        let kernel = RowwiseKernel {
            statistics: self.statistics.clone(),
            storage,
            aliasing: self.operands.aliasing,
            orientation: self.rows.orientation(),
            whole_vectors,
            masking: self.masking(),
            team,
            stage,
        };
        // One text serves all forms of what a stage does not read.
        let kernel = Kernel::Rowwise(match stage {
            Stage::Combine => RowwiseKernel {
                storage: Storage::F32,
                aliasing: Aliasing::Separate,
                orientation: Orientation::Rows,
                whole_vectors: true,
                masking: Masking::None,
                ..kernel
            },
            Stage::WriteWords => RowwiseKernel { orientation: Orientation::Rows, ..kernel },
            Stage::WriteReduced => RowwiseKernel { orientation: Orientation::Rows, masking: Masking::None, ..kernel },
            _ => kernel,
        });
        prepared.dispatches.push(self.device.dispatch(Command {
            label: self.label,
            kernel,
            entry_point: stage.entry_point(),
            bindings,
            uniform: with_parameters(uniform, &self.params),
            workgroups,
        })?);
        Ok(())
    }
}

/// The lengths and strides of the runs of a mask that repeats.
fn mask_axes(runs: &[Run]) -> ([u32; MOST_MASK_RUNS], [u32; MOST_MASK_RUNS]) {
    let (mut lengths, mut strides) = ([0; MOST_MASK_RUNS], [0; MOST_MASK_RUNS]);
    for ((run, length), stride) in runs.iter().zip(&mut lengths).zip(&mut strides) {
        (*length, *stride) = (run.length as u32, run.stride as u32);
    }
    (lengths, strides)
}

fn outer_parts(slab: Slab, most: u64) -> Vec<Slab> {
    let mut parts = Vec::new();
    let end = slab.first_outer + slab.outer;
    let mut first_outer = slab.first_outer;
    while first_outer < end {
        let outer = most.min(end - first_outer);
        parts.push(Slab { first_outer, outer, ..slab });
        first_outer += outer;
    }
    parts
}

/// The same as `WORKGROUP` in `shaders/rowwise/teams`.
fn workgroups(team: Team, tasks: u64) -> u64 {
    tasks.div_ceil(match team {
        Team::Invocation => 64,
        Team::Subgroup { tasks } => tasks.into(),
        Team::Workgroup { .. } => 1,
    })
}
