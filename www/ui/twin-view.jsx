import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { ActionForm } from './action.jsx';
import { CodeButton } from './code-dialog.jsx';
import { details, device, fleet } from './fleet.js';
import { HubSide } from './hub-side.jsx';
import { JsonField } from './json-field.jsx';
import { JsonView } from './json-view.jsx';
import { useDraft } from './drafts.js';
import { KindEditor } from './kind-editor.jsx';
import { askLocalHub, isLocal } from './local-hub.js';
import { keptText } from './kept-text.jsx';
import { readJson } from './read-json.js';

/** Both halves of a device's twin, what it reports, and the rule of its kind. */
export function TwinView({ kindName, id }) {
  const { twin, changedPaths } = details.value ?? {};
  return (
    <>
      <div class="columns halves">
        <Half
          title="Desired"
          about="set by the back end"
          section={twin?.desired}
          changed={changedPaths?.desired}
        />
        <Half
          title="Reported"
          about="reported by the device"
          section={twin?.reported}
          changed={changedPaths?.reported}
        />
      </div>
      <div class="columns">
        <Report id={id} />
        {isLocal(id) && <Desire id={id} />}
      </div>
      <TwinRule kindName={kindName} />
    </>
  );
}

function Half({ title, about, section, changed }) {
  const { $version, ...properties } = section ?? {};
  return (
    <section class="twin-half" aria-label={`${title} properties`}>
      <div class="section-head">
        <h3>
          {title} <span class="quiet">{about}</span>
        </h3>
        {section && <span class="tag">version {$version}</span>}
      </div>
      {section ? (
        <JsonView value={properties} changed={changed} />
      ) : (
        <p class="empty">Available once the device connects.</p>
      )}
    </section>
  );
}

function Report({ id }) {
  const { text, type } = keptText(id, 'report', '{\n  "firmware": "1.0.1"\n}');
  const { value, error } = readJson(text, 'object');
  const isConnected = device(id).state === 'connected';
  const report = async () => {
    await fleet.reportProperties(id, value);
    return 'Reported.';
  };
  return (
    <section>
      <h3>Report properties</h3>
      <ActionForm
        work={report}
        button="Report"
        isWrong={error !== undefined}
        beside={
          <CodeButton
            id={id}
            title="Report properties"
            disabled={error !== undefined}
            action={() => ({ kind: 'report', patch: value })}
          />
        }
      >
        <JsonField label="Patch of the reported properties" text={text} type={type} error={error} />
        <p class="hint">
          Properties that the patch omits stay as they are; <code>null</code> removes a property.
          {!isConnected && ' Start the device first: it is not connected.'}
        </p>
      </ActionForm>
    </section>
  );
}

function Desire({ id }) {
  const { text, type } = keptText(id, 'desire', '{\n  "targetTemperature": 23\n}');
  const { value, error } = readJson(text, 'object');
  const patch = async () => {
    const { $version } = await askLocalHub('desired', { id, patch: value });
    return `Desired properties are now at version ${$version}.`;
  };
  return (
    <HubSide title="Change desired properties">
      <ActionForm
        work={patch}
        button="Patch"
        isWrong={error !== undefined}
        beside={
          <CodeButton
            id={id}
            title="Change desired properties"
            disabled={error !== undefined}
            action={() => ({ kind: 'desire', patch: value })}
          />
        }
      >
        <JsonField label="Patch of the desired properties" text={text} type={type} error={error} />
      </ActionForm>
    </HubSide>
  );
}

/** What every device of a kind reports automatically. */
export function TwinRule({ kindName }) {
  const draft = useDraft(kindName, 'twin');
  const twin = draft.value;
  const mistake = useSignal(undefined);
  useEffect(() => {
    let isCurrent = true;
    fleet.mistakeIn(twin.text).then((found) => isCurrent && (mistake.value = found));
    return () => (isCurrent = false);
  }, [twin.text]);
  const error =
    readJson(twin.text, 'object').error ?? (mistake.value && { message: mistake.value });
  return (
    <section>
      <h3>
        Automatic reports <span class="quiet">of every “{kindName}”</span>
      </h3>
      <KindEditor
        kindName={kindName}
        draft={draft}
        isWrong={error !== undefined}
        when=" Devices send what is reported at the start when they start next."
      >
        <label class="check">
          <input
            type="checkbox"
            checked={twin.followsDesired}
            onChange={(event) =>
              draft.change({ ...twin, followsDesired: event.currentTarget.checked })
            }
          />
          Report desired properties unchanged when they arrive
        </label>
        <JsonField
          label="Reported at the start"
          text={twin.text}
          type={(text) => draft.change({ ...twin, text })}
          error={error}
        />
        <Writable properties={twin.writable ?? []} />
      </KindEditor>
    </section>
  );
}

/**
 * Lists the writable properties. They are rarely edited, and their schemas need more than a field.
 */
function Writable({ properties }) {
  if (properties.length === 0) return null;
  const names = properties.map(({ name, component }) =>
    component === undefined ? name : `${component}.${name}`,
  );
  return (
    <p class="hint">
      Acknowledged by the IoT Plug and Play conventions: {names.join(', ')}. Their schemas are in
      the JSON of the scene.
    </p>
  );
}
