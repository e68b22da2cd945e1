import { runInBrowser } from './browser.js';

await runInBrowser((id, result) => postMessage({ id, result }));
postMessage({ isDone: true });
