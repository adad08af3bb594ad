// Drawing on a canvas: sharp pixels, colours, ticks and axes.

import { DASHES } from "./marks.js";

const MARGIN = { left: 58, right: 12, top: 10, bottom: 26 };

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Fits the canvas to its place and the screen's pixels. Gives a context in CSS pixels, and the size. */
export function prepare(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  const [columns, rows] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
  return { context, width, height };
}

/** Calls `draw` now and whenever size or colours change. */
export function redrawOnChange(canvas, draw) {
  new ResizeObserver(draw).observe(canvas);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

/** Where a view's numbers lie on a canvas of this size. */
export function frameOf({ x, y }, width, height) {
  const box = { left: MARGIN.left, top: MARGIN.top, right: width - MARGIN.right, bottom: height - MARGIN.bottom };
  const [perX, perY] = [(box.right - box.left) / (x[1] - x[0]), (box.bottom - box.top) / (y[1] - y[0])];
  return {
    box,
    atX: (value) => box.left + (value - x[0]) * perX,
    atY: (value) => box.bottom - (value - y[0]) * perY,
    toX: (pixel) => x[0] + (pixel - box.left) / perX,
    toY: (pixel) => y[0] + (box.bottom - pixel) / perY,
  };
}

/** Round numbers between two, about so many. */
function ticks([first, last], count) {
  const rough = (last - first) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const values = [];
  for (let index = Math.ceil(first / step); index * step <= last; index += 1) values.push(index * step);
  return { values, step };
}

/** The text of a tick, with the digits that tell it from the next. */
function tickText(value, step) {
  if (value === 0) return "0";
  const size = Math.max(Math.abs(value), step);
  if (size >= 1e6 || size < 1e-3) {
    const digits = Math.max(Math.floor(Math.log10(size)) - Math.floor(Math.log10(step)), 0);
    return value.toExponential(digits).replace("e+", "e").replaceAll("-", "−");
  }
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return value.toFixed(digits).replaceAll("-", "−");
}

function line(context, fromX, fromY, toX, toY) {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}

/** Grid, axes through 0 and numbers beside the frame. */
export function drawAxes(context, view, frame) {
  const { box, atX, atY } = frame;
  const sharp = (pixel) => Math.round(pixel) + 0.5;
  const across = ticks(view.x, Math.max((box.right - box.left) / 64, 2));
  const upwards = ticks(view.y, Math.max((box.bottom - box.top) / 48, 2));
  context.lineWidth = 1;
  for (const value of across.values) {
    context.strokeStyle = colour(value === 0 ? "axis" : "grid");
    line(context, sharp(atX(value)), box.top, sharp(atX(value)), box.bottom);
  }
  for (const value of upwards.values) {
    context.strokeStyle = colour(value === 0 ? "axis" : "grid");
    line(context, box.left, sharp(atY(value)), box.right, sharp(atY(value)));
  }
  context.fillStyle = colour("muted");
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const value of across.values) context.fillText(tickText(value, across.step), atX(value), box.bottom + 8);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of upwards.values) context.fillText(tickText(value, upwards.step), box.left - 8, atY(value));
}

/** Sets the line of a function's curve: its colour, and the dashes of f, f′ or f″. */
export function setLine(context, slot, order) {
  context.strokeStyle = colour(`series-${slot}`);
  context.fillStyle = context.strokeStyle;
  context.lineWidth = order === 0 ? 2 : 1.75;
  context.lineJoin = "round";
  context.setLineDash(DASHES[order]);
}
