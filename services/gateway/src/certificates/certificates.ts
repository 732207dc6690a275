import { Inject, Injectable } from '@nestjs/common';
import type { Envelope } from '@tolem/contracts';
import { type Clock, idFromUuid } from '@tolem/domain';
import type { KeyOwner, OutboxRow, Vault } from '@tolem/persistence';
import { Audit } from '../audit-log/audit.ts';
import { ApiProblem, unprocessable } from '../http/api-problem.ts';
import type { Attempt } from '../http/attempt.ts';
import type { Auth } from '../http/auth.ts';
import { type Creation, Idempotency } from '../http/idempotency.ts';
import type { Origin } from '../http/origin.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { CLOCK, VAULT } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import { CertificateCommands } from './certificate-commands.ts';
import { CertificateStore } from './certificate-store.ts';
import type { CreateCertificate, RequestCertificate } from './certificate.schema.ts';
import type { CertificateRow } from './certificate.ts';
import { providerScheme } from './provider-scheme.ts';
import { readPair } from './read-pair.ts';

/**
 * Client certificates: the operator's, which serve many organizations, and those of a tenant's own organizations. What can
 * be shown stands here; the secret goes into the vault, and a key that is made for a request is born there.
 */
@Injectable()
export class Certificates {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly store: CertificateStore,
    private readonly commands: CertificateCommands,
    private readonly outbox: OutboxRows,
    private readonly audit: Audit,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  create(auth: Auth, origin: Origin, attempt: Attempt, body: CreateCertificate): Promise<Creation<CertificateRow>> {
    const named = namesOf(auth, body);
    const pair = body.from_files === true ? null : readPair(body, this.clock.now());
    return this.idempotency.create(auth, attempt, {
      // First the secret: what goes wrong afterwards leaves one that nothing points at, never a certificate without its key.
      prepare: async (id) => {
        if (pair === null) return;
        const { secret, facts } = pair;
        await this.vault.put(
          idFromUuid('crt', id),
          vaultOwner(auth),
          named.provider,
          secret,
          facts.notAfter.getTime(),
          { fingerprint: facts.fingerprint },
        );
      },
      make: async (query, id) => {
        const at = new Date(this.clock.now());
        await this.store.insert(query, auth, { ...named, id, source: pair === null ? 'files' : 'upload', at });
        if (pair !== null) {
          const { facts } = pair;
          const version = {
            certificateId: id,
            tenantId: tenantOf(auth),
            version: 1,
            state: 'active' as const,
            facts,
            at,
          };
          await this.store.addVersion(query, version);
        }
        const detail = { fingerprint: pair?.facts.fingerprint ?? null };
        await this.#log(query, { auth, origin, action: 'certificate.create', id, detail });
        return this.store.require(query, auth, id);
      },
      load: (query, id) => this.store.require(query, auth, id),
    });
  }

  /** Lets the provider's service make a key; its request comes back with `certificate.state`. */
  async request(
    auth: Auth,
    origin: Origin,
    attempt: Attempt,
    body: RequestCertificate,
  ): Promise<Creation<CertificateRow>> {
    const named = namesOf(auth, body);
    const published: OutboxRow[] = [];
    const creation = await this.idempotency.create(auth, attempt, {
      make: async (query, id) => {
        const at = new Date(this.clock.now());
        await this.store.insert(query, auth, { ...named, id, source: 'request', at });
        const version = { certificateId: id, tenantId: tenantOf(auth), version: 1, state: 'key_pending' as const, at };
        await this.store.addVersion(query, { ...version, facts: null });
        const row = await this.store.require(query, auth, id);
        const command = this.commands.createCsr(row, 1, body.subject, origin);
        published.push(...(await this.#tell(query, { auth, origin, action: 'certificate.request', id }, command)));
        return row;
      },
      load: (query, id) => this.store.require(query, auth, id),
    });
    this.outbox.publish(published);
    return creation;
  }

  get(auth: Auth, id: string): Promise<CertificateRow> {
    return this.transactions.as(auth, (query) => this.store.require(query, auth, id));
  }

  list(auth: Auth, after: string | null, limit: number): Promise<CertificateRow[]> {
    return this.transactions.as(auth, (query) => this.store.list(query, auth, after, limit));
  }

  async #tell(query: Query, logged: Logged, command: Envelope): Promise<OutboxRow[]> {
    await this.#log(query, logged);
    return this.outbox.write(query, [command]);
  }

  async #log(query: Query, { auth, origin, action, id, detail }: Logged): Promise<void> {
    await this.audit.write(query, {
      auth,
      origin,
      action,
      subject: idFromUuid('crt', id),
      tenantId: tenantOf(auth),
      ...(detail === undefined ? {} : { detail }),
    });
  }
}

interface Logged {
  readonly auth: Auth;
  readonly origin: Origin;
  readonly action: string;
  readonly id: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** UUID; null for the operator. */
export function tenantOf(auth: Auth): string | null {
  return auth.kind === 'operator' ? null : auth.tenantId;
}

export function vaultOwner(auth: Auth): KeyOwner {
  return auth.kind === 'operator' ? 'operator' : { tenant: auth.tenantId };
}

/** A key that is limited to some organizations must not touch what others of its tenant work with. */
export function refuseLimited(auth: Auth): void {
  if (auth.kind === 'operator' || auth.organizations === null) return;
  const detail = 'A key that is limited to organizations cannot manage certificates, which belong to the whole tenant.';
  throw new ApiProblem(403, 'key_is_limited', detail);
}

/** What it is of. A shared certificate is the operator's to bring, an organization's own its tenant's. */
function namesOf(
  auth: Auth,
  body: { readonly provider: string; readonly scheme: string; readonly name: string },
): { readonly provider: string; readonly scheme: string; readonly name: string } {
  const { provider, scheme } = providerScheme(body);
  switch (scheme.credential) {
    case 'api_key':
      throw unprocessable(
        'scheme_without_certificate',
        '/scheme',
        'This scheme works with an API key: give it to the connection.',
      );
    case 'shared_certificate':
      if (auth.kind !== 'operator') {
        throw new ApiProblem(
          403,
          'operator_key_required',
          'The certificate of this scheme is shared: the operator brings it.',
        );
      }
      break;
    case 'own_certificate':
      if (auth.kind === 'operator') {
        throw new ApiProblem(
          403,
          'tenant_key_required',
          'The certificate of this scheme is its tenant’s: use a key of that tenant.',
        );
      }
      break;
  }
  return { provider: provider.name, scheme: scheme.name, name: body.name };
}
