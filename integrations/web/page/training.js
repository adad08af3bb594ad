// The training laboratory: a small network, trained on the device while the page shows it.

import { redrawOnChange } from "./axes.js";
import { selectedIn } from "./choices.js";
import { readable } from "./floats.js";
import { classMark } from "./marks.js";
import { textOf } from "./notices.js";
import { nextFrame } from "./pacing.js";
import { describeLosses, drawBoundary, drawLosses } from "./pictures.js";

const MOST_LAYERS = 8;
const MOST_UNITS = 64;
const UNITS_STEP = 4;
const MOST_STEPS = 64;
/** A call trains for about so many milliseconds, so that the page stays quick. */
const CALL = 25;
const PICTURE = 150;
const CALM_PICTURE = 1500;
const MOST_LOSSES = 600;

const element = (id) => document.getElementById(id);

function number(id, name, isRight, what) {
  const value = Number(element(id).value);
  if (element(id).value.trim() === "" || !isRight(value)) throw new Error(`${name} must be ${what}.`);
  return value;
}

/** The units of each hidden layer. */
function readLayers() {
  const layers = element("training-layers")
    .value.split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
  const isUnits = (units) => units > 0 && units <= MOST_UNITS && units % UNITS_STEP === 0;
  if (layers.length >= 1 && layers.length <= MOST_LAYERS && layers.every(isUnits)) return layers;
  const rule = `at most ${MOST_LAYERS} numbers, multiples of ${UNITS_STEP} up to ${MOST_UNITS}`;
  throw new Error(`Hidden layers are the units of each, such as 8 8: ${rule}.`);
}

export class Training {
  #gpu;
  #library;
  #selection;
  #fail;
  #trainer = null;
  #running = false;
  /** Grows with each network, so that what is late is known. */
  #network = 0;
  /** Grows with each start, so that one loop runs. */
  #starts = 0;
  #losses = [];
  #ended = false;
  #picture = null;
  #activation = "";

