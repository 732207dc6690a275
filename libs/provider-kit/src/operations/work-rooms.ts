import type { Database, Sealer } from '@tolem/persistence';
import type { Connections } from '../connections/connections.ts';
import type { DeviceBindings } from '../devices/device-bindings.ts';
import { Lease } from './lease.ts';
import type { Operation } from './operation.ts';
import type { Polling } from '../polling/poll.ts';
import type { Provider } from '../provider.ts';
import type { KitSurroundings } from '../settings.ts';
import type { SubjectStore } from '../subject-store.ts';

/** What the carrying out of operations works with. */
export interface WorkRooms extends KitSurroundings {
  readonly provider: Provider;
  readonly db: Database;
  readonly store: SubjectStore;
  readonly connections: Connections;
  readonly bindings: DeviceBindings;
  readonly polling: Polling;
  readonly sealer: Sealer;
  /** An operation lies ready for the sweeper. */
  readonly sweepSoon: () => void;
  /** Name of this process among its replicas. */
  readonly owner: string;
  /** Waits; injected, so that specs need not. */
  readonly pause: (ms: number) => Promise<void>;
}

export function leaseOf(rooms: WorkRooms, operation: Operation): Lease {
  return new Lease(operation, rooms.db, rooms.owner, rooms.clock, rooms.settings);
}

/** A command that names a connection version which has not arrived here waits that long before it is looked at again. */
export const WAIT_FOR_CONNECTION_MS = 500;
