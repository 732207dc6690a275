import {
  type CertificateActivate,
  certificateActivate,
  certificateCreateCsr,
  type CertificateCreateCsr,
  type CertificateInstall,
  certificateInstall,
  type Envelope,
  type Failure,
} from '@tolem/contracts';
import { uuidFromId } from '@tolem/domain';
import { checkClientCertificate } from '@tolem/egress';
import { UnreadableMessage } from '@tolem/messaging';
import type { CredentialVersions, KeyOwner, StoredCredential, Vault, WaitingVersion } from '@tolem/persistence';
import type { z } from 'zod';
import type { CertificateNews } from './certificate-news.ts';
import { CertificateTrials } from './certificate-trials.ts';
import type { BringCertificate, CertificateWork } from './certificate-work.ts';
import type { Connections } from '../connections/connections.ts';
import { failureOf } from '../failure-of.ts';
import type { KitSurroundings } from '../settings.ts';

/** Commands that are about certificates and belong to no connection. */
export const CERTIFICATE_COMMANDS: readonly string[] = [
  certificateCreateCsr.type,
  certificateInstall.type,
  certificateActivate.type,
];

/** How often each process looks for versions that wait, and for those that another process has taken into use. */
const LOOK_EVERY_MS = 5_000;
const MOST_AT_ONCE = 20;
const BRING_TRIES = 5;
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
 * Certificates of this provider: a key is made here and stays in the vault; what was issued for it is put beside it; and
 * a version takes over only after the provider has answered under it. Until then, and where it does not, the one before
 * is used. Every process notices a change within seconds, and calls that run end on the version that they began with.
 */
export class Certificates {
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  /** Why a version still waits, so that it is told once and not with every look. */
  readonly #told = new Map<string, string>();
  readonly #trials: CertificateTrials | undefined;

