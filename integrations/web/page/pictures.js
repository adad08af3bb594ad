// Pictures of a training: the decision boundary with the points, and the loss.

import { colour, drawAxes, frameOf, prepare } from "./axes.js";
import { readable } from "./floats.js";
import { CLASSES, drawMark } from "./marks.js";

const POINT = 3.4;

function channels(name) {
  return colour(name)
    .match(/[0-9a-f]{2}/gi)
    .map((text) => parseInt(text, 16));
}

/** Sets the colours of a class's points. */
function setClass(context, label) {
  context.fillStyle = colour(`class-${label}`);
  context.strokeStyle = colour("surface");
  context.lineWidth = 0.8;
}

/** The probabilities as a picture of one pixel each; the lowest y is at the bottom. */
function boundaryPicture({ side, probabilities }) {
  const [zero, middle, one] = [channels("tint-0"), channels("surface"), channels("tint-1")];
  const image = new ImageData(side, side);
  probabilities.forEach((probability, index) => {
    const row = side - 1 - Math.floor(index / side);
    const at = 4 * (row * side + (index % side));
    const share = Math.abs(2 * probability - 1) || 0;
    const end = probability < 0.5 ? zero : one;
    for (let channel = 0; channel < 3; channel += 1)
      image.data[at + channel] = middle[channel] + share * (end[channel] - middle[channel]);
    image.data[at + 3] = 255;
  });
  const canvas = new OffscreenCanvas(side, side);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** Draws probabilities, where there are some, and the points over them. */
export function drawBoundary(canvas, { points, labels, extent, boundary }) {
  const { context, width, height } = prepare(canvas);
  if (boundary) {
    context.imageSmoothingQuality = "high";
    context.drawImage(boundaryPicture(boundary), 0, 0, width, height);
  }
  labels.forEach((label, index) => {
    setClass(context, label);
    const across = ((points[2 * index] / extent + 1) / 2) * width;
    const down = ((1 - points[2 * index + 1] / extent) / 2) * height;
    drawMark(context, CLASSES[label], across, down, POINT);
  });
}

/** Draws losses, { step, loss }, on axes from 0. */
export function drawLosses(canvas, losses) {
  const { context, width, height } = prepare(canvas);
  const finite = losses.filter(({ loss }) => Number.isFinite(loss));
  const largest = finite.reduce((most, { loss }) => Math.max(most, loss), 0) || 1;
  const view = { x: [0, Math.max(losses.at(-1)?.step ?? 0, 10)], y: [0, largest * 1.08] };
  const frame = frameOf(view, width, height);
  drawAxes(context, frame);
  context.strokeStyle = colour("series-0");
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  context.beginPath();
  finite.forEach(({ step, loss }, index) => {
    const method = index === 0 ? "moveTo" : "lineTo";
    context[method](frame.atX(step), frame.atY(loss));
  });
  context.stroke();
}

export function describeLosses(losses) {
  if (losses.length === 0) return "Loss by step: no step yet";
  const [first, last] = [losses[0], losses.at(-1)];
  const point = ({ step, loss }) => `${readable(loss, 3)} at step ${step}`;
  return `Loss by step: ${point(first)}, ${point(last)}`;
}
