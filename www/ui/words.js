/** What the client and the fleet say to programmers, in the words of the page. */

const SENTENCES = [
  [/dynamically imported|Importing a module/i, 'A part of the page did not load. Reload the page.'],
  [/another page or worker has connected/, 'The device was opened in another tab.'],
  [/call connect\(\) first/, 'The device is not connected. Start it first.'],
  [
    /createFromX509Certificate/,
    'This device authenticates with a certificate, which a page cannot do. Use a device with a key.',
  ],
];

/** Places in a scene, and what the editors call them. */
const PLACES = [
  [/\bkinds\.(\d+)\.?/g, (_, index) => `kind ${Number(index) + 1}, `],
  [/\bbehaviour\.(?=telemetry|twin|methods|values|events|columns)/g, ''],
  [/\bmethods\.(\d+)\.payload\b/g, (_, index) => `method ${Number(index) + 1}, payload`],
  [/\bmethods\.(\d+)\.?/g, (_, index) => `method ${Number(index) + 1}, `],
  [/\btelemetry\.\d+\.properties\./g, 'property '],
  [/\btelemetry\.\d+\.template\b/g, 'template'],
  [/\btelemetry\.\d+\.periodMs\b/g, 'period in milliseconds'],
  [/\btelemetry\.(\d+)\.?/g, (_, index) => `message ${Number(index) + 1}, `],
  [/\btwin\.reported\b/g, 'reported when it starts'],
];

/** @param {string} message of an error */
export function inWords(message) {
  const sentence = SENTENCES.find(([pattern]) => pattern.test(message));
  if (sentence) return sentence[1];
  return PLACES.reduce((text, [pattern, words]) => text.replace(pattern, words), message);
}
