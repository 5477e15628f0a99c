// A browser tab that mines, for tests that have other miners beside it: `node mine-tab.mjs ADDRESS`.
//
// Standard input's first line is JSON: {"email", "password", "threads", "duty_percent"}. Then a line of JSON a second
// goes to standard output: how it stands, its own hash rate (hashes a second), shares, blocks and rewards. It stops
// when standard input ends, prints a last line, and exits.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { launch } from './browser.mjs';
import { button, enter, field, visit } from './wallet.mjs';

const lines = createInterface({ input: process.stdin });
const ended = once(lines, 'close');
const [first] = await once(lines, 'line');
const { email, password, threads = 1, duty_percent = 50 } = JSON.parse(first);

const browser = await launch();
try {
  const context = await browser.newContext({ baseURL: process.argv[2], locale: 'en-GB' });
  const page = await context.newPage();
  await enter(page, { email, password });
  await visit(page, 'Mine');
  await field(page, 'Threads').selectOption(String(threads));
  await field(page, 'Use of each thread').selectOption(String(duty_percent));
  await button(page, 'Start mining').click();
  const shown = (id) => page.getByTestId(id).innerText();
  const tell = async () => {
    const [standing, rate, shares, blocks, rewards] = await Promise.all(
      ['standing', 'rate', 'shares', 'blocks', 'rewards'].map(shown),
    );
    const hash_rate = parseFloat(rate) * 1e6;
    console.log(JSON.stringify({ standing, hash_rate, shares: Number(shares), blocks: Number(blocks), rewards }));
  };
  const timer = setInterval(() => tell().catch((error) => console.error(error.message)), 1_000);
  await ended;
  clearInterval(timer);
  await button(page, 'Stop').click();
  await tell();
} finally {
  await browser.close();
}
