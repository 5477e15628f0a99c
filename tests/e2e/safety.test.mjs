// What could pay twice, pay the wrong one or show the wrong balance, and does not.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Stage } from './stage.mjs';
import {
  TRANSACTIONS,
  ask,
  button,
  credit,
  dialog,
  enter,
  fillIn,
  heading,
  history,
  invite,
  isMarked,
  join,
  mark,
  movement,
  pay,
  review,
  showsAmount,
  visit,
} from './wallet.mjs';

const SUBMIT = `**${TRANSACTIONS}`;
const stage = new Stage();
let admin, ada, bob;

before(() => stage.open());
after(() => stage.close());

/** How many payments of Ada with this memo the leader accepted, and how often her page sent them. */
async function paid(memo) {
  const accepted = (await history(ada.page)).filter((movement) => movement.kind === 'sent' && movement.memo?.text === memo);
  const bodies = (await ada.witness.sent('POST', TRANSACTIONS)).map((request) => request.body);
  const sent = bodies.filter((body) => JSON.parse(body).memo?.text === memo);
  return { accepted: accepted.length, sent: sent.length, different: new Set(sent).size };
}

/** Lets every answer to a payment get lost: the leader gets the payment, the page never hears of it. */
async function loseAnswers(page, count) {
  let lost = 0;
  await page.route(SUBMIT, async (route) => {
    if (lost === count) return route.fallback();
    lost += 1;
    const { status } = await route.fetch().then((answer) => ({ status: answer.status() }));
    assert.ok([200, 201].includes(status), `the leader answered ${status}`);
    return route.abort('connectionreset');
  });
  return () => lost;
}

test('Ada has money', stage.act(async () => {
  admin = await stage.visitor('administrator');
  await enter(admin.page, stage.leader.administrator);
  const links = [];
  for (const name of ['Ada', 'Bob']) {
    links.push(await invite(admin.page, { name, email: `${name.toLowerCase()}@example.org` }));
  }
  [ada, bob] = [await stage.visitor('Ada'), await stage.visitor('Bob')];
  await Promise.all([join(ada.page, links[0], 'nine blue kettles sing'), join(bob.page, links[1], 'under the old linden')]);
  await credit(admin.page, 'Ada', '100');
  const miner = stage.startMiner();
  await showsAmount(ada.page, 'available', '100.00');
  await miner.stop();
}));

test('a double click on Send pays once', stage.act(async () => {
  await fillIn(ada.page, { to: 'Bob', amount: '1.00', memo: 'double click' });
  await review(ada.page);
  // The first click's request is held until all the others have been made.
  let release;
  const clicked = new Promise((resolve) => (release = resolve));
  await ada.page.route(SUBMIT, (route) => clicked.then(() => route.continue()));
  const { x, y, width, height } = await button(dialog(ada.page), 'Send now').boundingBox();
  await ada.page.mouse.dblclick(x + width / 2, y + height / 2);
  await ada.page.mouse.dblclick(x + width / 2, y + height / 2);
  await ada.page.keyboard.press('Enter');
  release();
  await heading(ada.page, 'Payment sent').waitFor();
  await ada.page.unroute(SUBMIT);
  assert.deepEqual(await paid('double click'), { accepted: 1, sent: 1, different: 1 });
}));

test('a lost answer: the page asks again by itself, with the same payment', stage.act(async () => {
  await fillIn(ada.page, { to: 'Bob', amount: '2.00', memo: 'one answer lost' });
  await review(ada.page);
  const lost = await loseAnswers(ada.page, 1);
  await button(dialog(ada.page), 'Send now').click();
  await heading(ada.page, 'Payment sent').waitFor();
  await ada.page.unroute(SUBMIT);
  assert.equal(lost(), 1);
  assert.deepEqual(await paid('one answer lost'), { accepted: 1, sent: 2, different: 1 });
}));

test('all answers lost: the page says that it does not know, and sending again pays once', stage.act(async () => {
  await fillIn(ada.page, { to: 'Bob', amount: '3.00', memo: 'all answers lost' });
  await review(ada.page);
  await loseAnswers(ada.page, Infinity);
  await button(dialog(ada.page), 'Send now').click();
  await dialog(ada.page).getByText('The payment may have arrived or not. Sending it again is safe: it is paid once.').waitFor();
  await ada.page.unroute(SUBMIT);
  await button(dialog(ada.page), 'Send again').click();
  await heading(ada.page, 'Payment sent').waitFor();
  const { accepted, sent, different } = await paid('all answers lost');
  assert.deepEqual({ accepted, different }, { accepted: 1, different: 1 });
  assert.ok(sent > 1);
  await visit(ada.page, 'Wallet');
  await showsAmount(ada.page, 'outgoing', '6.00');
}));

