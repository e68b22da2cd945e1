import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../lib/project.mjs';

/** Makes `import 'iothub-device-client'` find the built `pkg/` in this repository. */
export function linkPackage() {
  const link = join(root, 'node_modules', 'iothub-device-client');
  // A junction needs no privilege on Windows; elsewhere the type is ignored.
  if (!existsSync(link)) symlinkSync(join(root, 'pkg'), link, 'junction');
}
