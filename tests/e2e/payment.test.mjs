// A payment, from the invitation to the mined block, seen by everyone concerned and by nobody else.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { find, formsOfBytes, formsOfText, publicKeyOf, secretsOf, seedOf } from './secrets.mjs';
import { Stage } from './stage.mjs';
import {
  TRANSACTIONS,
  ask,
  button,
  checkWords,
  credit,
  dialog,
  enter,
  field,
  fillIn,
  heading,
  history,
  invite,
  isMarked,
  join,
  mark,
  movement,
  openInvitation,
  review,
  showsAmount,
  visit,
} from './wallet.mjs';
import { stored } from './witness.mjs';

const MEMO = 'Half of the dinner at Chez Léon';
const people = {
  ada: { name: 'Ada', email: 'ada@example.org', password: 'nine blue kettles sing' },
  bob: { name: 'Bob', email: 'bob@example.org', password: 'under the "7th" linden & oak' },
  cleo: { name: 'Cleo', email: 'cleo@example.org', password: 'tall ships leave at dawn' },
};
const stage = new Stage();
let admin, ada, bob, cleo, miner;

before(() => stage.open());
after(() => stage.close());

test('three people open their invitations in their own browsers', stage.act(async () => {
  admin = await stage.visitor('administrator');
  await enter(admin.page, stage.leader.administrator);
  for (const person of Object.values(people)) person.link = await invite(admin.page, person);
  [ada, bob, cleo] = await Promise.all(Object.values(people).map(({ name }) => stage.visitor(name)));

  // Whoever has not written the words down does not get past them.
  people.ada.words = await openInvitation(ada.page, people.ada.link, people.ada.password);
  await button(ada.page, 'I wrote them down').click();
  const first = ada.page.getByRole('textbox', { name: /^Word \d+$/ }).first();
  await first.fill('wrong');
  await button(ada.page, 'Create my account').click();
  await ada.page.getByText(/^This is not word \d+\. Look at your copy again\.$/).first().waitFor();
  await button(ada.page, 'Show the words again').click();
  await checkWords(ada.page, people.ada.words);
  await button(ada.page, 'Create my account').click();
  await ada.page.getByTestId('balance').waitFor();

  [people.bob.words, people.cleo.words] = await Promise.all([
    join(bob.page, people.bob.link, people.bob.password),
    join(cleo.page, people.cleo.link, people.cleo.password),
  ]);
  for (const { page } of [ada, bob, cleo]) {
    assert.equal(new URL(page.url()).hash, '', 'the token stays in the address');
    await showsAmount(page, 'balance', '0.00');
    await mark(page);
  }
}));

test('a credit shows at once as coming in, and as balance once a miner sealed it', stage.act(async () => {
  await credit(admin.page, 'Ada', '100');
  await showsAmount(ada.page, 'incoming', '100.00');
  await showsAmount(ada.page, 'balance', '0.00');
  miner = stage.startMiner();
  await showsAmount(ada.page, 'balance', '100.00');
  await showsAmount(ada.page, 'incoming', '0.00');
  await miner.stop();
}));

test('a payment is pending for both at once, then confirmed for both in the same block', stage.act(async () => {
  await fillIn(ada.page, { to: 'Bob', amount: '12.50', memo: MEMO });
  await review(ada.page);
  await dialog(ada.page).getByText('bob@example.org').waitFor();
  await showsAmount(dialog(ada.page), 'review-amount', '12.50');
  await showsAmount(dialog(ada.page), 'review-after', '87.50');
  await button(dialog(ada.page), 'Send now').click();
  await heading(ada.page, 'Payment sent').waitFor();
  await ada.page.getByTestId('payment-status').filter({ hasText: 'Accepted and safe. Waiting for a block' }).waitFor();

  await showsAmount(bob.page, 'incoming', '12.50');
  await showsAmount(bob.page, 'balance', '0.00');
  const row = movement(bob.page, 'Ada').filter({ hasText: MEMO }).filter({ hasText: '+12.50' });
  await row.filter({ hasText: 'Pending' }).waitFor();
  await row.getByRole('button').click();
  await dialog(bob.page).getByText('Pending until a block seals it').waitFor();

  miner = stage.startMiner();
  const confirmed = /^Confirmed in block (\d+)$/;
  const told = await Promise.all(
    [ada.page.getByTestId('payment-status'), dialog(bob.page)].map((place) => place.getByText(confirmed).innerText()),
  );
  assert.equal(told[0], told[1]);
  const block = Number(told[0].match(confirmed)[1]);
  await heading(ada.page, 'Payment confirmed').waitFor();
  await button(dialog(bob.page), 'Close').click();
  await showsAmount(bob.page, 'balance', '12.50');
  await showsAmount(bob.page, 'available', '12.50');
  await showsAmount(bob.page, 'incoming', '0.00');
  await visit(ada.page, 'Wallet');
  await showsAmount(ada.page, 'balance', '87.50');
  await showsAmount(ada.page, 'outgoing', '0.00');
  for (const { page, name } of [ada, bob]) {
    assert.ok(await isMarked(page), `${name}'s page was loaded anew`);
    const sealed = (await history(page)).find((movement) => movement.memo?.text === MEMO);
    assert.equal(sealed.block, block);
  }
}));

