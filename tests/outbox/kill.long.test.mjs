import { testKills } from './kills.mjs';

testKills(1500);
