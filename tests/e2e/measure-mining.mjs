// How fast a browser mines: `node measure-mining.mjs SECONDS` prints hashes a second of Chromium's workers as JSON, by
// kernel, one thread each, and of the best kernel on two threads.

import { launch } from './browser.mjs';
import { WORKERS, job, serveWorkers, work } from './worker.mjs';

const ms = Number(process.argv[2] ?? 4) * 1000;
/** No hash meets this target, so that every nonce is looked at and nothing is found. */
const bytes = job({ header: '00'.repeat(80), target: `${'00'.repeat(31)}01` });

const server = await serveWorkers();
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(server.address);
  // The engine needs some seconds until it has translated a worker well.
  const rate = async (script, threads) => Math.round((await work(page, { script, bytes, threads, ms: 3_000 + ms })).rate);
  console.log(
    JSON.stringify({
      simd128: await rate(WORKERS.simd128, 1),
      scalar: await rate(WORKERS.scalar, 1),
      simd128_two_threads: await rate(WORKERS.simd128, 2),
    }),
  );
} finally {
  await browser.close();
  server.close();
}
