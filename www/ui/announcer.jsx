import { useEffect } from 'preact/hooks';
import { effect, useSignal } from '@preact/signals';

import { totals } from './fleet.js';
import { counted } from './format.js';

/** How long the numbers must have stood still before they are told. */
const QUIET_MILLISECONDS = 2000;

/** Tells screen readers how many devices are connected, when that has come to rest. */
export function Announcer() {
  const text = useSignal('');
  useEffect(() => {
    let timer;
    let told = '0/0';
    const stop = effect(() => {
      const { connected, devices } = totals.value;
      const news = `${connected}/${devices}`;
      clearTimeout(timer);
      if (news === told) return;
      timer = setTimeout(() => {
        told = news;
        text.value = `${connected} of ${counted(devices, 'device')} connected`;
      }, QUIET_MILLISECONDS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  return <p class="unseen" role="status">{text}</p>;
}
