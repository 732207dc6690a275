import { Inject, Injectable } from '@nestjs/common';
import type { Envelope } from '@tolem/contracts';
import { type Clock, idFromUuid, uuidFromId } from '@tolem/domain';
import { checkClientCertificate, publicKeyOfRequest } from '@tolem/egress';
import type { OutboxRow, Vault } from '@tolem/persistence';
import { Audit } from '../audit-log/audit.ts';
import { ApiProblem, notFound, unprocessable } from '../http/api-problem.ts';
import type { Auth } from '../http/auth.ts';
import type { Origin } from '../http/origin.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { CLOCK, VAULT } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import { CertificateCommands } from './certificate-commands.ts';
import { columnsOf, CertificateStore } from './certificate-store.ts';
import type { PutChain, ReplaceCertificate } from './certificate.schema.ts';
import type { CertificateRow, VersionRow } from './certificate.ts';
import { factsOf, flawed, type ReadPair, readPair } from './read-pair.ts';

/** What a change leads to. */
interface Changed {
  readonly action: string;
  readonly fingerprint: string | null;
  readonly command: Envelope;
}

/**
 * How a certificate gets another pair. Each is tried by the provider's service before it is used; what came of that is
 * told by `certificate.state`.
 */
@Injectable()
export class CertificateVersions {
  constructor(
    private readonly transactions: Transactions,
    private readonly store: CertificateStore,
    private readonly commands: CertificateCommands,
    private readonly outbox: OutboxRows,
    private readonly audit: Audit,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What the provider has issued for a request. The same once more changes nothing. */
  install(auth: Auth, origin: Origin, id: string, body: PutChain): Promise<CertificateRow> {
    return this.#change(auth, origin, id, async (query, row) => {
      const requested = row.versions.at(-1);
      const publicKey = requested === undefined ? undefined : publicKeyOfRequest(requested.csr ?? '');
      if (requested === undefined || publicKey === undefined) throw notRequested(row);
      const checked = checkClientCertificate(
        {
          certificatePem: body.certificate,
          key: { publicKey },
          ...(body.ca === undefined ? {} : { caPem: body.ca }),
          wholeChain: true,
        },
        this.clock.now(),
      );
      if (!checked.ok) throw flawed(checked, { ca_invalid: '/ca' });
      const facts = factsOf(checked);
      if (requested.state !== 'requested') {
        if (requested.fingerprint === facts.fingerprint) return null;
        throw notRequested(row);
      }
      await query(
        `UPDATE certificate_version SET state = 'installing', reason = NULL, updated_at = $3, subject = $4, issuer = $5,
                serial = $6, fingerprint = $7, not_before = $8, not_after = $9
          WHERE certificate_id = $1 AND version = $2`,
        [id, requested.version, new Date(this.clock.now()), ...columnsOf(facts)],
      );
      const chain = { certificate: body.certificate, ca: body.ca ?? null };
      const command = this.commands.install(row, requested.version, chain, origin);
      return { action: 'certificate.install', fingerprint: facts.fingerprint, command };
    });
  }

  /** Another pair in place of the one in use. The same pair once more changes nothing. */
  replace(auth: Auth, origin: Origin, id: string, body: ReplaceCertificate): Promise<CertificateRow> {
    const pair = body.request === undefined ? readPair(body, this.clock.now()) : null;
    return this.#change(auth, origin, id, async (query, row) => {
      if (row.source === 'files') {
        const detail = 'The files of this certificate are replaced where they lie; changes are noticed by themselves.';
        throw new ApiProblem(409, 'certificate_from_files', detail);
      }
      if (row.active_version === null) {
        const detail = 'No version of this certificate is in use yet. Bring what was issued for its request first.';
        throw new ApiProblem(409, 'certificate_not_ready', detail);
      }
      return pair === null
        ? this.#fromRequest(query, auth, origin, row, body.request ?? '')
        : this.#fromPair(query, origin, row, pair);
    });
  }

  async #fromPair(query: Query, origin: Origin, row: CertificateRow, pair: ReadPair): Promise<Changed | null> {
    const { secret, facts } = pair;
    if (isNewest(row, ({ fingerprint }) => fingerprint === facts.fingerprint)) return null;
    const version = nextVersion(row);
    // The secret first; without the row that follows it is tried all the same, and the service's news makes the row.
    const owner = row.tenant_id === null ? ('operator' as const) : { tenant: row.tenant_id };
    const place = { version, state: 'ready' as const, fingerprint: facts.fingerprint };
    await this.vault.put(idFromUuid('crt', row.id), owner, row.provider, secret, facts.notAfter.getTime(), place);
    await this.store.addVersion(query, this.#ready(row, version, { facts }));
    const command = this.commands.activate(row, version, null, origin);
    return { action: 'certificate.replace', fingerprint: facts.fingerprint, command };
  }

  async #fromRequest(
    query: Query,
    auth: Auth,
    origin: Origin,
    row: CertificateRow,
    text: string,
  ): Promise<Changed | null> {
    const source = await this.#requested(query, auth, row, text);
    const pair = source.versions.find(({ version }) => version === source.active_version);
    if (isNewest(row, (newest) => newest.from_certificate === source.id)) return null;
    if (pair === undefined) {
      throw unprocessable('certificate_not_ready', '/request', 'Bring what was issued for this request first.');
    }
    const [used] = await query('SELECT 1 FROM connection WHERE credential_id = $1 LIMIT 1', [source.id]);
    if (used !== undefined || source.merged_into !== null) {
      throw unprocessable('request_in_use', '/request', 'Connections work with this certificate itself; it cannot go.');
    }
    const version = nextVersion(row);
    await this.store.addVersion(query, this.#ready(row, version, { facts: null, fromCertificate: source.id }));
    const command = this.commands.activate(row, version, { id: source.id, version: pair.version }, origin);
    return { action: 'certificate.replace', fingerprint: pair.fingerprint, command };
  }

  async #requested(query: Query, auth: Auth, row: CertificateRow, text: string): Promise<CertificateRow> {
    const id = uuidFromId('crt', text);
    const unknown = unprocessable('request_unknown', '/request', 'There is no such request.');
    if (id === undefined || id === row.id) throw unknown;
    const source = await this.store.require(query, auth, id).catch((error: unknown) => {
      throw error instanceof ApiProblem && error.code === notFound('certificate').code ? unknown : error;
    });
    const fits =
      source.provider === row.provider &&
      source.scheme === row.scheme &&
      source.tenant_id === row.tenant_id &&
      source.mode === row.mode;
    if (fits) return source;
    throw unprocessable('certificate_mismatch', '/request', 'This request is for another provider, scheme or owner.');
  }

  #ready(
    row: CertificateRow,
    version: number,
    more: { readonly facts: ReadPair['facts'] | null; readonly fromCertificate?: string },
  ) {
    const at = new Date(this.clock.now());
    return { certificateId: row.id, tenantId: row.tenant_id, version, state: 'ready' as const, at, ...more };
  }

  /** Changes a certificate under its lock. @param change null: nothing is to be done, the answer is as it stands */
  async #change(
    auth: Auth,
    origin: Origin,
    id: string,
    change: (query: Query, row: CertificateRow) => Promise<Changed | null>,
  ): Promise<CertificateRow> {
    const published: OutboxRow[] = [];
    const row = await this.transactions.as(auth, async (query) => {
      const before = await this.store.require(query, auth, id, true);
      const changed = await change(query, before);
      if (changed === null) return before;
      await this.audit.write(query, {
        auth,
        origin,
        action: changed.action,
        subject: idFromUuid('crt', id),
        tenantId: before.tenant_id,
        detail: { fingerprint: changed.fingerprint },
      });
      published.push(...(await this.outbox.write(query, [changed.command])));
      return this.store.require(query, auth, id);
    });
    this.outbox.publish(published);
    return row;
  }
}

function nextVersion(row: CertificateRow): number {
  return (row.versions.at(-1)?.version ?? 1) + 1;
}

/** Whether the newest version, unless it failed, is this one already. */
function isNewest(row: CertificateRow, isIt: (newest: VersionRow) => boolean): boolean {
  const newest = row.versions.at(-1);
  return newest !== undefined && newest.state !== 'failed' && isIt(newest);
}

function notRequested(row: CertificateRow): ApiProblem {
  const isWaiting = row.versions.at(-1)?.state === 'key_pending';
  const detail = isWaiting
    ? 'The key of this certificate is still being made. Ask again when `csr` is there.'
    : 'No request of this certificate waits for what was issued. Make another request.';
  return new ApiProblem(409, 'certificate_not_requested', detail, isWaiting ? { retryable: true, retryAfterS: 1 } : {});
}
