// Mining in the browser: a tab solves a block and its member is rewarded; it stops at once, stays out of the way, and
// pauses when nobody looks or the device runs on its battery.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stage } from './stage.mjs';
import { ask, button, credit, enter, field, finder, heading, history, invite, isOpen, join, showsAmount, visit } from './wallet.mjs';
import { WORKERS, job, work } from './worker.mjs';

const ADA = { name: 'Ada', email: 'ada@example.org', password: 'nine blue kettles sing' };
/** Block 125552 of Bitcoin without its nonce, its target, its nonce and its time. */
const HEADER =
  '0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000' +
  'e320b6c2fffc8d750423db8b1eb942ae710e951ed797f7affc8892b0f1fc122bc7f5d74df2b9441a00000000';
const TARGET = '00000000000044b9f20000000000000000000000000000000000000000000000';
const NONCE = 0x9546a142;
const TIME = 0x4dd7f5c7;
/** The longest that a task on the page's thread may compute. */
const TASK_MS_MAX = 50;
const stage = new Stage();
let admin, ada;
/** Event streams that Ada's browser opened. */
let streams = 0;

before(() => stage.open());
after(() => stage.close());

const standing = (page, text) => page.getByTestId('standing').filter({ hasText: text }).waitFor();
const figure = (page, id) => page.getByTestId(id).innerText();
const start = (page) => button(page, 'Start mining').click();

/** The member's miners, as the leader counts them. */
async function miners(page) {
  const { status, text } = await ask(page, '/api/v1/mining/workers');
  assert.equal(status, 200, text);
  return JSON.parse(text).workers;
}

/** How many blocks each of these tabs has solved. */
const blocksOf = (tabs) => Promise.all(tabs.map(async (tab) => Number(await figure(tab, 'blocks'))));

/** Stops mining; the time until the tab's last worker was gone, in milliseconds. */
async function stop(page) {
  const gone = page.workers().map((worker) => worker.waitForEvent('close'));
  assert.ok(gone.length > 0, 'no worker is there');
  const began = performance.now();
  await button(page, 'Stop').click();
  await Promise.all(gone);
  const passed = performance.now() - began;
  await standing(page, 'Stopped');
  assert.deepEqual(page.workers(), []);
  return passed;
}

test('nothing of the miner is loaded before it is wanted', stage.act(async () => {
  admin = await stage.visitor('administrator');
  await enter(admin.page, stage.leader.administrator);
  ADA.link = await invite(admin.page, ADA);
  ada = await stage.visitor('Ada');
  const { page, witness } = ada;
  ada.context.on('request', (request) => {
    streams += new URL(request.url()).pathname === '/api/v1/events' ? 1 : 0;
  });
  await join(page, ADA.link, ADA.password);
  await visit(page, 'Mine');
  await standing(page, 'Stopped');
  assert.equal(await field(page, 'Threads').inputValue(), '1');
  assert.equal(await field(page, 'Use of each thread').inputValue(), '50');
  // (The witness would wait for ever for the headers of what a worker was loading when it was ended: not later.)
  const paths = (await witness.requests()).map(({ url }) => new URL(url).pathname);
  assert.deepEqual(paths.filter((path) => /^\/mine[^/]*\.(js|wasm)$/.test(path)), []);
  assert.deepEqual(page.workers(), []);
}));

test('both engines find a known nonce, in this build', stage.act(async () => {
  const bytes = job({ header: HEADER, target: TARGET, first: NONCE - 100_000, last: NONCE + 10 });
  const builds = new Set();
  for (const [kernel, script] of Object.entries(WORKERS)) {
    const { shares, build } = await work(ada.page, { script, bytes, ms: 120_000, enough: 1 });
    assert.deepEqual(shares, [{ time: TIME, nonce: NONCE }], kernel);
    builds.add(build);
  }
  assert.equal(builds.size, 1);
}));

test('when the nonces are used up the time is rolled, as far as the rules allow', stage.act(async () => {
  // Every hash meets this target, and the worker has a single nonce.
  const bytes = job({ header: HEADER, target: 'ff'.repeat(32), first: 7, last: 7 });
  for (const script of Object.values(WORKERS)) {
    const { shares } = await work(ada.page, { script, bytes, ms: 3_000 });
    assert.deepEqual(shares, Array.from({ length: 61 }, (_, rolled) => ({ time: TIME + rolled, nonce: 7 })));
  }
}));

test('a tab solves a block, and the reward arrives in the wallet', stage.act(async () => {
  const { page } = ada;
  await start(page);
  await credit(admin.page, 'Ada', '50000');
  // Five digits, less one.
  await page.getByTestId('rewards').filter({ hasText: '4.00' }).waitFor();
  assert.ok(Number(await figure(page, 'blocks')) >= 1);
  assert.ok(Number(await figure(page, 'shares')) >= Number(await figure(page, 'blocks')));
  await standing(page, 'Waiting for work');
  await visit(page, 'Wallet');
  await showsAmount(page, 'balance', '50,004.00');
  const [reward] = (await history(page)).filter(({ kind }) => kind === 'reward');
  assert.equal(reward.amount, '400');
  assert.ok(reward.block > 0);
  const [{ name, connected, blocks, rewards }] = await miners(page);
  assert.deepEqual({ name, connected, rewards }, { name: 'browser', connected: 1, rewards: '400' });
  assert.ok(blocks >= 1);
}));

