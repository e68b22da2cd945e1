import { useEffect } from 'preact/hooks';
import { computed, effect, useSignal } from '@preact/signals';

import { failedDevices, totals } from './fleet.js';
import { counted } from './format.js';

/** How long the numbers must be stable before they are announced. */
const QUIET_MILLISECONDS = 2000;

/** Snapshots arrive all the time, most of them with the same numbers. */
const news = computed(() => {
  const { connected, devices } = totals.value;
  const failed = failedDevices.value;
  const others = failed > 0 ? `, ${failed} failed` : '';
  return `${connected} of ${counted(devices, 'device')} connected${others}`;
});

/** Announces to screen readers how many devices are connected or failed, once that is stable. */
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
