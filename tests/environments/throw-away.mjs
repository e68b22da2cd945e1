/** Temporary projects, each with the package as npm installs it from the tarball. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const shell = process.platform === 'win32';

/** Packs `pkg/` and installs the tarball once; each project gets a copy. */
export async function openThrowAwayProjects() {
  const folder = await mkdtemp(join(tmpdir(), 'packed-'));
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const npm = async (...args) =>
    (await promisify(execFile)('npm', args, { cwd: folder, shell })).stdout;
  const [packed] = JSON.parse(await npm('pack', here('../../pkg/'), '--json'));
  await npm('install', '--prefer-offline', `./${packed.filename}`);

  /** A new project with all of `project/`, which gets its device from `counterpart`. */
  async function create(name, counterpart) {
    const project = join(folder, 'projects', name.replaceAll(/\W+/g, '-'));
    await mkdir(project, { recursive: true });
    for (const part of ['package.json', 'node_modules']) {
      await cp(join(folder, part), join(project, part), { recursive: true });
    }
    await cp(here('project'), project, { recursive: true });
    const url = `export const counterpart = ${JSON.stringify(counterpart)};\n`;
    await writeFile(join(project, 'counterpart.js'), url);
    return project;
  }

  return {
    /** The first project, which contains only the package. */
    folder,
    /** The result of `npm pack`: `version`, `files`. */
    packed,
    tarball: join(folder, packed.filename),
    create,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
