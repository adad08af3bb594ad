//! Records what works along one axis by statistics of each row: the softmax family, and gradients of parameters.

use crate::device::pipeline::{Access, Bound, Dispatch};
use crate::device::{RESIDENT, Shared};
use crate::ops::{LARGEST_ALIGNMENT, most_bytes};
use crate::shader::element::Scalar;
use crate::shader::{Binding, Part, Storage, part};
use crate::{BufferRange, Element, Error};

/// Who works on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// Chosen by the length and number of rows, and by the adapter.
    #[default]
    Automatic,
    /// One invocation for each row.
    Invocation,
    /// One subgroup for each row; as `Workgroup` on a device without [`wgpu::Features::SUBGROUP`].
    Subgroup,
    /// One workgroup for each row.
    Workgroup,
    /// Rows divided among many, whose statistics are combined.
    Split,
}

/// A strategy that has been chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Team {
    Invocation,
    Subgroup,
    Workgroup,
}

impl Team {
    fn part(self) -> Part {
        match self {
            Team::Invocation => part!("rowwise/teams/invocation.wgsl"),
            Team::Subgroup => part!("rowwise/teams/subgroup.wgsl"),
            Team::Workgroup => part!("rowwise/teams/workgroup.wgsl"),
        }
    }

    /// Lanes that work on a task, of a subgroup at least.
    fn lanes(self, smallest_subgroup: u32) -> u64 {
        match self {
            Team::Invocation => 1,
            Team::Subgroup => smallest_subgroup.into(),
            Team::Workgroup => 128,
        }
    }
}

/// The operands of a reduction, and what its kernels are composed of.
pub(crate) struct Reduction<'a, T: Element> {
    pub shared: &'a Shared,
    pub label: &'static str,
    pub strategy: Strategy,
    /// Entries before, along and after the axis.
    pub outer: u64,
    pub length: u64,
    pub inner: u64,
    pub x: BufferRange<'a, T>,
    pub dy: Option<BufferRange<'a, T>>,
    /// One dy for each row.
    pub reduced_dy: bool,
    pub mask: Option<BufferRange<'a, u8>>,
    pub binding: Binding,
    /// How statistics are gathered: the function, its statistics, and its pass.
    pub statistics: Vec<Part>,
    /// How statistics go from lane to lane.
    pub shuffled: Part,
    pub rounds: u32,
    /// Bytes of a row's statistics.
    pub statistics_bytes: u64,
    pub values: Values,
    /// Bindings and words of `Call` beyond those of the shape.
    pub bound: Vec<Bound<'a>>,
    pub first_element: u32,
}

/// What else `Call` says, and the words of an activation's parameters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values {
    pub seed: u64,
    pub inverse_temperature: [f32; 2],
    pub temperature_exponent: i32,
    pub taken: [f32; 2],
    pub hard: bool,
    pub channels: u32,
    pub channel_length: u32,
    pub params: Vec<f32>,
}

/// What `Call` of `shaders/statistics/call.wgsl` says of a dispatch.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    first: u64,
    first_element: u64,
    first_mask: u64,
    first_gradient: u64,
    rows: u64,
    first_row: u64,
    elements: u64,
    begin: u64,
    end: u64,
    chunk: u64,
    first_chunk: u64,
    chunks: u64,
    all_chunks: u64,
    round: u32,
    tasks: u64,
    repeats: u64,
}

/// Some outer entries, or of one of them the positions from `begin` to `end`.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// The outer entry that the statistics in memory begin with.
    base: u64,
    first_outer: u64,
    outer: u64,
    begin: u64,
    end: u64,
}

/// The inputs of a dispatch, and where in their bindings they begin.
struct Inputs<'a> {
    bound: Vec<Bound<'a>>,
    /// Which elements of the operands are bound.
    start: u64,
    elements: u64,
    first: u64,
    first_mask: u64,
    first_gradient: u64,
}

