// All rows of the contract, in its order.
import { rows as exported } from './exports.js';
import { rows as factories } from './factories.js';

import { rows as options } from './options.js';
import { rows as dialling } from './dialling.js';
import { rows as desired } from './desired.js';
import { rows as methods } from './methods.js';
import { rows as receiving } from './receiving.js';
import { rows as upload } from './upload.js';
import { rows as noConnection } from './no-connection.js';
import { rows as properties } from './properties.js';
import { rows as values } from './values.js';
import { rows as errors } from './errors.js';

export const rows = [...exported, ...factories, ...options, ...dialling, ...desired, ...methods, ...receiving, ...upload, ...noConnection, ...properties, ...values, ...errors];
