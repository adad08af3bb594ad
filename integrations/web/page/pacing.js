// When work runs: the latest task only, later, or between two pictures.

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

/** Something that a button can stop. */
export class Stopped extends Error {}

/** Wires a form that starts work and a button that cancels it. `work` is given a signal, and looks at it between parts. */
export function makeCancelable({ form, start, cancel, work, onError }) {
  let controller = null;
  cancel.addEventListener("click", () => controller?.abort(new Stopped()));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (controller || start.disabled) return;
    controller = new AbortController();
    start.disabled = true;
    cancel.disabled = false;
    try {
      await work(controller.signal);
    } catch (error) {
      onError(error);
    }
    controller = null;
    start.disabled = start.dataset.without === "gpu";
    cancel.disabled = true;
  });
}
