import { Injectable } from '@nestjs/common';
import { deviceDelete, deviceRegister, type Envelope, produce } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import type { ConnectionRow } from '../connections/connection.ts';
import { OutboxRows } from '../outbox-rows.ts';
import type { TradePointRow } from '../trade-points/trade-points.ts';
import type { Query } from '../transactions.ts';
import type { DeskRow } from './desk.ts';

export type DeskKey = Pick<DeskRow, 'id' | 'tenant_id' | 'mode' | 'organization_id'>;

/** The devices behind a desk: asked for in the background, at every provider that the organization is connected with. */
@Injectable()
export class DeskDevices {
  constructor(private readonly outbox: OutboxRows) {}

  /** Asks the trade point's provider to register the desk there; nothing to ask while no connection is enabled. */
  async register(
    query: Query,
    desk: DeskKey,
    point: TradePointRow,
    traceparent: string | undefined,
  ): Promise<OutboxRow[]> {
    const connections = await enabledConnections(query, desk.organization_id);
    const envelopes: Envelope[] = [];
    for (const connection of connections.filter(({ provider }) => provider === point.provider)) {
      const operation = await this.#next(query, desk, connection.provider, 'pending');
      envelopes.push(
        produce(deviceRegister, this.#address(desk, connection, traceparent), {
          ...head(desk, connection, `register.${operation}`),
          trade_point_ref: point.provider_ref,
        }),
      );
    }
    return this.outbox.write(query, envelopes);
  }

  /** Asks every connected provider to switch the desk's device off; one that has none says so and is done. */
  async delete(query: Query, desk: DeskKey, traceparent: string | undefined): Promise<OutboxRow[]> {
    const envelopes: Envelope[] = [];
    for (const connection of await enabledConnections(query, desk.organization_id)) {
      const operation = await this.#next(query, desk, connection.provider, null);
      envelopes.push(
        produce(
          deviceDelete,
          this.#address(desk, connection, traceparent),
          head(desk, connection, `delete.${operation}`),
        ),
      );
    }
    return this.outbox.write(query, envelopes);
  }

  /** Counts what is asked of a device, so that each question is an operation of its own; returns the number. */
  async #next(query: Query, desk: DeskKey, provider: string, status: 'pending' | null): Promise<number> {
    const [row] = await query<{ registrations: number }>(
      `INSERT INTO desk_device (desk_id, provider, tenant_id, mode, registrations) VALUES ($1, $2, $3, $4, 1)
       ON CONFLICT (desk_id, provider) DO UPDATE
         SET registrations = desk_device.registrations + 1, status = coalesce($5, desk_device.status), updated_at = now()
       RETURNING registrations`,
      [desk.id, provider, desk.tenant_id, desk.mode, status],
    );
    if (row === undefined) throw new Error('a device was not written');
    return row.registrations;
  }

  #address(desk: DeskKey, connection: ConnectionRow, traceparent: string | undefined) {
    const id = idFromUuid('dsk', desk.id);
    return this.outbox.addressOf({
      provider: connection.provider,
      subject: id,
      lane: id,
      tenantId: desk.tenant_id,
      mode: desk.mode,
      traceparent,
    });
  }
}

/** On the bus a device goes by the id of its desk: subject, device and lane alike. */
function head(desk: DeskKey, connection: ConnectionRow, operation: string) {
  const id = idFromUuid('dsk', desk.id);
  return {
    op_id: `${id}.${operation}`,
    subject_id: id,
    connection_id: idFromUuid('con', connection.id),
    connection_version: connection.version,
    device_id: id,
    lane: id,
  };
}

function enabledConnections(query: Query, organizationId: string): Promise<ConnectionRow[]> {
  return query<ConnectionRow>('SELECT * FROM connection WHERE organization_id = $1 AND enabled ORDER BY id', [
    organizationId,
  ]);
}
