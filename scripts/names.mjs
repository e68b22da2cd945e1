/**
 * `npm run names < STACK`: the stack of a panic, with the names of functions where the browser or
 * Node.js had numbers. They are those of the last build, so build what the stack comes from.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { symbols } from './build.mjs';

/** @param {string} stack with frames such as `wasm-function[12]` */
export function nameFunctions(stack) {
  // On each line its number, a colon and its name, in their order.
  const names = readFileSync(symbols, 'utf8')
    .split('\n')
    .map((line) => line.replace(/^\d+:/, ''));
  return stack.replaceAll(/wasm-function\[(\d+)\]/g, (frame, number) => names[number] ?? frame);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(nameFunctions(await text(process.stdin)));
}
