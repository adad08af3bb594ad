// Drawing on a canvas: sharp pixels, colours, ticks and axes.

import { DASHES } from "./marks.js";

const MARGIN = { left: 18, right: 12, top: 10, bottom: 26 };
/** At most so wide is a character of a tick, and so far apart are ticks. */
const CHARACTER = 7.7;
const APART = { x: 64, y: 48 };

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

/** Round numbers between two with their text, about so many. */
function ticks([first, last], count) {
  const rough = (last - first) / Math.max(count, 2);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const start = Math.ceil(first / step);
  return Array.from({ length: Math.max(Math.floor(last / step) - start + 1, 0) }, (_, index) => {
    const value = (start + index) * step;
    return { value, text: tickText(value, step) };
  });
}

/** Where a view's numbers lie on a canvas of this size, and its ticks. The left margin has room for those of y. */
export function frameOf({ x, y }, width, height) {
  const [top, bottom, right] = [MARGIN.top, height - MARGIN.bottom, width - MARGIN.right];
  const ticksOfY = ticks(y, (bottom - top) / APART.y);
  const left = MARGIN.left + CHARACTER * Math.max(2, ...ticksOfY.map(({ text }) => text.length));
  const [perX, perY] = [(right - left) / (x[1] - x[0]), (bottom - top) / (y[1] - y[0])];
  return {
    box: { left, top, right, bottom },
    ticksOfX: ticks(x, (right - left) / APART.x),
    ticksOfY,
    atX: (value) => left + (value - x[0]) * perX,
    atY: (value) => bottom - (value - y[0]) * perY,
    toX: (pixel) => x[0] + (pixel - left) / perX,
    toY: (pixel) => y[0] + (bottom - pixel) / perY,
  };
}

function line(context, fromX, fromY, toX, toY) {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}

/** Grid, axes through 0 and numbers beside the frame. */
export function drawAxes(context, { box, ticksOfX, ticksOfY, atX, atY }) {
  const sharp = (pixel) => Math.round(pixel) + 0.5;
  context.lineWidth = 1;
  for (const { value } of ticksOfX) {
    context.strokeStyle = colour(value === 0 ? "axis" : "grid");
    line(context, sharp(atX(value)), box.top, sharp(atX(value)), box.bottom);
  }
  for (const { value } of ticksOfY) {
    context.strokeStyle = colour(value === 0 ? "axis" : "grid");
    line(context, box.left, sharp(atY(value)), box.right, sharp(atY(value)));
  }
  context.fillStyle = colour("muted");
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const { value, text } of ticksOfX) {
    const isWhole = atX(value) + context.measureText(text).width / 2 < box.right + MARGIN.right;
    if (isWhole) context.fillText(text, atX(value), box.bottom + 8);
  }
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { value, text } of ticksOfY) context.fillText(text, box.left - 8, atY(value));
}

/** Sets the line of a function's curve: its colour, and the dashes of f, f′ or f″. */
export function setLine(context, slot, order) {
  context.strokeStyle = colour(`series-${slot}`);
  context.fillStyle = context.strokeStyle;
  context.lineWidth = order === 0 ? 2 : 1.75;
  context.lineJoin = "round";
  context.setLineDash(DASHES[order]);
}
