// The leader in the panel: settings that two change at once, the audit log, a backup.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { change, inviteAs, told } from './admin.mjs';
import { Stage } from './stage.mjs';
import { administrate, button, enter, field, join } from './wallet.mjs';

const BOB = { name: 'Bob', email: 'bob@example.org', password: 'under the old linden' };
const stage = new Stage();
let admin, bob;

before(() => stage.open());
after(() => stage.close());

test('two administrators change the same setting: the second is told, with both values', stage.act(async () => {
  admin = await stage.visitor('administrator');
  bob = await stage.visitor('Bob');
  await enter(admin.page, stage.leader.administrator);
  await join(bob.page, await inviteAs(admin.page, BOB, 'administrator'), BOB.password);
  await administrate(admin.page, 'Settings');
  await administrate(bob.page, 'Settings');
  const banner = (page) => page.getByRole('textbox', { name: 'Banner', exact: true });
  await banner(bob.page).fill('Closed on Monday');
  await change(admin.page, 'Banner', 'Closed on Sunday');
  await told(admin.page, 'The settings are saved.');
  await bob.page.getByRole('status').filter({ hasText: 'Closed on Sunday' }).waitFor();
  await button(bob.page, 'Save (1)').click();
  await bob.page.getByText('Someone else changed the settings meanwhile').waitFor();
  await bob.page.getByText('by now someone set it to Closed on Sunday').waitFor();
  assert.equal(await banner(bob.page).inputValue(), 'Closed on Monday', 'what was written is gone');
  await button(bob.page, 'Save (1)').click();
  await told(bob.page, 'The settings are saved.');
}));

test('the audit log tells of it, before and after, filtered and as a file', stage.act(async () => {
  const { page } = admin;
  await administrate(page, 'Audit log');
  await field(page, 'Action').selectOption('setting_changed');
  const rows = page.getByRole('row').filter({ hasText: 'Setting changed' });
  await rows.nth(1).waitFor();
  assert.equal(await rows.count(), 2);
  await rows.first().locator('del').filter({ hasText: 'Closed on Sunday' }).waitFor();
  await rows.first().locator('ins').filter({ hasText: 'Closed on Monday' }).waitFor();
  assert.match(await field(page, 'Hash of the last entry').inputValue(), /^[0-9a-f]{64}$/);
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'JSON' }).click()]);
  const lines = (await readFile(await saved.path(), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual([...new Set(lines.map((line) => line.what))], ['setting_changed']);
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
