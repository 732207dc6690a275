import { expect } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { Dispatcher } from '../src/index.ts';
import type { BusUnderTest } from './bus-under-test.ts';
import { DeadLetterList, message, rowsOf } from './messages.ts';

const COMMANDS = 'commands.kaspi';
const AT_ONCE = 5_000;

/** Sends so many messages to nobody, then reads them all, never holding more than `maxQueued`. */
export async function worksThroughBacklog({ bus }: BusUnderTest, count: number, maxQueued: number): Promise<void> {
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    const rows = Array.from({ length: AT_ONCE }, (_, n) =>
      rowsOf(bus, message(sent + n, { topic: COMMANDS, key: `lane_${n % 20}` })),
    ).flat();
    expect((await Promise.all(bus.send(rows))).every((safe) => safe)).toBe(true);
  }
  const seen = new Set<unknown>();
  let most = 0;
  const handler = {
    types: ['spec.happened'],
    handle: async (batch: readonly { readonly body: unknown }[]) => {
      most = Math.max(most, bus.stats()['kaspi']?.queued ?? 0);
      for (const { body } of batch) seen.add(body);
    },
  };
  const dispatcher = new Dispatcher([handler], new DeadLetterList(), () => undefined);
  const subscription = bus.subscribe('kaspi', [COMMANDS], (batch) => dispatcher.deliver(batch));
  await waitFor('all of them', () => seen.size >= count, 120_000);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(maxQueued);
  await waitFor('no lag', () => bus.stats()['kaspi']?.lag === 0);
  await subscription.close();
}
