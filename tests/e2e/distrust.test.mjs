// A leader that lies, a clock that is wrong and a password that somebody else knows: what the wallet does about them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stage } from './stage.mjs';
import {
  ask,
  button,
  credit,
  dialog,
  enter,
  field,
  fillIn,
  heading,
  invite,
  isOpen,
  join,
  review,
  showsAmount,
  signIn,
} from './wallet.mjs';
import { stored } from './witness.mjs';

const ADA = { name: 'Ada', email: 'ada@example.org', password: 'nine blue kettles sing' };
const BOB = { name: 'Bob', email: 'bob@example.org', password: 'under the old linden' };
const SIGN_IN = '/api/v1/sessions';
const stage = new Stage();
let admin, ada;

before(() => stage.open());
after(() => stage.close());

/** Lets `change` alter every answer of this path on its way to the page. */
async function alter(page, path, change) {
  await page.route(`**${path}`, async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    change(json);
    await route.fulfill({ response, json });
  });
}

test('Ada has money', stage.act(async () => {
  admin = await stage.visitor('administrator');
  await enter(admin.page, stage.leader.administrator);
  const links = [await invite(admin.page, ADA), await invite(admin.page, BOB)];
  const bob = await stage.visitor('Bob');
  await join(bob.page, links[1], BOB.password);
  await bob.context.close();
  ada = await stage.visitor('Ada');
  await join(ada.page, links[0], ADA.password);
  await credit(admin.page, 'Ada', '10');
  const miner = stage.startMiner();
  await showsAmount(ada.page, 'balance', '10.00');
  await miner.stop();
}));

test('a leader that asks for a cheap derivation gets nothing of the password', stage.act(async () => {
  const { page, witness, context } = await stage.visitor('Ada, deceived');
  await alter(page, '/api/v1/auth/parameters', (answer) => (answer.parameters.memory_kib = 1024));
  await signIn(page, ADA.email, ADA.password);
  await page.getByRole('alert').filter({ hasText: 'in a way that is not safe. Nothing was sent.' }).waitFor();
  assert.deepEqual(await witness.sent('POST', SIGN_IN), []);
  await context.close();
}));

test("a key that is not the account's is not used", stage.act(async () => {
  const { page, context } = await stage.visitor('Ada, robbed');
  // The public key of RFC 8032's first test.
  const foreign = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
  await alter(page, '/api/v1/account', (answer) => (answer.public_key = foreign));
  await signIn(page, ADA.email, ADA.password);
  await page.getByRole('alert').filter({ hasText: 'is not the one that signs for your account' }).waitFor();
  assert.deepEqual(Object.values((await stored(page)).databases).flat(), []);
  assert.equal((await ask(page, `${SIGN_IN}/current`)).status, 401);
  await context.close();
}));

test("a clock three days ahead does not matter: payments carry the leader's time", stage.act(async () => {
  const { page, context } = await stage.visitor('Ada, ahead of time');
  await page.addInitScript((ahead) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + ahead;
  }, 3 * 86_400_000);
  await signIn(page, ADA.email, ADA.password);
  await isOpen(page);
  await fillIn(page, { to: 'Bob', amount: '1.00', memo: 'from the future' });
  await review(page);
  await button(dialog(page), 'Send now').click();
  await page.getByTestId('payment-status').waitFor();
  await showsAmount(ada.page, 'outgoing', '1.00');
  await context.close();
}));

test('an account whose first password was set by someone else gets an own password and a new key', stage.act(async () => {
  const cleo = { name: 'Cleo', email: 'cleo@example.org', password: 'set by the administrator' };
  const made = await ask(admin.page, '/api/v1/admin/members', { method: 'POST', body: JSON.stringify(cleo) });
  assert.ok(made.status < 300, made.text);
  const { page, context } = await stage.visitor('Cleo');
  await signIn(page, cleo.email, cleo.password);
  await field(page, 'Password you were given').fill(cleo.password);
  const fresh = 'chosen by Cleo alone';
  for (const input of await page.locator('input[autocomplete=new-password]').all()) await input.fill(fresh);
  await page.locator('form button[type=submit]').click();
  await heading(page, 'Your recovery words').waitFor();
  // Even if the words are not noted now, they can be shown later, and the session goes on.
  await page.reload();
  await heading(page, 'Wallet locked').waitFor();
  await field(page, 'Password').fill(fresh);
  await button(page, 'Unlock').click();
  await isOpen(page);
  const { movements } = JSON.parse((await ask(page, '/api/v1/account/history')).text);
  assert.deepEqual(movements.map((movement) => movement.kind), ['key_rotated', 'account_opened']);
  await context.close();
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
