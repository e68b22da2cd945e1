import { testKills } from './kills.mjs';

testKills(50);
