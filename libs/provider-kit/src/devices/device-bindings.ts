import type { Database, KeyOwner, Sealer } from '@tolem/persistence';

const MAX_CACHED = 50_000;

/** A device of the provider: where it stands, and its secret token. */
export interface Binding {
  readonly tradePointRef: string;
  readonly token: string;
}

/** Which device of the provider stands behind a desk: its secret token, sealed at rest, bound to one connection. */
export class DeviceBindings {
  readonly #cache = new Map<string, Binding>();

  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
  ) {}

  /** The token of the desk's device in this trade point, or undefined where none is registered there. */
  async find(deviceId: string, connectionId: string, tradePointRef: string): Promise<string | undefined> {
    const known = this.#cache.get(keyOf(deviceId, connectionId));
    if (known !== undefined) return known.tradePointRef === tradePointRef ? known.token : undefined;
    const [row] = await this.db.query<{ trade_point_ref: string; sealed: Buffer }>(
      'SELECT trade_point_ref, sealed FROM device_binding WHERE device_id = $1 AND connection_id = $2',
      [deviceId, connectionId],
    );
    if (row === undefined) return undefined;
    const token = (await this.sealer.open(row.sealed, contextOf(deviceId, connectionId))).toString('utf8');
    this.#remember(deviceId, connectionId, { tradePointRef: row.trade_point_ref, token });
    return row.trade_point_ref === tradePointRef ? token : undefined;
  }

  /** The desk's devices wherever they stand: the one in use, and those of trade points that it was moved away from. */
  async all(deviceId: string, connectionId: string): Promise<readonly Binding[]> {
    const rows = await this.db.query<{ trade_point_ref: string; sealed: Buffer }>(
      `SELECT trade_point_ref, sealed FROM device_binding WHERE device_id = $1 AND connection_id = $2
       UNION ALL SELECT trade_point_ref, sealed FROM former_device WHERE device_id = $1 AND connection_id = $2`,
      [deviceId, connectionId],
    );
    const context = contextOf(deviceId, connectionId);
    return Promise.all(
      rows.map(async ({ trade_point_ref: tradePointRef, sealed }) => ({
        tradePointRef,
        token: (await this.sealer.open(sealed, context)).toString('utf8'),
      })),
    );
  }

  /** Binds the desk to its device in a trade point; the one that it had in another is kept as a former one. */
  async put(deviceId: string, connectionId: string, owner: KeyOwner, binding: Binding): Promise<void> {
    const sealed = await this.sealer.seal(owner, binding.token, contextOf(deviceId, connectionId));
    await this.db.query(
      `WITH former AS (
         INSERT INTO former_device (device_id, connection_id, trade_point_ref, sealed)
         SELECT device_id, connection_id, trade_point_ref, sealed FROM device_binding
          WHERE device_id = $1 AND connection_id = $2 AND trade_point_ref <> $3
         ON CONFLICT (device_id, connection_id, trade_point_ref) DO UPDATE SET sealed = EXCLUDED.sealed, updated_at = now()
       ), back AS (
         DELETE FROM former_device WHERE device_id = $1 AND connection_id = $2 AND trade_point_ref = $3
       )
       INSERT INTO device_binding (device_id, connection_id, trade_point_ref, sealed) VALUES ($1, $2, $3, $4)
       ON CONFLICT (device_id, connection_id) DO UPDATE
         SET trade_point_ref = EXCLUDED.trade_point_ref, sealed = EXCLUDED.sealed, updated_at = now()`,
      [deviceId, connectionId, binding.tradePointRef, sealed],
    );
    this.#remember(deviceId, connectionId, binding);
  }

  /** Forgets a device that the provider no longer knows. */
  async forget(deviceId: string, connectionId: string): Promise<void> {
    this.#cache.delete(keyOf(deviceId, connectionId));
    await this.db.query('DELETE FROM device_binding WHERE device_id = $1 AND connection_id = $2', [
      deviceId,
      connectionId,
    ]);
  }

  /** Forgets a device that was deleted, in use or former. */
  async forgetIn(deviceId: string, connectionId: string, tradePointRef: string): Promise<void> {
    this.#cache.delete(keyOf(deviceId, connectionId));
    await this.db.query(
      `WITH former AS (
         DELETE FROM former_device WHERE device_id = $1 AND connection_id = $2 AND trade_point_ref = $3
       )
       DELETE FROM device_binding WHERE device_id = $1 AND connection_id = $2 AND trade_point_ref = $3`,
      [deviceId, connectionId, tradePointRef],
    );
  }

  #remember(deviceId: string, connectionId: string, binding: Binding): void {
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    this.#cache.set(keyOf(deviceId, connectionId), binding);
  }
}

function keyOf(deviceId: string, connectionId: string): string {
  return `${deviceId} ${connectionId}`;
}

function contextOf(deviceId: string, connectionId: string): string {
  return `device:${deviceId}:${connectionId}`;
}
