// The package as npm installs it in an empty folder, with what its README says.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { open, within } from './browser.mjs';
import { serve } from './server.mjs';

/** The names that the README's later blocks take as given. */
const GIVEN = `
  import { GpuActivations } from 'gpu-activations';
  const gpu = await GpuActivations.create();
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  const wrong = [];
  device.onuncapturederror = ({ error }) => wrong.push(error.message);
  const buffer = () => device.createBuffer({ size: 4 * 128 * 1024, usage: GPUBufferUsage.STORAGE });
  Object.assign(globalThis, { gpu, device, wrong, logits: buffer(), shares: buffer() });
`;

function blocks(text, language) {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, block]) => block);
}

export async function test(browser, { archive }) {
  // Elsewhere, so that no package.json of a folder above counts.
  const folder = mkdtempSync(join(tmpdir(), 'installed-'));
  const words = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', archive];
  let server;
  let opened;
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    await promisify(execFile)('npm', words, { cwd: folder, timeout: 60_000 });
    const readme = readFileSync(join(folder, 'node_modules/gpu-activations/README.md'), 'utf8');
    const [whole] = blocks(readme, 'html');
    const expected = whole?.match(/append\(.*\/\/ (.+)/)?.[1];
    if (!expected) throw new Error('the README has no whole page that says what it appends');
    writeFileSync(join(folder, 'index.html'), whole);
    writeFileSync(join(folder, 'given.js'), GIVEN);
    const parts = blocks(readme, 'js');
    parts.forEach((part, i) => writeFileSync(join(folder, `part-${i}.js`), part));

    server = await serve({ '/installed/': folder });
    opened = await open(browser, `${server.origin}/installed/`);
    const { page, wrong } = opened;
    await page.waitForFunction(() => document.body.innerText.trim()).catch(() => wrong.push('the page stays empty'));
    const shown = (await page.innerText('body')).trim();
    if (shown !== expected) wrong.push(`the README's page shows "${shown}" in place of "${expected}"`);
    const imported = (file) => page.evaluate(async (file) => void (await import(file)), `/installed/${file}`);
    await within(30, 'making a device', imported('given.js'));
    for (const i of parts.keys()) {
      const ran = within(30, 'it', imported(`part-${i}.js`));
      await ran.catch(({ message }) => wrong.push(`block ${i + 1} of JavaScript in the README: ${message}`));
    }
    await page.evaluate(() => device.queue.onSubmittedWorkDone());
    const faults = [...wrong, ...(await page.evaluate(() => globalThis.wrong))];
    return { faults, counted: `npm installs the archive; the page and ${parts.length} more blocks of its README run` };
  } finally {
    await opened?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
