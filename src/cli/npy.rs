//! Arrays in `.npy` files: f32, f16, and f64 that is read as f32; bytes for masks. What a header promises is checked before
//! anything is read or allocated.

use crate::header::{Header, excerpt};
use crate::new_file::NewFile;
use crate::output::say;
use crate::stdio::{SpooledOutput, input_name, is_dash, spooled_input};
use anyhow::{Context, Result, bail, ensure};
use gpu_activations::{Element, Scalar, counted};
use half::f16;
use npyz::{DType, Order, WriterBuilder};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The types that elements have in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    F32,
    F16,
    /// bool and u8, for masks.
    Byte,
}

/// A purpose that a file is read for, and the types that it may hold.
pub struct Content {
    kinds: &'static [Kind],
    supported: &'static str,
}

pub const NUMBERS: Content =
    Content { kinds: &[Kind::F32, Kind::F16], supported: "f32 ('<f4'), f16 ('<f2') and f64 ('<f8')" };
pub const MASK: Content = Content { kinds: &[Kind::Byte], supported: "bool ('|b1') and u8 ('|u1')" };

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::F32 => "f32",
            Kind::F16 => "f16",
            Kind::Byte => "bool or u8",
        }
    }

    fn dtype(self) -> Result<DType> {
        let descr = match self {
            Kind::F32 => "'<f4'",
            Kind::F16 => "'<f2'",
            Kind::Byte => "'|u1'",
        };
        DType::parse(descr).with_context(|| format!("cannot write elements of type {descr}"))
    }

    fn bytes(self) -> u64 {
        match self {
            Kind::F32 => 4,
            Kind::F16 => 2,
            Kind::Byte => 1,
        }
    }
}

/// An array in a file, its data not read yet.
#[derive(Debug)]
pub struct Input {
    /// The file's name in messages.
    pub name: String,
    pub kind: Kind,
    pub shape: Vec<u64>,
    pub order: Order,
    pub elements: u64,
    /// True if the file holds f64. `kind` is f32 then.
    rounded: bool,
    reader: BufReader<File>,
}

impl Input {
    pub fn open(path: &Path, content: &Content) -> Result<Input> {
        let shown = input_name(path);
        let file = if is_dash(path) { spooled_input()? } else { regular_file(path)? };
        let size = file.metadata().with_context(|| format!("cannot open {shown}"))?.len();
        ensure!(size > 0, "{shown} is empty, not an .npy file");
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let header = Header::read(&mut reader, size).with_context(|| format!("{shown} is not a readable .npy file"))?;
        let known = match header.descr.as_str() {
            "'<f4'" => Some((Kind::F32, false)),
            "'<f2'" => Some((Kind::F16, false)),
            "'<f8'" => Some((Kind::F32, true)),
            // One byte has no order.
            "'|b1'" | "'|u1'" | "'<u1'" | "'>u1'" => Some((Kind::Byte, false)),
            _ => None,
        };
        let Some((kind, rounded)) = known.filter(|(kind, _)| content.kinds.contains(kind)) else {
            let descr = excerpt(&header.descr);
            bail!("{shown} holds elements of type {descr}; {} are supported", content.supported);
        };
        let (type_name, bytes) = if rounded { ("f64", 8) } else { (kind.name(), kind.bytes()) };
        let shape = header.shape;
        // A length of 0 does not excuse the others, as in numpy.
        let most = shape.iter().try_fold(bytes, |product, &length| product.checked_mul(length.max(1)));
        let held = size - header.bytes;
        ensure!(most.is_some(), "{shown} claims the shape {}, whose size overflows", tuple(&shape));
        let elements: u64 = shape.iter().product();
        let needed = elements * bytes;
        ensure!(
            needed <= held,
            "{shown} is truncated: its shape {} of {} needs {} of data, the file holds {held}",
            tuple(&shape),
            type_name,
            counted(needed, "byte")
        );
        Ok(Input { name: shown, kind, shape, order: header.order, elements, rounded, reader })
    }

    /// The name of the type that the file holds.
    pub fn type_name(&self) -> &'static str {
        if self.rounded { "f64" } else { self.kind.name() }
    }

    /// Reads the next elements, in the file's order.
    pub fn read<T: Scalar>(&mut self, data: &mut [T]) -> Result<()> {
        let bytes = bytemuck::cast_slice_mut(data);
        let read = if self.rounded { read_rounded(&mut self.reader, bytes) } else { self.reader.read_exact(bytes) };
        read.with_context(|| format!("cannot read {}", self.name))
    }

    /// Reads all elements, in C order.
    pub fn read_all<T: Scalar>(&mut self) -> Result<Vec<T>> {
        let mut data = reserved(self.elements as usize, &self.name)?;
        data.resize(self.elements as usize, T::zeroed());
        self.read(&mut data)?;
        if self.order == Order::C {
            return Ok(data);
        }
        let mut reordered = reserved(data.len(), &self.name)?;
        let shape = lengths(&self.shape);
        to_c_order(&data, &shape, &mut reordered);
        Ok(reordered)
    }

    /// Reads all elements of f32 or f16 as f32.
    pub fn read_numbers(&mut self) -> Result<Vec<f32>> {
        Ok(match self.kind {
            Kind::F32 => self.read_all()?,
            _ => self.read_all::<f16>()?.into_iter().map(f32::from).collect(),
        })
    }

    /// Reads the next so many elements of an array in C order, or all elements of another, and gives them in C order.
    pub fn read_next<T: Scalar>(&mut self, elements: u64) -> Result<Vec<T>> {
        if elements == self.elements {
            return self.read_all();
        }
        let mut data = reserved(elements as usize, &self.name)?;
        data.resize(elements as usize, T::zeroed());
        self.read(&mut data)?;
        Ok(data)
    }
}

