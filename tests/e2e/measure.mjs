// How soon the sign-in page takes input: `node measure.mjs ADDRESS TIMES` prints medians as JSON.

import { launch } from './browser.mjs';

const [address, times] = [process.argv[2], Number(process.argv[3])];
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds from the navigation's start until the e-mail field is there and takes letters. */
async function open(page) {
  const began = performance.now();
  await page.goto(`${address}/sign-in`, { waitUntil: 'commit' });
  const field = page.locator('input[type=email]');
  await field.fill('a');
  return performance.now() - began;
}

const browser = await launch();
try {
  const [cold, warm] = [[], []];
  for (let run = 0; run < times; run += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    cold.push(await open(page));
    warm.push(await open(page));
    await context.close();
  }
  console.log(JSON.stringify({ cold_ms: median(cold), warm_ms: median(warm) }));
} finally {
  await browser.close();
}