/// What has been prepared, and the memory it needs in between.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub dispatches: Vec<Dispatch>,
    pub scratch: Vec<wgpu::Buffer>,
}

/// Turns of loops that an invocation may take on a CPU: Mesa's llvmpipe ends every loop once they are 65 535 in all. With
/// room for the rows that a subgroup has in turn.
const MOST_TURNS_ON_CPU: u64 = 30_000;
/// And on a GPU, where one that takes too long is ended by the driver.
const MOST_TURNS: u64 = 1 << 20;

/// Fours of entries that a lane holds at most.
const MOST_BLOCKS: u64 = 8;

fn blocks_part(blocks: u64, larger_teams: bool) -> Part {
    let text = format!("const BLOCKS: u32 = {blocks}u;\nconst LARGER_TEAMS: bool = {larger_teams};\n");
    Part { file: "(blocks of the call)", text: text.into() }
}

/// Statistics of rows done together take at most this many bytes, unless one outer entry has more.
const MOST_SCRATCH: u64 = 16 << 20;

impl<'a, T: Element> Reduction<'a, T> {
    const ELEMENT: u64 = size_of::<T>() as u64;

    /// Results that take the place of the elements.
    pub fn elementwise(&self, result: BufferRange<'a, T>) -> Result<Prepared, Error> {
        let mut prepared = Prepared::default();
        let team = self.whole_team();
        for slab in self.slabs(team.is_some())? {
            match team {
                Some(team) => self.whole(slab, team, result, &mut prepared)?,
                None => {
                    let states = self.states(slab, &mut prepared)?;
                    if self.shares_words() {
                        self.apply(slab, &states, result, &mut prepared)?;
                    } else {
                        self.results(slab, &states, result, &mut prepared)?;
                    }
                }
            }
        }
        Ok(prepared)
    }

    /// One result for each row.
    pub fn reduced(&self, result: BufferRange<'a, T>) -> Result<Prepared, Error> {
        let mut prepared = Prepared::default();
        for slab in self.slabs(false)? {
            let states = self.states(slab, &mut prepared)?;
            let rows = slab.first_outer * self.inner..(slab.first_outer + slab.outer) * self.inner;
            self.reduce(&states, rows, result, &mut prepared)?;
        }
        Ok(prepared)
    }

    /// One sum for each of some channels: those of rows side by side within the inner axes, or of
    /// rows far apart within the outer ones.
    pub fn summed(&self, channels: u64, result: BufferRange<'a, f32>) -> Result<Prepared, Error> {
        let mut prepared = Prepared::default();
        let chunk = self.chunk()?;
        let rows = self.outer * self.inner;
        let chunks = self.length.div_ceil(chunk);
        let partials = self.scratch(rows * chunks, &mut prepared)?;
        let nothing = self.scratch(0, &mut prepared)?;
        for piece in self.pieces(self.all(), chunk)? {
            self.gather(piece, chunk, 0, &partials, &nothing, &mut prepared)?;
        }
        let (repeats, all_chunks) = match self.inner {
            1 => (rows / channels, chunks),
            _ => (1, rows / channels * chunks),
        };
        let states = self.scratch(channels, &mut prepared)?;
        let place = Place { rows: channels, all_chunks, repeats, ..Place::default() };
        self.combine(&partials, &states, place, &mut prepared)?;
        self.reduce(&states, 0..channels, result, &mut prepared)?;
        Ok(prepared)
    }

    fn all(&self) -> Piece {
        Piece { base: 0, first_outer: 0, outer: self.outer, begin: 0, end: self.length }
    }

    fn row_block(&self) -> u64 {
        self.length * self.inner
    }

    /// 0 where the limits allow nothing, which no chunk fits into.
    fn most_bytes(&self) -> u64 {
        most_bytes(&self.shared.limits).unwrap_or(0)
    }

