// The treasury in the panel: many credits at once, a second administrator's approval, a reversal, the export.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { inviteAs, told } from './admin.mjs';
import { Stage } from './stage.mjs';
import { administrate, button, credit, dialog, enter, field, invite, join, section, showsAmount } from './wallet.mjs';

const ADA = { name: 'Ada', email: 'ada@example.org', password: 'nine blue kettles sing' };
const BOB = { name: 'Bob', email: 'bob@example.org', password: 'under the old linden' };
const stage = new Stage();
let admin, ada, bob;

before(() => stage.open(['approval_limit=1000']));
after(() => stage.close());

test('many are credited by a file, all or none', stage.act(async () => {
  admin = await stage.visitor('administrator');
  const { page } = admin;
  await enter(page, stage.leader.administrator);
  const links = [await invite(page, ADA), await inviteAs(page, BOB, 'administrator')];
  [ada, bob] = [await stage.visitor('Ada'), await stage.visitor('Bob')];
  await join(ada.page, links[0], ADA.password);
  await join(bob.page, links[1], BOB.password);
  await administrate(page, 'Treasury');
  await button(page, 'Credit many').click();
  const file = field(dialog(page), 'Credits');
  await file.fill('ada@example.org,12.50,January\nnobody@example.org,1');
  await button(dialog(page), 'Check the file').click();
  await dialog(page).getByText('1 rows are good, 1 have faults.').waitFor();
  await file.fill('ada@example.org,12.50,January\nbob@example.org,7.50,January');
  await button(dialog(page), 'Check the file').click();
  await dialog(page).getByText('20.00').first().waitFor();
  await button(dialog(page), 'Credit 2 members').click();
  await told(page, '2 members are credited with 20.00');
  await showsAmount(ada.page, 'incoming', '12.50');
}));

test('above the limit a second administrator approves', stage.act(async () => {
  await administrate(admin.page, 'Treasury');
  await button(admin.page, 'Issue').click();
  await field(dialog(admin.page), 'Amount').fill('5000');
  await field(dialog(admin.page), 'Reason').fill('a good year');
  await button(dialog(admin.page), 'Issue').click();
  await told(admin.page, 'waits for a second administrator');
  await section(admin.page, 'Waiting for approval').getByRole('button', { name: 'Withdraw' }).waitFor();
  await administrate(bob.page, 'Treasury');
  const waiting = section(bob.page, 'Waiting for approval');
  await waiting.getByText('a good year').waitFor();
  await button(waiting, 'Approve').click();
  await dialog(bob.page).getByText('a good year').waitFor();
  await button(dialog(bob.page), 'Approve').click();
  await told(bob.page, 'Approved and done.');
  await showsAmount(bob.page, 'system-issued', '1,005,000.00');
}));

test('a credit is asked back, and never more than it was', stage.act(async () => {
  const { page } = admin;
  await credit(page, 'Ada', '40');
  const row = page.getByRole('row').filter({ hasText: '40.00' }).first();
  await button(row, 'Ask back').click();
  await field(dialog(page), 'Amount').fill('41');
  await field(dialog(page), 'Reason').fill('credited twice');
  await button(dialog(page), 'Ask back').click();
  await dialog(page).getByRole('alert').filter({ hasText: /./ }).first().waitFor();
  await field(dialog(page), 'Amount').fill('40');
  await button(dialog(page), 'Ask back').click();
  await told(page, 'asked back');
  await section(page, 'Asked back').getByText('credited twice').waitFor();
}));

test('the statement is exported', stage.act(async () => {
  const { page } = admin;
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()]);
  assert.match(await readFile(await saved.path(), 'utf8'), /12\.50/);
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
