//! Pictures of the results, as SVG.

mod accuracy;
mod boundaries;
mod lines;

pub use accuracy::{Bar, accuracy};
pub use boundaries::{Field, boundaries};
pub use lines::{Line, Panel, Scale, lines};

use anyhow::{Result, anyhow, ensure};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::sync::OnceLock;

/// The crate's font, for the size of labels.
const FONT: &[u8] = include_bytes!("../../../src/plot/DejaVuSans-subset.ttf");
const FAMILY: &str = "DejaVu Sans";

/// Plotters rounds to whole units, so a unit is a tenth of a pixel.
const UNIT: u32 = 10;

/// Okabe & Ito 2008: distinct for any colour vision.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];
const GREY: RGBColor = RGBColor(120, 120, 120);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn failed(error: impl ToString) -> anyhow::Error {
    anyhow!("a picture cannot be drawn: {}", error.to_string())
}

/// An SVG of this size in pixels, on white.
fn drawn(width: u32, height: u32, draw: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<String> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let register = || plotters::style::register_font(FAMILY, FontStyle::Normal, FONT).is_ok();
    ensure!(*REGISTERED.get_or_init(register), "the font of pictures is unreadable");
    let (units_wide, units_high) = (width * UNIT, height * UNIT);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (units_wide, units_high)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        draw(&root)?;
        root.present().map_err(failed)?;
    }
    let in_units = format!("<svg width=\"{units_wide}\" height=\"{units_high}\"");
    let in_pixels = format!("<svg width=\"{width}\" height=\"{height}\" style=\"max-width:100%;height:auto\"");
    Ok(svg.replacen(&in_units, &in_pixels, 1))
}

fn font(size: u32) -> FontDesc<'static> {
    FontDesc::new(FontFamily::Name(FAMILY), f64::from(size * UNIT), FontStyle::Normal)
}

/// Writes text with its middle, left or right end at a point in pixels.
fn write(area: &Area<'_>, text: &str, (x, y): (u32, u32), size: u32, colour: RGBColor, side: HPos) -> Result<()> {
    let style = font(size).color(&colour).pos(Pos::new(side, VPos::Center));
    let at = ((x * UNIT) as i32, (y * UNIT) as i32);
    area.draw(&Text::new(text.to_owned(), at, style)).map_err(failed)
}
