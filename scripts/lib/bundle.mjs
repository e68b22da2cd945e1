/** Combines the modules of the package into the files that users get. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { textOf } from '../../pkg-template/ascii.js';
import { Failure } from './run.mjs';

/** Stands for the module. A variable, because terser would compute with a constant. */
const wasmText = 'WEBASSEMBLY_AS_TEXT';

/** Separate entry points: code that does not need them does not load them. */
const ofNode = ['certificate-request', 'level-store'];
const ofPages = ['indexeddb-store', 'own-store'];
export const separate = [...ofNode, ...ofPages];
/** Minified. */
const forPages = [
  ...['index.browser', ...ofPages].flatMap((name) => [`${name}.js`, `${name}.cjs`]),
  'slim.browser.js',
];

/**
 * One file for each entry point: a page makes one request, and a bundler has nothing to resolve.
 * Files for pages are minified, those for Node.js are not, to keep stacks readable. In Node.js the
 * ES modules export the CommonJS ones: a process that uses both has one set of classes.
 */
export async function joinModules(generated, folder, wasm, renamed) {
  const { build: bundle } = await import('esbuild');
  const bundleTo = (source, outfile, options) =>
    bundle({
      entryPoints: [source],
      absWorkingDir: generated,
      outfile: join(folder, outfile),
      bundle: true,
      platform: 'neutral',
      packages: 'external',
      external: ['*.wasm'],
      plugins: [wasmInside],
      logLevel: 'warning',
      metafile: true,
      ...options,
      ...(renamed && {
        mangleProps: new RegExp(`^(${Object.keys(renamed).join('|')})$`),
        mangleQuoted: true,
        mangleCache: renamed,
      }),
    });
  const { metafile } = await bundleTo('index.browser.js', 'index.browser.js', { format: 'esm' });
  await bundleTo('index.browser.js', 'index.browser.cjs', { format: 'cjs' });
  await bundleTo('slim.browser.js', 'slim.browser.js', { format: 'esm' });
  await bundleTo('slim.workerd.js', 'slim.workerd.js', { format: 'esm' });
  // Jest cannot run `import()` in CommonJS modules.
  const commonJs = { format: 'cjs', platform: 'node', supported: { 'dynamic-import': false } };
  await bundleTo('index.node.js', 'index.node.cjs', commonJs);
  for (const entry of separate) {
    const platform = ofNode.includes(entry) ? 'node' : 'neutral';
    await bundleTo(`${entry}.js`, `${entry}.js`, { platform, format: 'esm' });
    await bundleTo(`${entry}.js`, `${entry}.cjs`, { platform, format: 'cjs' });
  }
  const commonJsFiles = ['index.browser', 'index.node', ...separate].map((it) => `${it}.cjs`);
  for (const name of commonJsFiles) exportOwnNames(join(folder, name));
  const text = textOf(readFileSync(join(generated, wasm)));
  for (const name of forPages) await minify(join(folder, name), text);
  const [{ exports }] = Object.values(metafile.outputs);
  // Nothing to load: this exists for code that also runs in pages. Its `fetch` of the module, which
  // may fail in Node.js, must not end the process.
  const init = 'init = async (wasm) => void Promise.resolve(wasm).catch(() => {})';
  const files = {
    'index.node.js': `export { ${exports.join(', ')} } from './index.node.cjs';`,
    'slim.node.js': `export * from './index.node.js';\nexport const ${init};`,
    'slim.node.cjs': `const ${init};\nmodule.exports = { ...require('./index.node.cjs'), init };`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${text}\n`);
}

/**
 * By terser, whose output is smaller than esbuild's. The WebAssembly module follows, because terser
 * chooses names of the characters that it finds most often.
 */
async function minify(file, text) {
  const { minify: minified } = await import('terser');
  const options = { module: file.endsWith('.js'), ecma: 2020, compress: { passes: 3 } };
  const { code } = await minified(readFileSync(file, 'utf8'), options);
  writeFileSync(
    file,
    code.replace(wasmText, () => JSON.stringify(text)),
  );
}

/**
 * Otherwise a CommonJS module also exports additions to `Object.prototype`, and fails if they are
 * data.
 */
function exportOwnNames(file) {
  const text = readFileSync(file, 'utf8');
  const own = text.replace(/for ?\(var (\w+) in (\w+)\)/, 'for (var $1 of Object.keys($2))');
  if (own === text) throw new Failure(`${file} exports in a way that exportOwnNames does not know`);
  writeFileSync(file, own);
}

/** Resolves `./some.wasm?base64` to the module as base64, `?text` to what `minify` replaces. */
const wasmInside = {
  name: 'WebAssembly inside',
  setup({ onResolve, onLoad }) {
    // The path ends up in a comment of the package: no folder of this machine.
    onResolve({ filter: /\.wasm\?(base64|text)$/ }, ({ path, resolveDir }) => ({
      path: basename(path),
      namespace: 'inside',
      pluginData: resolveDir,
    }));
    onLoad({ filter: /./, namespace: 'inside' }, ({ path, pluginData: folder }) => {
      const [file, form] = path.split('?');
      if (form === 'text') return { contents: `export default ${wasmText};`, loader: 'js' };
      return { contents: readFileSync(join(folder, file)), loader: 'base64' };
    });
  },
};
