import { existsSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Makes `import 'iothub-device-client'` find the built `pkg/` in this repository. */
export function linkPackage() {
  const link = fileURLToPath(new URL('../../node_modules/iothub-device-client', import.meta.url));
  // A junction needs no privilege on Windows; elsewhere the type is ignored.
  if (!existsSync(link)) symlinkSync(fileURLToPath(new URL('../../pkg', import.meta.url)), link, 'junction');
}
