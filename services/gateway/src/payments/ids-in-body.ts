import { uuidFromId } from '@tolem/domain';
import { notFound, unprocessable } from '../http/api-problem.ts';
import { type KeyAuth, mayAct } from '../http/auth.ts';

/** The UUID of an organization that the caller names and may act for, or 404. */
export function organizationOf(caller: KeyAuth, organization: string): string {
  const uuid = uuidFromId('org', organization);
  if (uuid === undefined || !mayAct(caller, uuid)) throw notFound('organization');
  return uuid;
}

/** The UUID of a trade point that the caller names, or 422. */
export function tradePointOf(tradePoint: string | undefined): string | null {
  if (tradePoint === undefined) return null;
  const uuid = uuidFromId('tp', tradePoint);
  if (uuid === undefined)
    throw unprocessable('trade_point_unknown', '/trade_point', 'This is not an id of a trade point: `tp_…`.');
  return uuid;
}
