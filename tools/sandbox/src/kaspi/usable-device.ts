import { organizationOf } from '../bank/organization.ts';
import type { Device } from '../bank/purchase.ts';
import { NOT_REGISTERED_TEXT, STATUS_CODE } from '../bank/status-code.ts';
import type { MethodContext } from './kaspi-method.ts';

export type UsableDevice = { ok: true; device: Device } | { ok: false; code: number; message?: string };

/**
 * The pair of BIN and device token (kaspi-qr.md §13.5); where the request names no organization, the token's own.
 * ASSUMPTION: a token together with another registered BIN is -1501; the document lists no code for it.
 */
export function usableDevice({ bank, bin }: Pick<MethodContext, 'bank' | 'bin'>, token: string): UsableDevice {
  const device = bank.state.devices.get(token);
  const asking = bin ?? device?.bin;
  if (asking === undefined) return { ok: false, code: STATUS_CODE.deviceNotFound };
  if (organizationOf(asking).kind === 'not_registered') {
    return { ok: false, code: STATUS_CODE.tradePointNotFound, message: NOT_REGISTERED_TEXT };
  }
  if (device?.bin !== asking) return { ok: false, code: STATUS_CODE.deviceNotFound };
  return device.active ? { ok: true, device } : { ok: false, code: STATUS_CODE.deviceInactive };
}

/** The same for methods that do not list -1502 (all `remote/*`): ASSUMPTION, an inactive device is not found there. */
export function knownDevice(context: Pick<MethodContext, 'bank' | 'bin'>, token: string): UsableDevice {
  const usable = usableDevice(context, token);
  if (usable.ok || usable.code !== STATUS_CODE.deviceInactive) return usable;
  return { ok: false, code: STATUS_CODE.deviceNotFound };
}
