import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { PATCHED_FILE, PATCHED_FILE_SHA256, patchKafkajs } from './kafka-patch.ts';

const require = createRequire(import.meta.url);

interface Queue {
  enforceRequestTimeout: boolean;
  requestTimeout: number;
  inflight: Map<number, object>;
  isConnected(): boolean;
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

function queueOf(state: Partial<Queue>): Queue {
  const { prototype } = require(PATCHED_FILE) as { prototype: object };
  const blank = { pending: [], throttledUntil: -1, throttleCheckTimeoutId: null };
  return Object.assign(Object.create(prototype) as Queue, blank, state);
}

describe('the patch of kafkajs', () => {
  afterEach(() => void jest.useRealTimers());

  it('was written for the very file that is installed: another one has to be read before it is patched', () => {
    const installed = createHash('sha256')
      .update(readFileSync(require.resolve(PATCHED_FILE)))
      .digest('hex');
    expect(installed).toBe(PATCHED_FILE_SHA256);
  });

  it('sets no timer while nothing waits, and one while something does', () => {
    patchKafkajs();
    patchKafkajs();
    const idle = queueOf({});
    idle.scheduleCheckPendingRequests();
    expect(idle.throttleCheckTimeoutId).toBeNull();
    for (const busy of [queueOf({ pending: [{}] }), queueOf({ throttledUntil: Date.now() + 60_000 })]) {
      busy.scheduleCheckPendingRequests();
      expect(busy.throttleCheckTimeoutId).not.toBeNull();
      clearTimeout(busy.throttleCheckTimeoutId ?? undefined);
    }
  });

  it('gives up a request that got no answer in its time, with a look a second, and stops with the connection', () => {
    jest.useFakeTimers();
    patchKafkajs();
    const givenUp: string[] = [];
    const request = (name: string, requestTimeout: number) => ({
      sentAt: Date.now(),
      requestTimeout,
      timeoutRequest: () => givenUp.push(name),
    });
    let connected = true;
    const queue = queueOf({
      enforceRequestTimeout: true,
      requestTimeout: 10_000,
      inflight: new Map([
        [1, request('short', 1_500)],
        [2, request('long', 60_000)],
      ]),
      isConnected: () => connected,
    });
    queue.scheduleRequestTimeoutCheck();
    jest.advanceTimersByTime(1_000);
    expect(givenUp).toEqual([]);
    jest.advanceTimersByTime(1_000);
    expect(givenUp).toEqual(['short']);
    connected = false;
    jest.advanceTimersByTime(1_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('looks for no request without an answer where the library is told not to', () => {
    jest.useFakeTimers();
    patchKafkajs();
    queueOf({ enforceRequestTimeout: false }).scheduleRequestTimeoutCheck();
    expect(jest.getTimerCount()).toBe(0);
  });
});
