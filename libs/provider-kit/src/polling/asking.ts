import type { PollClaim, SlotKind, Slots } from '@tolem/coordination';
import type { Bus } from '@tolem/messaging';
import type { Access, Call } from '../call.ts';
import type { Connections } from '../connections/connections.ts';
import type { DeviceBindings } from '../devices/device-bindings.ts';
import { callOf, requestIdOf } from '../operations/operation.ts';
import type { Provider } from '../provider.ts';
import type { KitMetrics } from '../service/kit-metrics.ts';
import type { KitSurroundings } from '../settings.ts';
import type { Telling } from '../snapshot.ts';
import type { Subject } from '../subject.ts';
import type { SubjectStore } from '../subject-store.ts';

export interface AskingRooms {
  readonly provider: Provider;
  readonly store: SubjectStore;
  readonly connections: Connections;
  readonly bindings: DeviceBindings;
  readonly slots: Slots;
  readonly bus: Bus;
  readonly telling: Omit<Telling, 'now'>;
  readonly metrics: Pick<KitMetrics, 'pollLate' | 'neverVerified'>;
}

/** What a question about something that fell due works with: an entry of the schedule is in its hands. */
export interface Asking extends KitSurroundings {
  readonly rooms: AskingRooms;
  /** Puts the entry back for later. */
  reschedule(claim: PollClaim, dueAt: number, payload: string): Promise<void>;
  /** Puts what the subject needs next into the schedule, or takes it out. */
  plan(subject: Subject): Promise<void>;
  /** Nobody needs to ask any more. */
  finish(claim: PollClaim): Promise<void>;
  /** All slots were taken: the next look takes fewer entries. */
  noSlot(): void;
}

const SKIPPED_AGAIN_MS = 250;

/** A question that finds no slot is skipped, never queued. */
export async function withSlot(
  asking: Asking,
  claim: PollClaim,
  connectionId: string,
  kind: SlotKind,
  ask: (access: Access) => Promise<void>,
): Promise<void> {
  const giveBack = await asking.rooms.slots.tryTake(connectionId, kind);
  if (giveBack === undefined) {
    asking.noSlot();
    await asking.reschedule(claim, asking.clock.now() + SKIPPED_AGAIN_MS, claim.payload);
    return;
  }
  try {
    const access = await asking.rooms.connections.access(connectionId, 1);
    if (access === undefined) throw new Error(`${claim.id} cannot be asked about: its connection is gone`);
    await ask(access);
  } finally {
    giveBack();
  }
}

/** A call about a claim; nothing leaves once the claim may be somebody else's. */
export function callAbout(asking: Asking, claim: PollClaim, access: Access, askedAt: number, tryNo: number): Call {
  return callOf(access, requestIdOf(claim.id, askedAt, tryNo), () => asking.clock.now() < claim.leaseUntil);
}
