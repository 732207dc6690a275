import { createHmac, randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import type { TolemFolder } from './tolem-folder.ts';

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

type Place = Pick<TolemFolder, 'secrets' | 'postgres' | 'remedy'>;

/** The secrets that earlier starts made, or new ones where there is no data yet that could need the old ones. */
export async function keptSecrets({ secrets: path, postgres, remedy }: Place): Promise<Secrets> {
  const known = await readJsonFile(path, secretsSchema, remedy);
  if (known !== undefined) return known;
  if ((await stat(postgres).catch(() => undefined)) !== undefined) {
    // A new master key could not open what the old one has closed.
    throw new PlainFailure(`The file ${path} is missing beside the data that needs it: ${remedy}.`);
  }
  const secrets = makeSecrets();
  await writeJsonFile(path, secrets);
  return secrets;
}
