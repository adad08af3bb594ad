// The one GpuActivations of the page: created, replaced after a failure, and used by one call at a time.

export class Gpu {
  #library;
  #current = null;
  #reason = "";
  #queue = Promise.resolve();
  /** Grows with each start, so that an earlier one that is late is known. */
  #starts = 0;
  /** Whether it is known if there is a GPU. */
  settled = false;

  constructor(library) {
    this.#library = library;
  }

  /** Whether there is a GPU to compute on. */
  get ready() {
    return this.#current !== null;
  }

  /** Why there is none. */
  get reason() {
    return this.#reason;
  }

  get adapter() {
    return this.#current?.adapter ?? null;
  }

  async start() {
    this.free();
    this.settled = false;
    this.#starts += 1;
    const start = this.#starts;
    let made = null;
    let reason = "";
    try {
      if (!navigator.gpu) throw new Error(this.#missing());
      made = await this.#library.GpuActivations.create();
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (start !== this.#starts) {
      made?.free();
      return;
    }
    this.#current = made;
    this.#reason = reason;
    this.settled = true;
  }

  #missing() {
    if (!window.isSecureContext) return "WebGPU needs a secure page: https, or localhost.";
    return "This browser has no WebGPU, or it is switched off.";
  }

  /** Runs `task` with the GpuActivations after all tasks before. */
  run(task) {
    const result = this.#queue.then(() => {
      if (!this.#current) throw new Error(this.#reason || "There is no GPU at the moment.");
      return task(this.#current);
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  /** Frees something after the calls that may use it. */
  release(owner) {
    this.#queue.then(() => owner.free()).catch(() => {});
  }

  /** Frees the GpuActivations. Later tasks do not wait for its calls. */
  free() {
    if (this.#current) this.release(this.#current);
    this.#current = null;
    this.#queue = Promise.resolve();
  }
}