test('an answer lost for good: the form keeps the payment and says what is safe', stage.act(async () => {
  await fillIn(ada.page, { to: 'Bob', amount: '4.00', memo: 'given up' });
  await review(ada.page);
  await loseAnswers(ada.page, Infinity);
  await button(dialog(ada.page), 'Send now').click();
  await button(dialog(ada.page), 'Send again').waitFor();
  await ada.page.unroute(SUBMIT);
  await button(dialog(ada.page), 'Close').click();
  await ada.page.getByRole('main').getByText('No answer came').waitFor();
  // Elsewhere and back: the payment is still the same one.
  await visit(ada.page, 'Wallet');
  await visit(ada.page, 'Send');
  await ada.page.getByRole('main').getByText('No answer came').waitFor();
  await button(ada.page, 'Review').first().click();
  await button(dialog(ada.page), 'Send again').click();
  await heading(ada.page, 'Payment sent').waitFor();
  const { accepted, different } = await paid('given up');
  assert.deepEqual({ accepted, different }, { accepted: 1, different: 1 });
}));

test('the leader is killed and comes back: the wallet says so and catches up by itself', stage.act(async () => {
  await pay(ada.page, { to: 'Bob', amount: '5.00', memo: 'just before' });
  await visit(ada.page, 'Wallet');
  await showsAmount(bob.page, 'incoming', '15.00');
  await Promise.all([mark(ada.page), mark(bob.page)]);

  await stage.leader.program.kill();
  const away = (page) => page.getByRole('status').filter({ hasText: 'Connecting to the server again' });
  await Promise.all([away(ada.page).waitFor(), away(bob.page).waitFor()]);
  // Bob's browser stays away until much has happened without it.
  await bob.context.setOffline(true);
  await bob.page.getByRole('status').filter({ hasText: 'You are offline' }).waitFor();
  await stage.leader.startAgain();
  await away(ada.page).waitFor({ state: 'detached' });
  await showsAmount(ada.page, 'outgoing', '15.00');

  const miner = stage.startMiner();
  await showsAmount(ada.page, 'balance', '85.00');
  await miner.stop();
  await pay(ada.page, { to: 'Bob', amount: '6.00', memo: 'while Bob is away' });
  await movement(ada.page, 'while Bob is away').or(ada.page.getByTestId('payment-status')).first().waitFor();
  await bob.context.setOffline(false);
  await showsAmount(bob.page, 'balance', '15.00');
  await showsAmount(bob.page, 'incoming', '6.00');
  await bob.page.getByRole('status').filter({ hasText: 'You are offline' }).waitFor({ state: 'detached' });
  assert.ok((await isMarked(ada.page)) && (await isMarked(bob.page)), 'a page was loaded anew');

  // Both show exactly what a fresh load shows.
  for (const { page, context, name } of [ada, bob]) {
    await visit(page, 'History');
    const fresh = await context.newPage();
    await fresh.goto('/history');
    const rows = (page) => page.getByRole('main').getByRole('listitem');
    await Promise.all([page, fresh].map((page) => rows(page).filter({ hasText: 'while Bob is away' }).waitFor()));
    assert.deepEqual(await rows(page).allInnerTexts(), await rows(fresh).allInnerTexts(), `${name}'s history`);
    await Promise.all([visit(page, 'Wallet'), visit(fresh, 'Wallet')]);
    await fresh.getByTestId('balance').waitFor();
    const figures = (page) => page.locator('section.balance').innerText();
    assert.equal(await figures(page), await figures(fresh), `${name}'s figures`);
    await fresh.close();
  }
  const supply = JSON.parse((await ask(admin.page, '/api/v1/supply')).text);
  assert.equal(BigInt(supply.system) + BigInt(supply.members), BigInt(supply.issued) - BigInt(supply.burned));
}));

test('a payee whose address has changed is not paid', stage.act(async () => {
  // A dishonest leader: under Bob's name it hands out the administrator's address.
  const { address } = JSON.parse((await ask(admin.page, '/api/v1/account')).text);
  await ada.page.route('**/api/v1/members?*', async (route) => {
    const answer = await route.fetch();
    const page = await answer.json();
    for (const member of page.members) if (member.name === 'Bob') member.address = address;
    await route.fulfill({ response: answer, json: page });
  });
  const memo = `to somebody else ${randomBytes(4).toString('hex')}`;
  await fillIn(ada.page, { to: 'Bob', amount: '7.00', memo });
  await button(ada.page, 'Review').click();
  await dialog(ada.page).getByText('This account has another address than before').waitFor();
  assert.equal(await dialog(ada.page).getByRole('button', { name: /Send/ }).count(), 0);
  await button(dialog(ada.page), 'Close').click();
  await ada.page.unroute('**/api/v1/members?*');
  assert.deepEqual(await paid(memo), { accepted: 0, sent: 0, different: 0 });
  // Under the address that was paid before the same payment goes through, and Bob is no stranger.
  await fillIn(ada.page, { to: 'Bob', amount: '7.00', memo });
  await review(ada.page);
  assert.equal(await dialog(ada.page).getByText('Your first payment to Bob').count(), 0);
  await button(dialog(ada.page), 'Send now').click();
  await heading(ada.page, 'Payment sent').waitFor();
  assert.equal((await paid(memo)).accepted, 1);
}));

test('no page complained', () => assert.deepEqual(stage.complaints(), []));
