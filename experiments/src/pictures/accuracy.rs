//! Accuracies with their intervals, function by function.

use super::{Area, COLOURS, GREY, UNIT, drawn, failed, write};
use crate::statistics::Interval;
use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// A function with the accuracies of the networks that are compared; none where they are not finite.
pub struct Bar {
    pub name: String,
    pub accuracies: Vec<Option<Interval>>,
}

const WIDTH: u32 = 900;
const LEFT: u32 = 190;
const RIGHT: u32 = 30;
const TOP: u32 = 84;
const ROW: u32 = 14;
/// The accuracies that are marked.
const MARKS: [f64; 8] = [0.0, 0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99];
/// The largest accuracy of the axis.
const MOST: f64 = 0.992;

/// Draws a row for each function. The axis is that of the logarithm of the errors, so that differences between good
/// networks show as well as failures.
pub fn accuracy(title: &str, networks: &[&str], bars: &[Bar]) -> Result<String> {
    let bottom = TOP + ROW * bars.len() as u32;
    drawn(WIDTH, bottom + 40, |root| {
        write(root, title, (WIDTH / 2, 22), 18, BLACK, HPos::Center)?;
        legend(root, networks)?;
        for mark in MARKS {
            let x = place(mark);
            line(root, [(x, pixels(TOP) - 40), (x, pixels(bottom) + 40)], GREY.mix(0.35), 6)?;
            for y in [TOP - 12, bottom + 14] {
                write(root, &format!("{:.0} %", 100.0 * mark), (x as u32 / UNIT, y), 11, BLACK, HPos::Center)?;
            }
        }
        for (index, bar) in bars.iter().enumerate() {
            let middle = TOP + ROW * index as u32 + ROW / 2;
            if index % 2 == 1 {
                let corners = [(0, pixels(middle - ROW / 2)), (pixels(WIDTH), pixels(middle + ROW / 2))];
                root.draw(&Rectangle::new(corners, GREY.mix(0.08).filled())).map_err(failed)?;
            }
            write(root, &bar.name, (LEFT - 12, middle), 11, BLACK, HPos::Right)?;
            for (number, accuracy) in bar.accuracies.iter().enumerate() {
                let y = pixels(middle) + 22 * (2 * number as i32 - bar.accuracies.len() as i32 + 1);
                let colour = COLOURS[number % COLOURS.len()];
                let Some(accuracy) = accuracy else {
                    let x = LEFT + 4 + 60 * number as u32;
                    write(root, "not finite", (x, middle), 9, colour, HPos::Left)?;
                    continue;
                };
                let ends = [accuracy.mean - accuracy.half, accuracy.mean + accuracy.half].map(place);
                line(root, ends.map(|x| (x, y)), colour.mix(1.0), 14)?;
                root.draw(&Circle::new((place(accuracy.mean), y), 32, colour.filled())).map_err(failed)?;
            }
        }
        Ok(())
    })
}

fn legend(root: &Area<'_>, networks: &[&str]) -> Result<()> {
    for (number, name) in networks.iter().enumerate() {
        let x = LEFT + 40 + 220 * number as u32;
        root.draw(&Circle::new((pixels(x), pixels(48)), 40, COLOURS[number % COLOURS.len()].filled()))
            .map_err(failed)?;
        write(root, name, (x + 10, 48), 12, BLACK, HPos::Left)?;
    }
    Ok(())
}

fn pixels(count: u32) -> i32 {
    (count * UNIT) as i32
}

fn line(root: &Area<'_>, ends: [(i32, i32); 2], colour: RGBAColor, thickness: u32) -> Result<()> {
    root.draw(&PathElement::new(ends, colour.stroke_width(thickness))).map_err(failed)
}

/// Where an accuracy lies, in units.
fn place(accuracy: f64) -> i32 {
    let depth = |accuracy: f64| -(1.0 - accuracy.clamp(0.0, MOST)).ln();
    let share = depth(accuracy) / depth(MOST);
    pixels(LEFT) + (share * f64::from(pixels(WIDTH - LEFT - RIGHT))) as i32
}
