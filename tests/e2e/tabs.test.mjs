// Many tabs of one browser: one event stream for all of them, which survives the tab that holds it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stage } from './stage.mjs';
import { button, credit, enter, heading, invite, isOpen, join, showsAmount, signIn, visit } from './wallet.mjs';

const ADA = { name: 'Ada', email: 'ada@example.org', password: 'nine blue kettles sing' };
const BOB = { name: 'Bob', email: 'bob@example.org', password: 'under the old linden' };
const EVENTS = '/api/v1/events';
const TABS = 8;
const stage = new Stage();
let admin, ada, tabs;

before(() => stage.open());
after(() => stage.close());

const streams = async () => (await ada.witness.sent('GET', EVENTS)).length;
const all = (act) => Promise.all(tabs.map(act));

test('eight tabs share one stream', stage.act(async () => {
  admin = await stage.visitor('administrator');
  await enter(admin.page, stage.leader.administrator);
  const links = [await invite(admin.page, ADA), await invite(admin.page, BOB)];
  const bob = await stage.visitor('Bob');
  await join(bob.page, links[1], BOB.password);
  await bob.context.close();
  ada = await stage.visitor('Ada');
  await join(ada.page, links[0], ADA.password);
  tabs = [ada.page];
  while (tabs.length < TABS) {
    const tab = await ada.context.newPage();
    await tab.goto('/');
    await isOpen(tab);
    tabs.push(tab);
  }
  await credit(admin.page, 'Ada', '1');
  await all((tab) => showsAmount(tab, 'incoming', '1.00'));
  assert.equal(await streams(), 1);
}));

test('when the tab that holds it closes, another one takes it over', stage.act(async () => {
  await tabs.shift().close();
  await credit(admin.page, 'Ada', '2');
  await all((tab) => showsAmount(tab, 'incoming', '3.00'));
  assert.equal(await streams(), 2);
  const miner = stage.startMiner();
  await all((tab) => showsAmount(tab, 'balance', '3.00'));
  await all((tab) => showsAmount(tab, 'incoming', '0.00'));
  await miner.stop();
}));

test('locking locks all, unlocking one opens all, and they follow again', stage.act(async () => {
  const [first] = tabs;
  await button(first, 'Lock').click();
  await all((tab) => heading(tab, 'Wallet locked').waitFor());
  await first.getByLabel('Password', { exact: true }).fill(ADA.password);
  await button(first, 'Unlock').click();
  await all(isOpen);
  const before = await streams();
  await credit(admin.page, 'Ada', '4');
  await all((tab) => showsAmount(tab, 'incoming', '4.00'));
  assert.ok((await streams()) <= before + 1);
}));

test('signing out and in as someone else does so in every tab', stage.act(async () => {
  const [first] = tabs;
  await visit(first, 'Account');
  await button(first, 'Sign out').click();
  await all((tab) => heading(tab, 'Sign in').waitFor());
  await signIn(first, BOB.email, BOB.password);
  await all(isOpen);
  await all((tab) => tab.getByText(BOB.email).first().waitFor());
  await credit(admin.page, 'Bob', '5');
  for (const tab of tabs) await visit(tab, 'Wallet');
  await all((tab) => showsAmount(tab, 'incoming', '5.00'));
  await all((tab) => showsAmount(tab, 'balance', '0.00'));
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