test('the memo is for payer and payee, and for nobody else', stage.act(async () => {
  const { number } = (await history(bob.page)).find((movement) => movement.memo?.text === MEMO);
  const read = ({ page }) => ask(page, `${TRANSACTIONS}/${number}`);
  for (const party of [ada, bob]) {
    await visit(party.page, 'History');
    await movement(party.page, MEMO).filter({ hasText: '12.50' }).waitFor();
    const { status, text } = await read(party);
    assert.equal(status, 200, text);
    assert.equal(JSON.parse(text).memo.text, MEMO);
  }
  const { salt } = JSON.parse((await read(bob)).text).memo;
  for (const other of [admin, cleo]) {
    const answers = await Promise.all([
      read(other),
      ask(other.page, '/api/v1/account/history?limit=100'),
      ask(other.page, '/api/v1/blocks?limit=100'),
    ]);
    await visit(other.page, 'Wallet');
    await other.page.getByTestId('balance').waitFor();
    const wallet = await other.page.content();
    await visit(other.page, 'History');
    await other.page.getByRole('main').getByRole('listitem').first().waitFor();
    const all = JSON.stringify([answers, wallet, await other.page.content()]);
    assert.ok(!all.includes(MEMO) && !all.includes(JSON.stringify(salt)), `${other.name} can read the memo`);
  }
}));

test('nothing that a browser sent or stored holds a password, a seed or a private key', stage.act(async () => {
  for (const [visitor, { password, words }] of [[ada, people.ada], [bob, people.bob], [cleo, people.cleo]]) {
    const [sent, kept] = [await visitor.witness.requests(), await stored(visitor.page)];
    const secrets = secretsOf({ password, words });
    assert.deepEqual(find(secrets, sent), [], `${visitor.name} sent a secret`);
    assert.deepEqual(find(secrets, kept), [], `${visitor.name} stored a secret`);
    assert.deepEqual(find(secrets, visitor.witness.console), [], `${visitor.name} logged a secret`);

    // The search looks at the right things: this seed's public key, which is sent, is found.
    const known = [{ name: 'public key', forms: formsOfBytes(publicKeyOf(seedOf(words))) }];
    assert.ok(find(known, sent).length > 0, `${visitor.name} sent no public key`);
    // What is kept over a reload is there, encrypted under a key that no script can read out.
    const [{ value }] = kept.databases['qoin/kept'];
    assert.equal(value.key.extractable, false);
    assert.match(value.sealed, /^[0-9a-f]{100,}$/);
  }
  const { email, password } = stage.leader.administrator;
  const [sent, kept] = [await admin.witness.requests(), await stored(admin.page)];
  const typed = [{ name: 'password', forms: formsOfText(password) }];
  assert.deepEqual(find(typed, [sent, kept, admin.witness.console]), [], 'the administrator sent or stored the password');
  assert.ok(find([{ name: 'e-mail', forms: formsOfText(email) }], sent).length > 0, 'the administrator sent no e-mail');
}));

test('the search for secrets finds each of them wherever it is planted', stage.act(async () => {
  const secrets = secretsOf(people.cleo);
  const seed = seedOf(people.cleo.words);
  await cleo.page.evaluate(
    async ({ seed, words, password }) => {
      localStorage.setItem('planted', btoa('?' + String.fromCharCode(...seed)));
      sessionStorage.setItem('planted', JSON.stringify({ inner: JSON.stringify({ words }) }));
      document.cookie = `planted=${encodeURIComponent(password)}`;
      await new Promise((resolve, reject) => {
        const opening = indexedDB.open('planted', 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore('store');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const putting = opening.result.transaction('store', 'readwrite').objectStore('store');
          putting.put({ deep: [new Map([['seed', new Uint8Array([9, ...seed])]])] }, 'key').onsuccess = resolve;
        };
      });
      await fetch('/api/v1/currency?planted', { method: 'POST', body: new Uint8Array([1, 2, ...seed]) }).catch(() => {});
    },
    { seed: [...seed], words: people.cleo.words, password: people.cleo.password },
  );
  const kept = await stored(cleo.page);
  const names = (where) => [...new Set(find(secrets, where).map((found) => found.split(' as ')[0]))];
  assert.deepEqual(names(kept.localStorage), ['seed']);
  assert.deepEqual(names(kept.sessionStorage), ['recovery words']);
  assert.deepEqual(names(kept.cookies), ['password']);
  assert.deepEqual(names(kept.databases), ['seed']);
  assert.deepEqual(names(await cleo.witness.requests()).sort(), ['password', 'seed']);
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
