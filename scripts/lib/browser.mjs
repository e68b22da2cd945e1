/** Chromium and its driver, for the tests that run in a browser. */
import { aptInstall } from './apt.mjs';
import { Failure, findOnPath, isExecutable } from './run.mjs';

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const chromeOfMac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** Sees to it that CHROME and CHROMEDRIVER in the environment name the two programs. */
export async function findBrowser() {
  if (!find()) {
    await aptInstall(
      ['chromium', 'chromium-driver'],
      'Chromium (or Chrome) or its chromedriver, for the tests in a browser,',
    );
    if (!find()) throw new Failure('Chromium was installed, but is not on PATH.');
  }
}

function find() {
  const chrome = fromEnvironment('CHROME') ?? findOnPath(...chromiumNames) ?? macChrome();
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

function macChrome() {
  return isExecutable(chromeOfMac) ? chromeOfMac : undefined;
}
