// Every page at every size, in light and dark: nothing scrolls sideways, no control is covered, no serious finding of
// axe, no complaint of the browser. With QOIN_PICTURES=1 it also remakes docs/pictures/.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { findings, inspect } from './look.mjs';
import { Stage } from './stage.mjs';
import {
  administrate,
  ask,
  button,
  checkWords,
  dialog,
  enter,
  field,
  fillIn,
  finder,
  heading,
  history,
  invite,
  join,
  movement,
  pay,
  review,
  showsAmount,
  signIn,
  visit,
} from './wallet.mjs';

const ADA = { name: 'Ada Moreau', email: 'ada.moreau@example.org', password: 'nine blue kettles sing' };
const BOB = { name: 'Bob Lindqvist', email: 'bob@example.org', password: 'under the old linden' };
/** As long as names and addresses come. */
const LONG = {
  name: 'Maximiliana Wolfeschlegelsteinhausenbergerdorff-Featherstone',
  email: 'maximiliana.wolfeschlegelsteinhausenbergerdorff@a-rather-long-department-name.example.org',
  password: 'the first password',
};
const stage = new Stage();
let admin, ada, bob, guest, miner;

before(() => stage.open());
after(() => stage.close());

const main = (page) => page.getByRole('main');

/** The administrator's page credits someone through the API: quicker than by the form, which has its own test. */
async function creditQuickly(name, amounts) {
  const found = JSON.parse((await ask(admin.page, `/api/v1/members?query=${encodeURIComponent(name)}`)).text);
  const recipient = found.members.find((member) => member.name === name).address;
  for (const amount of amounts) {
    const payment_id = Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
    const body = JSON.stringify({ recipient, amount: String(amount), payment_id, memo: null });
    const { status, text } = await ask(admin.page, '/api/v1/admin/credits', { method: 'POST', body });
    assert.equal(status, 201, text);
  }
}

