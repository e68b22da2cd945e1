/**
 * `node tests/simulator/moving-picture.mjs`: creates docs/simulator/simulator.webp, which the
 * README shows, after a build. Animated WebP needs sharp, which is too large to install for
 * everyone: first run `npm install --no-save sharp`.
 */
import { fileURLToPath } from 'node:url';

import { startHub } from 'iothub-local';
import sharp from 'sharp';

import { servePage } from '../../scripts/start/page-server.mjs';
import { launchBrowser } from '../browser/launch.mjs';

const FILE = fileURLToPath(new URL('../../docs/simulator/simulator.webp', import.meta.url));
const viewport = { width: 1120, height: 820 };
const WIDTH = 960;
const FRAME_MILLISECONDS = 400;

const hub = await startHub();
const server = await servePage({ hub });
const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport, colorScheme: 'light' });
  await page.goto(server.url);
  const frames = [];
  const record = async (count) => {
    for (let index = 0; index < count; index++) {
      frames.push(
        await sharp(await page.screenshot())
          .resize(WIDTH)
          .png()
          .toBuffer(),
      );
      await page.waitForTimeout(FRAME_MILLISECONDS);
    }
  };
  await page.getByLabel('Vehicle fleet').waitFor();
  await record(4);
  await page.getByLabel('Vehicle fleet').check();
  await record(3);
  await page.getByRole('button', { name: 'Add the scene’s 22' }).click();
  await record(20);
  await page.getByRole('button', { name: 'Delay PUBACK' }).click();
  await record(8);
  await page.locator('.row-name', { hasText: 'van-1' }).first().click();
  await record(8);
  const delay = frames.map(() => FRAME_MILLISECONDS);
  const picture = sharp(frames, { join: { animated: true } });
  await picture.webp({ quality: 75, effort: 4, delay, loop: 0 }).toFile(FILE);
} finally {
  await browser.close();
  await server.close();
  await hub.close();
}
