// The real programs under test, in temporary folders on free ports. They are ended by their own process alone.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const BIN = process.env.QOIN_BIN ?? fileURLToPath(new URL('../../target/debug', import.meta.url));
/** How long a program may take to do what a test waits for, in milliseconds; generous, for a loaded machine. */
const PATIENCE_MS = 60_000;
/** Blocks that a slow build of the miner solves in a moment, and no limit that many tests in a row would cross. */
const SETTINGS = ['payments_per_minute=0', 'sign_ins_per_minute=1000000', 'block_interval_s=1', 'easiest_work=65536'];

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A running program with all that it has written. */
export class Program {
  #child;
  #grown = new Set();

  constructor(name, args) {
    this.name = name;
    this.lines = [];
    this.ended = null;
    this.#child = spawn(join(BIN, name), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) this.#keepLines(stream);
    this.#child.on('error', (error) => this.#end(`cannot be started: ${error.message}`));
    this.#child.on('close', (code, signal) => this.#end(`ended with ${signal ?? code}`));
  }

  get id() {
    return this.#child.pid;
  }

  /** The first line, written already or to come, of which `find` makes something; that something. */
  waitFor(what, find) {
    return new Promise((resolve, reject) => {
      let looked = 0;
      const fail = (reason) => done(() => reject(new Error(`${this.name}: no ${what}: ${reason}\n${this.log()}`)));
      const timer = setTimeout(() => fail(`not within ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
      const done = (settle) => {
        clearTimeout(timer);
        this.#grown.delete(look);
        settle();
      };
      const look = () => {
        for (; looked < this.lines.length; looked += 1) {
          const found = find(this.lines[looked]);
          if (found) return done(() => resolve(found));
        }
        if (this.ended) fail(this.ended);
      };
      this.#grown.add(look);
      look();
    });
  }

  /** Ends it without warning, as a power cut would. */
  kill() {
    return this.#signal('SIGKILL');
  }

  /** Asks it to stop, as Ctrl-C does. */
  stop() {
    return this.#signal('SIGINT');
  }

  /** The last lines it wrote. */
  log(count = 200) {
    return [`--- ${this.name} (${this.ended ?? 'running'}) ---`, ...this.lines.slice(-count), '---'].join('\n');
  }

  async #signal(signal) {
    if (this.ended) return;
    const closed = once(this.#child, 'close');
    this.#child.kill(signal);
    await closed;
  }

  #end(how) {
    this.ended ??= how;
    running.delete(this.#child);
    this.#grown.forEach((look) => look());
  }

  #keepLines(stream) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      this.lines.push(...lines);
      this.#grown.forEach((look) => look());
    });
  }
}

/** `qoin run` in its own temporary folder, without a miner. */
export class Leader {
  #ports = ['0', '0', '0'];

  static async start(settings = []) {
    const leader = new Leader();
    leader.settings = [...SETTINGS, ...settings];
    leader.data = await mkdtemp(join(tmpdir(), 'qoin-e2e-'));
    const { email, password } = await leader.#launch();
    leader.administrator = { email, password };
    return leader;
  }

  /** Starts it again on the same ports, after it was stopped or killed. */
  async startAgain() {
    await this.#launch();
  }

  /** Makes a backup of it while it runs. */
  async backUp(file) {
    await qoin('backup', file, '--data', this.data);
  }

  /** Puts a backup in the place of the data that it had, while it does not run. */
  async restore(file) {
    await rm(this.data, { recursive: true });
    await qoin('restore', file, '--data', this.data);
  }

  /** Ends it and removes its folder. */
  async remove() {
    await this.program.kill();
    await rm(this.data, { recursive: true, force: true });
  }

  async #launch() {
    const [website, api, stratum] = this.#ports;
    this.program = new Program('qoin', [
      'run',
      '--json',
      ...['--data', this.data, '--miners', '0'],
      ...['--website-port', website, '--api-port', api, '--stratum-port', stratum, '--rpyc-port', '0'],
      ...this.settings.flatMap((setting) => ['--set', setting]),
    ]);
    const ready = await this.program.waitFor('line that says it is ready', (line) => line.startsWith('{') && JSON.parse(line));
    this.website = ready.website.replace(/\/$/, '');
    this.api = ready.api.replace(/\/$/, '');
    this.stratum = ready.stratum.replace(/^.*:\/\//, '');
    this.#ports = [this.website, this.api, this.stratum].map((address) => address.split(':').pop());
    return ready;
  }
}

/** Has the books of a leader that was stopped not balance any more. */
export async function spoilBooks(leader) {
  const [code] = await once(spawn(join(BIN, 'unbalance'), [leader.data], { stdio: 'inherit' }), 'close');
  if (code !== 0) throw new Error(`unbalance ended with ${code}`);
}

/** Runs one of the operator's commands to its end. */
async function qoin(...args) {
  await promisify(execFile)(join(BIN, 'qoin'), args, { timeout: PATIENCE_MS });
}

/** A separate `qoin-miner` with one thread that mines for whoever's service key it has, or for nobody. */
export function startMiner(leader, { owner = 'anonymous', key } = {}) {
  const credentials = ['--owner', owner, ...(key ? ['--service-key', key] : [])];
  return new Program('qoin-miner', ['--server', leader.stratum, ...credentials, '--threads', '1']);
}
