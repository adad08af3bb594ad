// Tests the npm package and its page in Chromium, for `cargo xtask test-web`, which says where everything is:
//
//   node run.mjs --folder target/web --playwright FOLDER --browser PROGRAM --driver ICD.json --program gpu-activations
//     --archive PACKAGE.tgz [--only NAME]

import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { call, launch, within } from './browser.mjs';
import * as installed from './installed.mjs';
import * as page from './page.mjs';
import { serve } from './server.mjs';
import { store } from './values.mjs';

/** The whole may take so many seconds, also where others use the machine. */
const LIMIT = 540;
/** As many faults of a test are shown as tell what is wrong. */
const SHOWN = 40;

const names = ['folder', 'playwright', 'browser', 'driver', 'program', 'archive', 'only'];
const { values: given } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
const here = import.meta.dirname;
const folder = resolve(given.folder);

/** A test is given how to call something with a browser of its own, which takes no other test with it where it crashes. */
const TESTS = [
  ['functions', functions],
  ['plans', (withBrowser) => withBrowser(inBrowser('plans.js', 'test', 60))],
  ['errors', (withBrowser) => withBrowser(inBrowser('errors.js', 'test', 60))],
  ['refusals', (withBrowser) => withBrowser(inBrowser('errors.js', 'refused', 60))],
  ['lost device', (withBrowser) => withBrowser(inBrowser('errors.js', 'lost', 60))],
  ['no WebGPU', (withBrowser) => withBrowser(inBrowser('errors.js', 'absent', 30, { init: 'delete Navigator.prototype.gpu' }))],
  ['page', (withBrowser, context) => withBrowser((browser) => page.test(browser, context))],
  ['installed', (withBrowser, context) => withBrowser((browser) => installed.test(browser, context))],
];

let origin;

function inBrowser(module, name, seconds, { argument, ...options } = {}) {
  return (browser) => call(browser, origin, module, name, argument, { seconds, ...options });
}

/** Shared among as many browsers as there are cores: each compiles its shaders on one. */
async function functions(withBrowser) {
  const begin = Date.now();
  const parts = Math.min(availableParallelism(), 4);
  const part = (part) => withBrowser(inBrowser('functions.js', 'test', 300, { argument: { part, parts } }));
  const found = await Promise.all(Array.from({ length: parts }, (_, i) => part(i)));
  const sum = (name) => found.reduce((sum, { counts }) => sum + counts[name], 0);
  const { inputs } = found[0].counts;
  return {
    faults: [...new Set(found.flatMap(({ faults }) => faults))],
    counted:
      `${sum('table') / 3} functions × 3 orders × ${inputs} inputs and ${sum('others')} operations more: of ${sum('results')} ` +
      `results ${sum('apart')} differ as numbers.js allows, the others are the same bits; ${Math.round((Date.now() - begin) / 1000)} s`,
  };
}

async function withBrowser(task) {
  const browser = await launch(given);
  try {
    return await task(browser);
  } finally {
    await within(10, 'closing the browser', browser.close()).catch(({ message }) => console.error(message));
  }
}

/** Whether all of them succeed. */
async function all(tests) {
  const values = join(folder, 'values');
  if (tests.some(([name]) => name === 'functions')) {
    const begin = Date.now();
    const cases = await store({ program: resolve(given.program), driver: given.driver, folder: values });
    const seconds = Math.round((Date.now() - begin) / 1000);
    console.log(`values: ${cases.length} operations by the crate itself on SwiftShader; ${seconds} s`);
  }
  const server = await serve({ '/page/': join(folder, 'page'), '/tests/': here, '/values/': values });
  ({ origin } = server);
  let good = true;
  for (const [name, test] of tests) {
    try {
      const { faults, counted } = await test(withBrowser, { folder, archive: resolve(given.archive), origin });
      if (faults.length > SHOWN) faults.splice(SHOWN, Infinity, `and ${faults.length - SHOWN} more`);
      if (faults.length) throw new Error(faults.join('\n  '));
      console.log(`${name}: ${counted}`);
    } catch (error) {
      good = false;
      console.error(`${name} FAILS:\n  ${error.message}`);
    }
  }
  server.close();
  return good;
}

let good = false;
try {
  const tests = TESTS.filter(([name]) => !given.only || name === given.only);
  good = await within(LIMIT, 'the whole', all(tests));
} catch (error) {
  console.error(error.message);
}
// It also ends a browser that has not closed.
process.exit(good ? 0 : 1);
