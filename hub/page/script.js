const POLL_MILLISECONDS = 2000;
/** How many messages are shown, and how much of each. */
const MAX_MESSAGES = 100;
const MAX_TEXT = 2000;

const element = (id) => document.getElementById(id);

/** Creates an element that shows values as text: data from devices must never become markup. */
function make(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}

async function read(path) {
  const response = await fetch(path);
  const body = await response.json();
  if (response.ok) return body;
  throw new Error(JSON.parse(body.Message).message);
}

function showHub({ hostname, url, endpoint, secureUrl, secureEndpoint, version }) {
  const members = { version, hostname, url, endpoint, secureUrl, secureEndpoint };
  const names = {
    url: 'URL',
    hostname: 'host name',
    secureUrl: 'URL, TLS',
    secureEndpoint: 'endpoint, TLS',
  };
  const known = Object.entries(members).filter(([, value]) => value !== undefined);
  element('hub').replaceChildren(
    ...known.flatMap(([name, value]) => [make('dt', names[name] ?? name), make('dd', value)]),
  );
}

/** Id → connection string, once the user has requested them. */
let connectionStrings;

function showDevices({ devices, count }) {
  element('devices').replaceChildren(...devices.map(rowOf));
  const hidden = count - devices.length;
  element('rest').textContent = hidden > 0 ? `and ${hidden} more` : '';
}

function rowOf({ id, isEnabled, isConnected, connections, pendingMessages }) {
  const state = make('td', isConnected ? 'connected' : isEnabled ? 'not connected' : 'disabled');
  state.dataset.connected = isConnected;
  const name = make('th', id);
  name.scope = 'row';
  const row = make('tr', name, state, make('td', connections), make('td', pendingMessages));
  if (connectionStrings) row.append(make('td', make('code', connectionStrings.get(id) ?? '')));
  return row;
}

async function showConnectionStrings() {
  try {
    const { service, devices } = await read('/page/connection-strings');
    connectionStrings = new Map(devices.map(({ id, connectionString }) => [id, connectionString]));
    document.querySelector('.secret').hidden = false;
    element('hub').append(make('dt', 'service'), make('dd', make('code', service)));
    element('show').hidden = true;
    await refresh();
  } catch (error) {
    element('refusal').textContent = error.message;
  }
}

async function refresh() {
  const state = await read('/page/devices');
  showDevices(state);
  return state;
}

async function poll() {
  try {
    await refresh();
    element('state').textContent = 'running';
  } catch {
    element('state').textContent = 'not responding';
  }
  setTimeout(poll, POLL_MILLISECONDS);
}

/** Messages since the last frame: thousands per second are drawn together. */
let arrived = [];

function take({ data }) {
  if (arrived.length === 0) requestAnimationFrame(draw);
  arrived.push(JSON.parse(data));
  arrived = arrived.slice(-MAX_MESSAGES);
}

function draw() {
  const list = element('telemetry');
  list.prepend(...arrived.splice(0).reverse().map(itemOf));
  while (list.childElementCount > MAX_MESSAGES) list.lastElementChild.remove();
  element('none').hidden = true;
}

function itemOf({ deviceId, moduleId, enqueuedTime, text }) {
  const time = make('time', new Date(enqueuedTime).toLocaleTimeString());
  time.dateTime = enqueuedTime;
  const id = moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`;
  const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return make('li', time, make('span', id), make('code', shown));
}

const hub = await refresh();
showHub(hub);
element('show').addEventListener('click', showConnectionStrings);
const after = Math.max(0, hub.lastMessage - MAX_MESSAGES);
new EventSource(`/page/telemetry?after=${after}`).addEventListener('message', take);
await poll();
