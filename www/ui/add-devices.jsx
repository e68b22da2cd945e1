import { ConnectForm } from './connect-form.jsx';
import { ids } from './fleet.js';
import { GroupForm } from './group-form.jsx';
import { LocalHubForm } from './local-hub-form.jsx';
import { localHub } from './local-hub.js';
import { BackButton } from './back-button.jsx';
import { ManyDevices } from './many-devices.jsx';
import { Notice } from './notice.jsx';
import { SceneChoice } from './scene-choice.jsx';
import { ScenePreview } from './scene-preview.jsx';
import { linkError } from './scene.js';
import { inWords } from './words.js';

/** What devices do, then where they connect: the first view. */
export function AddDevices() {
  const isFirst = ids.value.length === 0;
  return (
    <article class="view adding">
      <BackButton />
      <h2>{isFirst ? 'Simulate a device' : 'Add devices'}</h2>
      {isFirst && (
        <p class="lead">
          Devices run in this page. They connect over MQTT, send telemetry, keep a twin and respond
          to methods, as real devices do. There is nothing to install.
        </p>
      )}
      {linkError.value && (
        <Notice
          kind="bad"
          text={`The scene in the link was not loaded: ${inWords(linkError.value.message)}`}
        />
      )}
      <section class="step">
        <h3>
          <Step number="1" /> Choose what the devices do
        </h3>
        <SceneChoice />
        <ScenePreview />
      </section>
      <section class="step">
        <h3>
          <Step number="2" /> Connect them to a hub
        </h3>
        <div class="ways">
          {localHub.value ? <LocalHubForm /> : <NoLocalHub />}
          <ConnectForm />
          <GroupForm />
          <ManyDevices />
        </div>
      </section>
    </article>
  );
}

const Step = ({ number }) => <span class="step-number">{number}</span>;

function NoLocalHub() {
  return (
    <section class="way">
      <h4>No hub at hand?</h4>
      <p>
        Run <code>npm start</code> in a clone of the project: it serves this page together with a
        local hub, which creates devices with one click. This copy of the page has no local hub.
      </p>
    </section>
  );
}
