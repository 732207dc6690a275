import type { CallName } from '../faults/fault.ts';
import type { KaspiMethod, StatusVersion } from './kaspi-method.ts';
import { METHODS } from './methods/methods.ts';
import type { Parameters } from './parameters.ts';
import { SCHEMES } from './schemes.ts';
import type { SchemeName } from './schemes.ts';

export interface Route {
  readonly method: KaspiMethod;
  readonly version: StatusVersion;
  /** What the path itself says, with lower-case names. */
  readonly fromPath: Parameters;
}

interface PathForm {
  readonly call: CallName;
  readonly pattern: RegExp;
  readonly parameter: string;
}

const WITH_ID: readonly PathForm[] = [
  { call: 'payment/status', pattern: /^payment\/status\/([^/]+)$/i, parameter: 'qrpaymentid' },
  { call: 'return/status', pattern: /^return\/status\/([^/]+)$/i, parameter: 'qrreturnid' },
];
/** Where requests name their organization, this path does too. */
const NAMED_ORGANIZATION: PathForm = {
  call: 'partner/tradepoints',
  pattern: /^partner\/tradepoints\/([^/]+)$/i,
  parameter: 'organizationbin',
};

/**
 * The method behind a path, undefined for a path that the bank does not have in this scheme. A trailing slash and any
 * casing are accepted (kaspi-qr.md §13.1, §13.3).
 */
export function route(scheme: SchemeName, path: string): Route | undefined {
  const found = /^\/(r[123])\/(v01|v02|v04)\/(.*?)\/?$/i.exec(path);
  const version = found?.[2]?.toLowerCase();
  const rest = found?.[3];
  if (found?.[1]?.toLowerCase() !== scheme || rest === undefined) return undefined;
  if (version !== 'v01' && version !== 'v02' && version !== 'v04') return undefined;
  const named = fromPath(scheme, rest);
  if (named === undefined || !SCHEMES[scheme].methods.has(named.call)) return undefined;
  // Only the status method has moved on from v01 (kaspi-qr.md §13.2).
  if (version !== 'v01' && named.call !== 'payment/status') return undefined;
  return { method: METHODS[named.call], version, fromPath: named.parameters };
}

function fromPath(scheme: SchemeName, rest: string): { call: CallName; parameters: Parameters } | undefined {
  const namesOrganizations = SCHEMES[scheme].credential === 'partner_certificate';
  for (const { call, pattern, parameter } of namesOrganizations ? [...WITH_ID, NAMED_ORGANIZATION] : WITH_ID) {
    const value = pattern.exec(rest)?.[1];
    if (value !== undefined) return { call, parameters: { [parameter]: value } };
  }
  const call = rest.toLowerCase();
  const needsMore =
    WITH_ID.some((form) => form.call === call) || (namesOrganizations && call === NAMED_ORGANIZATION.call);
  return needsMore || !isCall(call) ? undefined : { call, parameters: {} };
}

function isCall(text: string): text is CallName {
  return Object.hasOwn(METHODS, text);
}