  constructor(
    private readonly rooms: CertificateRooms,
    private readonly around: KitSurroundings,
    private readonly lookEveryMs = LOOK_EVERY_MS,
  ) {
    const { work, connections } = rooms;
    if (work !== null) this.#trials = new CertificateTrials(connections, work, around.clock, () => !this.#stopped);
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), this.lookEveryMs);
    this.look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Takes a command in. All of it is local work; asking the provider comes later. Repeats change nothing. */
  async accept(envelope: Envelope): Promise<void> {
    switch (envelope.type) {
      case certificateCreateCsr.type:
        return this.#request(read(certificateCreateCsr.consume, envelope), ownerOf(envelope));
      case certificateInstall.type:
        return this.#install(read(certificateInstall.consume, envelope));
      case certificateActivate.type:
        return this.#activate(read(certificateActivate.consume, envelope), ownerOf(envelope));
      default:
        throw new UnreadableMessage(`${envelope.type} is not about a certificate`);
    }
  }

  /** See `BringCertificate`. Several processes that bring the same pair make one version of it. */
  readonly bring: BringCertificate = async (id, pair, changed) => {
    const { versions, news } = this.rooms;
    for (let attempt = 1; attempt <= BRING_TRIES; attempt += 1) {
      const all = await versions.of(id);
      const latest = all.at(-1);
      const isLatest = latest?.fingerprint === pair.fingerprint;
      const isOld = !changed && !isLatest && all.some(({ fingerprint }) => fingerprint === pair.fingerprint);
      // What failed may have been the provider's bad hour: it is tried again as another version.
      if (isOld || (isLatest && latest?.state !== 'failed')) return;
      const place = { id, version: (latest?.version ?? 0) + 1, owner: latest?.owner ?? ('operator' as const) };
      const secret = {
        kind: 'certificate' as const,
        certificate: pair.certificatePem,
        private_key: pair.privateKeyPem,
        ...(pair.caPem === undefined ? {} : { ca: pair.caPem }),
      };
      const { notAfter, fingerprint } = pair;
      const added = await versions.add(
        place,
        'ready',
        { secret, notAfter, fingerprint },
        news.of({ secret, failure: null }),
      );
      // Somebody else has made that version meanwhile, of the same pair perhaps.
      if (added !== undefined) return this.#takeOver(place);
    }
    throw new Error(`${id} got ${BRING_TRIES} versions while we tried to bring one`);
  };

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

  async #request(command: CertificateCreateCsr, owner: KeyOwner): Promise<void> {
    const { work, versions, news } = this.rooms;
    if (work === null) throw new UnreadableMessage('this provider knows no certificates');
    const place = { id: command.subject_id, version: command.version, owner };
    if (await this.#known(place)) return;
    const { privateKeyPem, csrPem } = await work.request(command.subject);
    const secret = { kind: 'key' as const, private_key: privateKeyPem, csr: csrPem };
    const pair = { secret, notAfter: null, fingerprint: null };
    const added = await versions.add(place, 'key', pair, news.of({ secret, failure: null }));
    if (added === undefined) await this.#known(place);
  }

  async #install(command: CertificateInstall): Promise<void> {
    const { vault, versions, news } = this.rooms;
    const place = { id: command.subject_id, version: command.version };
    const stored = await vault.readVersion(place.id, place.version);
    if (stored === undefined) throw new UnreadableMessage(`${place.id} has no version ${place.version} here`);
    if (stored.secret.kind !== 'key') return void (await this.#known(place));
    const secret = {
      kind: 'certificate' as const,
      certificate: command.certificate,
      private_key: stored.secret.private_key,
      ...(command.ca === null ? {} : { ca: command.ca }),
    };
    const checked = this.#check(secret);
    if (!checked.ok) {
      const failure = failureOf(checked.flaw, 'desk_setup');
      await versions.tellAgain(place.id, place.version, news.of({ secret: stored.secret, failure }));
      return;
    }
    const pair = { secret, notAfter: checked.notAfter.getTime(), fingerprint: checked.fingerprint256 };
    await versions.complete({ ...place, owner: stored.owner }, pair, news.of({ secret, failure: null }));
    await this.#takeOver(place);
  }

  async #activate(command: CertificateActivate, owner: KeyOwner): Promise<void> {
    const place = { id: command.subject_id, version: command.version };
    if (command.from !== null) await this.#copy(command.from, { ...place, owner });
    // Told here, it is seen by this process at once; the others look by themselves.
    this.rooms.connections.forgetCredential(place.id);
    await this.#takeOver(place);
  }

  /** The pair of one certificate becomes a version of another one of the same owner. */
  async #copy(
    from: { readonly certificate_id: string; readonly version: number },
    to: { readonly id: string; readonly version: number; readonly owner: KeyOwner },
  ): Promise<void> {
    const { vault, versions, news } = this.rooms;
    if ((await vault.readVersion(to.id, to.version)) !== undefined) return;
    const source = await vault.readVersion(from.certificate_id, from.version);
    if (source?.secret.kind !== 'certificate' || ownerText(source.owner) !== ownerText(to.owner)) {
      throw new UnreadableMessage(`${from.certificate_id} has no pair that ${to.id} could take over`);
    }
    const checked = this.#check(source.secret);
    const pair = {
      secret: source.secret,
      notAfter: checked.ok ? checked.notAfter.getTime() : null,
      fingerprint: checked.ok ? checked.fingerprint256 : null,
    };
    await versions.add(to, 'ready', pair, news.of({ secret: source.secret, failure: null }));
  }

  /** A first version is used at once: nothing could be better until somebody connects with it. Others are tried. */
  async #takeOver(place: { readonly id: string; readonly version: number }): Promise<void> {
    const all = await this.rooms.versions.of(place.id);
    if (all.every(({ state }) => state !== 'active')) {
      const stored = await this.rooms.vault.readVersion(place.id, place.version);
      if (stored?.state === 'ready') await this.#use(stored);
      return;
    }
    this.look();
  }

  async #lookAround(): Promise<void> {
    const { versions, connections } = this.rooms;
    const waiting = await versions.waiting(MOST_AT_ONCE);
    await Promise.all(waiting.map((one) => this.#try(one)));
    await connections.dropReplaced();
  }

  async #try(waiting: WaitingVersion): Promise<void> {
    const { vault, versions, news } = this.rooms;
    const stored = await vault.readVersion(waiting.id, waiting.version);
    if (stored?.state !== 'ready') return;
    const { id, version } = waiting;
    const outcome = await this.#trials?.of(stored);
    if (this.#stopped || outcome === undefined) return;
    if (outcome.is === 'answered') return this.#use(stored);
    const givenUp = waiting.waitingMs > GIVE_UP_AFTER_MS;
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
    if (this.#told.size >= MOST_AT_ONCE) this.#told.clear();
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

  /** Tells once more of a version that is here already: whoever asks again has not heard. */
  async #known(place: { readonly id: string; readonly version: number }): Promise<boolean> {
    const stored = await this.rooms.vault.readVersion(place.id, place.version);
    if (stored === undefined) return false;
    const { secret } = stored;
    await this.rooms.versions.tellAgain(place.id, place.version, this.rooms.news.of({ secret, failure: null }));
    return true;
  }

  #check(secret: { readonly certificate: string; readonly private_key: string; readonly ca?: string | undefined }) {
    return checkClientCertificate(
      {
        certificatePem: secret.certificate,
        key: { privateKeyPem: secret.private_key },
        ...(secret.ca === undefined ? {} : { caPem: secret.ca }),
        // The gateway has looked at the chain when it was brought; what must never be wrong is the pair.
        wholeChain: false,
      },
      this.around.clock.now(),
    );
  }
}

function read<S extends z.ZodType>(schema: S, envelope: Envelope): z.output<S> {
  const parsed = schema.safeParse(envelope.body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new UnreadableMessage(`${envelope.type} ${envelope.id} breaks its contract: ${where}`);
}

function ownerOf({ tenant, id, type }: Envelope): KeyOwner {
  if (tenant === null) return 'operator';
  const uuid = uuidFromId('ten', tenant);
  if (uuid === undefined) throw new UnreadableMessage(`${type} ${id} names no tenant`);
  return { tenant: uuid };
}

function ownerText(owner: KeyOwner): string {
  return owner === 'operator' ? 'operator' : owner.tenant;
}