    /// Whether every group of four that a kernel handles is a whole vector.
    fn has_whole_vectors(&self) -> bool {
        let side_by_side = if self.inner == 1 { self.length } else { self.inner };
        side_by_side.is_multiple_of(4)
    }

    /// Whether two rows may have halves of one word.
    fn shares_words(&self) -> bool {
        Self::ELEMENT < 4 && !self.has_whole_vectors()
    }

    fn on_cpu(&self) -> bool {
        self.shared.on_cpu
    }

    /// The team for a row, or for a chunk of it.
    fn team(&self) -> Team {
        let subgroups = self.shared.subgroups;
        match self.strategy {
            _ if self.inner > 1 => Team::Invocation,
            Strategy::Invocation => Team::Invocation,
            Strategy::Subgroup if subgroups => Team::Subgroup,
            Strategy::Workgroup | Strategy::Subgroup => Team::Workgroup,
            // Lanes of a subgroup exchange values one by one on a CPU.
            _ if self.on_cpu() && self.length <= 4 * MOST_BLOCKS => Team::Invocation,
            _ if subgroups && (self.on_cpu() || self.length <= 1024) => Team::Subgroup,
            // Barriers are dear on a CPU.
            _ if self.on_cpu() || self.length <= 32 => Team::Invocation,
            _ => Team::Workgroup,
        }
    }

    /// Lanes of a subgroup that a row takes: enough for four entries each.
    fn width(&self) -> u32 {
        if self.inner > 1 { 1 } else { self.length.div_ceil(4).clamp(1, 128).next_power_of_two() as u32 }
    }

    /// Fours of entries that each lane of a team has of a row that fits into its registers.
    fn blocks(&self, team: Team) -> Option<u64> {
        let lanes = match team {
            _ if self.inner > 1 => return None,
            Team::Invocation => 1,
            Team::Subgroup => self.shared.smallest_subgroup.min(self.width()).into(),
            Team::Workgroup => return None,
        };
        // Powers of two, so that lengths share pipelines.
        let blocks = self.length.div_ceil(4 * lanes).max(1).next_power_of_two();
        (blocks <= MOST_BLOCKS).then_some(blocks)
    }

    /// Entries of a row that a team may have, each being visited `times` times.
    fn most_entries(&self, times: u64) -> u64 {
        let at_once = match self.team() {
            _ if self.inner > 1 => 1,
            Team::Invocation => 4,
            // The smallest subgroups there are have four lanes.
            Team::Subgroup => 16,
            Team::Workgroup => 512,
        };
        let most = if self.on_cpu() { MOST_TURNS_ON_CPU } else { MOST_TURNS };
        most / times * at_once
    }

    /// Who does whole rows in one dispatch, if that is possible and wise.
    fn whole_team(&self) -> Option<Team> {
        let too_long = self.row_block() * Self::ELEMENT > self.most_bytes();
        let too_many_turns = self.length > self.most_entries(u64::from(self.rounds) + 1);
        if self.shares_words() || too_long || too_many_turns || self.strategy == Strategy::Split {
            return None;
        }
        let few = self.strategy == Strategy::Automatic && self.leaves_lanes_idle();
        (!few).then(|| self.team())
    }

    /// Whether whole rows are so long and so few that dividing them gains more than its further dispatches cost.
    fn leaves_lanes_idle(&self) -> bool {
        let teams = self.tasks(self.outer, 1);
        if self.on_cpu() {
            return teams < 64 && self.length > 1 << 16;
        }
        let lanes = self.team().lanes(self.shared.smallest_subgroup);
        let entries = if self.inner == 1 { 4 * lanes } else { 1 };
        teams * lanes < 1 << 14 && self.length / entries > 128
    }

