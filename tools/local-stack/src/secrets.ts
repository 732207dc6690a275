import { createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { FRESH_REMEDY } from './tolem-folder.ts';

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

const secretsSchema = z.strictObject({
  version: z.literal(1),
  /** tlm_op_ and 52 characters of base 32 (260 bits). */
  operatorKey: z.string().regex(/^tlm_op_[0-9a-hjkmnp-tv-z]{52}$/),
  /** 32 bytes in base64: wraps the data keys of all tenants. */
  masterKey: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  /** Every database role's password comes from it, so that a service that is added later has one too. */
  databaseSeed: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What the house of this machine keeps to itself; made once, mode 0600. */
export type Secrets = z.output<typeof secretsSchema>;

export function makeSecrets(random: (bytes: number) => Buffer = randomBytes): Secrets {
  const characters = Array.from(random(52), (byte) => CROCKFORD.charAt(byte & 31)).join('');
  return {
    version: 1,
    operatorKey: `tlm_op_${characters}`,
    masterKey: random(32).toString('base64'),
    databaseSeed: random(32).toString('hex'),
  };
}

/** 48 hex digits. */
export function databasePassword(secrets: Secrets, role: string): string {
  return createHmac('sha256', secrets.databaseSeed).update(role).digest('hex').slice(0, 48);
}

export const readSecrets = (path: string): Promise<Secrets | undefined> =>
  readJsonFile(path, secretsSchema, FRESH_REMEDY);

export async function makeSecretsFile(path: string): Promise<Secrets> {
  const secrets = makeSecrets();
  await writeJsonFile(path, secrets);
  return secrets;
}
