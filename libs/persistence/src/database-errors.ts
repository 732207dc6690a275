/** What the drivers say without a code. */
const DRIVER_TROUBLE =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after|Driver not Connected/i;

/**
 * Trouble of infrastructure (the server is away, restarts, is full) as opposed to a bug of ours: it never counts as a
 * failed delivery, the work is simply tried again.
 */
export function isInfrastructureTrouble(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^E(CONN|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)/.test(code)) return true;
  // PostgreSQL classes: 08 connection, 40 rollback by the server, 53 resources, 57P operator intervention, 58 system;
  // 57014 a statement that ran too long, 25P03 a transaction that idled too long, 25006 the server became a standby.
  if (/^(08|40|53|58)[0-9A-Z]{3}$/.test(code) || /^57P/.test(code)) return true;
  if (['57014', '25P03', '25006'].includes(code)) return true;
  if ('message' in error && typeof error.message === 'string' && DRIVER_TROUBLE.test(error.message)) return true;
  return 'cause' in error && isInfrastructureTrouble(error.cause);
}

/** The name of the unique constraint that a statement broke, or undefined. */
export function brokenConstraint(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const source = 'driverError' in error && error.driverError instanceof Error ? error.driverError : error;
  if (!('code' in source) || source.code !== '23505') return undefined;
  return 'constraint' in source && typeof source.constraint === 'string' ? source.constraint : undefined;
}

/** The server refuses to run a prepared statement whose result would have other columns than when it was prepared. */
export function isOutdatedPlan(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === '0A000' &&
    'message' in error &&
    typeof error.message === 'string' &&
    error.message.includes('cached plan must not change result type')
  );
}
