import { testSchedules } from './schedules.mjs';

testSchedules(1_000, 30_000);
