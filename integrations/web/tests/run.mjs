// Tests the npm package and its page in Chromium, for `cargo xtask test-web`, which says where everything is:
//
//   node run.mjs --folder target/web --playwright FOLDER --browser PROGRAM --driver ICD.json --program gpu-activations
//     --archive PACKAGE.tgz [--only NAME]

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { call, launch, within } from './browser.mjs';
import * as installed from './installed.mjs';
import * as page from './page.mjs';
import { serve } from './server.mjs';
import { store } from './values.mjs';

/** The whole may take so many seconds. */
const LIMIT = 240;

const names = ['folder', 'playwright', 'browser', 'driver', 'program', 'archive', 'only'];
const { values: given } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
const here = import.meta.dirname;
const folder = resolve(given.folder);

const inBrowser = (module, name, options) => (browser, { origin }) => call(browser, origin, module, name, null, options);
const withoutWebGpu = { seconds: 30, init: 'delete Navigator.prototype.gpu' };

const TESTS = [
  ['functions', inBrowser('functions.js', 'test', { seconds: 150 })],
  ['plans', inBrowser('plans.js', 'test', { seconds: 60 })],
  ['errors', inBrowser('errors.js', 'test', { seconds: 60 })],
  ['lost device', inBrowser('errors.js', 'lost', { seconds: 60 })],
  ['no WebGPU', inBrowser('errors.js', 'absent', withoutWebGpu)],
  ['page', page.test],
  ['installed', installed.test],
];

/** Whether all of them succeed. */
async function all(tests) {
  const values = join(folder, 'values');
  if (tests.some(([name]) => name === 'functions')) {
    const cases = await store({ program: resolve(given.program), driver: given.driver, folder: values });
    console.log(`values: ${cases.length} operations by the crate itself on SwiftShader`);
  }
  const server = await serve({ '/page/': join(folder, 'page'), '/tests/': here, '/values/': values });
  let good = true;
  for (const [name, test] of tests) {
    // Each has a browser of its own: one that crashes takes no other test with it.
    let browser;
    try {
      browser = await launch(given);
      const { faults, counted } = await test(browser, { ...given, folder, archive: resolve(given.archive), origin: server.origin });
      if (faults.length) throw new Error(faults.join('\n  '));
      console.log(`${name}: ${counted}`);
    } catch (error) {
      good = false;
      console.error(`${name} FAILS:\n  ${error.message}`);
    } finally {
      if (browser) await within(10, 'closing the browser', browser.close()).catch(({ message }) => console.error(message));
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
