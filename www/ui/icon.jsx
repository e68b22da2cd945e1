/** Drawn on a square of 16; words beside it say the same. */
const PATHS = {
  connected: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z',
  connecting: 'M8 2a6 6 0 1 0 0 12V2Z',
  reconnecting: 'M8 2a6 6 0 1 0 0 12V2Z',
  offline: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z',
  stopped: 'M3 3h10v10H3V3Zm2 2v6h6V5H5Z',
  failed: 'M8 1.5 15 14H1L8 1.5Z',
  start: 'M4 2.5v11l9.5-5.5L4 2.5Z',
  stop: 'M3.5 3.5h9v9h-9z',
  plus: 'M7 2h2v5h5v2H9v5H7V9H2V7h5V2Z',
  back: 'M10.5 2 12 3.5 7.5 8l4.5 4.5-1.5 1.5-6-6 6-6Z',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM7 0h2v3H7V0Zm0 13h2v3H7v-3ZM0 7h3v2H0V7Zm13 0h3v2h-3V7ZM2.3 3.7l1.4-1.4 2 2-1.4 1.4-2-2Zm8 8 1.4-1.4 2 2-1.4 1.4-2-2Zm-6-1.4 1.4 1.4-2 2-1.4-1.4 2-2Zm8-8 1.4 1.4-2 2-1.4-1.4 2-2Z',
  moon: 'M6 1a7 7 0 1 0 9 9 6 6 0 0 1-9-9Z',
  find: 'M7 1a6 6 0 1 0 3.5 10.9l3.3 3.3 1.4-1.4-3.3-3.3A6 6 0 0 0 7 1Zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z',
  warning: 'M8 1.2 15.5 14.5h-15L8 1.2ZM7 6v4h2V6H7Zm0 5.2v1.8h2v-1.8H7Z',
  info: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM7 4h2v2H7V4Zm0 3h2v5H7V7Z',
  download: 'M7 1h2v7l2.5-2.5L13 7l-5 5-5-5 1.5-1.5L7 8V1ZM2 13h12v2H2v-2Z',
  copy: 'M2 1h8v2H4v8H2V1Zm4 3h8v11H6V4Zm2 2v7h4V6H8Z',
  code: 'M5.5 3 7 4.5 3.5 8 7 11.5 5.5 13l-5-5 5-5Zm5 0 5 5-5 5L9 11.5 12.5 8 9 4.5 10.5 3Z',
  remove: 'M3.4 2 8 6.6 12.6 2 14 3.4 9.4 8l4.6 4.6-1.4 1.4L8 9.4 3.4 14 2 12.6 6.6 8 2 3.4 3.4 2Z',
};

/** @param {{name: keyof typeof PATHS}} props */
export function Icon({ name }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} fill-rule="evenodd" />
    </svg>
  );
}
