/** Chromium with its driver, and Firefox, for the tests that run in a browser. */
import { aptInstall } from './apt.mjs';
import { Failure, findOnPath, isExecutable, say } from './run.mjs';

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const firefoxNames = ['firefox-esr', 'firefox'];
const chromeOfMac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
const firefoxOfMac = '/Applications/Firefox.app/Contents/MacOS/firefox';

/** Sets CHROME and CHROMEDRIVER in the environment to the paths of the two programs. */
export async function findBrowser() {
  if (!find()) {
    await aptInstall(
      ['chromium', 'chromium-driver'],
      'Chromium (or Chrome) or its chromedriver, for the tests in a browser,',
    );
    if (!find()) throw new Failure('Chromium was installed, but is not on PATH.');
  }
}

/** The path of Firefox, or `undefined` where there is none. */
export function findFirefox() {
  return fromEnvironment('FIREFOX') ?? findOnPath(...firefoxNames) ?? ifThere(firefoxOfMac);
}

/** Installs Firefox; where that fails, says so: the tests in it are not run then. */
export async function installFirefox() {
  if (findFirefox()) return;
  try {
    await aptInstall(['firefox-esr'], 'Firefox, for the tests in a second browser,');
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`${error.message}\n  The tests in Firefox will not be run.`);
  }
}

function find() {
  const chrome = fromEnvironment('CHROME') ?? findOnPath(...chromiumNames) ?? ifThere(chromeOfMac);
  const driver = fromEnvironment('CHROMEDRIVER') ?? findOnPath('chromedriver');
  if (!chrome || !driver) return false;
  process.env.CHROME = chrome;
  process.env.CHROMEDRIVER = driver;
  return true;
}

function fromEnvironment(name) {
  const file = process.env[name];
  if (!file) return undefined;
  if (!isExecutable(file)) throw new Failure(`${name} is set to ${file}, which is no program.`);
  return file;
}

function ifThere(file) {
  return isExecutable(file) ? file : undefined;
}
