import type { Mode } from '@tolem/contracts';
import type { FastifyRequest } from 'fastify';
import type { Scope } from './scopes.ts';

/** Somebody with the operator's key: runs the house, belongs to no tenant. */
export interface OperatorAuth {
  readonly kind: 'operator';
}

/** Somebody with a tenant's API key. */
export interface KeyAuth {
  readonly kind: 'key';
  /** UUID of the key. */
  readonly keyId: string;
  /** UUID of the tenant. */
  readonly tenantId: string;
  /** The tenant as it is shown, `ten_…`. */
  readonly tenant: string;
  readonly mode: Mode;
  readonly scopes: readonly Scope[];
  /** UUIDs of the organizations that the key is limited to; null is all of them. */
  readonly organizations: readonly string[] | null;
  /** Addresses and CIDR blocks that the key may come from; null is everywhere. */
  readonly ips: readonly string[] | null;
}

export type Auth = OperatorAuth | KeyAuth;

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard; absent on public routes and before the guard has run. */
    auth?: Auth;
    /** W3C trace context of this request, sent back and passed on with every message. */
    traceparent?: string;
  }
}

export type GatewayRequest = FastifyRequest;

/** Whether a key reaches an organization (UUID) at all. */
export function mayAct(auth: KeyAuth, organizationId: string): boolean {
  return auth.organizations === null || auth.organizations.includes(organizationId);
}
