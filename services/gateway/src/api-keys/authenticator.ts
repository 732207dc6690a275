import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Clock, idFromUuid } from '@tolem/domain';
import type { GatewayConfig } from '../config.ts';
import { ApiProblem } from '../http/api-problem.ts';
import type { Auth } from '../http/auth.ts';
import { CLOCK, CONFIG } from '../tokens.ts';
import { parseApiKey, sameSecret } from './api-key-text.ts';
import { isAllowed } from './ip-list.ts';
import { KeyDirectory, type KnownKey } from './key-directory.ts';
import { LastUsed } from './last-used.ts';

const CHALLENGE = { headers: { 'www-authenticate': 'Bearer realm="tolem"' } };

/** Tells who a request comes from, or throws 401 or 403. */
@Injectable()
export class Authenticator {
  readonly #operatorHash: Buffer;

  constructor(
    @Inject(CONFIG) config: GatewayConfig,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly keys: KeyDirectory,
    private readonly lastUsed: LastUsed,
  ) {
    this.#operatorHash = sha256(config.operatorKey);
  }

  async authenticate(authorization: string | undefined, ip: string): Promise<Auth> {
    const text = bearerOf(authorization);
    // Digests have one length, so this compares in constant time whatever was sent.
    if (timingSafeEqual(sha256(text), this.#operatorHash)) return { kind: 'operator' };
    const parsed = parseApiKey(text);
    if (parsed === undefined) throw invalidKey('It is not one of ours, or it was mistyped.');
    const known = await this.keys.find(parsed.keyId);
    if (known === undefined || known.mode !== parsed.mode || !sameSecret(parsed.secret, known.secret_hash)) {
      throw invalidKey('It is unknown.');
    }
    this.#judge(known, ip);
    this.lastUsed.touch(known.id);
    return {
      kind: 'key',
      keyId: known.id,
      tenantId: known.tenant_id,
      tenant: idFromUuid('ten', known.tenant_id),
      mode: known.mode,
      scopes: known.scopes,
      organizations: known.organizations,
      ips: known.ips,
    };
  }

  #judge(key: KnownKey, ip: string): void {
    const now = this.clock.now();
    if (key.revoked_at !== null && key.revoked_at.getTime() <= now) throw invalidKey('It was revoked.');
    if (key.expires_at !== null && key.expires_at.getTime() <= now) throw invalidKey('It has expired.');
    if (key.tenant_status === 'suspended') {
      throw new ApiProblem(403, 'tenant_suspended', 'This tenant is suspended. Ask the operator.');
    }
    if (key.ips !== null && !isAllowed(ip, key.ips)) {
      throw new ApiProblem(403, 'ip_not_allowed', 'This API key may not be used from this address.');
    }
  }
}

function bearerOf(authorization: string | undefined): string {
  const match = /^Bearer +([\x21-\x7e]{1,200})$/i.exec(authorization ?? '');
  if (match?.[1] !== undefined) return match[1];
  throw new ApiProblem(401, 'authentication_required', 'Send the API key as `Authorization: Bearer tlm_…`.', CHALLENGE);
}

function invalidKey(why: string): ApiProblem {
  return new ApiProblem(401, 'invalid_api_key', `The API key is not valid. ${why}`, CHALLENGE);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
