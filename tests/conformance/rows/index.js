// All rows of the contract, in its order.
import { rows as exported } from './exports.js';
import { rows as factories } from './factories.js';

export const rows = [...exported, ...factories];
