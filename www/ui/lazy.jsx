import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Notice } from './notice.jsx';

/**
 * A component that is loaded when it is first shown, so that the first view loads faster.
 * @param {() => Promise<import('preact').ComponentType>} load
 */
export function lazy(load) {
  const loaded = signal({});
  return function Lazy(props) {
    const { View, hasFailed } = loaded.value;
    useEffect(() => {
      if (View) return;
      load().then(
        (found) => (loaded.value = { View: found }),
        () => (loaded.value = { hasFailed: true }),
      );
    }, []);
    if (View) return <View {...props} />;
    return hasFailed && <Notice kind="bad" text="A part of the page did not load. Reload it." />;
  };
}
