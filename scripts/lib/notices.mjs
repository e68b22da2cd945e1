/** The third-party notice for the crates in the WebAssembly module, as their licences require. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './project.mjs';
import { Failure, outputOf } from './run.mjs';

const MODULE = 'iothub-device-client-module';
const RULE = '-'.repeat(78);
const APACHE = 'LICENSE-APACHE';

/** The text of THIRD-PARTY-NOTICES.txt, from the crates that Cargo.lock pins. */
export function thirdPartyNotices() {
  const crates = linkedCrates();
  const names = new Map();
  for (const crate of [...crates.map(describe), STANDARD_LIBRARY]) {
    const text = crate.text || standardText(crate.license, crates);
    names.set(text, [...(names.get(text) ?? []), crate.name]);
  }
  const sections = [...names].map(
    ([text, of]) => `${RULE}\n${of.join('\n')}\n${RULE}\n\n${text}\n`,
  );
  const head = 'The WebAssembly module and its generated JavaScript contain code of these.';
  return [`${head}\n`, ...sections].join('\n');
}

const STANDARD_LIBRARY = {
  name: "Rust's standard library (MIT OR Apache-2.0), The Rust Project Contributors",
  license: 'MIT OR Apache-2.0',
};

function describe({ name, version, license, authors, manifest_path: manifest }) {
  const folder = dirname(manifest);
  const files = readdirSync(folder).filter((file) => /^(LICEN[CS]E|COPYING|NOTICE)/i.test(file));
  // If there is a choice, the project uses the other licence.
  const chosen = files.length > 1 ? files.filter((file) => file !== APACHE) : files;
  // Without a licence file, only the manifest names the authors.
  const by = chosen.length > 0 ? '' : `, ${authors.join(', ')}`;
  return {
    name: `${name} ${version} (${license})${by}`,
    license,
    text: chosen.map((file) => read(join(folder, file))).join('\n\n'),
  };
}

/** The text of the licence for a crate without a licence file, taken from another crate. */
function standardText(license, crates) {
  const wanted = /\bMIT\b/.test(license) ? 'LICENSE-MIT' : APACHE;
  for (const { manifest_path: manifest } of crates) {
    const folder = dirname(manifest);
    if (!readdirSync(folder).includes(wanted)) continue;
    // Without the names of that crate's authors.
    return read(join(folder, wanted)).replace(/^[^]*?(?=Permission is hereby granted)/, '');
  }
  throw new Failure(`No crate has the text of ${license}.`);
}

const read = (file) => readFileSync(file, 'utf8').replaceAll('\r', '').trim();

/** The linked crates: no macros, which run in the compiler, and no build or test dependencies. */
function linkedCrates() {
  const target = ['--filter-platform', 'wasm32-unknown-unknown'];
  const metadata = ['metadata', '--locked', '--format-version', '1', ...target];
  const json = outputOf('cargo', metadata, { cwd: root, maxBuffer: 2 ** 26 });
  if (!json) throw new Failure('`cargo metadata` failed.');
  const { packages, resolve, workspace_members: own } = JSON.parse(json);
  const byId = new Map(packages.map((found) => [found.id, found]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const linked = new Set();
  const follow = (id) => {
    const isMacro = byId.get(id).targets.some(({ kind }) => kind.includes('proc-macro'));
    if (linked.has(id) || isMacro) return;
    linked.add(id);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
      if (kinds.some(({ kind }) => kind === null)) follow(pkg);
    }
  };
  follow(packages.find(({ name }) => name === MODULE).id);
  const order = (a, b) => (a.name < b.name ? -1 : 1);
  return [...linked]
    .filter((id) => !own.includes(id))
    .map((id) => byId.get(id))
    .sort(order);
}
