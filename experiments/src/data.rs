//! The data sets.

#[cfg(feature = "study")]
use anyhow::{Context, ensure};
use anyhow::{Result, bail};
#[cfg(feature = "study")]
use half::f16;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use std::f32::consts::{PI, TAU};
use std::ops::Range;
#[cfg(feature = "study")]
use std::path::Path;

/// What is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Handwritten digits, images of 8 × 8 pixels.
    Digits,
    /// Two half circles, one in the other.
    Moons,
    /// Two spirals, of one and a half turns.
    Spirals,
    /// Four clusters at the corners of a square, of which those opposite are of one class.
    Xor,
    /// A sum of two sines, of inputs with variance 1.
    Curve,
    /// A differential equation, which has no data.
    Pinn,
}

#[derive(Clone)]
pub enum Targets {
    /// The class of each example.
    Labels { labels: Vec<u32>, classes: usize },
    /// A number for each example.
    Values(Vec<f32>),
}

/// Examples in rows: those to train with, those to choose rates by, those that results are of, and those of a picture, whose
/// targets mean nothing.
#[derive(Clone)]
pub struct Dataset {
    pub features: usize,
    pub inputs: Vec<f32>,
    pub targets: Targets,
    pub training: usize,
    pub validation: usize,
    pub test: usize,
    pub pictured: usize,
}

/// The points of a picture's side.
pub const SIDE: usize = 48;
/// The half of a picture's side, in units of the data.
pub const EXTENT: f32 = 2.2;

/// The parts that the file of the split tells apart.
#[cfg(feature = "study")]
const TRAINING: u8 = 0;
#[cfg(feature = "study")]
const VALIDATION: u8 = 1;
#[cfg(feature = "study")]
const TEST: u8 = 2;

const GENERATED: [usize; 3] = [512, 256, 256];
const SEED: u64 = 1;

impl Dataset {
    /// Reads or generates the data. The folder has the files of the digits.
    #[cfg(feature = "study")]
    pub fn new(task: Task, folder: &Path) -> Result<Dataset> {
        if task == Task::Digits { digits(folder) } else { Dataset::generated(task) }
    }

    /// Generates the data.
    pub fn generated(task: Task) -> Result<Dataset> {
        match task {
            Task::Digits => bail!("digits are read from files"),
            Task::Moons => Ok(of_points(moon)),
            Task::Spirals => Ok(of_points(spiral)),
            Task::Xor => Ok(of_points(xor)),
            Task::Curve => Ok(curve()),
            Task::Pinn => bail!("a differential equation has no data"),
        }
    }

    pub fn rows(&self) -> usize {
        self.training + self.validation + self.test + self.pictured
    }

    /// The rows of the validation and the test.
    pub fn evaluated(&self) -> Range<usize> {
        self.training..self.training + self.validation + self.test
    }

    /// The rows of the picture.
    pub fn pictured(&self) -> Range<usize> {
        self.rows() - self.pictured..self.rows()
    }

    /// How many numbers a network has to give.
    pub fn outputs(&self) -> usize {
        match self.targets {
            Targets::Labels { classes, .. } => classes,
            Targets::Values(_) => 1,
        }
    }
}

#[cfg(feature = "study")]
fn digits(folder: &Path) -> Result<Dataset> {
    let (shape, pixels) = read::<f16>(&folder.join("digits.npy"), "f16")?;
    let (_, labels) = read::<u8>(&folder.join("digits_labels.npy"), "u8")?;
    let (_, split) = read::<u8>(&folder.join("digits_split.npy"), "u8")?;
    let [rows, features] = shape[..] else { bail!("digits.npy has the shape {shape:?}, not rows of pixels") };
    let (rows, features) = (rows as usize, features as usize);
    ensure!(labels.len() == rows, "digits.npy has {rows} images, digits_labels.npy {} labels", labels.len());
    ensure!(split.len() == rows, "digits.npy has {rows} images, digits_split.npy {} parts", split.len());
    let parts =
        [TRAINING, VALIDATION, TEST].map(|part| (0..rows).filter(|&row| split[row] == part).collect::<Vec<_>>());
    let order = parts.concat();
    ensure!(order.len() == rows, "digits_split.npy has a part beyond {TEST}");
    let pixel = |row: &usize| pixels[row * features..][..features].iter().map(|&pixel| f32::from(pixel));
    let classes = usize::from(labels.iter().copied().max().unwrap_or(0)) + 1;
    let labels = order.iter().map(|&row| labels[row].into()).collect();
    Ok(Dataset {
        features,
        inputs: order.iter().flat_map(pixel).collect(),
        targets: Targets::Labels { labels, classes },
        training: parts[0].len(),
        validation: parts[1].len(),
        test: parts[2].len(),
        pictured: 0,
    })
}