  constructor({ gpu, library, selection, fail }) {
    this.#gpu = gpu;
    this.#library = library;
    this.#selection = selection;
    this.#fail = fail;
    element("training-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!element("training-start").disabled) this.#start();
    });
    element("training-form").addEventListener("change", () => this.#restart());
    element("training-pause").addEventListener("click", () => this.#pause());
    element("training-reset").addEventListener("click", () => this.reset());
    redrawOnChange(element("boundary"), () => this.#draw());
    redrawOnChange(element("loss"), () => this.#draw());
    for (const place of document.querySelectorAll("[data-class]"))
      place.prepend(classMark(Number(place.dataset.class)));
  }

  /** After a change of functions: a network with another activation begins anew. */
  refresh() {
    const activation = selectedIn(element("training-activation"), this.#selection)?.text ?? "";
    if (this.#trainer && activation !== this.#activation) this.#restart();
  }

  /** Forgets the network. */
  reset() {
    this.#network += 1;
    this.#running = false;
    if (this.#trainer) this.#gpu.release(this.#trainer);
    this.#trainer = null;
    this.#losses = [];
    this.#ended = false;
    this.#picture = null;
    this.#showFacts(null);
    element("training-status").textContent = this.#gpu.ready
      ? "Start makes a network and shows its points."
      : this.#gpu.reason;
    this.#showButtons();
    this.#draw();
  }

  #restart() {
    const wasRunning = this.#running;
    this.reset();
    element("training-error").textContent = "";
    if (wasRunning) this.#start();
  }

  #settings() {
    const chosen = selectedIn(element("training-activation"), this.#selection);
    if (!chosen) throw new Error("Choose an activation.");
    this.#activation = chosen.text;
    return {
      data: element("training-data").value,
      activation: chosen.activation,
      layers: readLayers(),
      rate: number(
        "training-rate",
        "The learning rate",
        (rate) => rate > 0 && Number.isFinite(rate),
        "a number above 0",
      ),
      seed: number(
        "training-seed",
        "The seed",
        (seed) => Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 32,
        "a whole number from 0 to 4294967295",
      ),
    };
  }

  async #start() {
    let settings;
    element("training-error").textContent = "";
    try {
      settings = this.#settings();
    } catch (error) {
      element("training-error").textContent = textOf(error);
      return;
    }
    const network = this.#network;
    this.#starts += 1;
    this.#running = true;
    this.#showButtons();
    try {
      if (!this.#trainer) await this.#create(settings, network);
      if (network === this.#network) await this.#loop(network);
    } catch (error) {
      if (network !== this.#network) return;
      this.#running = false;
      this.#showButtons();
      element("training-status").textContent = `Stopped: ${textOf(error)}`;
      this.#fail(error);
    }
  }

  async #create(settings, network) {
    element("training-status").textContent = "Preparing.";
    const trainer = await this.#gpu.run((gpu) => this.#library.Trainer.create(gpu, settings));
    if (network !== this.#network) {
      this.#gpu.release(trainer);
      return;
    }
    this.#trainer = trainer;
    this.#showButtons();
    this.#picture = { points: trainer.points, labels: trainer.labels, extent: trainer.extent, boundary: null };
    this.#draw();
  }

  #pause() {
    this.#running = false;
    this.#showButtons();
    element("training-status").textContent = "Paused.";
  }

  /** Trains between two pictures until it is paused or there is another network. */
  async #loop(network) {
    const started = this.#starts;
    const isCurrent = () => this.#running && started === this.#starts && network === this.#network;
    const interval = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM_PICTURE : PICTURE;
    let steps = 1;
    let shown = -Infinity;
    while (isCurrent()) {
      const start = performance.now();
      const progress = await this.#gpu.run(() => (isCurrent() ? this.#trainer.train(steps) : null));
      if (!progress || network !== this.#network) return;
      const time = performance.now() - start;
      steps = Math.min(Math.max(Math.round((steps * CALL) / Math.max(time, 1)), 1), steps * 2, MOST_STEPS);
      if (isCurrent()) element("training-status").textContent = "Training.";
      if (Number.isFinite(progress.loss)) this.#addLoss(progress);
      this.#pauseAtEnd(progress);
      if (performance.now() - shown > interval || !this.#running) {
        await this.#show(network, progress);
        shown = performance.now();
      }
      await nextFrame();
    }
  }

  /** There are so many steps at most, and no way on from a loss that is no number. */
  #pauseAtEnd({ step, loss }) {
    const isLast = step >= this.#trainer.mostSteps;
    if (!isLast && Number.isFinite(loss)) return;
    this.#pause();
    this.#ended = true;
    this.#showButtons();
    element("training-status").textContent = isLast
      ? `Done: step ${step} is the last one.`
      : `Ended: the loss is not finite at step ${step}. A smaller learning rate may help.`;
  }

  /** Keeps so many losses at most; older ones are thinned out. */
  #addLoss(progress) {
    this.#losses.push(progress);
    if (this.#losses.length > MOST_LOSSES) this.#losses = this.#losses.filter((_, index) => index % 2 === 0);
  }

  async #show(network, progress) {
    const ask = (task) => this.#gpu.run(() => (network === this.#network ? task(this.#trainer) : null));
    const boundary = await ask((trainer) => trainer.boundary());
    const accuracy = await ask((trainer) => trainer.accuracy());
    if (network !== this.#network || accuracy === null) return;
    this.#picture.boundary = boundary;
    this.#showFacts({ ...progress, accuracy });
    this.#draw();
  }

  #showFacts(facts) {
    element("training-step").textContent = facts ? String(facts.step) : "0";
    element("training-loss").textContent = facts ? readable(facts.loss, 3) : "–";
    const accuracy = facts ? `${(100 * facts.accuracy).toFixed(1)} %` : "–";
    element("training-accuracy").textContent = accuracy;
    const picture = facts
      ? `Points of two classes and the decision boundary at step ${facts.step}; test accuracy ${accuracy}`
      : "Points and decision boundary: no network yet";
    element("boundary").setAttribute("aria-label", picture);
    element("loss").setAttribute("aria-label", describeLosses(this.#losses));
  }

  #showButtons() {
    const start = element("training-start");
    start.disabled = this.#running || this.#ended || !this.#gpu.ready;
    start.textContent = this.#trainer ? "Continue" : "Start";
    element("training-pause").disabled = !this.#running || !this.#trainer;
    element("training-reset").disabled = !this.#running && !this.#trainer;
  }

  #draw() {
    drawBoundary(element("boundary"), this.#picture ?? { points: [], labels: [], extent: 1, boundary: null });
    drawLosses(element("loss"), this.#losses);
  }
}
