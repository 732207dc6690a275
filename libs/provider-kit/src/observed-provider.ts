import type { Clock } from '@tolem/domain';
import { inSpan } from '@tolem/observability';
import type { KitMetrics } from './kit-metrics.ts';
import type { Call, CheckRequest, Devices, PaymentMethod, Provider, StartRequest } from './provider.ts';

/** A provider whose every call is a span of the trace and counts in the metrics, by what came of it. */
export function observed(provider: Provider, metrics: Pick<KitMetrics, 'called'>, clock: Clock): Provider {
  const call = <A extends readonly unknown[], R extends { readonly is: string }>(
    name: string,
    work: (...args: A) => Promise<R>,
  ): ((...args: A) => Promise<R>) => {
    return (...args) =>
      inSpan(`${provider.name} ${name}`, { kind: 'client' }, async (span) => {
        const begun = clock.monotonicMs();
        const outcome = await work(...args);
        metrics.called(name, outcome.is, clock.monotonicMs() - begun);
        span.set({ 'tolem.outcome': outcome.is });
        if (outcome.is === 'lost' || outcome.is === 'not_sent' || outcome.is === 'unreachable') span.failed(outcome.is);
        return outcome;
      });
  };
  const method = (one: PaymentMethod): PaymentMethod => {
    const start = call(`${one.type} start`, (to: Call, request: StartRequest) => one.start(to, request));
    const check = call(`${one.type} check`, (to: Call, request: CheckRequest) => one.check(to, request));
    if (one.effect !== 'critical') return { type: one.type, effect: one.effect, start, check };
    return {
      type: one.type,
      effect: one.effect,
      afterNotPerformed: one.afterNotPerformed,
      start,
      check,
      note: call(`${one.type} note`, (to: Call, request: StartRequest) => one.note(to, request)),
      resolve: call(`${one.type} resolve`, (to: Call, request: StartRequest, note: unknown) =>
        one.resolve(to, request, note),
      ),
    };
  };
  const devices = (all: Devices): Devices => ({
    register: call('device register', (...args: Parameters<Devices['register']>) => all.register(...args)),
    delete: call('device delete', (...args: Parameters<Devices['delete']>) => all.delete(...args)),
  });
  return {
    name: provider.name,
    methods: provider.methods.map(method),
    devices: provider.devices === null ? null : devices(provider.devices),
    verify: call('verify', (...args: Parameters<Provider['verify']>) => provider.verify(...args)),
  };
}
