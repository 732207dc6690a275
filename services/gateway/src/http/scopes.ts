/** What a key may do. `admin` includes everything else of its tenant; a `:write` includes the `:read` of the same thing. */
export const SCOPES = [
  'payments:read',
  'payments:write',
  'refunds:write',
  'receipts:write',
  'organizations:write',
  'webhooks:write',
  'reports:read',
  'attention:write',
  'admin',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Whether `held` scopes cover at least one of the `wanted` ones. */
export function covers(held: readonly Scope[], wanted: readonly Scope[]): boolean {
  return wanted.some(
    (scope) =>
      held.includes(scope) || held.includes('admin') || (scope === 'payments:read' && held.includes('payments:write')),
  );
}
