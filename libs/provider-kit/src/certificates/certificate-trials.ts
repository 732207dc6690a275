import type { Clock } from '@tolem/domain';
import type { StoredCredential } from '@tolem/persistence';
import type { Access } from '../call.ts';
import type { Connections } from '../connections/connections.ts';
import { callOf, requestIdOf } from '../operations/operation.ts';
import type { CertificateWork, PingOutcome } from './certificate-work.ts';

/** A provider that restarts may look like one that refuses; hardly so often while it lets the version in use in. */
const DOUBTS_ARE_A_NO = 3;
const MAX_DOUBTED = 100;

/** Tries versions of certificates that are not in use yet. */
export class CertificateTrials {
  /** How many trials in a row found a version refused, as it seems, while the one in use was let in. */
  readonly #doubts = new Map<string, number>();

  constructor(
    private readonly connections: Connections,
    private readonly work: CertificateWork,
    private readonly clock: Clock,
    private readonly mayAsk: () => boolean,
  ) {}

  /** What the provider makes of a version. */
  async of(candidate: StoredCredential): Promise<PingOutcome> {
    const { inUse, accesses } = await this.connections.trials(candidate);
    const outcomes = await Promise.all(accesses.map((access, index) => this.#ping(candidate, access, index)));
    const answered = outcomes.find(({ is }) => is === 'answered');
    const refused = outcomes.find(({ is }) => is === 'refused');
    const unreachable = outcomes.find(({ is }) => is === 'unreachable');
    // Where the version in use is let in nowhere, any place that lets this one in makes it the better one.
    if (!inUse) return answered ?? unreachable ?? refused ?? { is: 'answered' };
    const doubted = outcomes.findIndex((outcome) => outcome.is === 'unreachable' && outcome.lasting !== undefined);
    return (
      refused ??
      (await this.#lasting(candidate, accesses[doubted], outcomes[doubted])) ??
      unreachable ?? { is: 'answered' }
    );
  }

  forget({ id, version }: Pick<StoredCredential, 'id' | 'version'>): void {
    this.#doubts.delete(keyOf(id, version));
  }

  /** An answer that may have been a "no" is one when it repeats while the version in use is let in at the same place. */
  async #lasting(
    candidate: StoredCredential,
    access: Access | undefined,
    outcome: PingOutcome | undefined,
  ): Promise<PingOutcome | undefined> {
    const failure = outcome?.is === 'unreachable' ? outcome.lasting : undefined;
    const present = access && (await this.connections.access(access.connectionId, access.version));
    const isLetIn = present !== undefined && (await this.#ping(candidate, present, 'present')).is === 'answered';
    if (failure === undefined || !isLetIn) return void this.forget(candidate);
    const key = keyOf(candidate.id, candidate.version);
    const doubts = (this.#doubts.get(key) ?? 0) + 1;
    if (this.#doubts.size >= MAX_DOUBTED) this.#doubts.clear();
    this.#doubts.set(key, doubts);
    return doubts < DOUBTS_ARE_A_NO ? undefined : { is: 'refused', failure };
  }

  #ping({ id, version }: StoredCredential, access: Access, which: number | 'present'): Promise<PingOutcome> {
    const requestId = requestIdOf(`${id}.${version}.ping.${which}.${this.clock.now()}`, 1, 1);
    return this.work.ping(callOf(access, requestId, this.mayAsk));
  }
}

function keyOf(id: string, version: number): string {
  return `${id}.${version}`;
}
