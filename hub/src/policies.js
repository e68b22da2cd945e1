import { randomBytes } from 'node:crypto';

const newKey = () => randomBytes(32).toString('base64');
const newPolicy = () => ({ primaryKey: newKey(), secondaryKey: newKey() });

/**
 * @typedef {Record<'iothubowner' | 'device', {primaryKey: string, secondaryKey: string}>} Policies
 */

/**
 * The shared access policies that open devices: the owner's and that of devices.
 * @returns {Policies}
 */
export const createPolicies = () => ({ iothubowner: newPolicy(), device: newPolicy() });
