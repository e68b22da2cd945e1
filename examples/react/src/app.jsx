import { useState } from 'react';
import { useDevice } from './use-device.js';

export function App() {
  const [login, setLogin] = useState(null);
  return (
    <>
      <h1>A device in React</h1>
      {login ? <Device login={login} /> : <Login onLogin={setLogin} />}
    </>
  );
}

// A key is for trying it out. Your users get tokens of your server: see the token server.
function Login({ onLogin }) {
  const submit = (fields) =>
    onLogin({
      connectionString: fields.get('connection-string'),
      endpoint: fields.get('endpoint') || undefined,
    });
  return (
    <form action={submit}>
      <p>
        <label>
          Connection string{' '}
          <input name="connection-string" type="password" autoComplete="off" required />
        </label>
      </p>
      <p>
        <label>
          Endpoint of a local hub (empty for Azure){' '}
          <input name="endpoint" type="url" autoComplete="off" />
        </label>
      </p>
      <button>Connect</button>
    </form>
  );
}

function Device({ login }) {
  const { client, connected, desired, messages, error } = useDevice(login);
  const [temperature, setTemperature] = useState(21.5);
  const [sent, setSent] = useState(0);

  async function send() {
    await client.sendMessage({ temperature });
    setSent((count) => count + 1);
  }

  return (
    <>
      <p role="status">{connected ? 'connected' : 'not connected'}</p>
      {error && <p role="alert">{error.message}</p>}
      <p>
        <label>
          Temperature{' '}
          <input
            type="number"
            step="0.1"
            value={temperature}
            onChange={(event) => setTemperature(event.target.valueAsNumber)}
          />
        </label>{' '}
        <button onClick={send} disabled={!connected}>
          Send
        </button>{' '}
        {sent} sent
      </p>
      <h2>Desired properties</h2>
      <pre>{JSON.stringify(desired, null, 2)}</pre>
      <h2>Messages</h2>
      <ul>
        {messages.map((text, index) => (
          <li key={index}>{text}</li>
        ))}
      </ul>
    </>
  );
}
