// Measures in Chromium how far functions are from the reference, for `cargo xtask accuracy`, which says where everything is:
//
//   node accuracy.mjs --folder target/web --playwright FOLDER --browser PROGRAM
//     --output FILE.json

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { call, launch } from './browser.mjs';
import { serve } from './server.mjs';

/** One in this many floats, as other libraries are tried on. */
const STEP = 1021;
/** A browser measures one function in at most so many seconds. */
const LIMIT = 120;

const options = ['folder', 'playwright', 'browser', 'output'];
const { values: given } = parseArgs({ options: Object.fromEntries(options.map((name) => [name, { type: 'string' }])) });

const folder = resolve(given.folder);
const server = await serve({ '/page/': join(folder, 'page'), '/tests/': import.meta.dirname });
const rows = {};
let version;

/** Gives a task what calls a function of accuracy.js, in a browser of its own. */
async function withBrowser(task) {
  const browser = await launch(given);
  version = browser.version();
  const measured = (what, argument) => call(browser, server.origin, 'accuracy.js', what, argument, { seconds: LIMIT });
  try {
    return await task(measured);
  } finally {
    await browser.close();
  }
}

try {
  const waiting = await withBrowser((measured) => measured('names'));
  const measureAll = async (measured) => {
    for (let name = waiting.shift(); name; name = waiting.shift()) {
      Object.assign(rows, await measured('measure', { name, step: STEP }));
      console.log(`${name}: ${rows[`${name} forward`].worst_ulp} ULP`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, () => withBrowser(measureAll)));
} finally {
  server.close();
}
const column = `Chromium ${version.split('.')[0]} (Dawn, SwiftShader)`;
writeFileSync(given.output, `${JSON.stringify({ column, step: STEP, rows }, null, 2)}\n`);
