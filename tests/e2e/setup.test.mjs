// The first run in the browser: the wizard's pages at every size, without a script, and on into the app.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { findings, inspect } from './look.mjs';
import { Program } from './programs.mjs';
import { button, field, heading, join } from './wallet.mjs';
import { Witness } from './witness.mjs';

const PASSWORD = 'nine blue kettles sing';
let data, program, browser, link, context, witness, page;

before(async () => {
  data = await mkdtemp(path(tmpdir(), 'qoin-setup-'));
  program = new Program('qoin', [
    ...['run', '--setup', '--json', '--data', data, '--miners', '1', '--rpyc-port', '0'],
    ...['--website-port', '0', '--api-port', '0', '--stratum-port', '0', '--rpyc-port', '0', '--set', 'easiest_work=65536'],
  ]);
  [{ setup: link }, browser] = await Promise.all([
    program.waitFor('link', (line) => line.startsWith('{"setup"') && JSON.parse(line)),
    launch(),
  ]);
  // The wizard's pages need no script; the app that follows does.
  context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(30_000);
  witness = await Witness.of(context);
  page = await context.newPage();
});

after(async () => {
  await browser?.close();
  await program?.kill();
  if (data) await rm(data, { recursive: true, force: true });
});

test('the link opens the setup in one browser, by keyboard and without a script', async () => {
  const bare = await browser.newContext({ javaScriptEnabled: false });
  const stranger = await bare.newPage();
  assert.equal((await stranger.goto(new URL('/', link).href)).status(), 403);
  await heading(stranger, 'This Qoin is being set up').waitFor();

  await page.goto(link);
  await inspect(page, 'setup-welcome');
  await button(page, 'Begin').focus();
  await page.keyboard.press('Enter');
  await field(page, 'Symbol').waitFor();
  assert.equal(new URL(page.url()).search, '', 'the token is out of the address');

  await stranger.goto(link);
  await button(stranger, 'Begin').click();
  await stranger.getByText('The link was used already.').waitFor();
  await bare.close();
});

test('errors stand beside their fields, and what was typed is kept', async () => {
  await inspect(page, 'setup-form');
  await page.locator('#name').fill('Hack Space Hours');
  await field(page, 'Symbol').fill('H');
  await field(page, 'Decimal digits').fill('12');
  await field(page, 'Supply at the beginning').fill('250 000');
  await field(page, 'E-mail address').fill('ada');
  await button(page, 'Look it over').click();
  const faults = page.getByRole('alert');
  await faults.getByText('3 fields need another look').waitFor();
  assert.ok(await faults.evaluate((faults) => faults === document.activeElement), 'the faults are read out first');
  await inspect(page, 'setup-faults');
  assert.equal(await field(page, 'Symbol').inputValue(), 'H');
  assert.equal(await field(page, 'Decimal digits').getAttribute('aria-invalid'), 'true');
  await faults.getByRole('link', { name: 'Decimal digits' }).click();
  assert.ok(await field(page, 'Decimal digits').evaluate((input) => input === document.activeElement));
});

test('what will be fixed is shown, then the currency begins and its administrator joins', async () => {
  await field(page, 'Decimal digits').fill('1');
  await page.locator('#administrator_name').fill('Ada Lovelace');
  await field(page, 'E-mail address').fill('ada@example.org');
  await field(page, 'Folder for backups').fill(path(data, '..', `backups-${process.pid}`));
  await button(page, 'Look it over').click();
  await heading(page, 'What will be fixed for ever').waitFor();
  await page.getByText('250\u202f000 H').waitFor();
  await inspect(page, 'setup-summary');
  await page.getByRole('link', { name: 'Change something' }).click();
  assert.equal(await page.locator('#name').inputValue(), 'Hack Space Hours');
  await button(page, 'Look it over').click();
  const ready = program.waitFor('ready line', (line) => line.includes('"invitation"') && JSON.parse(line));
  await button(page, 'Begin the currency').click();
  await page.waitForURL((url) => url.pathname === '/join');
  const { invitation, email } = await ready;
  assert.equal(email, 'ada@example.org');
  await join(page, invitation, PASSWORD);
  await page.getByText('Hack Space Hours').first().waitFor();
  await rm(path(data, '..', `backups-${process.pid}`), { recursive: true, force: true });
});

test('nothing was found wrong with any of the pages', () => {
  assert.deepEqual(findings(), []);
  assert.deepEqual(witness.complaints.filter((complaint) => !complaint.includes('/setup')), []);
});
