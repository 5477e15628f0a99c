// Services on the account page: declared with a key that is shown once, seen at work, given a new key, revoked; and a
// budget for one that rewards contributions.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findings, inspect } from './look.mjs';
import { Stage } from './stage.mjs';
import { ask, button, dialog, enter, field, heading, invite, join, section, visit } from './wallet.mjs';

const ADA = { name: 'Ada', email: 'ada@example.org', password: 'nine blue kettles sing' };
const stage = new Stage();
let admin, ada, miner;

before(() => stage.open());
after(() => stage.close());

const services = (page) => section(page, 'Services');
const row = (page, ...texts) =>
  texts.reduce((rows, hasText) => rows.filter({ hasText }), services(page).getByRole('listitem'));

/** The key that the dialog shows, which is closed then. */
async function takeKey(page) {
  const key = await field(dialog(page), 'Key').inputValue();
  assert.match(key, /^[0-9a-f]{64}$/);
  await button(dialog(page), 'Done').click();
  await dialog(page).waitFor({ state: 'detached' });
  return key;
}

async function declare(page, role) {
  await button(services(page), 'Declare a service').click();
  await button(dialog(page), `Declare a ${role}`).click();
  return takeKey(page);
}

/** What the page and everything that it keeps hold. */
const everything = (page) => page.evaluate(() => document.documentElement.outerHTML + JSON.stringify({ ...localStorage }));

test('a declared service shows its key once, and only its end after a reload', stage.act(async () => {
  admin = await stage.visitor('administrator');
  await enter(admin.page, stage.leader.administrator);
  ADA.link = await invite(admin.page, ADA);
  ada = await stage.visitor('Ada');
  const { page } = ada;
  await join(page, ADA.link, ADA.password);
  await visit(page, 'Account');
  await services(page).getByText('Programs that act for you').waitFor();
  await button(services(page), 'Declare a service').click();
  await inspect(page, 'services-declare');
  await button(dialog(page), 'Declare a MINER').click();
  await field(dialog(page), 'Key').waitFor();
  await inspect(page, 'services-key');
  await dialog(page).getByText(`--owner ${ADA.email}`).waitFor();
  ADA.key = await takeKey(page);
  await row(page, 'MINER', `····${ADA.key.slice(-4)}`, 'Sleeping').waitFor();
  assert.ok(!(await everything(page)).includes(ADA.key));
  await page.reload();
  await row(page, 'MINER', `····${ADA.key.slice(-4)}`, 'Sleeping').waitFor();
  assert.ok(!(await everything(page)).includes(ADA.key));
}));

test('a miner with the key is shown as active, and cut off at once by a new key', stage.act(async () => {
  const { page } = ada;
  miner = stage.startMiner({ owner: ADA.email, key: ADA.key });
  await row(page, 'MINER', 'Active', 'At 127.0.0.1').waitFor();
  await button(row(page, 'MINER'), 'New key').click();
  await heading(dialog(page), 'Make a new key?').waitFor();
  await inspect(page, 'services-refresh');
  const told = miner.waitFor('reason', (line) => line.includes('replaced by a newer one') && line);
  await button(dialog(page), 'Make a new key').click();
  const key = await takeKey(page);
  assert.notEqual(key, ADA.key);
  await told;
  await row(page, 'MINER', 'Sleeping', `····${key.slice(-4)}`, 'Last seen').waitFor();
  await miner.kill();
  miner = stage.startMiner({ owner: ADA.email, key });
  await row(page, 'MINER', 'Active').waitFor();
}));

test('a budget that an administrator sets is shown with what was spent of it', stage.act(async () => {
  const { page } = ada;
  const key = await declare(page, 'QWINNER');
  await row(page, 'QWINNER', 'No budget yet').waitFor();
  const listed = JSON.parse((await ask(page, '/api/v1/services')).text).services;
  const { id } = listed.find(({ role }) => role === 'QWINNER');
  const budget = { method: 'PUT', body: JSON.stringify({ per_day: '1250', before: '0' }) };
  assert.equal((await ask(admin.page, `/api/v1/admin/services/${id}/budget`, budget)).status, 200);
  await row(page, 'QWINNER', 'Gave 0.00 Q of 12.50 Q today').waitFor();
  const body = JSON.stringify({ to: ADA.email, amount: '300', reason: 'a fix', contribution_id: 'one' });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${stage.leader.api}/api/v1/contributions`, { method: 'POST', headers, body });
  assert.equal(answer.status, 201);
  await row(page, 'QWINNER', 'Active', 'Gave 3.00 Q of 12.50 Q today').waitFor();
  await inspect(page, 'services');
}));

test('a revoked service is gone, and its miner cut off', stage.act(async () => {
  const { page } = ada;
  await button(row(page, 'MINER'), 'Revoke').click();
  await inspect(page, 'services-revoke');
  const told = miner.waitFor('reason', (line) => line.includes('revoked') && line);
  await button(dialog(page), 'Revoke').click();
  await told;
  await row(page, 'MINER').waitFor({ state: 'detached' });
  await row(page, 'QWINNER').waitFor();
  await page.reload();
  await row(page, 'QWINNER').waitFor();
  assert.equal(await row(page, 'MINER').count(), 0);
}));

test('nothing was wrong with how it looked, and no page complained', () => {
  assert.deepEqual(findings(), []);
  assert.deepEqual(stage.complaints(), []);
});
