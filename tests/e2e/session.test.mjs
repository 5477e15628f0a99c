// Sessions: what a reload keeps, what locks, what signs out, and the way back in.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stage } from './stage.mjs';
import {
  ask,
  button,
  dialog,
  enter,
  field,
  fillIn,
  heading,
  invite,
  isOpen,
  join,
  pick,
  signIn,
  visit,
} from './wallet.mjs';
import { stored } from './witness.mjs';

const ADA = { name: 'Ada', email: 'ada@example.org', password: 'nine blue kettles sing' };
const BOB = { name: 'Bob', email: 'bob@example.org', password: 'under the old linden' };
const NEW_PASSWORD = 'ten green lanterns hum';
const SESSION = '/api/v1/sessions/current';
const stage = new Stage();
let admin, ada, words, link;

before(() => stage.open());
after(() => stage.close());

const isLocked = (page) => heading(page, 'Wallet locked').waitFor();

async function unlock(page, password) {
  await field(page, 'Password').fill(password);
  await button(page, 'Unlock').click();
}

/** Waits until nothing of the key is kept in the browser any more. */
async function keepsNothing(page) {
  let entries;
  // Forgetting takes a few turns of the browser's database; each look is one as well.
  for (let looks = 0; looks < 100; looks += 1) {
    entries = await stored(page).then(({ databases }) => Object.values(databases).flat());
    if (entries.length === 0) return;
  }
  assert.deepEqual(entries, []);
}

test('a wrong password has a clear text, whoever it is for', stage.act(async () => {
  admin = await stage.visitor('administrator');
  const refused = 'E-mail address and password do not match. Check both and try again.';
  await signIn(admin.page, stage.leader.administrator.email, 'not the password');
  await admin.page.getByRole('alert').filter({ hasText: refused }).waitFor();
  await signIn(admin.page, 'nobody@example.org', 'not the password');
  await admin.page.getByRole('alert').filter({ hasText: refused }).waitFor();
  await enter(admin.page, stage.leader.administrator);
}));

test('an invitation works once', stage.act(async () => {
  link = await invite(admin.page, ADA);
  const bobs = await invite(admin.page, BOB);
  ada = await stage.visitor('Ada');
  const bob = await stage.visitor('Bob');
  [words] = await Promise.all([join(ada.page, link, ADA.password), join(bob.page, bobs, BOB.password)]);
  const late = await stage.visitor('late');
  await late.page.goto(link);
  await heading(late.page, 'This invitation cannot be used').waitFor();
  await late.page.getByText('The invitation was used, withdrawn or has expired. Ask for a new one.').waitFor();
  await late.context.close();
  await bob.context.close();
}));

test('a reload keeps the session, in every tab', stage.act(async () => {
  await ada.page.reload();
  await isOpen(ada.page);
  await ada.page.goto('/history');
  await heading(ada.page, 'History').waitFor();
  const second = await ada.context.newPage();
  await second.goto('/');
  await isOpen(second);
  await second.close();
}));

test('locked means locked, in every tab and after a reload; the password unlocks', stage.act(async () => {
  const second = await ada.context.newPage();
  await second.goto('/');
  await isOpen(second);
  await button(ada.page, 'Lock').click();
  await Promise.all([isLocked(ada.page), isLocked(second)]);
  await second.close();
  await keepsNothing(ada.page);
  await ada.page.reload();
  await isLocked(ada.page);
  await unlock(ada.page, 'not the password');
  await ada.page.getByRole('alert').filter({ hasText: 'This password is wrong.' }).waitFor();
  await unlock(ada.page, ADA.password);
  // Where one was before.
  await heading(ada.page, 'History').waitFor();
  await ada.page.reload();
  await heading(ada.page, 'History').waitFor();
}));

test('a quarter of an hour without a touch locks', stage.act(async () => {
  const page = await ada.context.newPage();
  await page.clock.install();
  await page.goto('/');
  await isOpen(page);
  await page.clock.fastForward('14:30');
  assert.ok(await page.getByTestId('balance').isVisible());
  await page.keyboard.press('Shift');
  await page.clock.fastForward('14:30');
  assert.ok(await page.getByTestId('balance').isVisible(), 'locked although a key was pressed');
  await page.clock.fastForward('00:45');
  await isLocked(page);
  await keepsNothing(page);
  await page.close();
  await isLocked(ada.page);
  await unlock(ada.page, ADA.password);
  await heading(ada.page, 'History').waitFor();
}));

test('signing out leaves nothing behind', stage.act(async () => {
  await visit(ada.page, 'Account');
  await button(ada.page, 'Sign out').click();
  await heading(ada.page, 'Sign in').waitFor();
  assert.equal((await ask(ada.page, SESSION)).status, 401);
  await keepsNothing(ada.page);
  await ada.page.reload();
  await heading(ada.page, 'Sign in').waitFor();
  await enter(ada.page, ADA);
}));

test('the recovery words can be shown again, for the password', stage.act(async () => {
  await visit(ada.page, 'Account');
  await button(ada.page, 'Show words').click();
  await field(dialog(ada.page), 'Password').fill(ADA.password);
  await button(dialog(ada.page), 'Show words').click();
  await dialog(ada.page).locator('ol.words').waitFor();
  assert.deepEqual(await dialog(ada.page).locator('ol.words li').allInnerTexts(), words);
  await button(dialog(ada.page), 'Done').click();
}));

test('a forgotten password: the words set a new one, the old one and all other sessions end, a draft stays', stage.act(async () => {
  await fillIn(ada.page, { to: 'Bob', amount: '3.25', memo: 'kept over the end of a session' });

  const elsewhere = await stage.visitor('Ada elsewhere');
  const { page } = elsewhere;
  await page.goto('/');
  await page.getByRole('link', { name: 'Forgotten password?' }).click();
  await field(page, 'E-mail').fill(ADA.email);
  const exchanged = [words[1], words[0], ...words.slice(2)];
  await field(page, 'Recovery words').fill(exchanged.join(' '));
  await field(page, 'New password').fill(NEW_PASSWORD);
  await button(page, 'Set new password').click();
  await page.getByRole('alert').filter({ hasText: /These words do not belong together|do not match/ }).waitFor();
  await field(page, 'Recovery words').fill(`  ${words.join('\n').toUpperCase()} `);
  await button(page, 'Set new password').click();
  await isOpen(page);
  await elsewhere.context.close();

  await ada.page.getByText('Your session has ended. Sign in again to go on where you were.').waitFor();
  await keepsNothing(ada.page);
  await field(ada.page, 'Password').fill(ADA.password);
  await button(ada.page, 'Sign in').click();
  await ada.page.getByRole('alert').filter({ hasText: 'do not match' }).waitFor();
  assert.equal(await field(ada.page, 'E-mail').inputValue(), ADA.email);
  await field(ada.page, 'Password').fill(NEW_PASSWORD);
  await button(ada.page, 'Sign in').click();

  await heading(ada.page, 'Send').waitFor();
  assert.equal(await field(ada.page, 'Amount').inputValue(), '3.25');
  assert.equal(await field(ada.page, 'Memo').inputValue(), 'kept over the end of a session');
  await ada.page.getByText('bob@example.org').waitFor();
}));

test("another member on the same browser does not find the first one's draft", stage.act(async () => {
  await visit(ada.page, 'Account');
  await button(ada.page, 'Sign out').click();
  await enter(ada.page, BOB);
  await visit(ada.page, 'Send');
  assert.equal(await field(ada.page, 'Amount').inputValue(), '');
  await pick(ada.page, 'Ada');
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
