/** The projects that try the package. Each project is created once, and its rows run in it. */
import { bundlers } from './bundlers.mjs';
import { frameworks } from './frameworks.mjs';
import { programs } from './programs.mjs';
import { typescript } from './typescript.mjs';

/**
 * @typedef {object} Project
 * @property {string} tool
 * @property {string} version the package whose installed version the table shows
 * @property {string} [create] creates the project from the tool's own template
 * @property {boolean} [byHand] without a template, or one that cannot be fetched without GitHub
 * @property {string} [note]
 * @property {string[]} [install] keys of versions.json, in addition to the client
 * @property {boolean} [slim] its device imports from `iothub-device-client/slim`
 * @property {string} device where `device.ts` goes; its extension decides the module format
 * @property {Record<string, string>} files
 * @property {Record<string, import('../kinds.mjs').Kind>} rows
 */

/** @type {Project[]} */
export const projects = [...bundlers, ...frameworks, ...programs, ...typescript];
