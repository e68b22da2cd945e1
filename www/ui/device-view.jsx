import { BackButton } from './back-button.jsx';
import { DeviceOverview } from './device-overview.jsx';
import { FilesView } from './files-view.jsx';
import { device, fleet } from './fleet.js';
import { Icon } from './icon.jsx';
import { MessagesView } from './messages-view.jsx';
import { MethodsView } from './methods-view.jsx';
import { deviceTab } from './navigation.js';
import { Notice } from './notice.jsx';
import { Tabs } from './tabs.jsx';
import { TelemetryView } from './telemetry-view.jsx';
import { TwinView } from './twin-view.jsx';
import { WireLog } from './wire-log.jsx';

const TABS = [
  ['overview', 'Overview'],
  ['telemetry', 'Telemetry'],
  ['twin', 'Twin'],
  ['methods', 'Methods'],
  ['messages', 'Messages'],
  ['files', 'Files'],
  ['wire', 'Wire log'],
];

const PANELS = {
  overview: (id) => <DeviceOverview id={id} />,
  telemetry: (id) => <TelemetryView kindName={device(id).kind} id={id} />,
  twin: (id) => <TwinView kindName={device(id).kind} id={id} />,
  methods: (id) => <MethodsView kindName={device(id).kind} id={id} />,
  messages: (id) => <MessagesView id={id} />,
  files: (id) => <FilesView id={id} />,
  wire: (id) => <WireLog id={id} />,
};

/** One device. */
export function DeviceView({ id }) {
  const shown = device(id);
  if (!shown) return null;
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
          <button class="plain" onClick={() => fleet.remove([id])}>
            Remove
          </button>
        </div>
      </div>
      <div class="news" role="status">
        {lastError && state !== 'connected' && (
          <Notice
            kind="bad"
            text={`${lastError.name}: ${lastError.message}`}
            hint={lastError.hint}
          />
        )}
      </div>
      <Tabs label={id} tabs={TABS} chosen={deviceTab}>
        {PANELS[deviceTab.value](id)}
      </Tabs>
    </article>
  );
}
