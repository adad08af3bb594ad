// When work runs: the latest task only, later, between two pictures, or until it is cancelled.

import { textOf } from "./notices.js";

const HIDDEN_FRAME = 200;

/** Runs one task at a time. Of those that come meanwhile, the last one runs next. */
export class Latest {
  #running = false;
  #next = null;

  async run(task) {
    this.#next = task;
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#next) {
        const current = this.#next;
        this.#next = null;
        await current();
      }
    } finally {
      this.#running = false;
    }
  }
}

/** A function that waits until there was no call for so many milliseconds. */
export function debounced(milliseconds, action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}

/** Waits for input events and the next picture, or for a timer, because a hidden page has no pictures. */
export function nextFrame() {
  return new Promise((resolve) => {
    requestAnimationFrame(resolve);
    setTimeout(resolve, HIDDEN_FRAME);
  });
}

/** Wires the form NAME-form: NAME-start runs `work`, NAME-cancel stops it, NAME-status tells how it ended. `work` is
 * given a signal, and looks at it between its parts. `fail` is told of errors. */
export function makeCancelable(name, work, fail) {
  const part = (suffix) => document.getElementById(`${name}-${suffix}`);
  const [start, cancel, status] = ["start", "cancel", "status"].map(part);
  let controller = null;
  const run = async () => {
    controller = new AbortController();
    start.disabled = true;
    cancel.disabled = false;
    try {
      await work(controller.signal);
    } catch (error) {
      const cancelled = controller.signal.aborted;
      status.textContent = cancelled ? "Cancelled." : `Stopped: ${textOf(error)}`;
      if (!cancelled) fail(error);
    }
    controller = null;
    start.disabled = start.dataset.without === "gpu";
    cancel.disabled = true;
  };
  cancel.addEventListener("click", () => controller?.abort());
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!controller && !start.disabled) run();
  });
}
