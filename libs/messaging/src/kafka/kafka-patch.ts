import { createRequire } from 'node:module';

/** The file of kafkajs that is patched, and its SHA-256 at the time when the patch was written. */
export const PATCHED_FILE = 'kafkajs/src/network/requestQueue/index.js';
export const PATCHED_FILE_SHA256 = 'b55986089c14f8f7bfc377922e2e65b3e4c1e7c7af2752d3b10a75dfe9e9260c';

interface SocketRequest {
  /** Epoch milliseconds. */
  readonly sentAt: number;
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, SocketRequest>;
  /** Epoch milliseconds until which the broker has asked for silence. */
  readonly throttledUntil: number;
  readonly enforceRequestTimeout: boolean;
  readonly requestTimeout: number;
  requestTimeoutIntervalId?: NodeJS.Timeout;
  isConnected(): boolean;
  /** Stops the timers. */
  destroy(): void;
}

interface RequestQueueClass {
  readonly prototype: {
    scheduleCheckPendingRequests(this: RequestQueue): void;
    scheduleRequestTimeoutCheck(this: RequestQueue): void;
  };
}

const PATCHED = Symbol.for('tolem.kafkajs-patched');
/** How late a request may be given up. Requests have ten seconds and more. */
const LOOK_FOR_SILENT_EVERY_MS = 1_000;

/**
 * Calms two timers of kafkajs 2.2.4. One of 1 ms is armed anew for ever after the first request, which costs 3 % of a core
 * for every idle client and prints warnings of negative time-outs: patched, it runs only while a request waits or the
 * broker throttles. The other looks ten times a second, in every connection, whether a request got no answer: patched,
 * once a second, because it was most of what an idle service did.
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
  prototype.scheduleRequestTimeoutCheck = function () {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    const everyMs = Math.min(this.requestTimeout, LOOK_FOR_SILENT_EVERY_MS);
    this.requestTimeoutIntervalId = setInterval(() => giveUpSilent(this), everyMs);
  };
  Reflect.set(prototype, PATCHED, true);
}

function giveUpSilent(queue: RequestQueue): void {
  const now = Date.now();
  for (const request of queue.inflight.values())
    if (now - request.sentAt > request.requestTimeout) request.timeoutRequest();
  if (!queue.isConnected()) queue.destroy();
}
