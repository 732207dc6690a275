/** What operators and specs may tune about delivering webhooks. */
export interface WebhookSettings {
  /** Networks (CIDR blocks or addresses) beside the public ones that endpoints may be in. */
  readonly allowedNetworks: readonly string[];
  /** From connecting to the status of the answer. */
  readonly timeoutMs: number;
  /** How long a name may take to resolve when an endpoint is created or moved. */
  readonly resolveTimeoutMs: number;
  /** Requests to one endpoint at once, per process. */
  readonly concurrency: number;
  /** Deliveries of one endpoint that all processes hold at once. */
  readonly heldPerEndpoint: number;
  /** The same where nothing gets through at the moment. */
  readonly heldPerFailingEndpoint: number;
  /** Deliveries that this process holds at once. */
  readonly held: number;
  /** Whose process dies in the middle, his deliveries are taken by others after that time. Longer than `timeoutMs`. */
  readonly leaseMs: number;
  /** How often due deliveries are looked for where nobody says that there are any. */
  readonly scanEveryMs: number;
  /** Results are written together, at the latest after that time. */
  readonly settleEveryMs: number;
  /** An endpoint through which nothing has got for so long is switched off. */
  readonly giveUpAfterMs: number;
  /** How long the end of the process waits for requests under way. */
  readonly drainMs: number;
  /** How often deliveries without an endpoint and old rows are cleared away. */
  readonly clearEveryMs: number;
  /** Trusted authorities as PEM text beside the public ones; for specs. */
  readonly caPem?: string;
}

/** Injection token of `WebhookSettings`. */
export const WEBHOOK_SETTINGS = Symbol('webhook settings');
/** Sealer (@tolem/persistence). */
export const SEALER = Symbol('sealer');
/** `ResolveHost`: how names of endpoints become addresses. */
export const RESOLVE_HOST = Symbol('resolve host');

export const DEFAULT_WEBHOOK_SETTINGS: WebhookSettings = {
  allowedNetworks: [],
  timeoutMs: 15_000,
  resolveTimeoutMs: 5_000,
  concurrency: 8,
  heldPerEndpoint: 64,
  heldPerFailingEndpoint: 4,
  held: 1_024,
  leaseMs: 60_000,
  scanEveryMs: 1_000,
  settleEveryMs: 20,
  giveUpAfterMs: 3 * 86_400_000,
  drainMs: 8_000,
  clearEveryMs: 10_000,
};
