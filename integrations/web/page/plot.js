// The plot of the curves: what is seen, zoom, pan and the cursor.

import { colour, drawAxes, frameOf, prepare, redrawOnChange, setLine } from "./axes.js";
import { drawMark, SERIES } from "./marks.js";

const ZOOM = 1.5;
const SLOWEST_WHEEL = 400;
const PAN = 0.1;
const CURSOR_STEP = 0.01;
const NARROWEST = 1e-5;
const WIDEST = 1e37;
const MARKS_APART = 150;

function scaled([first, last], factor, middle) {
  return [middle + (first - middle) * factor, middle + (last - middle) * factor];
}

function moved([first, last], share) {
  const distance = (last - first) * share;
  return [first + distance, last + distance];
}

/** Whether f32 has enough numbers between the ends, and they are far from its largest. */
function isPossible([first, last]) {
  const size = Math.max(Math.abs(first), Math.abs(last));
  return last - first > size * NARROWEST && last - first > 1e-30 && size < WIDEST;
}

/** Where a curve jumps: a large step between two samples, with none beside it. */
function jumps(values, index, height) {
  const step = (at) => Math.abs(values[at] - values[at - 1]);
  const beside = [index - 1, index + 1].filter((at) => at > 0 && at < values.length).map(step);
  return step(index) > height * 0.02 && beside.every((one) => one < step(index) * 0.2);
}

/** Tells "view" after zoom and pan, "reset" when the first view is wanted, "resize", and "cursor" when it moves. */
export class Plot extends EventTarget {
  #canvas = document.getElementById("plot");
  #curves = [];
  #values = [];
  #pending = 0;
  #drag = null;
  view = { x: [-5, 5], y: [-2, 5] };
  cursor = 1;

