import type { Failure, Mode } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import type { z } from 'zod';
import { adminTextOf } from '../onboarding/admin-text.ts';
import type { deskView } from './desk.schema.ts';

export interface DeskRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly organization_id: string;
  readonly trade_point_id: string | null;
  readonly external_id: string;
  readonly created_at: Date;
  readonly deleted_at: Date | null;
  readonly devices: readonly {
    readonly provider: string;
    readonly status: 'pending' | 'registered' | 'failed' | 'deleted';
    readonly failure: Failure | null;
  }[];
}

/** Columns of `desk d` with the devices behind it. */
export const DESK_COLUMNS = `d.id, d.tenant_id, d.mode, d.organization_id, d.trade_point_id, d.external_id, d.created_at, d.deleted_at,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('provider', v.provider, 'status', v.status, 'failure', v.failure) ORDER BY v.provider), '[]')
     FROM desk_device v WHERE v.desk_id = d.id) AS devices`;

/** A desk as it is shown. */
export function deskOf(row: DeskRow): z.output<typeof deskView> {
  return {
    id: idFromUuid('dsk', row.id),
    object: 'desk',
    desk: row.external_id,
    organization: idFromUuid('org', row.organization_id),
    trade_point: row.trade_point_id === null ? null : idFromUuid('tp', row.trade_point_id),
    status: row.deleted_at === null ? 'active' : 'deleted',
    devices: row.devices.map(({ provider, status, failure }) => ({
      provider,
      status,
      failure:
        failure === null
          ? null
          : {
              code: failure.code,
              provider_code: failure.provider_code,
              provider_message: failure.provider_message,
              text: adminTextOf(failure),
            },
    })),
    created_at: row.created_at.toISOString(),
  };
}
