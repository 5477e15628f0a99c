// Members in the panel: invited by a file, suspended while their page is open, given a role, recovered, erased.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { inviteAs, openMember, told } from './admin.mjs';
import { Stage } from './stage.mjs';
import { administrate, ask, button, dialog, enter, field, heading, invite, join, signIn, visit } from './wallet.mjs';

const ADA = { name: 'Ada', email: 'ada@example.org', password: 'nine blue kettles sing' };
const BOB = { name: 'Bob', email: 'bob@example.org', password: 'under the old linden' };
const FILE = ['name,email', 'Cleo,cleo@example.org', 'Nobody,no address', 'Dora,dora@example.org'].join('\n');
const stage = new Stage();
let admin, ada, bob;

before(() => stage.open());
after(() => stage.close());

test('a file invites its good rows after a dry run, and the links are saved', stage.act(async () => {
  admin = await stage.visitor('administrator');
  const { page } = admin;
  await enter(page, stage.leader.administrator);
  ADA.link = await invite(page, ADA);
  await button(page, 'Invite many').click();
  await field(dialog(page), 'Names and e-mail addresses').fill(FILE);
  await button(dialog(page), 'Check the file').click();
  await dialog(page).getByText('2 rows are good, 1 have faults.').waitFor();
  await dialog(page).getByRole('row').filter({ hasText: /^3/ }).waitFor();
  await button(dialog(page), 'Invite 2').click();
  await dialog(page).getByText('2 are invited').waitFor();
  const [saved] = await Promise.all([page.waitForEvent('download'), button(dialog(page), 'Save all links').click()]);
  const lines = (await readFile(await saved.path(), 'utf8')).trim().split('\r\n');
  assert.equal(lines.length, 3);
  assert.match(lines[1], /^"Cleo","cleo@example.org",http.*\/join#/);
  await button(dialog(page), 'Done').click();
  await button(page, 'Invitations').click();
  await page.getByRole('row').filter({ hasText: 'dora@example.org' }).getByRole('button', { name: 'Withdraw' }).click();
  await told(page, 'The invitation is withdrawn.');
  await page.getByRole('row').filter({ hasText: 'dora@example.org' }).waitFor({ state: 'detached' });
}));

test('a suspended member’s open page notices at once; the member comes back later', stage.act(async () => {
  ada = await stage.visitor('Ada');
  await join(ada.page, ADA.link, ADA.password);
  await openMember(admin.page, ADA);
  await button(dialog(admin.page), 'Suspend').click();
  await field(dialog(admin.page), 'Reason').fill('until we have spoken');
  await button(dialog(admin.page), 'Suspend').click();
  await dialog(admin.page).getByText('until we have spoken').waitFor();
  await ada.page.getByText('Your account is suspended', { exact: true }).waitFor();
  await signIn(ada.page, ADA.email, ADA.password);
  await ada.page.getByRole('alert').filter({ hasText: 'Your account is suspended.' }).waitFor();
  await button(dialog(admin.page), 'Let back in').click();
  await button(dialog(admin.page), 'Let back in').click();
  await told(admin.page, 'Done.');
  await button(dialog(admin.page), 'Close').click();
  await enter(ada.page, ADA);
}));

test('a treasurer sees what the role gives, and a lost role closes the panel', stage.act(async () => {
  bob = await stage.visitor('Bob');
  await join(bob.page, await inviteAs(admin.page, BOB, 'treasurer'), BOB.password);
  await administrate(bob.page, 'Treasury');
  const sections = bob.page.getByRole('navigation', { name: 'Administration' });
  assert.equal(await sections.getByRole('link', { name: 'Audit log' }).count(), 0);
  assert.equal((await ask(bob.page, '/api/v1/admin/audit')).status, 403);
  await openMember(admin.page, BOB);
  await button(dialog(admin.page), 'Change role').click();
  await field(dialog(admin.page), 'Role').selectOption('member');
  await button(dialog(admin.page), 'Change role').click();
  await told(admin.page, 'Done.');
  await button(dialog(admin.page), 'Close').click();
  await button(bob.page, 'Credit many').click();
  await field(dialog(bob.page), 'Credits').fill('ada@example.org,1');
  await button(dialog(bob.page), 'Check the file').click();
  await heading(bob.page, 'You may not see this').last().waitFor();
}));

test('the last administrator stays', stage.act(async () => {
  const { page } = admin;
  await openMember(page, { name: '', email: stage.leader.administrator.email });
  await button(dialog(page), 'Suspend').click();
  await button(dialog(page), 'Suspend').click();
  await dialog(page).getByRole('alert').filter({ hasText: 'This is the last administrator.' }).waitFor();
  await button(dialog(page), 'Close').click();
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
