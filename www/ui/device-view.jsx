import { Outcome, useAction } from './action.jsx';
import { BackButton } from './back-button.jsx';
import { CodeDialog } from './code-dialog.jsx';
import { DeviceOverview } from './device-overview.jsx';
import { FilesView } from './files-view.jsx';
import { device, fleet } from './fleet.js';
import { Icon } from './icon.jsx';
import { duplicateDevice, isLocal } from './local-hub.js';
import { MessagesView } from './messages-view.jsx';
import { MethodsView } from './methods-view.jsx';
import { DEVICE_TABS, deviceTab, openAdding, openDeviceTab } from './navigation.js';
import { Notice } from './notice.jsx';
import { SentLog } from './sent-log.jsx';
import { Tabs } from './tabs.jsx';
import { TagEditor } from './tag-editor.jsx';
import { addTags, tagsOf } from './tags.js';
import { TelemetryView } from './telemetry-view.jsx';
import { removeDevices } from './removing.jsx';
import { TwinView } from './twin-view.jsx';
import { inWords } from './words.js';
import { WireLog } from './wire-log.jsx';

const PANELS = {
  overview: (id) => <DeviceOverview id={id} />,
  telemetry: (id) => <TelemetryView kindName={device(id).kind} id={id} />,
  sent: (id) => <SentLog id={id} />,
  twin: (id) => <TwinView kindName={device(id).kind} id={id} />,
  methods: (id) => <MethodsView kindName={device(id).kind} id={id} />,
  messages: (id) => <MessagesView id={id} />,
  files: (id) => <FilesView id={id} />,
  wire: (id) => <WireLog id={id} />,
};

/** One device. */
export function DeviceView({ id }) {
  const { run, result } = useAction((work) => work());
  const shown = device(id);
  if (!shown) return <NotHere id={id} />;
  const { state, kind, lastError } = shown;
  const isStopped = state === 'stopped' || state === 'failed';
  return (
    <article class="view">
      <BackButton />
      <div class="view-head">
        <h2>{id}</h2>
        <p class={`state ${state}`}>
          <Icon name={state} /> {state}
        </p>
        <p class="quiet">{kind}</p>
        <div class="buttons">
          {isStopped ? (
            <button class="primary" onClick={() => fleet.start([id])}>
              <Icon name="start" /> Start
            </button>
          ) : (
            <button onClick={() => fleet.stop([id])}>
              <Icon name="stop" /> Stop
            </button>
          )}
          {isLocal(id) && (
            <button class="plain" onClick={() => run(() => duplicate(id))}>
              Duplicate
            </button>
          )}
          <button class="plain" onClick={() => removeDevices([id])}>
            Remove
          </button>
        </div>
        <TagEditor ids={[id]} />
      </div>
      <div class="news" role="status">
        {lastError && state !== 'connected' && (
          <Notice kind="bad" text={inWords(lastError.message)} hint={lastError.hint} />
        )}
        <Outcome result={result} />
      </div>
      <Tabs label={id} tabs={DEVICE_TABS} chosen={deviceTab.value} choose={openDeviceTab}>
        {PANELS[deviceTab.value](id)}
      </Tabs>
      <CodeDialog />
    </article>
  );
}

/** The tags are those of this page; twin and kind come from the hub and the worker. */
async function duplicate(id) {
  const tags = tagsOf(id);
  addTags([{ id: await duplicateDevice(id), tags }]);
}

function NotHere({ id }) {
  return (
    <article class="view">
      <BackButton />
      <h2>{id}</h2>
      <Notice text="This device is not in the page.">
        <button class="link" onClick={openAdding}>
          Add devices
        </button>
      </Notice>
    </article>
  );
}
