//! Decision boundaries as small multiples.

use super::{COLOURS, GREY, UNIT, drawn, failed, write};
use crate::data::{Dataset, EXTENT, SIDE, Targets};
use anyhow::Result;
use contour::ContourBuilder;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// A network's probability of the second class at the points of a picture, in steps of 1/255.
pub struct Field {
    pub name: String,
    pub note: String,
    pub values: Vec<u8>,
}

const COLUMNS: usize = 10;
const CELL: (u32, u32) = (120, 142);
const TOP: u32 = 40;
/// The side of a panel in pixels.
const PANEL: u32 = 104;

/// Draws the data first, then for each network where it sees the second class.
pub fn boundaries(title: &str, data: &Dataset, fields: &[Field]) -> Result<String> {
    let rows = (fields.len() + 1).div_ceil(COLUMNS) as u32;
    let width = CELL.0 * COLUMNS as u32;
    drawn(width, TOP + rows * CELL.1 + 10, |root| {
        write(root, title, (width / 2, 20), 18, BLACK, HPos::Center)?;
        for index in 0..=fields.len() {
            let (column, row) = ((index % COLUMNS) as u32, (index / COLUMNS) as u32);
            let corner = (column * CELL.0 + (CELL.0 - PANEL) / 2, TOP + row * CELL.1 + 30);
            let field = index.checked_sub(1).map(|index| &fields[index]);
            let (name, note) = field.map_or(("the data", ""), |field| (&*field.name, &*field.note));
            let middle = column * CELL.0 + CELL.0 / 2;
            write(root, name, (middle, corner.1 - 22), 9, BLACK, HPos::Center)?;
            write(root, note, (middle, corner.1 - 9), 9, GREY, HPos::Center)?;
            let area = |(x, y): (f64, f64)| {
                let place =
                    |corner: u32, share: f64| ((f64::from(corner) + share * f64::from(PANEL)) * f64::from(UNIT)) as i32;
                (place(corner.0, x), place(corner.1, 1.0 - y))
            };
            let frame = [area((0.0, 1.0)), area((1.0, 0.0))];
            root.draw(&Rectangle::new(frame, COLOURS[0].mix(0.25).filled())).map_err(failed)?;
            match field {
                Some(field) => {
                    for (polygon, colour) in polygons(&field.values)? {
                        let corners: Vec<_> = polygon.into_iter().map(area).collect();
                        root.draw(&Polygon::new(corners, colour)).map_err(failed)?;
                    }
                }
                None => {
                    for (place, label) in points(data) {
                        root.draw(&Circle::new(area(place), 14, COLOURS[label].filled())).map_err(failed)?;
                    }
                }
            }
            root.draw(&Rectangle::new(frame, GREY.stroke_width(6))).map_err(failed)?;
        }
        Ok(())
    })
}

/// The corners of an area, as shares of a panel.
type Corners = Vec<(f64, f64)>;

/// The areas of the second class and the holes in them, the largest first.
fn polygons(values: &[u8]) -> Result<Vec<(Corners, RGBColor)>> {
    let values: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
    let contours = ContourBuilder::new(SIDE, SIDE, false).contours(&values, &[127.5]).map_err(failed)?;
    let mixed = |colour: RGBColor, share: f64| {
        let mix = |part: u8| (255.0 - share * (255.0 - f64::from(part))) as u8;
        RGBColor(mix(colour.0), mix(colour.1), mix(colour.2))
    };
    let [outside, inside] = [mixed(COLOURS[0], 0.25), mixed(COLOURS[1], 0.55)];
    let mut areas = Vec::new();
    for polygon in contours.iter().flat_map(|contour| &contour.geometry().0) {
        let rings = [(polygon.exterior(), inside)].into_iter();
        for (ring, colour) in rings.chain(polygon.interiors().iter().map(|ring| (ring, outside))) {
            let corners: Corners = ring.coords().map(|at| (at.x / SIDE as f64, at.y / SIDE as f64)).collect();
            areas.push((corners, colour));
        }
    }
    areas.sort_by(|(one, _), (other, _)| area(other).total_cmp(&area(one)));
    Ok(areas)
}

/// The area of a polygon.
fn area(corners: &[(f64, f64)]) -> f64 {
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>().abs() / 2.0
}

/// The test set.
fn points(data: &Dataset) -> Vec<((f64, f64), usize)> {
    let Targets::Labels { labels, .. } = &data.targets else { return Vec::new() };
    let first = data.training + data.validation;
    let share = |place: f32| f64::from((place / EXTENT + 1.0) / 2.0).clamp(0.0, 1.0);
    let point = |row: usize| ((share(data.inputs[2 * row]), share(data.inputs[2 * row + 1])), labels[row] as usize);
    (first..first + data.test).map(point).collect()
}
