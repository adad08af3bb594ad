//! `.npy` files of f32 and f16, and of bytes for masks: what a header promises is checked before anything is read or allocated.

use crate::header::{Header, excerpt};
use crate::new_file::NewFile;
use anyhow::{Context, Result, bail, ensure};
use gpu_activations::{Element, Scalar, counted};
use half::f16;
use npyz::{DType, Order, WriterBuilder};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// The element types that files may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    F32,
    F16,
    /// bool and u8, for masks.
    Byte,
}

/// The types of numbers.
pub const NUMBERS: &[Kind] = &[Kind::F32, Kind::F16];

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::F32 => "f32",
            Kind::F16 => "f16",
            Kind::Byte => "bool or u8",
        }
    }

    fn written(self) -> &'static str {
        match self {
            Kind::F32 => "f32 ('<f4')",
            Kind::F16 => "f16 ('<f2')",
            Kind::Byte => "bool ('|b1') and u8 ('|u1')",
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
            Kind::F32 => size_of::<f32>() as u64,
            Kind::F16 => size_of::<f16>() as u64,
            Kind::Byte => 1,
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
    reader: BufReader<File>,
}

impl Input {
    pub fn open(path: &Path, kinds: &[Kind]) -> Result<Input> {
        let shown = path.display();
        // Before it is opened, which would wait for ever at a pipe.
        let metadata = std::fs::metadata(path).with_context(|| format!("cannot open {shown}"))?;
        ensure!(!metadata.is_dir(), "{shown} is a folder, not an .npy file");
        ensure!(metadata.is_file(), "{shown} is not a regular file");
        ensure!(metadata.len() > 0, "{shown} is empty, not an .npy file");
        let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let header = Header::read(&mut reader, metadata.len());
        let header = header.with_context(|| format!("{shown} is not a readable .npy file"))?;
        let descr = header.descr;
        let kind = match descr.as_str() {
            "'<f4'" => Some(Kind::F32),
            "'<f2'" => Some(Kind::F16),
            // One byte has no order.
            "'|b1'" | "'|u1'" | "'<u1'" | "'>u1'" => Some(Kind::Byte),
            _ => None,
        };
        let Some(kind) = kind.filter(|kind| kinds.contains(kind)) else {
            let supported: Vec<&str> = kinds.iter().map(|kind| kind.written()).collect();
            let descr = excerpt(&descr);
            bail!("{shown} holds elements of type {descr}; {} are supported", supported.join(" and "));
        };
        let shape = header.shape;
        // As in numpy, a length of 0 does not excuse the others.
        let most = shape.iter().try_fold(kind.bytes(), |product, &length| product.checked_mul(length.max(1)));
        let held = metadata.len() - header.bytes;
        ensure!(most.is_some(), "{shown} claims the shape {}, whose size overflows", tuple(&shape));
        let elements: u64 = shape.iter().product();
        let needed = elements * kind.bytes();
        ensure!(
            needed <= held,
            "{shown} is truncated: its shape {} of {} needs {} of data, the file holds {held}",
            tuple(&shape),
            kind.name(),
            counted(needed, "byte")
        );
        Ok(Input { path: path.to_owned(), kind, shape, order: header.order, elements, reader })
    }

    /// The next elements, in the file's order.
    pub fn read<T: Scalar>(&mut self, data: &mut [T]) -> Result<()> {
        self.reader
            .read_exact(bytemuck::cast_slice_mut(data))
            .with_context(|| format!("cannot read {}", self.path.display()))
    }

    /// All elements, in C order.
    pub fn read_all<T: Scalar>(&mut self) -> Result<Vec<T>> {
        let mut data = reserved(self.elements as usize, &self.path)?;
        data.resize(self.elements as usize, T::zeroed());
        self.read(&mut data)?;
        if self.order == Order::C {
            return Ok(data);
        }
        let mut reordered = reserved(data.len(), &self.path)?;
        let shape: Vec<usize> = self.shape.iter().map(|&length| length as usize).collect();
        to_c_order(&data, &shape, &mut reordered);
        Ok(reordered)
    }

    /// The next so many elements in C order: of an array in that order, or all of another.
    pub fn read_next<T: Scalar>(&mut self, elements: u64) -> Result<Vec<T>> {
        if elements == self.elements {
            return self.read_all();
        }
        let mut data = reserved(elements as usize, &self.path)?;
        data.resize(elements as usize, T::zeroed());
        self.read(&mut data)?;
        Ok(data)
    }
}

/// Memory for so many elements of a file, or an error that names it.
pub fn reserved<T>(elements: usize, path: &Path) -> Result<Vec<T>> {
    let mut data = Vec::new();
    data.try_reserve_exact(elements)
        .with_context(|| format!("{} is too large to be held in memory", path.display()))?;
    Ok(data)
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
    /// Begins a file; `inputs` must not be overwritten.
    pub fn create(path: &Path, kind: Kind, shape: &[u64], order: Order, inputs: &[&Path]) -> Result<Output> {
        let mut file = NewFile::create(path, inputs)?;
        npyz::WriteOptions::new_header_only()
            .dtype(kind.dtype()?)
            .shape(shape)
            .order(order)
            .writer(file.writer())
            .write_header_only()
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Output(file))
    }

    pub fn target(&self) -> &Path {
        self.0.target()
    }

    pub fn write<T: Element>(&mut self, data: &[T]) -> Result<()> {
        self.0.write(bytemuck::cast_slice(data))
    }

    /// Gives the file its name.
    pub fn finish(self) -> Result<()> {
        self.0.finish()
    }
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
