// The page starts the device and shows its messages. The device keeps working while the page is
// busy.
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const log = document.getElementById('log');
worker.onmessage = ({ data }) => log?.append(`${data}\n`);
worker.onerror = ({ message }) => log?.append(`${message || 'the worker did not load'}\n`);

const form = document.forms[0];
form?.addEventListener('submit', (event) => {
  event.preventDefault();
  worker.postMessage(Object.fromEntries(new FormData(form)));
});
form?.querySelector('button')?.removeAttribute('disabled');
