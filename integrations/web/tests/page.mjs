// Uses the page as a reader does.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open } from './browser.mjs';

const FORMULA = 'x * sigmoid(beta * x); beta = 1.5';

function expect(right, what) {
  if (!right) throw new Error(what);
}

async function text(page, selector) {
  return (await page.locator(selector).textContent()).trim();
}

/** Waits until an element's text is of this form. */
async function until(page, selector, pattern, seconds = 20) {
  const found = page.locator(selector).filter({ hasText: pattern });
  await found.waitFor({ state: 'attached', timeout: seconds * 1000 }).catch(async () => {
    throw new Error(`${selector} is not ${pattern} after ${seconds} s, but "${await text(page, selector)}"`);
  });
}

const chosen = (page) => page.locator('#chosen [data-chosen]').evaluateAll((cards) => cards.map((card) => card.dataset.chosen));
const slider = (page) => page.locator('input[type=range][data-of=swish][data-parameter=beta]');
const field = (page) => page.locator('input[type=text][data-of=swish][data-parameter=beta]');

async function choose(page) {
  await page.locator('[data-function=swish]').check();
  await page.locator('#formula').fill('x +');
  await until(page, '#formula-error', /\S/);
  await page.locator('#formula').fill(FORMULA);
  await until(page, '#formula-error', /^\s*$/);
  await page.locator('#chosen [data-chosen=formula]').waitFor();
  const before = await field(page).inputValue();
  await slider(page).focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
  const after = await field(page).inputValue();
  expect(Number(after) > Number(before), `the slider moves beta from ${before} to ${after}`);
  const names = await chosen(page);
  expect(String(names) === 'gelu,relu,swish,formula', `chosen are ${names}`);
  await page.locator('#cursor').fill('1');
  await page.locator('#cursor').press('Enter');
  await until(page, '#readout', /gelu.*0\.84134/s);
  expect((await page.locator('#readout tbody tr').count()) === names.length, 'the table has another number of functions');
}

async function share(page, browser) {
  await page.waitForFunction(() => location.hash.includes('swish(beta=') && location.hash.includes('formula='));
  const url = page.url();
  const other = await open(browser, url);
  try {
    await until(other.page, '#device', /^Computing on/);
    const names = await chosen(other.page);
    expect(String(names) === String(await chosen(page)), `the address ${url} restores ${names}`);
    const [here, there] = [await field(page).inputValue(), await field(other.page).inputValue()];
    expect(here === there, `the address restores beta = ${there} in place of ${here}`);
    expect((await other.page.locator('.alert').count()) === 0, `there is a message: ${await text(other.page, '#alerts')}`);
  } finally {
    await other.close();
  }
  return other.wrong;
}

async function verify(page) {
  await page.locator('#verify-samples').selectOption('16384');
  await page.locator('#verify-order-2').check();
  await page.locator('#verify-start').click();
  await until(page, '#verify-status', /^(Done|Stopped)/, 60);
  const status = await text(page, '#verify-status');
  // Three functions of the table, which have bounds, and a formula, which has none.
  expect(status.startsWith('Done: 9 of 9 '), status);
  const rows = await page.locator('#verify-results tbody tr').count();
  expect(rows === 12, `the verification has ${rows} rows`);
}

async function throughput(page) {
  await page.locator('#throughput-size').selectOption('16');
  await page.locator('#throughput-start').click();
  await page.locator('#throughput-results tbody tr').nth(1).waitFor({ timeout: 40_000 });
  await page.locator('#throughput-start:not([disabled])').waitFor({ timeout: 40_000 });
  const rates = await page.locator('#throughput-results tbody tr td:nth-child(3)').allTextContents();
  expect(rates.every((rate) => parseFloat(rate) > 0), `the rates are ${rates}`);
}

async function train(page) {
  await page.locator('#training-start').click();
  const trained = () => Number(document.getElementById('training-step').textContent) >= 40;
  await page.waitForFunction(trained, null, { timeout: 40_000 }).catch(async () => {
    throw new Error(`the training is at step ${await text(page, '#training-step')}: ${await text(page, '#training-status')}`);
  });
  await page.locator('#training-pause').click();
  await until(page, '#training-status', /^Paused/);
  expect(parseFloat(await text(page, '#training-loss')) < 0.7, `the loss is ${await text(page, '#training-loss')}`);
  expect(parseFloat(await text(page, '#training-accuracy')) > 50, `the accuracy is ${await text(page, '#training-accuracy')}`);
}

async function code(page) {
  for (const id of ['snippet', 'shader']) {
    const shown = await text(page, `#${id}`);
    expect(shown.includes('fn '), `the ${id} is ${shown.slice(0, 80)}`);
  }
}

/** In the page: an element that makes it wider than its window, if there is one. */
function sticksOut() {
  if (document.documentElement.scrollWidth <= innerWidth) return;
  const scrolls = (element) => getComputedStyle(element).overflowX !== 'visible';
  const inside = (element) => element !== document.body && (scrolls(element) || inside(element.parentElement));
  const all = [...document.body.querySelectorAll('*')].filter((element) => !inside(element.parentElement));
  const right = (element) => element.getBoundingClientRect().right;
  const furthest = all.reduce((a, b) => (right(b) >= right(a) ? b : a));
  return `${furthest.localName}#${furthest.id}, to ${right(furthest)} of ${innerWidth} pixels,`;
}

async function pictures(page, folder) {
  mkdirSync(folder, { recursive: true });
  const picture = async (name, scheme, width) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    const wide = await page.evaluate(sticksOut);
    expect(!wide, `${name}: ${wide} sticks out of the window`);
  };
  await picture('light', 'light', 1280);
  await picture('dark', 'dark', 1280);
  await picture('narrow', 'light', 390);
}

export async function test(browser, { origin, folder }) {
  const { page, wrong, close } = await open(browser, `${origin}/page/`);
  const faults = [];
  const parts = {
    choose: () => choose(page),
    share: async () => faults.push(...(await share(page, browser))),
    verify: () => verify(page),
    throughput: () => throughput(page),
    train: () => train(page),
    code: () => code(page),
    pictures: () => pictures(page, join(folder, 'screenshots')),
  };
  try {
    await until(page, '#device', /^Computing on/);
    for (const [name, part] of Object.entries(parts)) {
      await part().catch(({ message }) => faults.push(`${name}: ${message}`));
    }
    expect((await page.locator('.alert').count()) === 0, `there is a message: ${await text(page, '#alerts')}`);
  } catch (error) {
    faults.push(error.message);
  } finally {
    await close();
  }
  return { faults: [...faults, ...wrong], counted: `${Object.keys(parts).join(', ')}; pictures in screenshots` };
}
