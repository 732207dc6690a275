import type { Answers, PollSchedule, Slots, TokenBuckets, WakeUps } from '@tolem/coordination';
import type { Clock, IdFactory } from '@tolem/domain';
import type { Bus } from '@tolem/messaging';
import type { Environment, Logger, Metrics } from '@tolem/observability';

/** What a service gets from the process that it runs in. */
export interface ServiceAround {
  readonly bus: Bus;
  readonly schedule: PollSchedule;
  readonly slots: Slots;
  readonly wakeUps: WakeUps;
  readonly answers: Answers;
  readonly buckets: TokenBuckets;
  readonly clock: Clock;
  readonly ids: IdFactory;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** True where no other process runs this service. */
  readonly alone: boolean;
}

/** A service that runs. */
export interface HostedService {
  /** Where it listens, if it does. */
  readonly url?: string;
  /** Throws where the service cannot work now. */
  ready(): Promise<void>;
  /** Takes nothing new and waits for what runs. */
  close(): Promise<void>;
}

/** A service as its package exports it: all that a process needs to know of it. */
export interface ServicePackage {
  readonly name: string;
  /** Reads its configuration. @throws ConfigurationError that names every mistake. */
  configure(environment: Environment): (around: ServiceAround) => Promise<HostedService>;
}
