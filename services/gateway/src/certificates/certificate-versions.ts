import { Inject, Injectable } from '@nestjs/common';
import type { Envelope } from '@tolem/contracts';
import { type Clock, idFromUuid, uuidFromId } from '@tolem/domain';
import { checkClientCertificate, enclosedAuthorities, publicKeyOfRequest } from '@tolem/egress';
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
import { VersionClaims } from './version-claims.ts';

/** What a change leads to. */
interface Changed {
  readonly action: string;
  readonly fingerprint: string | null;
  readonly command: Envelope;
}

/** What shall take the place of the version in use. */
interface Replacement {
  /** Tells it from every other: its fingerprint, or the id of the request that it comes from. */
  readonly pair: string;
  /** Null where the provider's service tells them. */
  readonly facts: ReadPair['facts'] | null;
  /** UUID and version of the certificate whose pair it is; null where it was uploaded. */
  readonly from: { readonly id: string; readonly version: number } | null;
  readonly fingerprint: string | null;
}

const MAX_TRIES = 5;

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
    private readonly claims: VersionClaims,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What the provider has issued for a request. The same once more changes nothing. */
  install(auth: Auth, origin: Origin, id: string, body: PutChain): Promise<CertificateRow> {
    return this.#change<never>(auth, origin, id, async (query, row) => {
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
      const chain = { certificate: body.certificate, ca: body.ca ?? enclosedAuthorities(body.certificate) ?? null };
      const command = this.commands.install(row, requested.version, chain, origin);
      return { action: 'certificate.install', fingerprint: facts.fingerprint, command };
    });
  }

  /** Another pair in place of the one in use. The same pair once more changes nothing. */
  async replace(auth: Auth, origin: Origin, id: string, body: ReplaceCertificate): Promise<CertificateRow> {
    const pair = body.request === undefined ? readPair(body, this.clock.now()) : null;
    const replacementFor = (query: Query, row: CertificateRow): Promise<Replacement | null> =>
      pair === null ? this.#byRequest(query, auth, row, body.request ?? '') : byPair(row, pair);
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const { row, wanted } = await this.transactions.as(auth, async (query) => {
        const found = await this.store.require(query, auth, id);
        return { row: found, wanted: await replacementFor(query, found) };
      });
      if (wanted === null) return row;
      // Without a transaction open: both need a connection, and those that wait for the lock may hold all there are.
      const version = await this.claims.claim(id, nextVersion(row), wanted.pair);
      if (pair !== null) await this.#keep(row, version, pair);
      const replaced = await this.#change(auth, origin, id, async (query, present) => {
        const still = await replacementFor(query, present);
        if (still === null) return null;
        return version < nextVersion(present) ? 'overtaken' : this.#begin(query, origin, present, version, still);
      });
      if (replaced !== 'overtaken') return replaced;
    }
    const detail = 'Others are replacing this certificate at the same time. Look what it has become, then try again.';
    throw new ApiProblem(409, 'certificate_changing', detail, { retryable: true, retryAfterS: 1 });
  }

  /** The secret first: without the row that follows it is tried all the same, and the service's news makes the row. */
  #keep(row: CertificateRow, version: number, { secret, facts }: ReadPair): Promise<void> {
    const owner = row.tenant_id === null ? ('operator' as const) : { tenant: row.tenant_id };
    const place = { version, state: 'ready' as const, fingerprint: facts.fingerprint };
    return this.vault.put(idFromUuid('crt', row.id), owner, row.provider, secret, facts.notAfter.getTime(), place);
  }

  async #begin(
    query: Query,
    origin: Origin,
    row: CertificateRow,
    version: number,
    { facts, from, fingerprint }: Replacement,
  ): Promise<Changed> {
    const at = new Date(this.clock.now());
    await this.store.addVersion(query, {
      certificateId: row.id,
      tenantId: row.tenant_id,
      version,
      state: 'ready',
      at,
      facts,
      ...(from === null ? {} : { fromCertificate: from.id }),
    });
    return {
      action: 'certificate.replace',
      fingerprint,
      command: this.commands.activate(row, version, from, origin),
    };
  }

  async #byRequest(query: Query, auth: Auth, row: CertificateRow, text: string): Promise<Replacement | null> {
    refuseUnready(row);
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
    const { version, fingerprint } = pair;
    return { pair: source.id, facts: null, from: { id: source.id, version }, fingerprint };
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

  /**
   * Changes a certificate under its lock.
   * @param change null: nothing is to be done, the answer is as it stands; a word: nothing is done, and it is the answer
   */
  async #change<Word extends string = never>(
    auth: Auth,
    origin: Origin,
    id: string,
    change: (query: Query, row: CertificateRow) => Promise<Changed | Word | null>,
  ): Promise<CertificateRow | Word> {
    const published: OutboxRow[] = [];
    const row = await this.transactions.as(auth, async (query) => {
      const before = await this.store.require(query, auth, id, true);
      const changed = await change(query, before);
      if (changed === null) return before;
      if (typeof changed === 'string') return changed;
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

function byPair(row: CertificateRow, { facts }: ReadPair): Promise<Replacement | null> {
  refuseUnready(row);
  const { fingerprint } = facts;
  if (isNewest(row, (newest) => newest.fingerprint === fingerprint)) return Promise.resolve(null);
  return Promise.resolve({ pair: fingerprint, facts, from: null, fingerprint });
}

function refuseUnready(row: CertificateRow): void {
  if (row.source === 'files') {
    const detail = 'The files of this certificate are replaced where they lie; changes are noticed by themselves.';
    throw new ApiProblem(409, 'certificate_from_files', detail);
  }
  if (row.active_version === null) {
    const detail = 'No version of this certificate is in use yet. Bring what was issued for its request first.';
    throw new ApiProblem(409, 'certificate_not_ready', detail);
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