test('pages before sign-in', stage.act(async () => {
  guest = await stage.visitor('guest');
  const { page } = guest;
  await page.goto('/');
  await heading(page, 'Sign in').waitFor();
  await inspect(page, 'sign-in');
  await button(page, 'Sign in').click();
  await page.getByText('Enter your password.').waitFor();
  await inspect(page, 'sign-in-faults');
  await page.getByRole('link', { name: 'Forgotten password?' }).click();
  await heading(page, 'Forgotten password').waitFor();
  await inspect(page, 'recover');
  await page.goto('/join');
  await heading(page, 'Open your invitation link').waitFor();
  await inspect(page, 'join-without-link');
  await page.goto('/join#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
  await heading(page, 'This invitation cannot be used').waitFor();
  await inspect(page, 'join-invalid');
}));

test('the server does not answer', stage.act(async () => {
  const { page } = guest;
  await page.route('**/api/**', (route) => route.abort('connectionrefused'));
  await page.goto('/');
  await heading(page, 'Qoin cannot be reached').waitFor();
  await inspect(page, 'unreachable');
  await page.unroute('**/api/**');
  // It comes back by itself.
  await heading(page, 'Sign in').waitFor();
}));

test("the administrator's page", stage.act(async () => {
  admin = await stage.visitor('administrator');
  const { page } = admin;
  await enter(page, stage.leader.administrator);
  await administrate(page, 'Members');
  await button(page, 'Create').click();
  const form = dialog(page);
  await field(form, 'Name').fill(LONG.name);
  await field(form, 'E-mail').fill(LONG.email);
  await field(form, 'First password').fill(LONG.password);
  await inspect(page, 'admin-create');
  await button(form, 'Create account').click();
  await page.getByText(`${LONG.name} can now sign in with the first password.`).waitFor();

  await button(page, 'Invite').click();
  await field(dialog(page), 'Name').fill(ADA.name);
  await field(dialog(page), 'E-mail').fill(ADA.email);
  await inspect(page, 'admin-invite');
  await button(dialog(page), 'Invite').click();
  ADA.link = await field(dialog(page), 'Invitation link').inputValue();
  await inspect(page, 'admin-invite-link');
  await button(dialog(page), 'Done').click();
  BOB.link = await invite(page, BOB);
  await button(page, 'Invitations').click();
  await page.getByText(BOB.email).waitFor();
  await page.locator('.toast').first().waitFor({ state: 'detached' });
  await inspect(page, 'admin-invitations');
  await button(page, 'Invite many').click();
  await field(dialog(page), 'Names and e-mail addresses').fill(`name,email\nCleo,cleo@example.org\nNobody,no address`);
  await button(dialog(page), 'Check the file').click();
  await dialog(page).getByText('1 rows are good, 1 have faults.').waitFor();
  await inspect(page, 'admin-invite-many');
  await button(dialog(page), 'Close').click();
  await administrate(page, 'Settings');
  await page.getByRole('textbox', { name: 'Banner', exact: true }).fill('Closed on Sunday');
  await inspect(page, 'admin-settings');
  await button(page, 'Discard').click();
  await administrate(page, 'Audit log');
  await page.getByRole('row').filter({ hasText: 'Member invited' }).first().waitFor();
  await inspect(page, 'admin-audit');
  await administrate(page, 'Treasury');
  await button(page, 'Credit a member').click();
  await inspect(page, 'admin-credit');
  await button(dialog(page), 'Close').click();
}));

test('opening an invitation', stage.act(async () => {
  ada = await stage.visitor('Ada');
  const { page } = ada;
  await page.goto(ADA.link);
  await heading(page, 'You are invited').waitFor();
  await field(page, 'Password').fill(ADA.password);
  await inspect(page, 'join');
  await field(page, 'Repeat the password').fill(ADA.password);
  await button(page, 'Continue').click();
  await heading(page, 'Your recovery words').waitFor();
  await inspect(page, 'join-words');
  const words = await page.locator('ol.words li').allInnerTexts();
  await checkWords(page, words);
  await inspect(page, 'join-check');
  await button(page, 'Create my account').click();
  await page.getByTestId('balance').waitFor();
  await main(page).getByText('Account opened').waitFor();
  await inspect(page, 'wallet-new');
  bob = await stage.visitor('Bob');
  await join(bob.page, BOB.link, BOB.password);
}));

test('a wallet in use', stage.act(async () => {
  const { page } = ada;
  // 21 credits of units to the cent: more movements than the first page of the history holds.
  await creditQuickly(ADA.name, [12_345_678, ...Array.from({ length: 20 }, (_, index) => 1_050 + 125 * index)]);
  await creditQuickly(BOB.name, [50_000]);
  miner = stage.startMiner();
  await showsAmount(bob.page, 'available', '500.00');
  await showsAmount(page, 'incoming', '0.00');
  await pay(bob.page, { to: ADA.name, amount: '48.20', memo: 'Concert tickets' });
  await pay(page, { to: LONG.name, amount: '1234.56', memo: 'As long as a memo can be: '.padEnd(140, 'all these letters stand here for the length alone, ') });
  await pay(page, { to: BOB.name, amount: '12.50', memo: 'Half of the dinner' });
  await visit(page, 'Wallet');
  await showsAmount(page, 'outgoing', '0.00');
  await miner.stop();
  await pay(bob.page, { to: ADA.name, amount: '7.80', memo: 'Coffee and cake' });
  await showsAmount(page, 'incoming', '7.80');
  await inspect(page, 'wallet');

  await movement(page, 'Half of the dinner').getByRole('button').click();
  await dialog(page).getByText(/^Confirmed in block \d+$/).waitFor();
  await inspect(page, 'movement');
  await button(dialog(page), 'Close').click();
  // What came in while the page was open is all there; a fresh load begins with the latest.
  await page.goto('/history');
  await button(page, 'Load more').waitFor();
  await inspect(page, 'history');
  await button(page, 'Load more').click();
  await page.getByText('That is everything.').waitFor();
  // Every movement is there, once and in order.
  const all = (await history(page)).length;
  assert.equal(await main(page).getByRole('listitem').count(), all);
}));

test('a payment on every step', stage.act(async () => {
  const { page } = ada;
  await visit(page, 'Send');
  await inspect(page, 'send');
  await button(page, 'Review').click();
  await page.getByText('Choose who gets the money.').waitFor();
  await inspect(page, 'send-faults');
  await finder(page).fill('i');
  await page.getByRole('option').filter({ hasText: LONG.name }).waitFor();
  await inspect(page, 'send-search');
  await page.getByRole('option').filter({ hasText: LONG.name }).click();
  await field(page, 'Amount').fill('99999999');
  await button(page, 'Review').click();
  await page.getByText(/^This is more than the .* that you can spend now\.$/).waitFor();
  await inspect(page, 'send-too-much');
  await fillIn(page, { to: BOB.name, amount: '12.50', memo: 'Half of the dinner' });
  await review(page);
  await inspect(page, 'review');
  await button(dialog(page), 'Cancel').click();
  await field(page, 'Amount').fill('12.75');
  await review(page);
  await button(dialog(page), 'Send now').click();
  await heading(page, 'Payment sent').waitFor();
  await inspect(page, 'payment-sent');
}));

test('mining, account, lock, connection and what does not exist', stage.act(async () => {
  const { page, context } = ada;
  await visit(page, 'Mine');
  await inspect(page, 'mine');
  await visit(page, 'People');
  await main(page).getByText(BOB.email).waitFor();
  await inspect(page, 'people');
  await visit(page, 'Account');
  await inspect(page, 'account');
  await button(page, 'Change password').click();
  await field(dialog(page), 'Current password').waitFor();
  await inspect(page, 'account-password');
  await button(dialog(page), 'Close').click();
  await context.setOffline(true);
  await page.getByText('You are offline. What you see may be out of date.').waitFor();
  await inspect(page, 'offline');
  await context.setOffline(false);
  await page.goto('/no-such-page');
  await heading(page, 'There is nothing here').last().waitFor();
  await inspect(page, 'missing');
  await button(page, 'Lock').click();
  await heading(page, 'Wallet locked').waitFor();
  await inspect(page, 'locked');
  await page.goto(BOB.link);
  await main(page).waitFor();
}));

test('a first password must be replaced', stage.act(async () => {
  const { page } = await stage.visitor('first');
  await signIn(page, LONG.email, LONG.password);
  await heading(page, 'Choose your own password').waitFor();
  await inspect(page, 'first-password');
  await field(page, 'Password you were given').fill(LONG.password);
  await field(page, 'New password').fill('a password of my own');
  await button(page, 'Continue').click();
  await heading(page, 'Your recovery words').waitFor();
  await checkWords(page, await page.locator('ol.words li').allInnerTexts());
  await button(page, 'Open my wallet').click();
  await page.getByTestId('balance').waitFor();
  await page.reload();
  await page.getByTestId('balance').waitFor();
}));

test('a payment by keyboard alone', stage.act(async () => {
  const { page } = bob;
  await visit(page, 'Wallet');
  const focused = (locator) => locator.evaluate((element) => element === document.activeElement);
  const tabTo = async (locator) => {
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press('Tab');
      if ((await locator.count()) === 1 && (await focused(locator))) return;
    }
    assert.fail(`no way with the Tab key to ${locator}`);
  };
  // The first stop leads past the navigation.
  await page.reload();
  await main(page).getByRole('link', { name: 'Send', exact: true }).waitFor();
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  assert.ok(await focused(skip));
  await skip.click({ trial: true });
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.matches('main'));
  await tabTo(main(page).getByRole('link', { name: 'Send', exact: true }));
  await page.keyboard.press('Enter');
  await heading(page, 'Send').waitFor();
  await tabTo(finder(page));
  await page.keyboard.type('moreau');
  await page.getByRole('option').filter({ hasText: ADA.name }).waitFor();
  await page.keyboard.press('Enter');
  await button(page, 'Change').waitFor();
  await tabTo(field(page, 'Amount'));
  await page.keyboard.type('1.25');
  await tabTo(field(page, 'Memo'));
  await page.keyboard.type('by keyboard');
  await page.keyboard.press('Enter');
  await heading(dialog(page), 'Review payment').waitFor();
  // The ring that shows where one is can be seen.
  await tabTo(button(dialog(page), 'Send now'));
  const ring = await button(dialog(page), 'Send now').evaluate((element) => getComputedStyle(element).outlineStyle);
  assert.notEqual(ring, 'none');
  await page.keyboard.press('Enter');
  await heading(page, 'Payment sent').waitFor();
  assert.ok(await focused(heading(page, 'Payment sent')), 'the focus is not on the heading of what came');
  assert.equal((await history(page)).filter((movement) => movement.memo?.text === 'by keyboard').length, 1);
  // Escape closes a dialog and the focus goes back to what opened it.
  await visit(page, 'Wallet');
  const row = movement(page, 'by keyboard').getByRole('button');
  await row.focus();
  await page.keyboard.press('Enter');
  await dialog(page).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  assert.ok(await focused(row), 'the focus is lost after the dialog');
}));

test('nothing is wrong with any of these looks', () => assert.deepEqual(findings(), []));

test('the browser enforces the policy and none of our pages violates it', stage.act(async () => {
  assert.deepEqual(stage.complaints(), []);
  // An inline script, a foreign script and an inline style are refused; and the watch sees it.
  const { page, witness } = guest;
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.body.append(script);
    document.body.setAttribute('style', 'color: red');
  });
  assert.equal(await page.evaluate(() => window.injected), undefined);
  const forbidden = (directive) => witness.complaints.filter((complaint) => complaint.includes(`policy: ${directive}`));
  await page.waitForFunction(() => true);
  assert.ok(forbidden('script-src').length > 0, 'an inline script was not refused');
  assert.ok(forbidden('style-src').length > 0, 'an inline style was not refused');
}));
