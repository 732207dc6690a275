import { Injectable } from '@nestjs/common';
import { connectionPut, connectionVerify, type Envelope, produce } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import { OutboxRows } from '../outbox-rows.ts';
import type { ConnectionRow } from './connection.ts';

/** What a provider's service is told about a connection. Each connection is a lane of its own. */
@Injectable()
export class ConnectionCommands {
  constructor(private readonly outbox: OutboxRows) {}

  /** The settings as they are now. @param taxId of the connection's organization */
  put(row: ConnectionRow, taxId: string, traceparent: string | undefined): Envelope {
    return produce(connectionPut, this.#address(row, traceparent), {
      ...this.#head(row),
      op_id: putOperation(row),
      base_url: row.base_url,
      scheme: row.scheme,
      tax_id: taxId,
      credential_id: credentialOf(row),
      options: row.options,
      enabled: row.enabled,
    });
  }

  /** The question whether it works; a repeat of the settings goes first, in case they were lost. */
  verify(row: ConnectionRow, traceparent: string | undefined): Envelope {
    return produce(connectionVerify, this.#address(row, traceparent), {
      ...this.#head(row),
      op_id: `${idFromUuid('con', row.id)}.verify.${row.version}.${row.verifications}`,
    });
  }

  #address(row: ConnectionRow, traceparent: string | undefined) {
    const id = idFromUuid('con', row.id);
    return this.outbox.addressOf({
      provider: row.provider,
      subject: id,
      lane: id,
      tenantId: row.tenant_id,
      mode: row.mode,
      traceparent,
    });
  }

  #head(row: ConnectionRow) {
    const id = idFromUuid('con', row.id);
    return { subject_id: id, connection_id: id, connection_version: row.version, device_id: null, lane: id };
  }
}

/** Certificate or API key: to its provider's service both are something in the vault. */
function credentialOf(row: ConnectionRow): string | null {
  const id = row.credential_id ?? row.api_key_id;
  return id === null ? null : idFromUuid('crt', id);
}

function putOperation(row: ConnectionRow): string {
  return `${idFromUuid('con', row.id)}.put.${row.version}`;
}
