/** Messages of the client and the fleet for programmers, in the words of the page. */

const SENTENCES = [
  [/dynamically imported|Importing a module/i, 'A part of the page did not load. Reload the page.'],
  [/another page or worker has connected/, 'The device was opened in another tab.'],
  [/call connect\(\) first/, 'The device is not connected. Start it first.'],
  [/cancelled by \w+\(\)/, 'The device was stopped before the hub responded.'],
  [/maxPendingMessages/, 'Too many messages are waiting for the hub.'],
  [/is for a module; use create/, 'This token is for a module. Use its connection string.'],
  [
    /createFromX509Certificate/,
    'A page cannot authenticate with a certificate. Use a device with a key.',
  ],
];

/** The items of the lists of a scene. */
const ITEMS = {
  kinds: 'kind',
  telemetry: 'message',
  methods: 'method',
  values: 'value',
  events: 'event',
  actions: 'action',
};

/** Places in a scene, and what the editors call them. */
const PLACES = [
  [/\bbehaviour\.(?=telemetry|twin|methods|values|events|columns)/g, ''],
  [/\btelemetry\.\d+\.properties\./g, 'property '],
  [/\btelemetry\.\d+\.template\b/g, 'template'],
  [/\btelemetry\.\d+\.periodMs\b/g, 'period in milliseconds'],
  [
    /\b(kinds|telemetry|methods|values|events|actions)\.(\d+)(\.?)/g,
    (_, list, index, dot) => `${ITEMS[list]} ${Number(index) + 1}${dot && ', '}`,
  ],
  [/\btwin\.reported\b(\.?)/g, (_, dot) => `reported at the start${dot && ', '}`],
  [/ within operationTimeout/g, ' in time'],
  [/ In a page set httpEndpoint .*/, ' A page needs a relay for file uploads.'],
  [/^\w+Error: /, ''],
];

/** @param {string} message of an error */
export function inWords(message) {
  const sentence = SENTENCES.find(([pattern]) => pattern.test(message));
  if (sentence) return sentence[1];
  return PLACES.reduce((text, [pattern, words]) => text.replace(pattern, words), message);
}
