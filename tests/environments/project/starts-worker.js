// Bundlers recognise workers by exactly this form.
const worker = new Worker(new URL('./bundled-worker.js', import.meta.url), { type: 'module' });
worker.onerror = ({ message }) => {
  throw new Error(message || 'the worker did not load');
};
