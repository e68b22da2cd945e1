/**
 * `npm run names < STACK`: replaces the numbers of functions in the stack of a panic with their
 * names. The names are those of the last build, so first build the version that the stack comes
 * from.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { symbols } from './build.mjs';

/** @param {string} stack with frames such as `wasm-function[12]` */
export function nameFunctions(stack) {
  // Each line has a number, a colon and a name, in order.
  const names = readFileSync(symbols, 'utf8')
    .split('\n')
    .map((line) => line.replace(/^\d+:/, ''));
  return stack.replaceAll(/wasm-function\[(\d+)\]/g, (frame, number) => names[number] ?? frame);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(nameFunctions(await text(process.stdin)));
}
