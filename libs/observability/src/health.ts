import { systemClock } from '@tolem/domain';
import type { Clock } from '@tolem/domain';
import { scrubText } from './scrub-text.ts';

export type HealthKind = 'ready' | 'live';

export interface HealthReport {
  ok: boolean;
  checks: CheckResult[];
}

export interface CheckResult {
  name: string;
  ok: boolean;
  ms: number;
  /** Why not, without secrets. */
  reason?: string;
}

interface Check {
  name: string;
  run: () => Promise<void> | void;
  timeoutMs: number;
  /** The run that has not come back yet: a check that hangs is not started a second time. */
  running?: Promise<void>;
}

const MAX_CHECKS = 50;
const MAX_REASON_LENGTH = 300;

/**
 * *Live*: this process does its work and need not be restarted. *Ready*: it may be sent requests now. Each kind runs its own
 * checks, all at once, each with its own deadline; a check fails by throwing.
 */
export class Health {
  readonly #checks: Record<HealthKind, Map<string, Check>> = { live: new Map(), ready: new Map() };
  #shuttingDown = false;

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'> = systemClock) {}

  register(name: string, run: Check['run'], options: { kind: HealthKind; timeoutMs: number }): void {
    const checks = this.#checks[options.kind];
    if (checks.has(name)) throw new TypeError(`a check of the name ${name} is registered already`);
    if (checks.size >= MAX_CHECKS) throw new RangeError(`more than ${MAX_CHECKS} checks`);
    checks.set(name, { name, run, timeoutMs: options.timeoutMs });
  }

  live(): Promise<HealthReport> {
    return this.#report('live');
  }

  /** Not ready from `beginShutdown` on, without running any check. */
  async ready(): Promise<HealthReport> {
    if (!this.#shuttingDown) return this.#report('ready');
    return { ok: false, checks: [{ name: 'shutdown', ok: false, ms: 0, reason: 'shutting down' }] };
  }

  beginShutdown(): void {
    this.#shuttingDown = true;
  }

  async #report(kind: HealthKind): Promise<HealthReport> {
    const checks = await Promise.all([...this.#checks[kind].values()].map((check) => this.#run(check)));
    return { ok: checks.every((check) => check.ok), checks };
  }

  async #run(check: Check): Promise<CheckResult> {
    const startedMs = this.clock.monotonicMs();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${check.timeoutMs} ms`)), check.timeoutMs);
    });
    let reason: string | undefined;
    try {
      await Promise.race([join(check), late]);
    } catch (error) {
      reason = scrubText(error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON_LENGTH);
    } finally {
      clearTimeout(timer);
    }
    const ms = Math.max(0, Math.round(this.clock.monotonicMs() - startedMs));
    return { name: check.name, ok: reason === undefined, ms, ...(reason === undefined ? {} : { reason }) };
  }
}

function join(check: Check): Promise<void> {
  if (check.running !== undefined) return check.running;
  const running = (async () => check.run())();
  check.running = running;
  const forget = (): void => {
    delete check.running;
  };
  running.then(forget, forget);
  return running;
}
