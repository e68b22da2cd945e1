// Uploads a file that the user chooses. The file goes to the storage account, whose CORS rules must
// allow this page; the calls to the hub go through the relay.
import { IoTHubDeviceClient } from 'iothub-device-client';

const form = document.forms[0];
const result = document.getElementById('result');
const progress = document.querySelector('progress');

form?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  const file = fields.get('file');
  if (!result || !(file instanceof File)) return;
  const client = IoTHubDeviceClient.createFromConnectionString(
    `${fields.get('connection-string')}`,
    { httpEndpoint: `${fields.get('relay')}` },
  );
  try {
    await client.uploadFile(file.name, file, { onProgress: show });
    result.textContent = `${file.name} is uploaded.`;
  } catch (error) {
    result.textContent = `${error}`;
  } finally {
    await client.shutdown();
  }
});
// Enabled only now: before the module is loaded, the browser would submit the form itself.
form?.querySelector('button')?.removeAttribute('disabled');

/** @param {import('iothub-device-client').UploadProgress} progress */
function show({ loaded, total }) {
  if (!progress) return;
  progress.max = total ?? loaded;
  progress.value = loaded;
}
