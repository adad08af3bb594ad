//! Lines in panels side by side.

use super::{Area, COLOURS, GREY, UNIT, drawn, failed, font, write};
use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use std::ops::Range;

/// A curve through the values at 1, 2 and so on; what is not finite is left out.
pub struct Line {
    pub name: String,
    pub values: Vec<Option<f64>>,
}

/// A coordinate system. Panels of one picture have the same lines by name.
pub struct Panel {
    pub title: String,
    pub lines: Vec<Line>,
}

/// What is on the axes. The vertical axis is logarithmic.
pub struct Scale {
    pub x: &'static str,
    pub y: &'static str,
    pub range: Range<f64>,
}

const WIDTH: u32 = 900;
const HEIGHT: u32 = 440;
const TOP: u32 = 78;

pub fn lines(title: &str, scale: &Scale, panels: &[Panel]) -> Result<String> {
    drawn(WIDTH, HEIGHT, |root| {
        write(root, title, (WIDTH / 2, 22), 18, BLACK, HPos::Center)?;
        let names = panels.first().map_or(Vec::new(), |panel| panel.lines.iter().map(|line| &*line.name).collect());
        legend(root, &names)?;
        let (_, below) = root.split_vertically(TOP * UNIT);
        for (area, panel) in below.split_evenly((1, panels.len())).iter().zip(panels) {
            draw(area, scale, panel)?;
        }
        Ok(())
    })
}

fn legend(root: &Area<'_>, names: &[&str]) -> Result<()> {
    let width = (WIDTH - 60) / names.len().max(1) as u32;
    for (index, name) in names.iter().enumerate() {
        let x = 30 + width * index as u32;
        let ends = [(x, 52), (x + 18, 52)].map(|(x, y)| ((x * UNIT) as i32, (y * UNIT) as i32));
        let style = COLOURS[index % COLOURS.len()].stroke_width(24);
        root.draw(&PathElement::new(ends, style)).map_err(failed)?;
        write(root, name, (x + 24, 52), 12, BLACK, HPos::Left)?;
    }
    Ok(())
}

fn draw(area: &Area<'_>, scale: &Scale, panel: &Panel) -> Result<()> {
    let most = panel.lines.iter().map(|line| line.values.len()).max().unwrap_or(1).max(2);
    let mut chart = ChartBuilder::on(area)
        .margin(12 * UNIT)
        .caption(&panel.title, font(14).color(&GREY))
        .x_label_area_size(40 * UNIT)
        .y_label_area_size(62 * UNIT)
        .build_cartesian_2d(1.0..most as f64, scale.range.clone().log_scale())
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_labels(most.min(10))
        .y_labels(8)
        .max_light_lines(0)
        .bold_line_style(GREY.mix(0.2).stroke_width(6))
        .axis_style(GREY.stroke_width(8))
        .label_style(font(12).color(&BLACK))
        .axis_desc_style(font(12).color(&BLACK))
        .x_desc(scale.x)
        .y_desc(scale.y)
        .x_label_formatter(&|value| format!("{value:.0}"))
        .y_label_formatter(&|value| power(*value))
        .set_all_tick_mark_size(4 * UNIT)
        .draw()
        .map_err(failed)?;
    for (line, colour) in panel.lines.iter().zip(COLOURS.iter().cycle()) {
        let points = (1..).zip(&line.values).filter_map(|(x, value)| Some((f64::from(x), (*value)?)));
        let points: Vec<_> = points.map(|(x, y)| (x, y.clamp(scale.range.start, scale.range.end))).collect();
        chart.draw_series([PathElement::new(points, colour.stroke_width(20))]).map_err(failed)?;
    }
    Ok(())
}

/// A power of ten as text.
fn power(value: f64) -> String {
    let exponent = value.log10().round() as i32;
    match exponent {
        -3..=3 => format!("{}", (value * 1e6).round() / 1e6),
        _ => format!("1e{exponent}"),
    }
}
