// Rules that find faults. Prettier decides the form, tsc the types.
import js from '@eslint/js';
import globals from 'globals';

const everywhere = globals['shared-node-browser'];
const node = globals.nodeBuiltin;
const { browser, worker } = globals;

export default [
  { ignores: ['fuzz/', 'pkg/', 'target/'] },
  js.configs.recommended,
  {
    files: ['**/*.{js,jsx,mjs,cjs}'],
    languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } },
    rules: {
      'array-callback-return': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      // MQTT and property names are full of rules about control characters.
      'no-control-regex': 'off',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-throw-literal': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unused-expressions': 'error',
      // `const { unwanted, ...rest }` is how a member is left out.
      'no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-promise-reject-errors': 'error',
    },
  },

  // What each file may use of its platform.
  {
    files: [
      'hub/**',
      'scripts/**',
      'examples/**',
      'simulator/{bin,cli,scripts}/**',
      'artillery/**',
    ],
    languageOptions: { globals: node },
  },
  // Many hold functions that run in a page.
  {
    files: ['benches/**', 'tests/**'],
    languageOptions: { globals: { ...node, ...browser, ...worker } },
  },
  { files: ['hub/page/**'], languageOptions: { globals: browser } },
  { files: ['www/ui/**'], languageOptions: { globals: browser } },
  {
    files: ['www/fleet/**', 'www/*.js', 'simulator/src/**'],
    languageOptions: { globals: everywhere },
  },
  { files: ['www/fleet/worker.js'], languageOptions: { globals: worker } },
  {
    files: ['examples/{browser,worker}/**', 'examples/*/page/**'],
    languageOptions: { globals: browser },
  },
  {
    files: ['pkg-template/**'],
    languageOptions: { globals: everywhere },
    // An error of the platform may contain a secret, so it is not used as a cause.
    rules: { 'preserve-caught-error': 'off' },
  },
  { files: ['pkg-template/*.node.js'], languageOptions: { globals: node } },
  // These run in workers too.
  { files: ['pkg-template/*.browser.js'], languageOptions: { globals: worker } },
];
