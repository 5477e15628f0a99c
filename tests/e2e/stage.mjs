// What every file of tests stands on: one leader, one browser, visitors with their own contexts, and, when a test
// fails, what the programs wrote and what the pages showed.

import { launch } from './browser.mjs';
import { Leader, startMiner } from './programs.mjs';
import { Witness } from './witness.mjs';

/** How long a page may take to show what a test waits for, in milliseconds; generous, for a loaded machine. */
const PATIENCE_MS = 30_000;

export class Stage {
  #programs = [];
  #visitors = [];
  #failed = false;

  /** Starts leader and browser. Give it to `before`. */
  async open(settings) {
    [this.leader, this.browser] = await Promise.all([Leader.start(settings), launch()]);
  }

  /** Ends all of it. Give it to `after`. */
  async close() {
    await this.browser?.close();
    await Promise.all(this.#programs.map((program) => program.kill()));
    await this.leader?.remove();
  }

  /** Someone's own browser: a context that shares nothing with the others, with one page and a witness of all it does. */
  async visitor(name, options = {}) {
    const context = await this.browser.newContext({
      baseURL: this.leader.website,
      locale: 'en-GB',
      timezoneId: 'UTC',
      viewport: { width: 1440, height: 900 },
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const witness = await Witness.of(context);
    const visitor = { name, context, witness, page: await context.newPage() };
    this.#visitors.push(visitor);
    return visitor;
  }

  /** Starts a separate miner. */
  startMiner(credentials) {
    const miner = startMiner(this.leader, credentials);
    this.#programs.push(miner);
    return miner;
  }

  /** The body of a test: tells what was going on when it fails. What builds on it is not tried then. */
  act(body) {
    return async (t) => {
      if (this.#failed) throw new Error('not tried: a test before it in this file failed');
      try {
        return await body(t);
      } catch (error) {
        this.#failed = true;
        console.error(await this.#account());
        throw error;
      }
    };
  }

  /** What was reported by any page that should not have been: see {@link Witness.complaints}. */
  complaints() {
    return this.#visitors.flatMap(({ name, witness }) => witness.complaints.map((complaint) => `${name}: ${complaint}`));
  }

  async #account() {
    const parts = [];
    for (const { name, context, witness } of this.#visitors) {
      for (const page of context.pages()) {
        const text = await page.evaluate(() => document.body.innerText, undefined).catch((error) => String(error));
        parts.push(`--- ${name} at ${page.url()} ---`, text, '---');
      }
      parts.push(...witness.console.map((line) => `${name}: ${line}`));
    }
    const programs = [this.leader?.program, ...this.#programs].filter(Boolean);
    return [...parts, ...programs.map((program) => program.log())].join('\n');
  }
}
