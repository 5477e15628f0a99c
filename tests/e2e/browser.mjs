// The browser of the tests: Chromium, driven by playwright-core.

import { chromium } from 'playwright-core';

/** Starts a headless Chromium that reaches no host but this one. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.QOIN_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
