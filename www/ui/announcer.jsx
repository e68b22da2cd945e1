import { useEffect } from 'preact/hooks';
import { computed, effect, useSignal } from '@preact/signals';

import { failedDevices, totals } from './fleet.js';
import { counted } from './format.js';

/** How long the numbers must have stood still before they are told. */
const QUIET_MILLISECONDS = 2000;

/** Snapshots come all the time, most of them with the same numbers. */
const news = computed(() => {
  const { connected, devices } = totals.value;
  const failed = failedDevices.value;
  const others = failed > 0 ? `, ${failed} failed` : '';
  return `${connected} of ${counted(devices, 'device')} connected${others}`;
});

/** Tells screen readers how many devices are connected or failed, when that has come to rest. */
export function Announcer() {
  const text = useSignal('');
  useEffect(() => {
    let timer;
    const stop = effect(() => {
      const next = news.value;
      clearTimeout(timer);
      timer = setTimeout(() => (text.value = next), QUIET_MILLISECONDS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  return (
    <p class="unseen" role="status">
      {text}
    </p>
  );
}
