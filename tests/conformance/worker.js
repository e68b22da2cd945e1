import { runInBrowser } from './browser.js';

await runInBrowser((id, result) => postMessage({ id, result }), JSON.parse(self.name));
postMessage({ isDone: true });
