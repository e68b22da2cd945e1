// Bundlers know a worker by this very form.
const worker = new Worker(new URL('./bundled-worker.js', import.meta.url), { type: 'module' });
worker.onerror = ({ message }) => {
  throw new Error(message || 'the worker did not load');
};
