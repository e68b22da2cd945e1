/** The pixels of a chart's lines are where its values are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

import { simulatorFolder } from '../../../scripts/build-www.mjs';
import { root } from '../../../scripts/lib/project.mjs';
import { openPage, test } from './support.mjs';

const { outputFiles } = await build({
  stdin: {
    contents: `
      import { h, render } from 'preact';
      import { Chart } from './www/ui/chart.jsx';
      window.draw = (props) => render(h(Chart, { title: 'T', ...props }), document.body);`,
    resolveDir: root,
  },
  bundle: true,
  write: false,
  jsx: 'automatic',
  jsxImportSource: 'preact',
});

const SECONDS = 40;
const time = Array.from({ length: SECONDS + 1 }, (_, second) => 1_700_000_000 + second);
/** Between 0 and 10, with a hole. */
const waves = time.map((_, at) => (at > 14 && at < 20 ? null : 5 + 5 * Math.cos(at / 4)));
const flat = time.map(() => 2.5);

async function openChart(t, options) {
  const page = await openPage(t, 'about:blank', {
    viewport: { width: 600, height: 300 },
    ...options,
  });
  await page.addStyleTag({ content: readFileSync(join(simulatorFolder, 'style.css'), 'utf8') });
  await page.addScriptTag({ content: outputFiles[0].text });
  const draw = (props) => page.evaluate((given) => window.draw(given), props);
  return { page, draw };
}

/** The pixels of the canvas with about the colour of a line, relative to the corner of the plot. */
function pixelsOf(page, colour) {
  return page.waitForFunction((colour) => {
    const wanted = getComputedStyle(document.documentElement).getPropertyValue(colour);
    const parts = wanted.match(/\d+/g).map(Number);
    const canvas = document.querySelector('canvas');
    if (!canvas) return false;
    const frame = document.querySelector('.u-over').getBoundingClientRect();
    const { left, top } = canvas.getBoundingClientRect();
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    const found = [];
    for (let at = 0; at < data.length; at += 4) {
      const isNear = parts.every((part, index) => Math.abs(data[at + index] - part) < 16);
      if (!isNear || data[at + 3] < 160) continue;
      const x = ((at / 4) % width) + left - frame.left;
      const y = Math.floor(at / 4 / width) + top - frame.top;
      const isInside = x >= -3 && x <= frame.width + 3 && y >= -3 && y <= frame.height + 3;
      if (isInside) found.push([x, y]);
    }
    return found.length > 20 && { pixels: found, width: frame.width, height: frame.height };
  }, colour);
}

/** Asserts that every value has its line, and that no pixel of its colour is elsewhere. */
async function assertLine(page, colour, values, { from, to }) {
  const { pixels, width, height } = await (await pixelsOf(page, colour)).jsonValue();
  const places = values.map((value, at) =>
    value === null ? null : [(at / SECONDS) * width, height * (1 - (value - from) / (to - from))],
  );
  const line = places.flatMap((place, at) => {
    const next = places[at + 1];
    if (!place) return [];
    if (!next) return [place];
    const parts = Array.from({ length: 20 }, (_, part) => part / 20);
    return parts.map((part) => place.map((from, axis) => from + part * (next[axis] - from)));
  });
  const isNear = ([x, y], others) => others.some(([a, b]) => Math.hypot(a - x, b - y) < 4);
  const stray = pixels.filter((pixel) => !isNear(pixel, line));
  assert.deepEqual(stray.slice(0, 5), [], `${colour}: ${stray.length} pixels beside the line`);
  const missing = line.filter((place) => !isNear(place, pixels));
  assert.deepEqual(missing.slice(0, 5), [], `${colour}: ${missing.length} places without a line`);
}

for (const colorScheme of ['light', 'dark']) {
  test(`lines are drawn where their values are, in two styles, with gaps, ${colorScheme}`, async (t) => {
    const { page, draw } = await openChart(t, { colorScheme });
    await draw({
      time,
      lines: [
        { label: 'wave', values: waves },
        { label: 'flat', values: flat },
      ],
    });
    await assertLine(page, '--accent', waves, { from: 0, to: 10 });
    const dashes = await (await pixelsOf(page, '--quiet')).jsonValue();
    const rows = new Set(dashes.pixels.map(([, y]) => Math.round(y / 4)));
    assert.ok(rows.size <= 2, `the flat line is in ${rows.size} rows`);
    // Dashes: some columns have none.
    const columns = new Set(dashes.pixels.map(([x]) => Math.floor(x)));
    assert.ok(columns.size < dashes.width * 0.85, `${columns.size} of ${dashes.width} columns`);
  });
}

test('few values are dots, wider than a line', async (t) => {
  const { page, draw } = await openChart(t);
  const few = time.map((_, at) => (at % 20 === 0 ? 5 : null));
  await draw({ time, isFromZero: true, lines: [{ label: 'few', values: few }] });
  const { pixels } = await (await pixelsOf(page, '--accent')).jsonValue();
  const heights = new Map();
  for (const [x, y] of pixels)
    heights.set(Math.round(x), [...(heights.get(Math.round(x)) ?? []), y]);
  const tallest = Math.max(...[...heights.values()].map(({ length }) => length));
  assert.ok(tallest >= 4, `${tallest} pixels high`);
});

test('the pointer shows the time at its position, and the values at that time', async (t) => {
  const { page, draw } = await openChart(t);
  await draw({ time, lines: [{ label: 'wave', values: waves }] });
  const caption = page.locator('figcaption');
  await caption.getByText(`wave ${waves.at(-1).toFixed(3)}`).waitFor();
  const box = await page.locator('.u-over').boundingBox();
  await page.mouse.move(box.x + (box.width * 30) / SECONDS, box.y + 20);
  await caption.getByText(`wave ${waves[30].toFixed(3)}`).waitFor();
  await caption.locator('time').waitFor();
  await page.mouse.move(1, 299);
  await caption.locator('time').waitFor({ state: 'detached' });
});
