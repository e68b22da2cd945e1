// The table of methods: file upload.
import { bytesEqual, equal, match, ok } from '../assert.js';

const CALLS = {
  getStorageInfoForBlob: (client) => client.getStorageInfoForBlob('b'),
  notifyBlobUploadStatus: (client) => client.notifyBlobUploadStatus('c', true, 200, 'OK'),
};

export const rows = [
  {
    id: 'methods.getStorageInfoForBlob',
    title: 'getStorageInfoForBlob(): returns where to upload, and a token; a PUT there is stored',
    async run({ pair }) {
      const { client, device } = await pair();
      const name = 'folder/Grüße %1.bin';
      const info = await client.getStorageInfoForBlob(name);
      equal(info.blobName, `${device.deviceId}/${name}`);
      for (const member of ['correlationId', 'hostName', 'containerName', 'sasToken']) {
        equal(typeof info[member], 'string', member);
      }
      equal(client.connectionState, 'disconnected');

      const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
      const path = info.blobName.split('/').map(encodeURIComponent).join('/');
      const { protocol } = new URL(device.endpoint.replace(/^ws/, 'http'));
      const url = `${protocol}//${info.hostName}/${info.containerName}/${path}${info.sasToken}`;
      const headers = { 'x-ms-blob-type': 'BlockBlob' };
      const { status } = await fetch(url, { method: 'PUT', headers, body: bytes });
      equal(status, 201);
      await client.notifyBlobUploadStatus(info.correlationId, true, status, 'stored');

      const [{ isSuccess, statusCode, statusDescription, blobUrl }] = await device.uploads();
      equal(isSuccess, true);
      equal(statusCode, 201);
      equal(statusDescription, 'stored');
      bytesEqual(new Uint8Array(await (await fetch(blobUrl)).arrayBuffer()), bytes);
    },
  },
  {
    id: 'methods.notifyBlobUploadStatus',
    title: 'notifyBlobUploadStatus(): reports a failure; an unknown correlation id: ServiceError',
    async run({ pair, rejects, ServiceError }) {
      const { client, device } = await pair();
      const { correlationId } = await client.getStorageInfoForBlob('b');
      await client.notifyBlobUploadStatus(correlationId, false, 507, 'Grüße');
      const [upload] = await device.uploads();
      equal(upload.isSuccess, false);
      equal(upload.statusCode, 507);
      equal(upload.statusDescription, 'Grüße');
      const unknown = client.notifyBlobUploadStatus('unknown', true, 200, 'OK');
      const { status, code } = await rejects(unknown, ServiceError);
      equal(status, 400);
      equal(code, '400015');
    },
  },
  {
    id: 'methods.upload-status',
    title: "upload calls: other statuses: ServiceError with status and the hub's error code",
    async run({ pair, rejects, ServiceError }) {
      const { client, device } = await pair();
      for (const filesStatus of [401, 404, 429, 500, 503]) {
        await device.setFaults({ filesStatus });
        for (const call of Object.values(CALLS)) {
          const { status, code, message } = await rejects(call(client), ServiceError);
          equal(status, filesStatus);
          match(code, new RegExp(`^${filesStatus}`), 'the code');
          ok(message.includes('fault'), `the hub's own words are not in: ${message}`);
        }
      }
      await device.setFaults({ clear: true, noStorage: true });
      equal((await rejects(CALLS.getStorageInfoForBlob(client), ServiceError)).code, '400014');
    },
  },
  {
    id: 'methods.upload-no-answer',
    title: 'upload calls: no HTTP answer: ConnectionFailedError that says what to check',
    async run({ createDevice, createClient, rejects, ConnectionFailedError }) {
      const client = createClient(await createDevice(), { endpoint: 'ws://127.0.0.1:9/' });
      for (const call of Object.values(CALLS)) {
        const { message } = await rejects(call(client), ConnectionFailedError);
        for (const hint of ['network', 'CORS', 'endpoint']) match(message, new RegExp(hint));
      }
    },
  },
  {
    id: 'methods.upload-too-late',
    title: 'upload calls: too late: OperationTimeout',
    async run({ createDevice, createClient, rejects, OperationTimeout, silentEndpoint }) {
      const options = { endpoint: silentEndpoint, operationTimeout: 0.2 };
      const client = createClient(await createDevice(), options);
      for (const call of Object.values(CALLS)) await rejects(call(client), OperationTimeout);
    },
  },
  {
    id: 'methods.upload-wrong',
    title: 'upload calls: arguments of a wrong type: TypeError',
    async run({ pair, rejects }) {
      const { client } = await pair();
      for (const name of [undefined, null, 7]) {
        await rejects(client.getStorageInfoForBlob(name), TypeError);
      }
      const right = ['c', true, 200, 'OK'];
      for (const index of right.keys()) {
        await rejects(client.notifyBlobUploadStatus(...right.with(index, null)), TypeError);
      }
    },
  },
];
