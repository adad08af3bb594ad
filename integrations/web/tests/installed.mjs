// The package as npm installs it, in an empty folder, with what its README says.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { open, within } from './browser.mjs';
import { serve } from './server.mjs';

export async function test(browser, { archive }) {
  // Elsewhere, so that no package.json of a folder above counts.
  const folder = mkdtempSync(join(tmpdir(), 'installed-'));
  const words = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', archive];
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const served = join(folder, 'page');
  mkdirSync(served);
  let server;
  let opened;
  try {
    await promisify(execFile)('npm', words, { cwd: folder, timeout: 60_000 });
    const home = join(folder, 'node_modules/gpu-activations');
    const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    const root = exports?.['.'] ?? exports;
    const entry = typeof root === 'string' ? root : (root?.browser ?? root?.import ?? root?.default);
    if (!entry) throw new Error('package.json exports nothing for "."');
    const blocks = [...readFileSync(join(home, 'README.md'), 'utf8').matchAll(/^```(?:js|javascript)\n([^]*?)^```/gm)];
    if (!blocks.length) throw new Error('the README has no block of JavaScript');
    const imports = { 'gpu-activations': new URL(entry, 'http://host/installed/').pathname };
    const script = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
    writeFileSync(join(served, 'index.html'), `<!doctype html><link rel="icon" href="data:,">${script}`);
    blocks.forEach(([, block], i) => writeFileSync(join(served, `readme-${i}.js`), block));
    server = await serve({ '/installed/': home, '/page/': served });
    opened = await open(browser, `${server.origin}/page/`);
    for (const i of blocks.keys()) {
      const imported = opened.page.evaluate(async (module) => void (await import(module)), `/page/readme-${i}.js`);
      await within(30, `the README's block ${i + 1}`, imported);
    }
    return { faults: opened.wrong, counted: `npm installs the archive, and ${blocks.length} blocks of its README run` };
  } finally {
    await opened?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
