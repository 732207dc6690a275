import { createRequire } from 'node:module';

/** The file of kafkajs that is patched, and its SHA-256 at the time when the patch was written. */
export const PATCHED_FILE = 'kafkajs/src/network/requestQueue/index.js';
export const PATCHED_FILE_SHA256 = 'b55986089c14f8f7bfc377922e2e65b3e4c1e7c7af2752d3b10a75dfe9e9260c';

interface RequestQueue {
  readonly pending: readonly unknown[];
  /** Epoch milliseconds until which the broker has asked for silence. */
  readonly throttledUntil: number;
}

interface RequestQueueClass {
  readonly prototype: { scheduleCheckPendingRequests(this: RequestQueue): void };
}

const PATCHED = Symbol.for('tolem.kafkajs-patched');

/**
 * kafkajs 2.2.4 re-arms a timer of 1 ms for ever after its first request, which costs 3 % of a core for every idle client
 * and prints warnings of negative time-outs. Patched, it looks again only while a request waits or the broker throttles.
 * Call before the first connection; calling again changes nothing.
 */
export function patchKafkajs(): void {
  const { prototype } = createRequire(import.meta.url)(PATCHED_FILE) as RequestQueueClass;
  if (Reflect.has(prototype, PATCHED)) return;
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length === 0 && this.throttledUntil <= Date.now()) return;
    original.call(this);
  };
  Reflect.set(prototype, PATCHED, true);
}
