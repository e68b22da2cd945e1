/** Runs the rows in this process. */
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import * as iothub from '../../pkg/index.node.js';
import { startHttpProxy, startSocksProxy } from '../node/transport/proxies.mjs';
import { rows as allRows } from './rows/index.js';
import { runRows } from './run.js';

const PROXY_PASSWORD = 'p@ss/word of the proxy';

/**
 * @param {object} servers that rows need, including the hub
 * @param {(id: string, result: object) => void} report
 * @param {{after: (work: () => unknown) => void}} t registers work for the end of the test
 */
export async function runInNode(servers, report, t, rows = allRows) {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  t.after(() => rm(folder, { recursive: true }));
  let written = 0;
  await runRows(
    {
      iothub,
      isBrowser: false,
      concurrency: 8,
      declarations: () => readFile(new URL('../../pkg/index.d.ts', import.meta.url), 'utf8'),
      importSlim: () => import('../../pkg/slim.node.js'),
      inspect: (value) => inspect(value, { depth: null, showHidden: true, maxStringLength: null }),
      ...servers,
      proxies: await startProxies(t),
      proxyPassword: PROXY_PASSWORD,
      encryptKey: (key, passphrase) =>
        createPrivateKey(key).export({
          type: 'pkcs8',
          format: 'pem',
          cipher: 'aes-256-cbc',
          passphrase,
        }),
      async writeFile(text) {
        written += 1;
        const file = join(folder, `${written}.pem`);
        await writeFile(file, text);
        return file;
      },
    },
    rows,
    report,
  );
}

/** Real proxies, which report where each tunnel led. */
async function startProxies(t) {
  const login = { user: 'user', password: PROXY_PASSWORD };
  const [http, socks] = [await startHttpProxy(t, login), await startSocksProxy(t, login)];
  const credentials = `user:${encodeURIComponent(PROXY_PASSWORD)}`;
  return [
    { url: `http://${credentials}@127.0.0.1:${http.port}`, closed: http.closed },
    { url: `socks5://${credentials}@127.0.0.1:${socks.port}`, closed: socks.closed },
  ];
}
