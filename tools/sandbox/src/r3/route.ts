import { deviceDelete } from './methods/device-delete.ts';
import { deviceRegister } from './methods/device-register.ts';
import { emulators } from './methods/emulators.ts';
import { paymentDetails } from './methods/payment-details.ts';
import { paymentReturn } from './methods/payment-return.ts';
import { paymentStatus } from './methods/payment-status.ts';
import { ping } from './methods/ping.ts';
import { qrCreate } from './methods/qr-create.ts';
import { tradePoints } from './methods/trade-points.ts';
import type { Parameters } from './parameters.ts';
import type { R3Method, StatusVersion } from './r3-method.ts';

export interface Route {
  readonly method: R3Method;
  readonly version: StatusVersion;
  /** What the path itself says, with lower-case names. */
  readonly fromPath: Parameters;
}

const PLAIN: ReadonlyMap<string, R3Method> = new Map(
  [deviceRegister, deviceDelete, qrCreate, paymentDetails, paymentReturn, ping, ...emulators].map((method) => [
    method.name,
    method,
  ]),
);

/** The method behind a path, undefined for a path that the bank does not have. A trailing slash is accepted (§13.1). */
export function route(path: string): Route | undefined {
  const found = /^\/r3\/(v01|v02|v04)\/(.*?)\/?$/i.exec(path);
  const version = found?.[1]?.toLowerCase();
  const rest = found?.[2];
  if (rest === undefined || (version !== 'v01' && version !== 'v02' && version !== 'v04')) return undefined;
  const status = /^payment\/status\/([^/]+)$/i.exec(rest)?.[1];
  if (status !== undefined) return { method: paymentStatus, version, fromPath: { qrpaymentid: status } };
  // Only the status method has moved on from v01 (kaspi-qr.md §13.2).
  if (version !== 'v01') return undefined;
  const bin = /^partner\/tradepoints\/([^/]+)$/i.exec(rest)?.[1];
  if (bin !== undefined) return { method: tradePoints, version, fromPath: { organizationbin: bin } };
  const method = PLAIN.get(rest.toLowerCase());
  return method === undefined ? undefined : { method, version, fromPath: {} };
}
