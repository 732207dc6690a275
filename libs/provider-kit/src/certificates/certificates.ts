import {
  type CertificateActivate,
  certificateActivate,
  certificateCreateCsr,
  type CertificateCreateCsr,
  type CertificateInstall,
  certificateInstall,
  type Envelope,
} from '@tolem/contracts';
import { type Clock, uuidFromId } from '@tolem/domain';
import { checkClientCertificate } from '@tolem/egress';
import { UnreadableMessage } from '@tolem/messaging';
import type { KeyOwner } from '@tolem/persistence';
import type { z } from 'zod';
import type { CertificateRooms, CertificateTakeOver } from './certificate-take-over.ts';
import type { BringCertificate } from './certificate-work.ts';
import { failureOf } from '../failure-of.ts';

/** Commands that are about certificates and belong to no connection. */
export const CERTIFICATE_COMMANDS: readonly string[] = [
  certificateCreateCsr.type,
  certificateInstall.type,
  certificateActivate.type,
];

const BRING_TRIES = 5;

/**
 * Certificates of this provider: a key is made here and stays in the vault; what was issued for it is put beside it; and
 * whole pairs come from uploads and files. Each becomes a version, which `CertificateTakeOver` takes into use.
 */
export class Certificates {
  constructor(
    private readonly rooms: CertificateRooms,
    private readonly takeOver: CertificateTakeOver,
    private readonly clock: Clock,
  ) {}

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
      // Whoever does not know this id hears of it with every start: a mistyped one is told of until somebody corrects it.
      if (isLatest && latest?.state === 'active') return void (await this.#known({ id, version: latest.version }));
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
      if (added !== undefined) return this.takeOver.begin(place);
    }
    throw new Error(`${id} got ${BRING_TRIES} versions while we tried to bring one`);
  };

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
    await this.takeOver.begin(place);
  }

  async #activate(command: CertificateActivate, owner: KeyOwner): Promise<void> {
    const place = { id: command.subject_id, version: command.version };
    if (command.from !== null) await this.#copy(command.from, { ...place, owner });
    // Told here, it is seen by this process at once; the others look by themselves.
    this.rooms.connections.forgetCredential(place.id);
    await this.takeOver.begin(place);
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
      this.clock.now(),
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
