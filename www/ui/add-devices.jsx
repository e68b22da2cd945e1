import { ConnectForm } from './connect-form.jsx';
import { ids } from './fleet.js';
import { LocalHubForm } from './local-hub-form.jsx';
import { localHub } from './local-hub.js';
import { BackButton } from './back-button.jsx';
import { Notice } from './notice.jsx';
import { SceneChoice } from './scene-choice.jsx';
import { linkError } from './scene.js';
import { inWords } from './words.js';

/** Both ways to add devices: what somebody new sees first. */
export function AddDevices() {
  const isFirst = ids.value.length === 0;
  return (
    <article class="view adding">
      <BackButton />
      <h2>{isFirst ? 'Simulate a device' : 'Add devices'}</h2>
      {isFirst && (
        <p class="lead">
          Devices that run in this page: they connect over MQTT, send telemetry, keep a twin and
          answer methods, as devices with firmware would. Nothing is to be installed.
        </p>
      )}
      {linkError.value && (
        <Notice
          kind="bad"
          text={`The scene in the link was not loaded: ${inWords(linkError.value.message)}`}
        />
      )}
      <div class="ways">
        {localHub.value ? <LocalHubForm /> : <NoLocalHub />}
        <ConnectForm />
      </div>
      <SceneChoice />
    </article>
  );
}

function NoLocalHub() {
  return (
    <section class="way">
      <h3>No hub at hand?</h3>
      <p>
        <code>npm start</code> in a clone of the project serves this page together with a local hub,
        whose devices are added with one click. This copy of the page has none.
      </p>
    </section>
  );
}