  constructor() {
    super();
    redrawOnChange(this.#canvas, () => {
      this.draw();
      this.dispatchEvent(new Event("resize"));
    });
    this.#listen();
  }

  /** The samples that a curve needs: one in each pixel. */
  get columns() {
    return Math.max(Math.round(this.#canvas.clientWidth), 2);
  }

  /** The x of all columns, beyond the frame, too. */
  get samples() {
    const { toX } = this.#frame();
    return Float32Array.from({ length: this.columns + 1 }, (_, column) => toX(column));
  }

  /** Curves are { slot, order, x, values }. */
  showCurves(curves) {
    this.#curves = curves;
    this.draw();
  }

  /** Values at the cursor are { slot, value }. */
  showValues(values) {
    this.#values = values;
    this.draw();
  }

  describe(text) {
    this.#canvas.setAttribute("aria-label", text);
  }

  zoom(factor, at = null) {
    const { x, y } = this.view;
    const [middleX, middleY] = at ?? [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2];
    this.#setView({ x: scaled(x, factor, middleX), y: scaled(y, factor, middleY) });
  }

  #pan(right, up) {
    this.#setView({ x: moved(this.view.x, right), y: moved(this.view.y, up) });
  }

  #setView(view) {
    if (!isPossible(view.x) || !isPossible(view.y)) return;
    this.view = view;
    this.draw();
    this.dispatchEvent(new Event("view"));
  }

  #setCursor(x) {
    const width = this.view.x[1] - this.view.x[0];
    const digits = Math.min(Math.max(Math.ceil(-Math.log10(width / this.columns)), 0), 20);
    this.cursor = Number(x.toFixed(digits));
    this.dispatchEvent(new Event("cursor"));
    this.draw();
  }

  #frame() {
    return frameOf(this.view, this.#canvas.clientWidth, this.#canvas.clientHeight);
  }

  // Input

  #listen() {
    const canvas = this.#canvas;
    canvas.addEventListener("keydown", (event) => this.#onKey(event));
    canvas.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.#drag = { x: event.offsetX, y: event.offsetY, view: this.view };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => this.#onMove(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => {
        this.#drag = null;
      });
    }
  }

  #onMove(event) {
    const { box, toX } = this.#frame();
    if (this.#drag) {
      const { x, y, view } = this.#drag;
      const right = (x - event.offsetX) / (box.right - box.left);
      const up = (event.offsetY - y) / (box.bottom - box.top);
      if (right !== 0 || up !== 0) this.#setView({ x: moved(view.x, right), y: moved(view.y, up) });
    } else if (event.offsetX >= box.left && event.offsetX <= box.right) {
      this.#setCursor(toX(event.offsetX));
    }
  }

  /** The wheel scrolls the page until the plot has the focus. */
  #onWheel(event) {
    if (document.activeElement !== this.#canvas && !event.ctrlKey) return;
    event.preventDefault();
    const { toX, toY } = this.#frame();
    const turn = Math.min(Math.max(event.deltaY, -SLOWEST_WHEEL / 2), SLOWEST_WHEEL / 2);
    this.zoom(2 ** (turn / SLOWEST_WHEEL), [toX(event.offsetX), toY(event.offsetY)]);
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const width = this.view.x[1] - this.view.x[0];
    const actions = event.shiftKey
      ? {
          ArrowLeft: () => this.#setCursor(this.#inside(this.cursor) - width * CURSOR_STEP),
          ArrowRight: () => this.#setCursor(this.#inside(this.cursor) + width * CURSOR_STEP),
          "+": () => this.zoom(1 / ZOOM),
        }
      : {
          ArrowLeft: () => this.#pan(-PAN, 0),
          ArrowRight: () => this.#pan(PAN, 0),
          ArrowUp: () => this.#pan(0, PAN),
          ArrowDown: () => this.#pan(0, -PAN),
          "+": () => this.zoom(1 / ZOOM),
          "=": () => this.zoom(1 / ZOOM),
          "-": () => this.zoom(ZOOM),
          0: () => this.dispatchEvent(new Event("reset")),
        };
    if (!(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
  }

  #inside(x) {
    return Math.min(Math.max(x, this.view.x[0]), this.view.x[1]);
  }

  // Drawing

  /** Draws with the next picture. */
  draw() {
    if (this.#pending) return;
    this.#pending = requestAnimationFrame(() => {
      this.#pending = 0;
      this.#drawNow();
    });
  }

  #drawNow() {
    const { context, width, height } = prepare(this.#canvas);
    const frame = frameOf(this.view, width, height);
    const { box } = frame;
    drawAxes(context, frame);
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    context.clip();
    for (const curve of this.#curves) this.#drawCurve(context, curve, frame);
    this.#drawCursor(context, frame);
    context.restore();
  }

  #drawCurve(context, { slot, order, x, values }, { box, atX, atY }) {
    const height = this.view.y[1] - this.view.y[0];
    // Numbers far outside would be more than a canvas can draw.
    const pixelOf = (value) => Math.min(Math.max(atY(value), box.top - 1e4), box.bottom + 1e4);
    setLine(context, slot, order);
    context.beginPath();
    let drawing = false;
    values.forEach((value, index) => {
      if (Number.isNaN(value)) {
        drawing = false;
        return;
      }
      const [across, down] = [atX(x[index]), pixelOf(value)];
      if (drawing && !jumps(values, index, height)) context.lineTo(across, down);
      else context.moveTo(across, down);
      drawing = true;
    });
    context.stroke();
    this.#drawMarks(context, { slot, x, values }, { box, atX, atY });
  }

  /** Marks along the curve, at other places for each function. */
  #drawMarks(context, { slot, x, values }, { box, atX, atY }) {
    context.setLineDash([]);
    let last = box.left - MARKS_APART + ((slot * 41) % MARKS_APART);
    x.forEach((place, index) => {
      if (atX(place) < last + MARKS_APART || Number.isNaN(values[index])) return;
      last = atX(place);
      drawMark(context, SERIES[slot], last, atY(values[index]), 3.5);
    });
  }

  #drawCursor(context, { box, atX, atY }) {
    const across = Math.round(atX(this.cursor)) + 0.5;
    context.setLineDash([]);
    context.strokeStyle = colour("muted");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(across, box.top);
    context.lineTo(across, box.bottom);
    context.stroke();
    for (const { slot, value } of this.#values) {
      if (!Number.isFinite(value)) continue;
      setLine(context, slot, 0);
      context.fillStyle = colour("surface");
      drawMark(context, SERIES[0], atX(this.cursor), atY(value), 4);
    }
  }
}
