// Chromium with WebGPU on SwiftShader.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const FLAGS = [
  // Without the first there is no WebGPU on a CPU.
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // Chromium has no sandbox for root, which containers run as.
  '--no-sandbox',
  // Nothing but what a page asks for.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
];

/** Gives up on a promise after so many seconds. */
export async function within(seconds, what, promise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} takes more than ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

export async function launch({ playwright, browser }) {
  const { chromium } = await import(pathToFileURL(join(playwright, 'index.mjs')));
  const launched = chromium.launch({ executablePath: browser, headless: true, timeout: 30_000, args: FLAGS });
  return within(40, 'starting the browser', launched);
}

/** A new page, with a list of what went wrong in it: errors, also those on the console, and requests to elsewhere. */
export async function open(browser, url, { init, ...options } = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const wrong = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('crash', () => wrong.push('the page has crashed'));
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.origin !== origin && !['blob:', 'data:'].includes(to.protocol)) wrong.push(`a request to ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()} for ${response.url()}`);
  });
  if (init) await page.addInitScript(init);
  await page.goto(url);
  return { page, wrong, close: () => within(10, 'closing a page', context.close()) };
}

/** Calls the function of a module of these tests, in an empty page, and gives what it returns. */
export async function call(browser, origin, module, name, argument, { seconds, ...options }) {
  const { page, wrong, close } = await open(browser, `${origin}/`, options);
  try {
    const evaluated = page.evaluate(
      async ([module, name, argument]) => (await import(module))[name](argument),
      [`/tests/${module}`, name, argument],
    );
    const result = await within(seconds, `${name} of ${module}`, evaluated);
    if (wrong.length) throw new Error(wrong.join('\n'));
    return result;
  } finally {
    await close();
  }
}
