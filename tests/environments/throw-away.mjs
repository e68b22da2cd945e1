/** Throw-away projects, each with the package as npm installs it from the tarball. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const shell = process.platform === 'win32';

/** Packs `pkg/` and installs the tarball once; each project gets a copy of that. */
export class ThrowAwayProjects {
  async open() {
    this.folder = await mkdtemp(join(tmpdir(), 'packed-'));
    await writeFile(join(this.folder, 'package.json'), '{ "private": true, "type": "module" }');
    const npm = async (...args) =>
      (await promisify(execFile)('npm', args, { cwd: this.folder, shell })).stdout;
    /** What `npm pack` tells: `version`, `filename`, `files`. */
    [this.packed] = JSON.parse(await npm('pack', here('../../pkg/'), '--json'));
    this.tarball = join(this.folder, this.packed.filename);
    await npm('install', '--prefer-offline', `./${this.packed.filename}`);
    return this;
  }

  /** A new folder with all of `project/`, which asks `counterpart` who it is. */
  async create(name, counterpart) {
    const folder = join(this.folder, 'projects', name.replaceAll(/\W+/g, '-'));
    await mkdir(folder, { recursive: true });
    for (const part of ['package.json', 'node_modules']) {
      await cp(join(this.folder, part), join(folder, part), { recursive: true });
    }
    await cp(here('project'), folder, { recursive: true });
    const url = `export const counterpart = ${JSON.stringify(counterpart)};\n`;
    await writeFile(join(folder, 'counterpart.js'), url);
    return folder;
  }

  close() {
    return rm(this.folder, { recursive: true, force: true });
  }
}
