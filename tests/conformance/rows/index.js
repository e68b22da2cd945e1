// All rows of the contract, in its order.
import { rows as exported } from './exports.js';
import { rows as factories } from './factories.js';

import { rows as options } from './options.js';
import { rows as dialling } from './dialling.js';
import { rows as desired } from './desired.js';
import { rows as methods } from './methods.js';

export const rows = [...exported, ...factories, ...options, ...dialling, ...desired, ...methods];
