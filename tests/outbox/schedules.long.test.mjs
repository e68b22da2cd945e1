import { testSchedules } from './schedules.mjs';

/** Every night it is 30,000. */
testSchedules(1_000, Number(process.env.OUTBOX_SCHEDULES ?? 5_000));
