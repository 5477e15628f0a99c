// What every page is held to at every size and in light and dark; and its pictures.

import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const PICTURES = process.env.QOIN_PICTURES === '1' ? fileURLToPath(new URL('../../docs/pictures', import.meta.url)) : null;
const SIZES = [
  { width: 320, height: 640 },
  { width: 768, height: 1024 },
  { width: 1440, height: 900 },
];
/** The looks of which a picture is kept. */
const PICTURED = { '1440 light': '', '320 dark': '-phone-dark' };

/** What was found wrong so far, each with the looks in which it was. */
const found = new Map();

/** All that was found wrong so far, so that one run tells of every page. */
export const findings = () => [...found].map(([fault, looks]) => `${fault} (${looks.join(', ')})`);

/** Looks at the page as it is now, at all sizes and in both schemes; it ends at the last size, light. */
export async function inspect(page, name) {
  for (const scheme of ['dark', 'light']) {
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await settled(page);
      const look = `${size.width} ${scheme}`;
      for (const fault of new Set((await faults(page)).map((fault) => `${name}: ${fault}`))) {
        found.set(fault, [...(found.get(fault) ?? []), look]);
      }
      if (PICTURES && look in PICTURED) await keepPicture(page, `${name}${PICTURED[look]}`);
    }
  }
}

/** Everything that is wrong with how the page looks now, in words. */
async function faults(page) {
  const laidOut = await page.evaluate(() => {
    const wrong = [];
    const root = document.scrollingElement;
    if (root.scrollWidth > innerWidth) wrong.push(`scrolls sideways: ${root.scrollWidth} > ${innerWidth}`);
    const modal = document.querySelector('dialog:modal');
    const controls = (modal ?? document).querySelectorAll('a[href], button, input, textarea, select, [role=option]');
    const shows = (control) => {
      const { width, height, bottom, right } = control.getBoundingClientRect();
      const visible = control.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      // The link that skips to the content is cut away until it has the focus.
      const cut = getComputedStyle(control).clipPath === 'inset(50%)';
      return visible && !cut && width > 1 && height > 1 && bottom + scrollY > 0 && right + scrollX > 0;
    };
    const called = (element) => {
      const text = (element?.innerText || element?.id || element?.className || '').toString().trim().slice(0, 40);
      return `${element?.tagName.toLowerCase()} ${JSON.stringify(text)}`;
    };
    const { scrollX: x0, scrollY: y0 } = window;
    for (const control of [...controls].filter(shows)) {
      control.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
      const { left, top, width, height } = control.getClientRects()[0];
      // Its middle and both its ends: a container that clips it shows in these.
      for (const x of [left + width / 2, left + 3, left + width - 3]) {
        const hit = document.elementFromPoint(x, top + height / 2);
        const own = hit && (control.contains(hit) || [...(control.labels ?? [])].some((label) => label.contains(hit)));
        // What lies in a field's ends belongs to the field; what unfolds below one covers the next ones while it has the focus.
        const allowed = hit?.closest('.options') || (x !== left + width / 2 && hit && control.parentElement.contains(hit));
        if (!own && !allowed) wrong.push(`${called(control)} is covered by ${called(hit)}`);
      }
      if (left < 0 || left + width > innerWidth + 0.5) wrong.push(`${called(control)} reaches over the edge`);
    }
    // What is fixed to the window does not make the page scroll when it is too wide.
    for (const told of document.querySelectorAll('[role=status] *, [role=alert] *')) {
      const { right, width } = told.getBoundingClientRect();
      if (width > 1 && right > innerWidth) wrong.push(`${called(told)} reaches over the edge`);
    }
    scrollTo({ left: x0, top: y0, behavior: 'instant' });
    return wrong;
  });
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], preload: false }));
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  const told = serious.map(({ id, nodes }) => {
    const [first] = nodes;
    const why = [...first.any, ...first.all, ...first.none].map(({ message }) => message).join('; ');
    return `${id} at ${nodes.length} places, the first ${first.target.join(' ')}: ${why}`;
  });
  return [...laidOut, ...told];
}

/** Waits until a change of size or scheme is laid out and painted, and what moves has come to rest. */
const settled = (page) =>
  page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const ending = document.getAnimations().filter((animation) => Number.isFinite(animation.effect?.getComputedTiming().endTime));
    await Promise.allSettled(ending.map((animation) => animation.finished));
  });

async function keepPicture(page, name) {
  mkdirSync(PICTURES, { recursive: true });
  await page.mouse.move(0, 0);
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
  await settled(page);
  await page.screenshot({ path: `${PICTURES}/${name}.png`, caret: 'hide', animations: 'disabled' });
}