    /// Positions that one team gathers where rows are divided.
    fn chunk(&self) -> Result<u64, Error> {
        // Chunks of rows side by side are of whole vectors.
        let step = if self.inner == 1 { 4 } else { 1 };
        let by_binding = self.most_bytes() / (self.inner * Self::ELEMENT) / step * step;
        if by_binding == 0 {
            return Err(Error::TooLarge { bytes: step * self.inner * Self::ELEMENT, limit: self.most_bytes() });
        }
        // Tasks that keep the adapter busy, and positions below which their statistics cost more than they gain.
        let (wanted, least) = match self.on_cpu() {
            true => (64, 256),
            false if self.inner == 1 => (4096, 256),
            false => (1 << 16, 32),
        };
        let chunk = match self.strategy {
            Strategy::Split => self.length.div_ceil(3),
            _ => (self.length * self.tasks(self.outer, 1)).div_ceil(wanted).max(least),
        };
        // The statistics of one outer entry's chunks should fit, too.
        let chunks = (self.most_scratch() / (self.inner * self.statistics_bytes).max(1)).saturating_sub(1).max(1);
        let chunk = chunk.max(self.length.div_ceil(chunks));
        Ok(chunk.min(self.length).min(self.most_entries(1)).next_multiple_of(step).clamp(step, by_binding))
    }

    /// Outer entries whose elements fit into bindings, and their statistics into the scratch memory.
    fn slabs(&self, whole: bool) -> Result<Vec<Piece>, Error> {
        let bytes = (self.row_block() * Self::ELEMENT).max(1);
        let by_binding = self.most_bytes() / bytes;
        let states = self.inner * (self.length.div_ceil(self.chunk()?) + 1) * self.statistics_bytes;
        let most = if whole { by_binding } else { by_binding.min(self.most_scratch() / states.max(1)) };
        // Slabs that begin at whole 256 bytes, where one may have that many.
        let most = if most > 128 { most / 128 * 128 } else { most.max(1) };
        let slabs = self.outer_pieces(self.all(), most);
        Ok(slabs.into_iter().map(|slab| Piece { base: slab.first_outer, ..slab }).collect())
    }

    /// Bytes of statistics that are wanted at once. Scratch buffers are rounded up to powers of two.
    fn most_scratch(&self) -> u64 {
        MOST_SCRATCH.min(self.shared.limits.max_storage_buffer_binding_size / 2)
    }