test('it goes on while another page is open, and stops within a second', stage.act(async () => {
  const { page } = ada;
  await credit(admin.page, 'Ada', '70000');
  await showsAmount(page, 'balance', '120,008.00');
  await visit(page, 'Mine');
  const passed = await stop(page);
  assert.ok(passed < 1_000, `${passed} ms`);
  assert.deepEqual((await miners(page)).map(({ connected }) => connected), [0]);
  await start(page);
  await standing(page, 'Waiting for work');
}));

test('typing stays fluid while every thread mines', stage.act(async () => {
  const { page } = ada;
  const threads = await field(page, 'Threads').locator('option').last().getAttribute('value');
  await field(page, 'Threads').selectOption(threads);
  await field(page, 'Use of each thread').selectOption('100');
  await stage.browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-toplevel'] });
  await visit(page, 'Send');
  await finder(page).pressSequentially('somebody', { delay: 20 });
  await field(page, 'Memo').pressSequentially('Half of the dinner, and of all that was drunk', { delay: 20 });
  assert.equal(await field(page, 'Memo').inputValue(), 'Half of the dinner, and of all that was drunk');
  const { traceEvents } = JSON.parse(await stage.browser.stopTracing());
  const pageThreads = traceEvents
    .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
    .map(({ pid, tid }) => `${pid} ${tid}`);
  const tasks = traceEvents
    .filter(({ name, pid, tid, tdur }) => name.endsWith('RunTask') && tdur && pageThreads.includes(`${pid} ${tid}`))
    .map(({ tdur }) => tdur / 1_000);
  assert.ok(tasks.length > 100, `only ${tasks.length} tasks were seen`);
  const longest = Math.max(...tasks);
  assert.ok(longest < TASK_MS_MAX, `a task of ${longest} ms`);
}));

test('two tabs are two miners on one stream', stage.act(async () => {
  const { page, context } = ada;
  await visit(page, 'Mine');
  const other = await context.newPage();
  await other.goto('/mine');
  await isOpen(other);
  await start(other);
  await Promise.all([page, other].map((tab) => standing(tab, 'Waiting for work')));
  assert.deepEqual((await miners(page)).map(({ connected }) => connected), [2]);
  const [before] = await blocksOf([page]);
  await credit(admin.page, 'Ada', '10');
  // Both hear of the work and of its end, and one of them solved it.
  const shows = (tab, count) => tab.getByTestId('blocks').filter({ hasText: String(count) }).waitFor();
  await Promise.any([shows(page, before + 1), shows(other, 1)]);
  await Promise.all([page, other].map((tab) => standing(tab, 'Waiting for work')));
  const [after, others] = await blocksOf([page, other]);
  assert.equal(after + others, before + 1);
  assert.equal(streams, 1);
  await stop(other);
  await other.close();
}));

test('it pauses while hidden and on battery, and goes on after', stage.act(async () => {
  const { page } = ada;
  const see = (state) =>
    page.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  const gone = page.workers().map((worker) => worker.waitForEvent('close'));
  await see('hidden');
  await standing(page, 'Paused until this tab is in front again');
  await Promise.all(gone);
  await see('visible');
  await standing(page, 'Waiting for work');

  const unplugged = await ada.context.newPage();
  await unplugged.addInitScript(() => {
    window.battery = Object.assign(new EventTarget(), { charging: false });
    navigator.getBattery = async () => window.battery;
  });
  await unplugged.goto('/mine');
  await isOpen(unplugged);
  await start(unplugged);
  await standing(unplugged, 'Paused until the device is plugged in');
  assert.deepEqual(unplugged.workers(), []);
  await unplugged.evaluate(() => {
    window.battery.charging = true;
    window.battery.dispatchEvent(new Event('chargingchange'));
  });
  await standing(unplugged, 'Waiting for work');
  await unplugged.close();
}));

test('an engine without vectors gets the other worker', stage.act(async () => {
  const page = await ada.context.newPage();
  await page.addInitScript(() => {
    WebAssembly.validate = () => false;
  });
  await page.goto('/mine');
  await isOpen(page);
  await start(page);
  await standing(page, 'Waiting for work');
  assert.deepEqual(page.workers().map((worker) => new URL(worker.url()).pathname), [WORKERS.scalar]);
  await page.close();
}));

test('a worker of another release mines nothing, and the page offers to be loaded anew', stage.act(async () => {
  const page = await ada.context.newPage();
  await page.route(`**${WORKERS.simd128}`, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: "postMessage('of another release');" }),
  );
  await page.goto('/mine');
  await isOpen(page);
  await start(page);
  await heading(page, 'Mine').waitFor();
  await page.getByText('Qoin was renewed').waitFor();
  await standing(page, 'Stopped');
  assert.deepEqual(page.workers(), []);
  await page.unroute(`**${WORKERS.simd128}`);
  await button(page, 'Reload').click();
  await isOpen(page);
  await start(page);
  await standing(page, 'Waiting for work');
  await page.close();
}));

test('a leader that was started anew has its miners back, and locking ends mining', stage.act(async () => {
  const { page } = ada;
  await stage.leader.program.kill();
  await standing(page, 'Connecting…');
  await stage.leader.startAgain();
  await standing(page, 'Waiting for work');
  assert.deepEqual((await miners(page)).map(({ connected }) => connected), [1]);
  const gone = page.workers().map((worker) => worker.waitForEvent('close'));
  await button(page, 'Lock').click();
  await heading(page, 'Wallet locked').waitFor();
  await Promise.all(gone);
  await field(page, 'Password').fill(ADA.password);
  await button(page, 'Unlock').click();
  await standing(page, 'Stopped');
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
