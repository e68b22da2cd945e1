/** Chromium with its driver, and Firefox, for the tests that run in a browser. */
import { aptInstall } from './apt.mjs';
import { Failure, findOnPath, isExecutable } from './run.mjs';

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const firefoxNames = ['firefox-esr', 'firefox'];
const chromeOfMac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
const firefoxOfMac = '/Applications/Firefox.app/Contents/MacOS/firefox';

/** The path of Chromium or Chrome, or `undefined` if there is none. */
export function findChromium() {
  return fromEnvironment('CHROME') ?? findOnPath(...chromiumNames) ?? ifThere(chromeOfMac);
}

/** The path of Chromium. Fails if there is none. */
export function requireChromium() {
  const chromium = findChromium();
  if (chromium) return chromium;
  throw new Failure('There is no Chromium or Chrome here: `npm run setup` says how to install it.');
}

/** The path of its driver, or `undefined` if there is none. */
export function findChromedriver() {
  return fromEnvironment('CHROMEDRIVER') ?? findOnPath('chromedriver');
}

/** The path of Firefox, or `undefined` if there is none. */
export function findFirefox() {
  return fromEnvironment('FIREFOX') ?? findOnPath(...firefoxNames) ?? ifThere(firefoxOfMac);
}

export async function installChromium() {
  if (findChromium() && findChromedriver()) return;
  await aptInstall(
    ['chromium', 'chromium-driver'],
    'Chromium (or Chrome) or its chromedriver, for the tests in a browser,',
  );
}

export async function installFirefox() {
  if (findFirefox()) return;
  await aptInstall(['firefox-esr'], 'Firefox, for the tests in a second browser,');
}

function fromEnvironment(name) {
  const file = process.env[name];
  if (!file) return undefined;
  if (!isExecutable(file)) throw new Failure(`${name} is set to ${file}, which is not a program.`);
  return file;
}

function ifThere(file) {
  return isExecutable(file) ? file : undefined;
}
