//! Pictures of activations and their derivatives, computed on the device (feature `plot`).
//!
//! ```no_run
//! use gpu_activations::{Activation, GpuActivations, plot};
//!
//! let context = GpuActivations::new()?;
//! let svg = plot::curves(&context, &[Activation::Gelu, Activation::Silu])?;
//! std::fs::write("curves.svg", &svg)?;
//! std::fs::write("curves.png", plot::png(&svg, 2.0)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod curve;

use crate::catalog::{Activation, AxisFunction};
use crate::context::GpuActivations;
use crate::error::{Error, number};
use curve::{Curve, Kind, Row, X_FROM, X_TO};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;
use std::sync::OnceLock;

/// A subset of DejaVu Sans, for the size of labels and for text in PNG.
const FONT: &[u8] = include_bytes!("DejaVuSans-subset.ttf");
const FAMILY: &str = "DejaVu Sans";

/// Plotters rounds to whole units, so a unit is a tenth of a pixel.
const UNIT: u32 = 10;

/// Okabe & Ito 2008: distinct for any colour vision and, in this order, also in grey.
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];
const GREY: RGBColor = RGBColor(120, 120, 120);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn failed(error: impl ToString) -> Error {
    Error::Plot { reason: error.to_string() }
}

/// Draws a function at its defaults and at instructive parameter values, as SVG.
///
/// # Errors
/// Those of [`curves`].
pub fn picture(context: &GpuActivations, activation: Activation) -> Result<String, Error> {
    curves(context, &activation.pictured())
}

/// Draws functions on the left and their derivatives on the right, as SVG. Dots mark kinks.
///
/// # Errors
/// Those of [`GpuActivations::forward_slice`], and [`Error::Plot`].
pub fn curves(context: &GpuActivations, activations: &[Activation]) -> Result<String, Error> {
    let (width, height) = (900, 400);
    drawn(width, height, |root| {
        let mut names: Vec<&str> = activations.iter().map(Activation::name).collect();
        names.dedup();
        title(root, width, &names.join(", "), 22, 22, &BLACK)?;
        if let [name] = names[..] {
            let formula = activations.iter().find(|a| a.name() == name).map_or("", Activation::formula);
            title(root, width, formula, 14, 46, &GREY)?;
        }
        let top = if activations.len() > 1 { 88 } else { 60 };
        let (_, panels) = root.split_vertically(top * UNIT);
        for (panel, kind) in panels.split_evenly((1, 2)).iter().zip([Kind::Function, Kind::Derivative]) {
            let curves = activations.iter().map(|&a| Curve::new(context, a, kind)).collect::<Result<Vec<_>, _>>()?;
            draw_panel(panel, &curves, kind)?;
        }
        let labels = activations.iter().map(|activation| label(activation, names.len() > 1)).collect();
        if activations.len() > 1 { draw_legend(root, labels) } else { Ok(()) }
    })
}

/// Draws a function along an axis of a short row in which one entry, x, moves: each entry of the result on the left,
/// and its derivative by x on the right.
///
/// # Errors
/// Those of [`GpuActivations::forward_along_slice`], and [`Error::Plot`].
pub fn along(context: &GpuActivations, function: &AxisFunction) -> Result<String, Error> {
    let row = Row::of(function)?;
    let (width, height) = (900, 400);
    drawn(width, height, |root| {
        title(root, width, function.name(), 22, 22, &BLACK)?;
        title(root, width, &format!("of the row {}", row.text()), 14, 46, &GREY)?;
        let top = if row.entries() > 1 { 88 } else { 60 };
        let (_, panels) = root.split_vertically(top * UNIT);
        for (panel, kind) in panels.split_evenly((1, 2)).iter().zip([Kind::Function, Kind::Derivative]) {
            let curves = (0..row.entries()).map(|entry| Curve::along(context, &row, entry, kind));
            draw_panel(panel, &curves.collect::<Result<Vec<_>, _>>()?, kind)?;
        }
        let labels = (0..row.entries()).map(|entry| format!("entry {}", entry + 1));
        if row.entries() > 1 { draw_legend(root, labels.collect()) } else { Ok(()) }
    })
}