/// An array of the named type, with its shape.
#[cfg(feature = "study")]
fn read<T: npyz::Deserialize>(path: &Path, wanted: &str) -> Result<(Vec<u64>, Vec<T>)> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let file = npyz::NpyFile::new(&bytes[..]).with_context(|| format!("{shown} is no .npy file"))?;
    let shape = file.shape().to_vec();
    Ok((shape, file.into_vec().with_context(|| format!("{shown} does not hold {wanted}, or not all of it"))?))
}

/// Points of two classes by turns, then those of a picture.
fn of_points(point: impl Fn(u32, &mut ChaCha8Rng) -> [f32; 2]) -> Dataset {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let [training, validation, test] = GENERATED;
    let labels = (0..training + validation + test).map(|row| row as u32 % 2);
    let points = labels.clone().flat_map(|class| point(class, &mut random));
    let place = |i: usize| EXTENT * (2.0 * (i as f32 + 0.5) / SIDE as f32 - 1.0);
    let picture = (0..SIDE * SIDE).flat_map(|i| [place(i % SIDE), place(i / SIDE)]);
    let inputs = points.chain(picture).collect();
    let labels = labels.chain(std::iter::repeat_n(0, SIDE * SIDE)).collect();
    let targets = Targets::Labels { labels, classes: 2 };
    Dataset { features: 2, inputs, targets, training, validation, test, pictured: SIDE * SIDE }
}

fn normal(random: &mut ChaCha8Rng) -> f32 {
    random.sample(StandardNormal)
}

fn moon(class: u32, random: &mut ChaCha8Rng) -> [f32; 2] {
    let angle = PI * random.random::<f32>();
    let [x, y] = match class {
        0 => [angle.cos() - 0.5, angle.sin() - 0.25],
        _ => [0.5 - angle.cos(), 0.25 - angle.sin()],
    };
    [x, y].map(|place| 1.2 * place + 0.15 * normal(random))
}

fn spiral(class: u32, random: &mut ChaCha8Rng) -> [f32; 2] {
    let share = random.random::<f32>().sqrt();
    let angle = 1.5 * TAU * share + PI * class as f32;
    [angle.cos(), angle.sin()].map(|place| 2.0 * share * place + 0.06 * normal(random))
}

fn xor(class: u32, random: &mut ChaCha8Rng) -> [f32; 2] {
    let side = if random.random::<bool>() { 1.0 } else { -1.0 };
    [side, if class == 0 { side } else { -side }].map(|place| place + 0.3 * normal(random))
}

/// Points evenly spaced, in an order in which every part is spread over the interval.
fn curve() -> Dataset {
    let [training, validation, test] = GENERATED;
    let count = training + validation + test;
    let parts: [(usize, usize); 3] = [(0, 2), (1, 4), (3, 4)];
    let order = parts.into_iter().flat_map(|(first, step)| (first..count).step_by(step));
    let end = 3_f32.sqrt();
    let inputs: Vec<f32> = order.map(|i| end * (2.0 * i as f32 / (count - 1) as f32 - 1.0)).collect();
    let value = |x: &f32| (2.0 * x).sin() + 0.3 * (5.0 * x).sin();
    let targets = Targets::Values(inputs.iter().map(value).collect());
    Dataset { features: 1, inputs, targets, training, validation, test, pictured: 0 }
}
