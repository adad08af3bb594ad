//! `.npy` files of f32 and f16: what a header promises is checked before anything is read or allocated.

use crate::file::NewFile;
use anyhow::{Context, Result, bail, ensure};
use gpu_activations::Element;
use half::f16;
use npyz::{DType, NpyHeader, Order, WriterBuilder};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The element types that files may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    F32,
    F16,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::F32 => "f32",
            Kind::F16 => "f16",
        }
    }

    fn bytes(self) -> u64 {
        match self {
            Kind::F32 => size_of::<f32>() as u64,
            Kind::F16 => size_of::<f16>() as u64,
        }
    }
}

/// An array in a file, its data not read yet.
#[derive(Debug)]
pub struct Input {
    pub path: PathBuf,
    pub kind: Kind,
    pub shape: Vec<u64>,
    pub order: Order,
    pub elements: u64,
    dtype: DType,
    reader: BufReader<File>,
}

impl Input {
    pub fn open(path: &Path) -> Result<Input> {
        let shown = path.display();
        // Before it is opened, which would wait for ever at a pipe.
        let metadata = std::fs::metadata(path).with_context(|| format!("cannot open {shown}"))?;
        ensure!(!metadata.is_dir(), "{shown} is a folder, not an .npy file");
        ensure!(metadata.is_file(), "{shown} is not a regular file");
        ensure!(metadata.len() > 0, "{shown} is empty, not an .npy file");
        let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        check_header_length(&mut reader, metadata.len())
            .with_context(|| format!("{shown} is not a readable .npy file"))?;
        let header =
            NpyHeader::from_reader(&mut reader).with_context(|| format!("{shown} is not a readable .npy file"))?;
        let dtype = header.dtype();
        let kind = match dtype.descr().as_str() {
            "'<f4'" => Kind::F32,
            "'<f2'" => Kind::F16,
            other => bail!("{shown} holds elements of type {other}; f32 ('<f4') and f16 ('<f2') are supported"),
        };
        let shape = header.shape().to_vec();
        // As in numpy, a length of 0 does not excuse the others.
        let most = shape.iter().try_fold(kind.bytes(), |product, &length| product.checked_mul(length.max(1)));
        let held = metadata.len() - reader.stream_position().with_context(|| format!("cannot read {shown}"))?;
        ensure!(most.is_some(), "{shown} claims the shape {}, whose size overflows", tuple(&shape));
        let elements: u64 = shape.iter().product();
        let needed = elements * kind.bytes();
        ensure!(
            needed <= held,
            "{shown} is truncated: its shape {} of {} needs {needed} bytes of data, the file holds {held}",
            tuple(&shape),
            kind.name()
        );
        Ok(Input { path: path.to_owned(), kind, shape, order: header.order(), elements, dtype, reader })
    }

    /// The next elements, in the file's order.
    pub fn read<T: Element>(&mut self, data: &mut [T]) -> Result<()> {
        self.reader
            .read_exact(bytemuck::cast_slice_mut(data))
            .with_context(|| format!("cannot read {}", self.path.display()))
    }
}

/// A header's length comes from the file; it must not decide how much memory is taken.
fn check_header_length(reader: &mut (impl Read + Seek), file: u64) -> Result<()> {
    let mut start = Vec::new();
    reader.by_ref().take(12).read_to_end(&mut start)?;
    reader.seek(SeekFrom::Start(0))?;
    ensure!(start.starts_with(b"\x93NUMPY"), "it does not begin as one");
    let claimed = match *start.as_slice() {
        [_, _, _, _, _, _, 1, _, low, high, ..] => 10 + u64::from(u16::from_le_bytes([low, high])),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d] => 12 + u64::from(u32::from_le_bytes([a, b, c, d])),
        [_, _, _, _, _, _, major, minor, _, _, _, _] => bail!("its format {major}.{minor} is unknown"),
        _ => bail!("it has {file} bytes, fewer than any header"),
    };
    ensure!(claimed <= file, "its header claims {claimed} bytes, the file has {file}");
    Ok(())
}

/// A shape as Python writes it.
pub fn tuple(shape: &[u64]) -> String {
    let lengths: Vec<String> = shape.iter().map(u64::to_string).collect();
    match lengths.as_slice() {
        [one] => format!("({one},)"),
        many => format!("({})", many.join(", ")),
    }
}

/// An array that is written to a file which appears when it is whole.
#[derive(Debug)]
pub struct Output(NewFile);

impl Output {
    /// Begins a file of the type, shape and order of `like`; `inputs` must not be overwritten.
    pub fn create(path: &Path, like: &Input, inputs: &[&Path]) -> Result<Output> {
        let mut file = NewFile::create(path, inputs)?;
        npyz::WriteOptions::new_header_only()
            .dtype(like.dtype.clone())
            .shape(&like.shape)
            .order(like.order)
            .writer(file.writer())
            .write_header_only()
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Output(file))
    }

    pub fn write<T: Element>(&mut self, data: &[T]) -> Result<()> {
        self.0.write(bytemuck::cast_slice(data))
    }

    /// Gives the file its name.
    pub fn finish(self) -> Result<()> {
        self.0.finish()
    }
}
