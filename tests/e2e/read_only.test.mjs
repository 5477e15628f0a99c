// Books that do not balance: the wallet says so on every page, also where it was open before.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { spoilBooks } from './programs.mjs';
import { Stage } from './stage.mjs';
import { enter, visit } from './wallet.mjs';

const stage = new Stage();
const banner = (page) => page.getByRole('alert').filter({ hasText: 'The ledger is read-only' });
let admin;

before(() => stage.open());
after(() => stage.close());

test('while the books balance there is no word of it', stage.act(async () => {
  admin = await stage.visitor('admin');
  await enter(admin.page, stage.leader.administrator);
  assert.equal(await banner(admin.page).count(), 0);
}));

test('an open wallet is told when the leader comes back with its ledger closed', stage.act(async () => {
  await stage.leader.program.stop();
  await spoilBooks(stage.leader);
  await stage.leader.startAgain();
  await banner(admin.page).waitFor();
  await visit(admin.page, 'History');
  await banner(admin.page).waitFor();
}));
