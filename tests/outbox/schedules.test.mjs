/**
 * The fault matrix of the outbox, in part: `schedules.long.test.mjs` plays more. This plays one:
 * `OUTBOX_SEED=7 node --test tests/outbox/schedules.test.mjs`.
 */
import { testSchedules } from './schedules.mjs';

const { OUTBOX_SEED } = process.env;

if (OUTBOX_SEED) testSchedules(Number(OUTBOX_SEED), 1);
else testSchedules(0, 1_000);
