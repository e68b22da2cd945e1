const worker = new Worker('/worker.js', { type: 'module' });
worker.onerror = ({ message }) => {
  throw new Error(message || 'the worker did not load');
};
