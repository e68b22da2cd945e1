import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { fleet } from './fleet.js';
import { duration, pretty } from './format.js';
import { scene } from './scene.js';

/** What the chosen scene is, and what its devices send: how many, how often, and one message. */
export function ScenePreview() {
  const { description, kinds } = scene.value;
  const sample = useSample(kinds[0]);
  return (
    <div class="scene-preview">
      <div class="stack">
        {description && <p>{description}</p>}
        <dl>
          {kinds.map(({ name, count, behaviour }) => (
            <div key={name}>
              <dt>
                {count} × {name}
              </dt>
              <dd class="quiet">{paceOf(behaviour)}</dd>
            </div>
          ))}
        </dl>
      </div>
      {sample.value && (
        <figure>
          <figcaption class="quiet small">Sample message of a {kinds[0].name}</figcaption>
          <pre class="json" tabIndex={0}>
            {sample.value}
          </pre>
        </figure>
      )}
    </div>
  );
}

/** "climate every 2 s, alarm every 60 s". */
function paceOf({ telemetry }) {
  const messages = telemetry.filter(({ isOn }) => isOn);
  if (messages.length === 0) return 'sends no telemetry';
  return messages.map(({ name, periodMs }) => `${name} every ${duration(periodMs)}`).join(', ');
}

function useSample({ name, behaviour }) {
  const sample = useSignal(undefined);
  useEffect(() => {
    let isCurrent = true;
    const show = ({ message }) => {
      if (isCurrent) sample.value = message && pretty(JSON.parse(message.body));
    };
    fleet.preview(behaviour, `${name}-1`).then(show);
    return () => (isCurrent = false);
  }, [behaviour]);
  return sample;
}