    fn outer_pieces(&self, piece: Piece, most: u64) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let end = piece.first_outer + piece.outer;
        let mut first_outer = piece.first_outer;
        while first_outer < end {
            let outer = most.min(end - first_outer);
            pieces.push(Piece { first_outer, outer, ..piece });
            first_outer += outer;
        }
        pieces
    }

    /// A slab in pieces that fit into bindings: outer entries, or whole chunks of one of them.
    fn pieces(&self, slab: Piece, chunk: u64) -> Result<Vec<Piece>, Error> {
        let bytes = self.row_block() * Self::ELEMENT;
        if bytes == 0 {
            return Ok(Vec::new());
        }
        if bytes <= self.most_bytes() {
            return Ok(self.outer_pieces(slab, self.most_bytes() / bytes));
        }
        let positions = self.most_bytes() / (self.inner * Self::ELEMENT) / chunk * chunk;
        let mut pieces = Vec::new();
        for entry in self.outer_pieces(slab, 1) {
            let mut begin = 0;
            while begin < self.length {
                let end = (begin + positions).min(self.length);
                pieces.push(Piece { begin, end, ..entry });
                begin = end;
            }
        }
        Ok(pieces)
    }

    /// Rows, or four rows side by side, times chunks.
    fn tasks(&self, outer: u64, chunks: u64) -> u64 {
        outer * if self.inner == 1 { 1 } else { self.inner.div_ceil(4) } * chunks
    }

    fn scratch(&self, rows: u64, prepared: &mut Prepared) -> Result<wgpu::Buffer, Error> {
        let limit = self.shared.limits.max_storage_buffer_binding_size;
        let bytes = (rows * self.statistics_bytes).max(64);
        // A power of two, so that calls with like shapes share the pool's buffers.
        let bytes = if bytes > limit / 2 { bytes } else { bytes.next_power_of_two() };
        if bytes > limit {
            return Err(Error::TooLarge { bytes, limit });
        }
        let buffer = self.shared.acquire(bytes, RESIDENT)?;
        prepared.scratch.push(buffer.clone());
        Ok(buffer)
    }

    /// The statistics of every row of a slab.
    fn states(&self, slab: Piece, prepared: &mut Prepared) -> Result<wgpu::Buffer, Error> {
        let rows = slab.outer * self.inner;
        let states = self.scratch(rows, prepared)?;
        let chunk = self.chunk()?;
        let chunks = self.length.div_ceil(chunk);
        let pieces = self.pieces(slab, chunk)?;
        let few_turns = self.length <= self.most_entries(self.rounds.into());
        if let (1, [piece], true) = (chunks, pieces.as_slice(), few_turns) {
            self.state(*piece, &states, prepared)?;
            return Ok(states);
        }
        let partials = self.scratch(rows * chunks, prepared)?;
        for round in 0..self.rounds {
            for &piece in &pieces {
                self.gather(piece, chunk, round, &partials, &states, prepared)?;
            }
            let place = Place { rows, all_chunks: chunks, repeats: 1, round, ..Place::default() };
            self.combine(&partials, &states, place, prepared)?;
        }
        Ok(states)
    }

    fn kernel(&self) -> Part {
        if self.inner == 1 { part!("rowwise/kernels/rows.wgsl") } else { part!("rowwise/kernels/columns.wgsl") }
    }

    /// Statistics in the kernels' order: those of a slab count its rows from 0, those of a whole array all rows.
    fn place(&self, piece: Piece, inputs: &Inputs<'_>, chunks: u64) -> Place {
        Place {
            first: inputs.first,
            first_mask: inputs.first_mask,
            first_gradient: inputs.first_gradient,
            first_element: u64::from(self.first_element) + piece.first_outer * self.row_block(),
            rows: piece.outer * self.inner,
            begin: piece.begin,
            end: piece.end,
            tasks: self.tasks(piece.outer, chunks),
            ..Place::default()
        }
    }

    /// The same where rows are divided into chunks.
    fn chunked(&self, piece: Piece, inputs: &Inputs<'_>, chunk: u64, round: u32) -> Place {
        let chunks = (piece.end - piece.begin).div_ceil(chunk);
        Place {
            chunk,
            first_chunk: piece.begin / chunk,
            chunks,
            all_chunks: self.length.div_ceil(chunk),
            round,
            first_row: (piece.first_outer - piece.base) * self.inner,
            ..self.place(piece, inputs, chunks)
        }
    }

    /// Whole rows, statistics and results.
    fn whole(&self, slab: Piece, team: Team, result: BufferRange<'a, T>, prepared: &mut Prepared) -> Result<(), Error> {
        let mut inputs = self.inputs(slab);
        let place = self.place(slab, &inputs, 1);
        let start = slab.first_outer * self.row_block();
        inputs.bound.extend(self.result(result, start, slab.outer * self.row_block()));
        let blocks = self.blocks(team);
        let whole = match blocks {
            Some(_) => part!("rowwise/kernels/fused_held_rows.wgsl"),
            None if self.inner == 1 => part!("rowwise/kernels/fused_rows.wgsl"),
            None => part!("rowwise/kernels/fused_columns.wgsl"),
        };
        let results = part!("rowwise/results.wgsl");
        let of_blocks = |blocks| blocks_part(blocks, team == Team::Subgroup && self.shared.subgroups_vary);
        let kernels: Vec<Part> =
            [Some(self.kernel()), Some(results), blocks.map(of_blocks), Some(whole)].into_iter().flatten().collect();
        let parts = self.parts(T::STORAGE, team, self.has_whole_vectors(), &kernels);
        prepared.dispatches.push(self.dispatch(
            &parts,
            "whole",
            &inputs.bound,
            place,
            self.workgroups(team, place.tasks),
        )?);
        Ok(())
    }

    /// The statistics of whole rows.
    fn state(&self, slab: Piece, states: &wgpu::Buffer, prepared: &mut Prepared) -> Result<(), Error> {
        let team = self.team();
        let mut inputs = self.inputs(slab);
        let place = self.place(slab, &inputs, 1);
        inputs.bound.push(whole_buffer(7, Access::Write, states));
        let parts = self.parts(T::STORAGE, team, self.has_whole_vectors(), &[self.kernel()]);
        prepared.dispatches.push(self.dispatch(
            &parts,
            "state",
            &inputs.bound,
            place,
            self.workgroups(team, place.tasks),
        )?);
        Ok(())
    }

    /// The statistics of the chunks of a piece in one round.
    fn gather(
        &self,
        piece: Piece,
        chunk: u64,
        round: u32,
        partials: &wgpu::Buffer,
        states: &wgpu::Buffer,
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        let team = self.team();
        let mut inputs = self.inputs(piece);
        let place = self.chunked(piece, &inputs, chunk, round);
        inputs.bound.push(whole_buffer(5, Access::Write, partials));
        inputs.bound.push(whole_buffer(6, Access::Read, states));
        let parts = self.parts(T::STORAGE, team, self.has_whole_vectors(), &[self.kernel()]);
        prepared.dispatches.push(self.dispatch(
            &parts,
            if round == 0 { "gather" } else { "gather_again" },
            &inputs.bound,
            place,
            self.workgroups(team, place.tasks),
        )?);
        Ok(())
    }

    /// The statistics of rows from those of their chunks.
    fn combine(
        &self,
        partials: &wgpu::Buffer,
        states: &wgpu::Buffer,
        place: Place,
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        let many = place.repeats * place.all_chunks > 64;
        let team = if many { Team::Workgroup } else { Team::Invocation };
        let bound = [whole_buffer(5, Access::Read, partials), whole_buffer(6, Access::Write, states)];
        let parts = self.parts(T::STORAGE, team, false, &[part!("rowwise/kernels/combine.wgsl")]);
        prepared.dispatches.push(self.dispatch(&parts, "combine", &bound, place, self.workgroups(team, place.rows))?);
        Ok(())
    }

    /// The results of a slab from the statistics of its rows, chunk by chunk.
    fn results(
        &self,
        slab: Piece,
        states: &wgpu::Buffer,
        result: BufferRange<'a, T>,
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        let team = self.team();
        let chunk = self.chunk()?;
        let kernel = if self.inner == 1 {
            part!("rowwise/kernels/write_rows.wgsl")
        } else {
            part!("rowwise/kernels/write_columns.wgsl")
        };
        let kernels = [self.kernel(), part!("rowwise/results.wgsl"), kernel];
        let parts = self.parts(T::STORAGE, team, self.has_whole_vectors(), &kernels);
        for piece in self.pieces(slab, chunk)? {
            let mut inputs = self.inputs(piece);
            let place = self.chunked(piece, &inputs, chunk, 0);
            inputs.bound.extend(self.result(result, inputs.start, inputs.elements));
            inputs.bound.push(whole_buffer(6, Access::Read, states));
            let workgroups = self.workgroups(team, place.tasks);
            prepared.dispatches.push(self.dispatch(&parts, "results", &inputs.bound, place, workgroups)?);
        }
        Ok(())
    }

    /// The results of a slab from the statistics of its rows, word by word.
    fn apply(
        &self,
        slab: Piece,
        states: &wgpu::Buffer,
        result: BufferRange<'a, T>,
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        let (start, end) = (slab.first_outer * self.row_block(), (slab.first_outer + slab.outer) * self.row_block());
        let most = self.most_bytes() / Self::ELEMENT / 4 * 4;
        let mut from = start;
        while from < end {
            let elements = most.min(end - from);
            let vectors = from.is_multiple_of(4) && elements.is_multiple_of(4);
            let mut inputs = self.inputs_of(from, elements, slab);
            inputs.bound.extend(self.result(result, from, elements));
            inputs.bound.push(whole_buffer(6, Access::Read, states));
            let place = Place { elements, begin: from - start, ..self.place(slab, &inputs, 1) };
            let parts = self.parts(
                T::STORAGE,
                Team::Invocation,
                vectors,
                &[part!("rowwise/results.wgsl"), part!("rowwise/kernels/write_words.wgsl")],
            );
            let workgroups = (elements + 4).div_ceil(4 * 64);
            prepared.dispatches.push(self.dispatch(&parts, "apply", &inputs.bound, place, workgroups)?);
            from += elements;
        }
        Ok(())
    }

    /// One result for each of some rows, whose statistics begin with the first of them.
    fn reduce<R: Element>(
        &self,
        states: &wgpu::Buffer,
        rows: std::ops::Range<u64>,
        result: BufferRange<'a, R>,
        prepared: &mut Prepared,
    ) -> Result<(), Error> {
        let count = rows.end - rows.start;
        let (bound, first) = span(result, 2, Access::Write, rows.start, count);
        let place = Place { first, rows: count, ..Place::default() };
        let bound = [bound, whole_buffer(6, Access::Read, states)];
        let parts = self.parts(R::STORAGE, Team::Invocation, false, &[part!("rowwise/kernels/write_reduced.wgsl")]);
        let workgroups = (count + 4).div_ceil(4 * 64);
        prepared.dispatches.push(self.dispatch(&parts, "finish", &bound, place, workgroups)?);
        Ok(())
    }

    fn inputs(&self, piece: Piece) -> Inputs<'a> {
        let start = piece.first_outer * self.row_block() + piece.begin * self.inner;
        let elements = if piece.outer == 1 { piece.end - piece.begin } else { piece.outer * self.length } * self.inner;
        self.inputs_of(start, elements, piece)
    }

    /// The bindings of some elements, and of the gradients of a piece's rows.
    fn inputs_of(&self, start: u64, elements: u64, piece: Piece) -> Inputs<'a> {
        let access = if self.binding == Binding::Separate { Access::Read } else { Access::Write };
        let x = if self.binding == Binding::OverX { 2 } else { 0 };
        let (x, first) = span(self.x, x, access, start, elements);
        let mut inputs = Inputs { bound: vec![x], start, elements, first, first_mask: 0, first_gradient: 0 };
        if let Some(dy) = self.dy {
            let number = if self.binding == Binding::OverDy { 2 } else { 1 };
            let bound = if self.reduced_dy {
                let (bound, first) = span(dy, number, access, piece.first_outer * self.inner, piece.outer * self.inner);
                inputs.first_gradient = first;
                bound
            } else {
                span(dy, number, access, start, elements).0
            };
            inputs.bound.push(bound);
        }
        if let Some(mask) = self.mask {
            let (bound, first) = span(mask, 4, Access::Read, start, elements);
            inputs.first_mask = first;
            inputs.bound.push(bound);
        }
        inputs.bound.extend(self.bound.iter().copied());
        inputs
    }

    /// The binding of a result, unless it is that of an input already.
    fn result(&self, result: BufferRange<'a, T>, start: u64, elements: u64) -> Option<Bound<'a>> {
        let in_place = matches!(self.binding, Binding::OverX | Binding::OverDy);
        (!in_place).then(|| span(result, 2, Access::Write, start, elements).0)
    }

    /// Tasks that a workgroup of subgroups has: as many as it has teams, if subgroups are the smallest there are.
    fn shared_tasks(&self) -> u32 {
        64 / self.width().min(self.shared.smallest_subgroup).min(64)
    }

    /// As `WORKGROUP` in `shaders/teams`.
    fn workgroups(&self, team: Team, tasks: u64) -> u64 {
        tasks.div_ceil(match team {
            Team::Invocation => 64,
            Team::Subgroup => self.shared_tasks().into(),
            Team::Workgroup => 1,
        })
    }

    fn parts(&self, storage: Storage, team: Team, vectors: bool, kernels: &[Part]) -> Vec<Part> {
        let mut parts = parts(&self.statistics, storage, self.binding, vectors, self.mask.is_some());
        parts.push(team.part());
        if team == Team::Subgroup {
            let text = format!("const TASKS: u32 = {}u;\n", self.shared_tasks());
            parts.push(Part { file: "(tasks of a workgroup)", text: text.into() });
            parts.push(self.shuffled.clone());
        }
        parts.extend(kernels.iter().cloned());
        parts
    }

    fn dispatch(
        &self,
        parts: &[Part],
        entry_point: &'static str,
        bound: &[Bound<'_>],
        place: Place,
        workgroups: u64,
    ) -> Result<Dispatch, Error> {
        let values = &self.values;
        let places = [
            place.first,
            place.first_element,
            place.first_mask,
            place.first_gradient,
            place.rows,
            place.first_row,
            place.elements,
            self.inner,
            self.length,
            place.begin,
            place.end,
            place.chunk,
            place.first_chunk,
            place.chunks,
            place.all_chunks,
            place.round.into(),
        ];
        let mut words = places.map(|place| place as u32).to_vec();
        words.extend([values.seed as u32, (values.seed >> 32) as u32]);
        words.extend(values.inverse_temperature.iter().chain(&values.taken).map(|value| value.to_bits()));
        words.extend([
            values.hard.into(),
            place.tasks as u32,
            place.repeats as u32,
            values.channels,
            values.channel_length,
            self.width(),
            values.temperature_exponent as u32,
        ]);
        words.resize(words.len().next_multiple_of(4), 0);
        words.extend(values.params.iter().map(|value| value.to_bits()));
        words.resize(words.len().max(36), 0);
        self.shared.dispatch(self.label, parts, entry_point, bound, words, workgroups)
    }
}

/// `elements` of a range from `start` on, from the last offset at which a binding may begin, and how many precede them.
pub(crate) fn span<'a, T: Scalar>(
    range: BufferRange<'a, T>,
    number: u32,
    access: Access,
    start: u64,
    elements: u64,
) -> (Bound<'a>, u64) {
    let element = size_of::<T>() as u64;
    let from = start * element / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT;
    let padded = if range.owner.is_some() { 16 } else { 4 };
    let to = ((start + elements) * element).next_multiple_of(padded);
    (range.bound(number, access, from, (to - from).max(4)), start - from / element)
}

