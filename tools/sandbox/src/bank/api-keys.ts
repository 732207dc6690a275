import { createHash } from 'node:crypto';
import type { Bank } from './bank.ts';
import { MAX_API_KEYS } from './bank-state.ts';
import { organizationOf } from './organization.ts';

const GUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const API_KEY = new RegExp(`^(?:test|prod)_${GUID}$`, 'i');
const BUILT_IN_PREFIX = 'test_00000000-0000-4000-8000-';

/**
 * The key that every organization has without being given one: its BIN is the end of the GUID.
 * ASSUMPTION: real keys say nothing about their owner; these do, so that a machine needs no set-up.
 */
export function builtInApiKey(taxId: string): string {
  return `${BUILT_IN_PREFIX}${taxId}`;
}

export function isApiKey(text: string): boolean {
  return API_KEY.test(text);
}

/** Whose key it is, undefined for a key that is malformed, unknown, taken away, or of no registered organization. */
export function ownerOfApiKey(bank: Bank, key: string): string | undefined {
  if (!isApiKey(key)) return undefined;
  const given = bank.state.apiKeys.get(digestOf(key));
  if (given === null) return undefined;
  const bin = given ?? (key.startsWith(BUILT_IN_PREFIX) ? key.slice(BUILT_IN_PREFIX.length) : '');
  return organizationOf(bin).kind === 'registered' ? bin : undefined;
}

/** Gives a key to an organization, or takes it away (null). False when the bank's memory is full. */
export function setApiKey(bank: Bank, key: string, bin: string | null): boolean {
  if (bank.state.apiKeys.size >= MAX_API_KEYS) return false;
  bank.record({ t: 'api_key', hash: digestOf(key), bin });
  return true;
}

/** The books keep digests only, as everything else that keeps secrets should. */
function digestOf(key: string): string {
  return createHash('sha256').update(key.toLowerCase()).digest('hex');
}
