// All rows of the contract, in its order.
import { rows as connecting } from './connecting.js';
import { rows as desired } from './desired.js';
import { rows as dialling } from './dialling.js';
import { rows as errors } from './errors.js';
import { rows as exported } from './exports.js';
import { rows as factories } from './factories.js';
import { rows as handlers } from './handlers.js';
import { rows as methods } from './methods.js';
import { rows as noConnection } from './no-connection.js';
import { rows as options } from './options.js';
import { rows as properties } from './properties.js';
import { rows as receiving } from './receiving.js';
import { rows as retrying } from './retrying.js';
import { rows as sasFactory } from './sas-factory.js';
import { rows as upload } from './upload.js';
import { rows as values } from './values.js';
import { rows as wrongUse } from './wrong-use.js';

export const rows = [
  ...exported,
  ...factories,
  ...sasFactory,
  ...options,
  ...retrying,
  ...desired,
  ...dialling,
  ...connecting,
  ...methods,
  ...receiving,
  ...upload,
  ...noConnection,
  ...properties,
  ...handlers,
  ...values,
  ...errors,
  ...wrongUse,
];
