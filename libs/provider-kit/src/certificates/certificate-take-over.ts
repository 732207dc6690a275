import type { Failure } from '@tolem/contracts';
import type { CredentialVersion, CredentialVersions, StoredCredential, Vault } from '@tolem/persistence';
import type { CertificateNews } from './certificate-news.ts';
import { CertificateTrials } from './certificate-trials.ts';
import type { CertificateWork } from './certificate-work.ts';
import type { Connections } from '../connections/connections.ts';
import { TrialTurns, type Turn } from './trial-turns.ts';
import type { KitSurroundings } from '../settings.ts';

/** How often each process looks for versions that wait, and for those that another process has taken into use. */
const LOOK_EVERY_MS = 5_000;
const MOST_AT_ONCE = 20;
/** More replacements at a time are nobody's plan; what is beyond comes up as these end. */
const MOST_WAITING = 1_000;
/** A provider that does not answer for so long is no reason to keep a version waiting for ever. */
const GIVE_UP_AFTER_MS = 3_600_000;

export interface CertificateRooms {
  /** Null where the provider knows its customers by something else. */
  readonly work: CertificateWork | null;
  readonly vault: Vault;
  readonly versions: CredentialVersions;
  readonly connections: Connections;
  readonly news: CertificateNews;
}

/**
 * Takes versions of certificates into use: each only after the provider has answered under it. Until then, and where it
 * does not, the one before is used. Every process notices a change within seconds, and calls that run end on the version
 * that they began with.
 */
export class CertificateTakeOver {
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  /** Why a version still waits, so that it is told once and not with every look. */
  readonly #told = new Map<string, string>();
  readonly #trials: CertificateTrials | undefined;
  readonly #turns = new TrialTurns(MOST_AT_ONCE);

  constructor(
    private readonly rooms: CertificateRooms,
    private readonly around: KitSurroundings,
  ) {
    const { work, connections } = rooms;
    if (work !== null) this.#trials = new CertificateTrials(connections, work, around.clock, () => !this.#stopped);
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** A first version is used at once: nothing could be better until somebody connects with it. Others are tried. */
  async begin(place: { readonly id: string; readonly version: number }): Promise<void> {
    const all = await this.rooms.versions.of(place.id);
    if (all.every(({ state }) => state !== 'active')) {
      const stored = await this.rooms.vault.readVersion(place.id, place.version);
      if (stored?.state === 'ready') await this.#use(stored);
      return;
    }
    this.look();
  }

  /** Looks at once for versions that wait; returns before that is done. */
  look(): void {
    if (this.#stopped) return;
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    this.#looking = this.#lookAround()
      .catch((error: unknown) => this.around.log.warn({ err: error }, 'looking after certificates broke off'))
      .finally(() => {
        this.#looking = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.look();
      });
  }

  async #lookAround(): Promise<void> {
    const { versions, connections } = this.rooms;
    const waiting = await versions.waiting(MOST_WAITING);
    const turns = this.#turns.next(waiting, this.around.clock.monotonicMs());
    await Promise.all(turns.map((turn) => this.#try(turn)));
    await connections.dropReplaced();
  }

  async #try({ waiting, triedForMs }: Turn<CredentialVersion>): Promise<void> {
    const { vault, versions, news } = this.rooms;
    const stored = await vault.readVersion(waiting.id, waiting.version);
    if (stored?.state !== 'ready') return;
    const { id, version } = waiting;
    const outcome = await this.#trials?.of(stored);
    if (this.#stopped || outcome === undefined) return;
    if (outcome.is === 'answered') return this.#use(stored);
    const givenUp = triedForMs > GIVE_UP_AFTER_MS;
    if (outcome.is === 'unreachable' && !givenUp) return this.#tellWhyItWaits(stored, outcome.failure);
    const failure = (outcome.is === 'unreachable' ? outcome.lasting : undefined) ?? outcome.failure;
    this.#forgetTrials(id, version);
    await versions.fail(id, version, news.of({ secret: stored.secret, failure }));
    this.around.log.error(
      { certificate: id, version, failure },
      'a certificate cannot take over; the one before stays',
    );
  }

  #forgetTrials(id: string, version: number): void {
    this.#told.delete(`${id}.${version}`);
    this.#trials?.forget({ id, version });
  }

  async #tellWhyItWaits(stored: StoredCredential, failure: Failure | null): Promise<void> {
    const key = `${stored.id}.${stored.version}`;
    if (this.#told.get(key) === failure?.code) return;
    if (this.#told.size >= MOST_WAITING) this.#told.clear();
    this.#told.set(key, failure?.code ?? '');
    await this.rooms.versions.tellAgain(
      stored.id,
      stored.version,
      this.rooms.news.of({ secret: stored.secret, failure }),
    );
  }

  async #use(stored: StoredCredential): Promise<void> {
    const { id, version, secret } = stored;
    this.#forgetTrials(id, version);
    const used = await this.rooms.versions.activate(id, version, this.rooms.news.of({ secret, failure: null }));
    this.rooms.connections.forgetCredential(id);
    if (used?.state === 'active') this.around.log.info({ certificate: id, version }, 'a certificate took over');
  }
}
