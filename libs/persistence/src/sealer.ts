import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Database } from './database.ts';
import type { MasterKey } from './master-key.ts';

const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + 16 + IV_BYTES + TAG_BYTES;
const MAX_CACHED_KEYS = 10_000;

/** Whom a data key belongs to: a tenant (its UUID) or the operator. */
export type KeyOwner = { readonly tenant: string } | 'operator';

/** Something sealed could not be opened: wrong key, wrong place, or tampered with. Says nothing of the content. */
export class SealBroken extends Error {
  constructor(why: string, cause?: unknown) {
    super(`a sealed value cannot be opened: ${why}`, { cause });
  }
}

/**
 * Envelope encryption: AES-256-GCM with a data key per owner, wrapped by a master key. What is sealed carries the data
 * key's id; `context` (the column and row that it belongs to) is authenticated, so that a sealed value copied to
 * another row does not open.
 *
 * Shape of a sealed value: version (1 byte) · data key id (16) · iv (12) · tag (16) · ciphertext.
 */
export class Sealer {
  readonly #keys = new Map<string, Buffer>();
  readonly #ownKeys = new Map<string, string>();

  constructor(
    private readonly db: Database,
    private readonly masterKeys: readonly MasterKey[],
    private readonly newId: () => string,
  ) {}

  /**
   * Throws where something was sealed under a master key that is not configured: better no start than a service that can
   * open nothing.
   */
  async checkMasterKeys(): Promise<void> {
    const rows = await this.db.query<{ master_key_id: string }>('SELECT DISTINCT master_key_id FROM vault.data_key');
    const missing = rows.map((row) => row.master_key_id).filter((id) => this.masterKeys.every((key) => key.id !== id));
    if (missing.length === 0) return;
    throw new SealBroken(
      `this database holds keys wrapped by master key ${missing.join(', ')}, and TOLEM_MASTER_KEY has ${this.masterKeys.map((key) => key.id).join(', ')}; add the missing one behind a comma`,
    );
  }

  async seal(owner: KeyOwner, plain: Buffer | string, context: string): Promise<Buffer> {
    const id = await this.#dataKeyOf(owner);
    const key = await this.#dataKey(id);
    return Buffer.concat([Buffer.of(VERSION), bytesOfUuid(id), encrypt(key, plain, context)]);
  }

  async open(sealed: Buffer, context: string): Promise<Buffer> {
    if (sealed.length < HEADER_BYTES || sealed[0] !== VERSION) throw new SealBroken('not in a form that we write');
    const key = await this.#dataKey(uuidOfBytes(sealed.subarray(1, 17)));
    return decrypt(key, sealed.subarray(17), context);
  }

  async #dataKeyOf(owner: KeyOwner): Promise<string> {
    const name = owner === 'operator' ? 'operator' : owner.tenant;
    const known = this.#ownKeys.get(name);
    if (known !== undefined) return known;
    const [master] = this.masterKeys;
    if (master === undefined) throw new Error('no master key');
    const id = this.newId();
    const wrapped = encrypt(master.key, randomBytes(32), id);
    // Two processes may meet here for a new owner: the first row wins and both read it.
    const [row] = await this.db.query<{ id: string }>(
      `WITH made AS (
         INSERT INTO vault.data_key (id, owner, wrapped, master_key_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (owner) DO NOTHING RETURNING id)
       SELECT id FROM made UNION ALL SELECT id FROM vault.data_key WHERE owner = $2 LIMIT 1`,
      [id, name, wrapped, master.id],
    );
    if (row === undefined) return this.#dataKeyOf(owner);
    remember(this.#ownKeys, name, row.id);
    return row.id;
  }

  async #dataKey(id: string): Promise<Buffer> {
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const [row] = await this.db.query<{ wrapped: Buffer; master_key_id: string }>(
      'SELECT wrapped, master_key_id FROM vault.data_key WHERE id = $1',
      [id],
    );
    if (row === undefined) throw new SealBroken(`its data key ${id} is unknown`);
    const master = this.masterKeys.find((candidate) => candidate.id === row.master_key_id);
    if (master === undefined)
      throw new SealBroken(`its data key was wrapped by master key ${row.master_key_id}, which is not configured`);
    const key = decrypt(master.key, row.wrapped, id);
    remember(this.#keys, id, key);
    return key;
  }
}

function encrypt(key: Buffer, plain: Buffer | string, context: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
  const body = Buffer.concat([
    typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain),
    cipher.final(),
  ]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

function decrypt(key: Buffer, sealed: Buffer, context: string): Buffer {
  const iv = sealed.subarray(0, IV_BYTES);
  const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context)).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new SealBroken('its key or its place is wrong, or it was changed', error);
  }
}

/** The cache is bounded by dropping the entry that was put in first. */
function remember<V>(cache: Map<string, V>, key: string, value: V): void {
  if (cache.size >= MAX_CACHED_KEYS) {
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  }
  cache.set(key, value);
}

function bytesOfUuid(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidOfBytes(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
