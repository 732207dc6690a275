import { lostReturns } from './bank-drills.ts';
import { crashes, refundCrashes } from './crash-drills.ts';
import type { Drill } from './drill.ts';
import { SERVICES } from './drill-house.ts';
import { held, killed, rolled } from './service-drills.ts';
import { STORE_DRILLS } from './store-drills.ts';

const calm: Drill = {
  name: 'calm',
  title: 'nothing breaks',
  run: async ({ wait }) => {
    await wait(5_000, 2_000);
    return [];
  },
};

/** In the order in which they run. */
export const ALL_DRILLS: readonly Drill[] = [
  calm,
  ...SERVICES.map((service) => killed(service)),
  ...SERVICES.map(rolled),
  ...STORE_DRILLS,
  lostReturns,
  ...SERVICES.map(held),
  ...SERVICES.map(crashes),
  ...SERVICES.map(refundCrashes),
];
