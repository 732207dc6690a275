import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '@tolem/local-stack';
import { DrillHouse, type DrillHouseInput } from '../src/drill-house.ts';
import { refundWaits } from '../src/refund-waits.ts';

/** Of the drills' waits in specs: Kafka is away for 2 s, a process is held for 8 s, as short as the house would notice. */
export const SCALE = 0.1;

/** For `beforeAll`, on a machine that does other things. */
export const OPEN_MS = 240_000;
export const CLOSE_MS = 120_000;

/** A house for one spec file; `close` gives the processes that are still there, which should be none. */
export async function ownHouse(
  input: Partial<Pick<DrillHouseInput, 'otlpUrl' | 'crashes'>> = {},
): Promise<{ house: DrillHouse; close: () => Promise<number[]> }> {
  const dir = await mkdtemp(join(tmpdir(), 'tolem-drills-'));
  const house = await DrillHouse.open({
    dir,
    crashes: false,
    durable: false,
    refundWaits: refundWaits(SCALE),
    ...input,
  });
  const close = async (): Promise<number[]> => {
    const pids = house.house.processes().map(({ pid }) => pid);
    await house.close();
    await rm(dir, { recursive: true, force: true });
    return pids.filter(isAlive);
  };
  return { house, close };
}
