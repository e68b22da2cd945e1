import { testKills } from './kills.mjs';

/** For each policy; every night it is 1,500. */
testKills(Number(process.env.OUTBOX_KILLS ?? 200));
