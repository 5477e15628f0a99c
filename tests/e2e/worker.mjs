// The mining workers without the app around them: the messages of frontend/src/workers/message.rs, written and read here.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../frontend/dist', import.meta.url));
const KINDS = { js: 'text/javascript', wasm: 'application/wasm', html: 'text/html' };

/** The scripts by the names of their kernels. */
export const WORKERS = { simd128: '/mine_loader.js', scalar: '/mine-scalar_loader.js' };

/** Serves the built workers, and an empty page to start them from. */
export async function serveWorkers() {
  const server = createServer(async ({ url }, answer) => {
    const file = /^\/mine[a-z_-]*\.(js|wasm)$/.exec(url);
    answer.setHeader('content-type', KINDS[file?.[1] ?? 'html']);
    answer.end(file ? await readFile(DIST + url) : '<!doctype html><title>Workers</title>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** A job's buffer, as numbers. */
export function job({ number = 1, header, target, first = 0, last = 0xffffffff, dutyPercent = 100 }) {
  const rest = Buffer.alloc(12);
  [first, last, dutyPercent].forEach((value, place) => rest.writeUInt32LE(value, 4 * place));
  const begin = Buffer.alloc(4);
  begin.writeUInt32LE(number);
  return [...Buffer.concat([begin, Buffer.from(header, 'hex'), Buffer.from(target, 'hex'), rest])];
}

/**
 * Lets `threads` workers do a job for some time, or until they found so many shares. Returns the shares, the build that
 * the workers said they are of, and their hashes a second in the fastest half second: whatever else the machine does can
 * only slow one down.
 */
export function work(page, { script, bytes, threads = 1, ms, enough = Infinity }) {
  return page.evaluate(
    ([script, bytes, threads, ms, enough]) =>
      new Promise((resolve, reject) => {
        let [hashes, since, rate, build] = [0, performance.now(), 0, null];
        const shares = [];
        const workers = Array.from({ length: threads }, () => new Worker(script));
        const end = () => {
          workers.forEach((worker) => worker.terminate());
          resolve({ shares, build, rate });
        };
        setTimeout(end, ms);
        for (const worker of workers) {
          worker.onerror = (event) => reject(new Error(event.message));
          worker.onmessage = ({ data }) => {
            if (typeof data === 'string') {
              build = data;
              worker.postMessage(new Uint8Array(bytes).buffer);
              return;
            }
            const [view, now] = [new DataView(data), performance.now()];
            hashes += view.getUint32(4, true);
            if (now > since + 500) {
              rate = Math.max(rate, hashes / ((now - since) / 1000));
              [hashes, since] = [0, now];
            }
            if (view.getUint8(8)) shares.push({ time: view.getUint32(9, true), nonce: view.getUint32(13, true) });
            if (shares.length >= enough) end();
          };
        }
      }),
    [script, bytes, threads, ms, enough],
  );
}
