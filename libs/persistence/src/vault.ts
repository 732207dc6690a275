import { z } from 'zod';
import type { Database } from './database.ts';
import { type KeyOwner, type Sealer, SealBroken } from './sealer.ts';

/** A client certificate with what is needed to use it; PEM texts. */
const certificateSecretSchema = z.strictObject({
  certificate: z.string(),
  private_key: z.string(),
  pass_phrase: z.string().optional(),
  ca: z.string().optional(),
});
export type CertificateSecret = z.infer<typeof certificateSecretSchema>;

/**
 * Secrets of providers' connections. The gateway puts them in, a provider's service reads its own (row-level security
 * by role), messages carry the id alone.
 */
export class Vault {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
  ) {}

  /** @param notAfter when the certificate ends; epoch milliseconds */
  async put(id: string, owner: KeyOwner, provider: string, secret: CertificateSecret, notAfter: number): Promise<void> {
    const cipher = await this.sealer.seal(owner, JSON.stringify(secret), `credential:${id}`);
    await this.db.query(
      `INSERT INTO vault.credential (id, owner_tenant, provider, cipher, not_after) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING`,
      [id, owner === 'operator' ? null : owner.tenant, provider, cipher, new Date(notAfter)],
    );
  }

  /** Undefined where the id is unknown, or not this service's. */
  async read(id: string): Promise<CertificateSecret | undefined> {
    const [row] = await this.db.query<{ cipher: Buffer }>('SELECT cipher FROM vault.credential WHERE id = $1', [id]);
    if (row === undefined) return undefined;
    const plain = await this.sealer.open(row.cipher, `credential:${id}`);
    const secret = certificateOf(plain.toString('utf8'));
    if (secret === undefined) throw new SealBroken('its content is not a certificate');
    return secret;
  }
}

/** No error leaves here: a parser's own message quotes the text, which is a secret. */
function certificateOf(text: string): CertificateSecret | undefined {
  try {
    return certificateSecretSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
