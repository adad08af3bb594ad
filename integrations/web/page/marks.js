// Marks, dashes and legends: one path of each mark serves canvas and SVG.

const SVG = "http://www.w3.org/2000/svg";
const CIRCLE = "M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z";
const TRIANGLE = "M0 -1.1L1 0.8L-1 0.8Z";

/** The mark of each function, within a square from -1 to 1. Its number is also that of the function's colour. */
export const SERIES = [
  CIRCLE,
  "M-0.85 -0.85L0.85 -0.85L0.85 0.85L-0.85 0.85Z",
  TRIANGLE,
  "M0 -1.2L1.2 0L0 1.2L-1.2 0Z",
  "M-0.9 -0.9L0.9 0.9M-0.9 0.9L0.9 -0.9",
  "M-1.1 0L1.1 0M0 -1.1L0 1.1",
  "M0 1.1L1 -0.8L-1 -0.8Z",
  "M-1.1 0L1.1 0M-0.55 -0.95L0.55 0.95M-0.55 0.95L0.55 -0.95",
];

/** The marks of the two classes of points. */
export const CLASSES = [CIRCLE, TRIANGLE];

/** The dashes of f, f′ and f″. */
export const DASHES = [[], [7, 4], [1.5, 3.5]];

/** Draws a mark in the context's colours; `size` is half its width. */
export function drawMark(context, mark, x, y, size) {
  const scaled = new Path2D();
  scaled.addPath(new Path2D(mark), { a: size, d: size, e: x, f: y });
  context.fill(scaled);
  context.stroke(scaled);
}

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function picture(width, height, kind, parts) {
  const element = svg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    class: `legend ${kind}`,
    "aria-hidden": "true",
  });
  element.append(...parts);
  return element;
}

function line(width, y, dashes) {
  return svg("path", {
    d: `M1 ${y}L${width - 1} ${y}`,
    stroke: "currentColor",
    "stroke-width": 2,
    "stroke-dasharray": dashes.join(" "),
  });
}

function mark(path, x, y, size) {
  return svg("path", {
    d: path,
    fill: "currentColor",
    stroke: "currentColor",
    "stroke-width": 0.3,
    transform: `translate(${x} ${y}) scale(${size})`,
  });
}

/** The line and the mark of a function, for legends. */
export function swatch(slot) {
  return picture(36, 14, `series-${slot}`, [line(36, 7, []), mark(SERIES[slot], 18, 7, 4.5)]);
}

/** The dashes of f, f′ or f″, for legends. */
export function dash(order) {
  return picture(28, 14, "dash", [line(28, 7, DASHES[order])]);
}

/** The mark of a class of points, for legends. */
export function classMark(label) {
  return picture(14, 14, `class-${label}`, [mark(CLASSES[label], 7, 7, 4.5)]);
}
