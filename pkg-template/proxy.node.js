// Connections through a proxy, for WebSocket and HTTP alike.
import { Agent } from 'agent-base';
import { reasonOf } from './request.js';

const protocols = ['http:', 'https:', 'socks4:', 'socks4a:', 'socks5:', 'socks5h:'];

/** Connects through one proxy, whose user and password it keeps private. */
export class ProxyAgent extends Agent {
  #proxy;

  /**
   * @param {unknown} option the option `proxy`
   * @throws {TypeError} it is not the URL of a proxy
   */
  constructor(option) {
    super();
    this.#proxy = parse(option);
  }

  /** Called by agent-base; the option `tunnelSignal` ends a tunnel that is still being opened. */
  async connect(request, options) {
    const { url } = this.#proxy;
    const name = `the proxy ${url.protocol}//${url.host}`;
    const createAgent = url.protocol.startsWith('socks') ? socksAgent : httpAgent;
    const agent = await createAgent(this.#proxy, options.tunnelSignal);
    let status = 200;
    agent.once('proxyConnect', (answer) => {
      status = answer.statusCode;
    });
    let socket;
    try {
      socket = await agent.connect(request, options);
    } catch (error) {
      // Not as the cause: errors of SOCKS contain the password.
      throw new Error(`${name} did not open a connection: ${reasonOf(error)}`);
    }
    if (status === 200) return socket;
    socket.destroy();
    throw new Error(`${name} did not open a connection: ${statusReason(status)}`);
  }
}

function parse(option) {
  const url = parseUrl(option);
  // A slash or a hash in a password would turn parts of it into a path and a host.
  const whole = url?.hostname && /^\/?$/.test(url.pathname) && !url.search && !url.hash;
  if (!whole || !protocols.includes(url.protocol)) {
    throw new TypeError(
      'the option proxy must be a URL like http://user:password@host:8080, with ' +
        `${protocols.join(' ')} and special characters percent-encoded`,
    );
  }
  const user = decode(url.username);
  const password = decode(url.password);
  if (password && url.protocol.startsWith('socks4')) {
    throw new TypeError(
      'the option proxy has a password, which SOCKS 4 does not support: use socks5:',
    );
  }
  url.username = '';
  url.password = '';
  return { url, user, password };
}

function parseUrl(option) {
  try {
    return typeof option === 'string' ? new URL(option) : undefined;
  } catch {
    // The URL parser's own error would show the password.
    return undefined;
  }
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError('the user and password of the option proxy must be percent-encoded');
  }
}

// The libraries are loaded only if a proxy is used. They get its URL without user and password,
// because they log it.

async function httpAgent({ url, user, password }, signal) {
  const { HttpsProxyAgent } = await import('https-proxy-agent');
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');
  const authorization = { 'Proxy-Authorization': `Basic ${credentials}` };
  const headers = () => (user || password ? authorization : {});
  // Its types derive the options from the text of the URL, which is not known here.
  return new HttpsProxyAgent(url, /** @type {any} */ ({ headers, signal }));
}

async function socksAgent({ url, user, password }) {
  const { SocksProxyAgent } = await import('socks-proxy-agent');
  const agent = new SocksProxyAgent(url);
  const proxy = {
    ...agent.proxy,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    get userId() {
      return user;
    },
    get password() {
      return password;
    },
  };
  return Object.assign(agent, { proxy });
}

function statusReason(status) {
  return status === 407
    ? 'it requires another user or password (status 407); check those in the option proxy'
    : `it cannot or may not reach the host (status ${status})`;
}
