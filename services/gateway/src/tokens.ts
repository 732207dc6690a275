/**
 * Injection tokens of what the gateway is handed from outside or builds once: everything that is not a class of its own.
 * `BUS` comes with @tolem/messaging.
 */

/** Database under the role of the public API: row-level security shows it one tenant, or nothing. */
export const APP_DATABASE = Symbol('app database');
/** Database under the worker role, which sees all tenants: key look-up, the operator's calls, applying events, the sweeper. */
export const WORKER_DATABASE = Symbol('worker database');
/** Vault (@tolem/persistence) that the gateway may put secrets into and never reads. */
export const VAULT = Symbol('vault');
/** Outbox (@tolem/persistence) of the schema `gateway`. */
export const OUTBOX = Symbol('outbox');
/** GatewayConfig. */
export const CONFIG = Symbol('gateway configuration');
/** Clock (@tolem/domain). */
export const CLOCK = Symbol('clock');
/** IdFactory (@tolem/domain). */
export const IDS = Symbol('id factory');
/** `(n: number) => Uint8Array`, cryptographically strong. */
export const RANDOM_BYTES = Symbol('random bytes');
/** Logger (@tolem/observability). */
export const LOGGER = Symbol('logger');
/** WakeUps (@tolem/coordination). */
export const WAKE_UPS = Symbol('wake-ups');
/** Answers (@tolem/coordination): what providers say to questions that somebody waits for. */
export const ANSWERS = Symbol('answers');
/** AbortSignal that fires when the gateway begins to close: whoever makes a client wait answers with what is known. */
export const CLOSING = Symbol('closing');
