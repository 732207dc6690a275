import { certificateState, EVENTS_TOPIC, type Failure, produce } from '@tolem/contracts';
import { type Clock, idFromUuid } from '@tolem/domain';
import { certificateSummary } from '@tolem/egress';
import { currentTraceparent } from '@tolem/observability';
import type { CredentialState, Outbox, SecretToKeep, TellChange } from '@tolem/persistence';

const STATES = {
  key: 'requested',
  ready: 'ready',
  active: 'active',
  retired: 'retired',
  failed: 'failed',
} as const satisfies Record<CredentialState, string>;

const FIRST_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;

/** What others are told of a version: its public half, never its key. */
export class CertificateNews {
  constructor(
    private readonly outbox: Outbox,
    private readonly source: string,
    private readonly newId: () => string,
    private readonly clock: Clock,
  ) {}

  /** Makes the message of a change, once it is known what has changed. */
  of(what: { readonly secret: SecretToKeep; readonly failure: Failure | null }): TellChange {
    const { secret, failure } = what;
    return ({ id, version, state, seq, owner }) => {
      const time = new Date(this.clock.now()).toISOString();
      const traceparent = currentTraceparent();
      const address = {
        id: this.newId(),
        source: this.source,
        subject: id,
        time,
        tenant: owner === 'operator' ? null : idFromUuid('ten', owner.tenant),
        // A certificate is of no mode; whoever hears of it knows where it is used.
        mode: 'live' as const,
        topic: EVENTS_TOPIC,
        key: id,
        ...(traceparent === undefined ? {} : { traceparent }),
      };
      const body = {
        subject_id: id,
        seq,
        op_id: null,
        observed_at: time,
        version,
        state: STATES[state],
        csr: 'csr' in secret ? secret.csr : null,
        certificate: 'certificate' in secret ? leafOf(secret.certificate) : null,
        failure,
      };
      return this.outbox.rowsFor(produce(certificateState, address, body));
    };
  }
}

/** The client certificate alone: whoever is told wants to know whose it is and when it ends. */
function leafOf(pem: string): string | null {
  const [leaf] = FIRST_CERTIFICATE.exec(pem) ?? [];
  return leaf === undefined || certificateSummary(leaf) === undefined ? null : leaf;
}
