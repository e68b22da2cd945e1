/** Opens pages in Chromium, or requests routes, until their device has done its job. */
import { browsers } from '../environments/browsers.mjs';

/**
 * `POST /path` is requested with `fetch`. Fails with the errors of a page or route, and if a page
 * requests a separate WebAssembly file.
 */
export async function visit({ origin, path }, watch, slim = false) {
  if (path.startsWith('POST ')) return ask(origin + path.slice('POST '.length), watch);
  return openPage(origin + path, watch, slim);
}

async function ask(url, watch) {
  const answered = fetch(url, { method: 'POST' }).then(async (response) => {
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  });
  await Promise.all([answered, watch()]);
}

async function openPage(url, watch, slim) {
  const browser = await browsers[0].open();
  const complaints = [];
  try {
    const page = await browser.newPage();
    const fault = new Promise((_, reject) => {
      page.on('pageerror', reject);
      page.on('request', (request) => {
        if (!slim && request.url().includes('.wasm'))
          reject(new Error(`asked for ${request.url()}`));
      });
    });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
    });
    page.on('requestfailed', (request) => complaints.push(`not loaded: ${request.url()}`));
    await Promise.race([Promise.all([page.goto(url, { timeout: 120_000 }), watch()]), fault]);
  } catch (error) {
    throw new Error([error.message ?? error, ...complaints].join('\n'), { cause: error });
  } finally {
    await browser.close();
  }
}