fn whole_buffer(number: u32, access: Access, buffer: &wgpu::Buffer) -> Bound<'_> {
    Bound { number, access, buffer, offset: 0, size: None }
}

/// What every kernel of a reduction has, before its team.
fn parts(statistics: &[Part], storage: Storage, binding: Binding, vectors: bool, masked: bool) -> Vec<Part> {
    let mut parts = vec![part!("math.wgsl"), part!("rowwise/contract.wgsl")];
    parts.extend(statistics.iter().cloned());
    parts.extend([storage.part(), binding.part(), part!("memory/elements.wgsl")]);
    parts.push(if vectors { part!("memory/vectors.wgsl") } else { part!("memory/words.wgsl") });
    parts.push(if masked { part!("rowwise/masks/bytes.wgsl") } else { part!("rowwise/masks/none.wgsl") });
    parts
}

/// The kernel that does whole rows of the last axis, one invocation each.
pub(crate) fn whole_row_parts(statistics: &[Part], storage: Storage) -> Vec<Part> {
    let mut parts = parts(statistics, storage, Binding::Separate, true, false);
    parts.extend([Team::Invocation.part(), part!("rowwise/results.wgsl")]);
    parts.extend([part!("rowwise/kernels/rows.wgsl"), part!("rowwise/kernels/fused_rows.wgsl")]);
    parts
}