fn title(root: &Area<'_>, width: u32, text: &str, size: u32, y: u32, colour: &RGBColor) -> Result<(), Error> {
    let style = font(size).color(colour).pos(Pos::new(HPos::Center, VPos::Center));
    let at = ((width / 2 * UNIT) as i32, (y * UNIT) as i32);
    root.draw(&Text::new(text.to_owned(), at, style)).map_err(failed)
}

/// Draws every function at its defaults on one sheet, on one scale: the function, and its derivative with a thinner
/// line.
///
/// # Errors
/// Those of [`curves`].
pub fn overview(context: &GpuActivations) -> Result<String, Error> {
    let columns = 6;
    let rows = Activation::ALL.len().div_ceil(columns);
    drawn(1200, 150 * rows as u32, |root| {
        for (cell, &activation) in root.split_evenly((rows, columns)).iter().zip(Activation::ALL) {
            let cell = cell.margin(4 * UNIT, 4 * UNIT, 6 * UNIT, 6 * UNIT);
            let (width, _) = cell.dim_in_pixel();
            let style = font(14).color(&BLACK).pos(Pos::new(HPos::Center, VPos::Top));
            cell.draw(&Text::new(activation.name(), ((width / 2) as i32, 0), style)).map_err(failed)?;
            let (_, below) = cell.split_vertically(18 * UNIT);
            let y = -2.2..4.2;
            let mut chart = ChartBuilder::on(&below).build_cartesian_2d(X_FROM..X_TO, y.clone()).map_err(failed)?;
            let frame = [(X_FROM, y.start), (X_TO, y.start), (X_TO, y.end), (X_FROM, y.end), (X_FROM, y.start)];
            let axes = [vec![(X_FROM, 0.0), (X_TO, 0.0)], vec![(0.0, y.start), (0.0, y.end)], frame.to_vec()];
            chart
                .draw_series(axes.map(|line| PathElement::new(line, GREY.mix(0.5).stroke_width(6))))
                .map_err(failed)?;
            for (kind, colour, thickness) in [(Kind::Derivative, COLOURS[1], 11), (Kind::Function, COLOURS[0], 20)] {
                let lines = Curve::new(context, activation, kind)?.within(&y);
                let style = colour.stroke_width(thickness);
                chart.draw_series(lines.into_iter().map(|line| PathElement::new(line, style))).map_err(failed)?;
            }
        }
        Ok(())
    })
}

/// Renders an SVG of this module as PNG, with `scale` pixels for each of its own.
///
/// # Errors
/// [`Error::Plot`].
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, Error> {
    use resvg::{tiny_skia, usvg};
    let mut options = usvg::Options { font_family: FAMILY.to_owned(), ..Default::default() };
    options.fontdb_mut().load_font_data(FONT.to_vec());
    let tree = usvg::Tree::from_str(svg, &options).map_err(failed)?;
    let size = tree.size().to_int_size().scale_by(scale).ok_or_else(|| failed("its size in pixels is 0"))?;
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).ok_or_else(|| failed("it is too large"))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(failed)
}

fn font(size: u32) -> FontDesc<'static> {
    FontDesc::new(FontFamily::Name(FAMILY), f64::from(size * UNIT), FontStyle::Normal)
}