/// A file whose size is known.
fn regular_file(path: &Path) -> Result<File> {
    let shown = path.display();
    // The type is checked before the file is opened, because opening a pipe would wait for ever.
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot open {shown}"))?;
    ensure!(!metadata.is_dir(), "{shown} is a folder, not an .npy file");
    ensure!(metadata.is_file(), "{shown} is not a regular file");
    File::open(path).with_context(|| format!("cannot open {shown}"))
}

/// Fills a slice of f32 with as many f64, each rounded to the nearest.
fn read_rounded(reader: &mut impl Read, narrow: &mut [u8]) -> std::io::Result<()> {
    let mut wide = [0; 8192];
    for narrow in narrow.chunks_mut(wide.len() / 2) {
        let wide = &mut wide[..2 * narrow.len()];
        reader.read_exact(wide)?;
        for (narrow, wide) in narrow.as_chunks_mut().0.iter_mut().zip(wide.as_chunks().0) {
            *narrow = (f64::from_le_bytes(*wide) as f32).to_ne_bytes();
        }
    }
    Ok(())
}

/// Says in one line which files hold f64.
pub fn say_what_is_rounded<'a>(inputs: impl Iterator<Item = &'a Input>) {
    let mut names: Vec<&str> = Vec::new();
    for input in inputs.filter(|input| input.rounded) {
        if !names.contains(&input.name.as_str()) {
            names.push(&input.name);
        }
    }
    match names.as_slice() {
        [] => {}
        [name] => say(&format!("{name} holds f64, which is rounded to f32")),
        names => say(&format!("{} hold f64, which is rounded to f32", names.join(" and "))),
    }
}

/// Memory for so many elements of a file, or an error that names it.
pub fn reserved<T>(elements: usize, name: &str) -> Result<Vec<T>> {
    let mut data = Vec::new();
    data.try_reserve_exact(elements).with_context(|| format!("{name} is too large to be held in memory"))?;
    Ok(data)
}

/// A shape as arrays in memory have it.
pub fn lengths(shape: &[u64]) -> Vec<usize> {
    shape.iter().map(|&length| length as usize).collect()
}

/// A shape as Python writes it.
pub fn tuple(shape: &[u64]) -> String {
    let lengths: Vec<String> = shape.iter().map(u64::to_string).collect();
    match lengths.as_slice() {
        [one] => format!("({one},)"),
        many => format!("({})", many.join(", ")),
    }
}

/// An array that is written, and appears under its name, or on standard output, when it is whole.
#[derive(Debug)]
pub enum Output {
    File(NewFile),
    Standard(SpooledOutput),
}

impl Output {
    /// Begins an output. It must not overwrite one of the files `inputs`.
    pub fn create(path: &Path, kind: Kind, shape: &[u64], order: Order, inputs: &[&Path]) -> Result<Output> {
        let mut header = Vec::new();
        npyz::WriteOptions::new_header_only()
            .dtype(kind.dtype()?)
            .shape(shape)
            .order(order)
            .writer(&mut header)
            .write_header_only()
            .with_context(|| format!("cannot write a header for the shape {}", tuple(shape)))?;
        let mut output = if is_dash(path) {
            Output::Standard(SpooledOutput::create()?)
        } else {
            Output::File(NewFile::create(path, inputs)?)
        };
        output.write_bytes(&header)?;
        Ok(output)
    }

    /// Begins several outputs of one kind, each with its shape.
    pub fn create_all<'a>(
        files: impl Iterator<Item = (&'a Path, &'a [u64])>,
        kind: Kind,
        order: Order,
        inputs: &[&Path],
    ) -> Result<Vec<Output>> {
        let mut outputs: Vec<Output> = Vec::new();
        for (path, shape) in files {
            let output = Output::create(path, kind, shape, order, inputs)?;
            let is_taken = output.target().is_some() && outputs.iter().any(|other| other.target() == output.target());
            ensure!(!is_taken, "two outputs are named {}", path.display());
            outputs.push(output);
        }
        Ok(outputs)
    }

    /// The path of the file, however it was named.
    pub fn target(&self) -> Option<&Path> {
        match self {
            Output::File(file) => Some(file.target()),
            Output::Standard(_) => None,
        }
    }

    pub fn write<T: Element>(&mut self, data: &[T]) -> Result<()> {
        self.write_bytes(bytemuck::cast_slice(data))
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Output::File(file) => file.write(bytes),
            Output::Standard(output) => output.write(bytes),
        }
    }

    /// Gives the file its name, or writes to standard output.
    pub fn finish(self) -> Result<()> {
        match self {
            Output::File(file) => file.finish(),
            Output::Standard(output) => output.finish(),
        }
    }
}

/// Finishes outputs that belong together, when everything is computed. Standard output comes last, because a reader that closes
/// it must not keep a file from appearing.
pub fn finish_all(outputs: impl IntoIterator<Item = Output>) -> Result<()> {
    let (files, standard): (Vec<_>, Vec<_>) = outputs.into_iter().partition(|output| output.target().is_some());
    files.into_iter().chain(standard).try_for_each(Output::finish)
}

/// Appends an array in Fortran order, its first axis varying fastest, in C order.
pub fn to_c_order<T: Copy>(data: &[T], shape: &[usize], result: &mut Vec<T>) {
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |stride, &length| {
            let this = *stride;
            *stride *= length;
            Some(this)
        })
        .collect();
    let mut index = vec![0; shape.len()];
    for _ in 0..data.len() {
        result.push(data[index.iter().zip(&strides).map(|(i, stride)| i * stride).sum::<usize>()]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}
