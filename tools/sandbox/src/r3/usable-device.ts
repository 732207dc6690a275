import type { Bank } from '../bank/bank.ts';
import { organizationOf } from '../bank/organization.ts';
import type { Device } from '../bank/purchase.ts';
import { NOT_REGISTERED_TEXT, STATUS_CODE } from '../bank/status-code.ts';

export type UsableDevice = { ok: true; device: Device } | { ok: false; code: number; message?: string };

/**
 * The pair of BIN and device token (kaspi-qr.md §13.5).
 * ASSUMPTION: a token together with another registered BIN is -1501; the document lists no code for it.
 */
export function usableDevice(bank: Bank, bin: string, token: string): UsableDevice {
  if (organizationOf(bin).kind === 'not_registered') {
    return { ok: false, code: STATUS_CODE.tradePointNotFound, message: NOT_REGISTERED_TEXT };
  }
  const device = bank.state.devices.get(token);
  if (device?.bin !== bin) return { ok: false, code: STATUS_CODE.deviceNotFound };
  return device.active ? { ok: true, device } : { ok: false, code: STATUS_CODE.deviceInactive };
}
