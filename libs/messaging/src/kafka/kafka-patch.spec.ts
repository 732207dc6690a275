import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { PATCHED_FILE, PATCHED_FILE_SHA256, patchKafkajs } from './kafka-patch.ts';

const require = createRequire(import.meta.url);

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests(): void;
}

function queueOf(state: Partial<Queue>): Queue {
  const { prototype } = require(PATCHED_FILE) as { prototype: object };
  const blank = { pending: [], throttledUntil: -1, throttleCheckTimeoutId: null };
  return Object.assign(Object.create(prototype) as Queue, blank, state);
}

describe('the patch of kafkajs', () => {
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
});
