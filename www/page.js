import { createDevice, toMessage } from './device.js';
import { offerHubSide } from './hub-side.js';
import { Log } from './log.js';

const REPEAT_MILLISECONDS = 2000;

const byId = (id) => document.getElementById(id);
const telemetry = new Log('telemetry-list');
const messages = new Log('messages-list');
const methods = new Log('methods-list');
const desired = new Log('desired-list');
const events = new Log('events-list');

/** The client in use; undefined while there is none. */
let client;

const show = {
  // The cause of a loss follows as an error.
  state: ({ connected, cause }, state) => {
    if (connected) events.add('connected', 'good');
    else events.add(cause ? 'connection lost' : 'disconnected', cause && 'bad');
    showState(state);
  },
  message: (message) =>
    messages.add(`${message.text()} ${JSON.stringify({ ...message.customProperties })}`),
  method: (name, payload) => methods.add(`${name} ${JSON.stringify(payload)}`),
  desired: (patch) => desired.add(JSON.stringify(patch)),
  error: (error) => events.add(`${error.name}: ${error.message}`, 'bad'),
};

function showState(state) {
  byId('state').textContent = state;
  byId('state').dataset.state = state;
  const idle = state === 'disconnected';
  byId('connect').disabled = !idle;
  byId('connection-string').disabled = !idle;
  byId('endpoint').disabled = !idle;
  byId('disconnect').disabled = idle;
  byId('telemetry').querySelector('button').disabled = idle;
}

async function connect() {
  try {
    await client?.shutdown();
    const connectionString = byId('connection-string').value.trim();
    const endpoint = byId('endpoint').value.trim();
    client = createDevice({ connectionString, endpoint }, show);
    showState('connecting');
    await client.connect();
  } catch (error) {
    show.error(error);
  }
  showState(client?.connectionState ?? 'disconnected');
}

async function send(message) {
  const entry = telemetry.add(JSON.stringify(message.data));
  count('sent');
  try {
    await client.sendMessage(message);
    count('acknowledged');
    entry.outcome('acknowledged', 'good');
  } catch (error) {
    entry.outcome(`not acknowledged: ${error.message}`, 'bad');
  }
}

function count(id) {
  byId(id).textContent = Number(byId(id).textContent) + 1;
}

byId('connection').addEventListener('submit', (event) => {
  event.preventDefault();
  connect();
});

byId('disconnect').addEventListener('click', async () => {
  await client.disconnect();
  showState(client.connectionState);
});

byId('telemetry').addEventListener('submit', (event) => {
  event.preventDefault();
  send(toMessage(byId('body').value));
});

setInterval(() => {
  if (!client?.connected || !byId('repeat').checked) return;
  const temperature = Math.round(200 + 50 * Math.random()) / 10;
  send(toMessage(JSON.stringify({ temperature })));
}, REPEAT_MILLISECONDS);

/** `npm start` gives the page the local hub's device; elsewhere the form waits for one. */
async function begin() {
  showState('disconnected');
  const response = await fetch('device.json');
  if (!response.ok) return;
  const { connectionString, endpoint } = await response.json();
  byId('connection-string').value = connectionString;
  byId('endpoint').value = endpoint;
  offerHubSide();
  await connect();
}

await begin();
