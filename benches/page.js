/** Runs one job of one contender in a separate page; the page's server says which. */
import * as works from './work.js';

async function ask(what, body = {}) {
  const headers = { 'content-type': 'application/json' };
  const options = { method: 'POST', headers, body: JSON.stringify(body) };
  return (await fetch(`/ask/${what}`, options)).json();
}

async function perform() {
  const { contender, work, settings, devices, seconds } = await ask('job');
  const runtime = {
    memory: async () => (await ask('memory')).bytes,
    publish: (count) => ask('publish', { count }),
  };
  const begin = performance.now();
  const { open } = await import(`/${contender}/index.js`);
  const imported = performance.now() - begin;
  const result = await works[work]({ open, devices, seconds, runtime }, settings);
  return { import: imported, ...result };
}

perform().then(
  (result) => ask('end', { result }),
  ({ message }) => ask('end', { failure: message }),
);
