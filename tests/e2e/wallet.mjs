// What people do with the wallet's pages, by the names that they and screen readers know.

import assert from 'node:assert/strict';

export const TRANSACTIONS = '/api/v1/transactions';
export const HISTORY = '/api/v1/account/history';

/** An exact amount, as it stands on the page. */
const money = (amount) => new RegExp(`^\\s*[+−]?${amount.replaceAll('.', '\\.')}\\sQ\\s*$`);

export const button = (scope, name) => scope.getByRole('button', { name, exact: true });
export const field = (scope, name) => scope.getByLabel(name, { exact: true });
export const heading = (scope, name) => scope.getByRole('heading', { name, exact: true });
export const dialog = (page) => page.getByRole('dialog');
/** The part of a page below a heading. */
export const section = (page, name) => page.locator('section').filter({ has: heading(page, name) });
/** A movement in a list, by a text in it. */
export const movement = (page, text) => page.getByRole('main').getByRole('listitem').filter({ hasText: text });

/** Follows a link of the navigation, without loading the page anew. */
export async function visit(page, name) {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
  await page.waitForFunction((title) => document.title.startsWith(title), name);
}

/** Waits until the wallet is open, on whichever page. */
export const isOpen = (page) => page.getByRole('navigation', { name: 'Main' }).waitFor();

/** Waits until the figure with this id shows exactly this amount. */
export async function showsAmount(page, id, amount) {
  await page.getByTestId(id).filter({ hasText: money(amount) }).waitFor();
}

export async function signIn(page, email, password) {
  if (new URL(page.url()).protocol === 'about:') await page.goto('/');
  await heading(page, 'Sign in').waitFor();
  await field(page, 'E-mail').fill(email);
  await field(page, 'Password').fill(password);
  await button(page, 'Sign in').click();
}

/** Signs in and waits until the wallet is open. */
export async function enter(page, { email, password }) {
  await signIn(page, email, password);
  await isOpen(page);
}

/** Goes to a section of the administration, without loading the page anew. */
export async function administrate(page, name) {
  const sections = page.getByRole('navigation', { name: 'Administration' });
  if (!(await sections.isVisible())) await page.getByRole('link', { name: 'Administration', exact: true }).click();
  await sections.getByRole('link', { name, exact: true }).click();
  await page.waitForFunction((title) => document.title.startsWith(title), `${name} · Administration`);
}

/** An administrator's page makes an invitation; the link to hand over. */
export async function invite(page, { name, email }) {
  await administrate(page, 'Members');
  await button(page, 'Invite').click();
  await field(dialog(page), 'Name').fill(name);
  await field(dialog(page), 'E-mail').fill(email);
  await button(dialog(page), 'Invite').click();
  const link = await field(dialog(page), 'Invitation link').inputValue();
  await button(dialog(page), 'Done').click();
  return link;
}

/** Opens an invitation as far as the recovery words, and returns these. */
export async function openInvitation(page, link, password) {
  await page.goto(link);
  await field(page, 'Password').fill(password);
  await field(page, 'Repeat the password').fill(password);
  await button(page, 'Continue').click();
  await heading(page, 'Your recovery words').waitFor();
  const words = await page.locator('ol.words li').allInnerTexts();
  assert.equal(words.length, 24);
  return words;
}

/** Enters the words that are asked for. */
export async function checkWords(page, words) {
  await button(page, 'I wrote them down').click();
  const asked = page.getByRole('textbox', { name: /^Word \d+$/ });
  await asked.first().waitFor();
  assert.equal(await asked.count(), 3);
  for (const label of await page.locator('label').filter({ hasText: /^Word \d+$/ }).allInnerTexts()) {
    await field(page, label).fill(words[Number(label.split(' ')[1]) - 1]);
  }
}

/** Opens an invitation to the end: the wallet. Returns the recovery words. */
export async function join(page, link, password) {
  const words = await openInvitation(page, link, password);
  await checkWords(page, words);
  await button(page, 'Create my account').click();
  await page.getByTestId('balance').waitFor();
  return words;
}

/** The field that finds a member. */
export const finder = (scope) => scope.getByRole('combobox', { name: 'To', exact: true });

/** Finds and picks a member. */
export async function pick(scope, name) {
  await finder(scope).fill(name);
  await scope.getByRole('option').filter({ hasText: name }).click();
}

/** An administrator's page pays a member out of the system account. */
export async function credit(page, name, amount) {
  await administrate(page, 'Treasury');
  await button(page, 'Credit a member').click();
  await pick(dialog(page), name);
  await field(dialog(page), 'Amount').fill(amount);
  await button(dialog(page), 'Credit').click();
  await page.getByRole('status').filter({ hasText: `credited to ${name}` }).waitFor();
}

/** Fills in a payment on the send page. */
export async function fillIn(page, { to, amount, memo }) {
  // By way of the wallet: after a payment the send page tells of that one until it is left.
  await visit(page, 'Wallet');
  await visit(page, 'Send');
  await button(page, 'Review').waitFor();
  // A draft from before is still there.
  const change = button(page, 'Change');
  if (await change.isVisible()) await change.click();
  await pick(page, to);
  await field(page, 'Amount').fill(amount);
  if (memo) await field(page, 'Memo').fill(memo);
}

/** Goes on from a filled-in payment to the question whether to send it. */
export async function review(page) {
  await button(page, 'Review').click();
  await heading(dialog(page), 'Review payment').waitFor();
}

/** Pays and waits until the leader has accepted. */
export async function pay(page, payment) {
  await fillIn(page, payment);
  await review(page);
  await button(dialog(page), 'Send now').click();
  await page.getByTestId('payment-status').waitFor();
}

/** Asks the API as the page would; status and body. */
export function ask(page, path, options = {}) {
  return page.evaluate(
    async ([path, options]) => {
      const answer = await fetch(path, { headers: { 'content-type': 'application/json' }, ...options });
      return { status: answer.status, text: await answer.text() };
    },
    [path, options],
  );
}

/** All movements of the page's member, newest first, as the API tells them. */
export async function history(page) {
  const { status, text } = await ask(page, `${HISTORY}?limit=100`);
  assert.equal(status, 200, text);
  return JSON.parse(text).movements;
}

/** Marks the page; `isMarked` tells whether it has been loaded anew since. */
export const mark = (page) => page.evaluate(() => void (window.markedByTest = true));
export const isMarked = (page) => page.evaluate(() => window.markedByTest === true);
