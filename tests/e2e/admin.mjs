// What administrators do with the panel's pages, by the names that they and screen readers know.

import { administrate, button, dialog, field } from './wallet.mjs';

/** Waits for a short message. */
export const told = (page, text) => page.locator('.toast').filter({ hasText: text }).first().waitFor();

/** Opens the dialog of a member, whom the search finds. */
export async function openMember(page, { name, email }) {
  await administrate(page, 'Members');
  await button(page.getByRole('group', { name: 'Show', exact: true }), 'Members').click();
  await field(page, 'Find by name or e-mail').fill(email);
  await page.getByRole('row').filter({ hasText: email }).getByRole('button', { name: new RegExp(name) }).click();
  await dialog(page).getByText(email).waitFor();
}

/** Makes a member with a first password. */
export async function create(page, { name, email, password }, role) {
  await administrate(page, 'Members');
  await button(page, 'Create').click();
  await field(dialog(page), 'Name').fill(name);
  await field(dialog(page), 'E-mail').fill(email);
  await field(dialog(page), 'First password').fill(password);
  if (role) await field(dialog(page), 'Role').selectOption(role);
  await button(dialog(page), 'Create account').click();
  await told(page, `${name} can now sign in`);
}

/** Invites someone with a role; the link to hand over. */
export async function inviteAs(page, { name, email }, role) {
  await administrate(page, 'Members');
  await button(page, 'Invite').click();
  await field(dialog(page), 'Name').fill(name);
  await field(dialog(page), 'E-mail').fill(email);
  await field(dialog(page), 'Role').selectOption(role);
  await button(dialog(page), 'Invite').click();
  const link = await field(dialog(page), 'Invitation link').inputValue();
  await button(dialog(page), 'Done').click();
  return link;
}

/** Changes a setting, named as on the page, and saves; `conflicts` if someone else was quicker. */
export async function change(page, name, value) {
  await page.getByRole('textbox', { name, exact: true }).fill(value);
  await button(page, 'Save (1)').click();
}