/// An SVG of this size in pixels, on white.
fn drawn(width: u32, height: u32, draw: impl FnOnce(&Area<'_>) -> Result<(), Error>) -> Result<String, Error> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let register = || plotters::style::register_font(FAMILY, FontStyle::Normal, FONT).is_ok();
    if !REGISTERED.get_or_init(register) {
        return Err(failed("its font is unreadable"));
    }
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
    // rustdoc ends a block of HTML at the first empty line.
    Ok(svg.replacen(&in_units, &in_pixels, 1).replace("\n\n", "\n"))
}

fn draw_panel(panel: &Area<'_>, curves: &[Curve], kind: Kind) -> Result<(), Error> {
    let y = span(curves, kind);
    let mut chart = ChartBuilder::on(panel)
        .margin(12 * UNIT)
        .caption(kind.name(), font(14).color(&GREY))
        .x_label_area_size(26 * UNIT)
        .y_label_area_size(40 * UNIT)
        .build_cartesian_2d(X_FROM..X_TO, y.clone())
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_labels(11)
        .y_labels(9)
        .max_light_lines(0)
        .bold_line_style(GREY.mix(0.2).stroke_width(6))
        .axis_style(GREY.stroke_width(8))
        .label_style(font(12).color(&BLACK))
        .y_label_formatter(&tick)
        .x_label_formatter(&tick)
        .set_all_tick_mark_size(4 * UNIT)
        .draw()
        .map_err(failed)?;
    let zero = [vec![(X_FROM, 0.0), (X_TO, 0.0)], vec![(0.0, y.start), (0.0, y.end)]];
    chart.draw_series(zero.map(|line| PathElement::new(line, GREY.stroke_width(8)))).map_err(failed)?;
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let style = colour.stroke_width(22);
        let lines = curve.within(&y).into_iter().map(|line| PathElement::new(line, style));
        chart.draw_series(lines).map_err(failed)?;
        let dots = curve.kinks.iter().filter(|(_, value)| y.contains(value));
        chart.draw_series(dots.map(|&at| Circle::new(at, 42, colour.filled()))).map_err(failed)?;
    }
    Ok(())
}

/// A tick's value without the rounding errors of binary fractions, and without -0.
fn tick(value: &f64) -> String {
    format!("{}", (value * 1e6).round() / 1e6 + 0.0)
}

/// Draws colours and labels in a row below the title.
fn draw_legend(root: &Area<'_>, labels: Vec<String>) -> Result<(), Error> {
    let style = font(12).color(&BLACK).pos(Pos::new(HPos::Left, VPos::Center));
    let gap = (10 * UNIT) as i32;
    let stroke = 2 * gap;
    let sizes = labels.iter().map(|label| root.estimate_text_size(label, &style).map(|(width, _)| width as i32));
    let widths = sizes.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let whole: i32 = widths.iter().map(|width| stroke + gap + width).sum::<i32>() + 2 * gap * (labels.len() as i32 - 1);
    let (mut x, y) = ((root.dim_in_pixel().0 as i32 - whole) / 2, (70 * UNIT) as i32);
    for ((label, width), colour) in labels.into_iter().zip(widths).zip(COLOURS.iter().cycle()) {
        root.draw(&PathElement::new([(x, y), (x + stroke, y)], colour.stroke_width(22))).map_err(failed)?;
        root.draw(&Text::new(label, (x + stroke + gap, y), style.clone())).map_err(failed)?;
        x += stroke + gap + width + 2 * gap;
    }
    Ok(())
}

/// The values of the parameters, after the function's name if a picture shows several functions.
fn label(activation: &Activation, with_name: bool) -> String {
    let values = activation.parameters().iter().zip(activation.values());
    let values = values.map(|(parameter, value)| format!("{} {}", parameter.name, number(value)));
    let name = with_name.then(|| activation.name().to_owned());
    name.into_iter().chain(values).collect::<Vec<_>>().join(", ")
}

/// The range of the y axis: 0 and the values, within bounds similar to those of x.
fn span(curves: &[Curve], kind: Kind) -> Range<f64> {
    let (low, high) = match kind {
        Kind::Function => (-3.0, 5.0),
        Kind::Derivative => (-2.0, 3.0),
    };
    let values = || curves.iter().flat_map(|curve| curve.lines.iter().flatten()).map(|&(_, value)| value);
    let least = values().fold(0.0, f64::min).max(low);
    let most = values().fold(0.0, f64::max).min(high);
    let most = if most - least < 0.5 { least + 1.0 } else { most };
    let room = 0.06 * (most - least);
    least - room..most + room
}
