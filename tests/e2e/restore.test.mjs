// A leader whose data was restored from a backup, and one that lies about it: what the wallet says of a history that it
// saw and that is no more.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';
import { Stage } from './stage.mjs';
import { button, credit, enter, invite, isOpen, join, pay, showsAmount, visit } from './wallet.mjs';

const ADA = { name: 'Ada', email: 'ada@example.org', password: 'nine blue kettles sing' };
const RESTORES = '**/api/v1/restores';
const stage = new Stage();
let admin, ada, folder, backup;

before(async () => {
  await stage.open();
  folder = await mkdtemp(path(tmpdir(), 'qoin-e2e-backup-'));
  backup = path(folder, 'town.backup');
});
after(async () => {
  await stage.close();
  await rm(folder, { recursive: true, force: true });
});

const alarm = (page) => page.getByRole('alert').filter({ hasText: 'The history of your currency was changed' });

/** The height of the chain's end that the page remembers. */
const remembered = (page) =>
  page.evaluate(() => {
    const name = Object.keys(localStorage).find((name) => name.startsWith('qoin/head/'));
    return name ? Number(localStorage[name].split(' ')[1]) : null;
  });

/** Loads the page anew and waits until it remembers the chain up to here. */
async function remembers(page, height) {
  await page.reload();
  await isOpen(page);
  await page.waitForFunction((height) => {
    const name = Object.keys(localStorage).find((name) => name.startsWith('qoin/head/'));
    return name && Number(localStorage[name].split(' ')[1]) >= height;
  }, height);
}

/** Loads the page anew, with the notices altered by `change`, and waits for the alarm. */
async function alarmed(page, change) {
  await page.route(RESTORES, async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    change(json.notices);
    await route.fulfill({ response, json });
  });
  await page.reload();
  await alarm(page).waitFor();
  await page.unroute(RESTORES);
}

test('a wallet remembers the last head that it saw', stage.act(async () => {
  admin = await stage.visitor('administrator');
  await enter(admin.page, stage.leader.administrator);
  const link = await invite(admin.page, ADA);
  ada = await stage.visitor('Ada');
  await join(ada.page, link, ADA.password);
  const miner = stage.startMiner();
  await credit(admin.page, 'Ada', '10');
  await showsAmount(ada.page, 'balance', '10.00');
  await remembers(ada.page, 1);
  await stage.leader.backUp(backup);
  const backedUp = await remembered(ada.page);
  await credit(admin.page, 'Ada', '5');
  await showsAmount(ada.page, 'balance', '15.00');
  await remembers(ada.page, backedUp + 1);
  await miner.stop();
}));

test('a leader that goes on, even after a power cut, raises no alarm', stage.act(async () => {
  const before = await remembered(ada.page);
  await stage.leader.program.kill();
  await stage.leader.startAgain();
  const miner = stage.startMiner();
  await credit(admin.page, 'Ada', '1');
  await showsAmount(ada.page, 'balance', '16.00');
  await miner.stop();
  // An alarmed wallet would remember nothing newer.
  await remembers(ada.page, before + 1);
}));

test('a restored leader raises the alarm in the open page, with the notice', stage.act(async () => {
  await stage.leader.program.stop();
  await stage.leader.restore(backup);
  await stage.leader.startAgain();
  await alarm(ada.page).filter({ hasText: /was restored from a backup of .*, as of block \d+\. Payments after that are lost/ }).waitFor();
  await showsAmount(ada.page, 'balance', '10.00');
}));

test('a notice with a wrong signature, and none at all, are shown as such', stage.act(async () => {
  const flip = (digits) => (digits[0] === '0' ? '1' : '0') + digits.slice(1);
  await alarmed(ada.page, ([notice]) => (notice.signature = flip(notice.signature)));
  await alarm(ada.page).filter({ hasText: 'has a wrong signature' }).waitFor();
  await alarmed(ada.page, ([notice]) => (notice.notice.backup_ms += 1));
  await alarm(ada.page).filter({ hasText: 'has a wrong signature' }).waitFor();
  await alarmed(ada.page, (notices) => (notices.length = 0));
  await alarm(ada.page).filter({ hasText: 'does not say why' }).waitFor();
}));

test('the alarm stays over a reload until it was understood, and then the wallet goes on', stage.act(async () => {
  await ada.page.reload();
  await alarm(ada.page).filter({ hasText: 'was restored from a backup' }).waitFor();
  await button(alarm(ada.page), 'I have understood').click();
  await alarm(ada.page).waitFor({ state: 'detached' });
  const before = await remembered(ada.page);
  const miner = stage.startMiner();
  await pay(ada.page, { to: 'Administrator', amount: '1.00' });
  await visit(ada.page, 'Wallet');
  await showsAmount(ada.page, 'balance', '9.00');
  await miner.stop();
  await remembers(ada.page, before + 1);
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
