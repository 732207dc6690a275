import type { Clock } from '@tolem/domain';
import { inSpan } from '@tolem/observability';
import type { KitMetrics } from './kit-metrics.ts';
import type { PaymentMethod } from '../payments/payment-method.ts';
import type { Devices, Provider } from '../provider.ts';
import type { Refunds } from '../refunds/refunds.ts';

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
    const { type, cancel, giveUp, verifyPaid } = one;
    const shared = {
      type,
      start: call(`${type} start`, one.start.bind(one)),
      check: call(`${type} check`, one.check.bind(one)),
      ...(cancel === undefined ? {} : { cancel: call(`${type} cancel`, cancel.bind(one)) }),
      ...(giveUp === undefined ? {} : { giveUp: call(`${type} give up`, giveUp.bind(one)) }),
      ...(verifyPaid === undefined ? {} : { verifyPaid: call(`${type} verify paid`, verifyPaid.bind(one)) }),
    };
    if (one.effect !== 'critical') return { ...shared, effect: one.effect };
    return {
      ...one,
      ...shared,
      note: call(`${type} note`, one.note.bind(one)),
      resolve: one.resolve === null ? null : call(`${type} resolve`, one.resolve.bind(one)),
    };
  };
  const refunds = (all: Refunds): Refunds => ({
    wayOf: (access) => all.wayOf(access),
    afterNotPerformed: (access) => all.afterNotPerformed(access),
    invite: call('refund invite', all.invite.bind(all)),
    identified: call('refund identified', all.identified.bind(all)),
    purchases: call('refund purchases', all.purchases.bind(all)),
    note: call('refund note', all.note.bind(all)),
    send: call('refund send', all.send.bind(all)),
    resolve: call('refund resolve', all.resolve.bind(all)),
  });
  const devices = (all: Devices): Devices => ({
    register: call('device register', all.register.bind(all)),
    delete: call('device delete', all.delete.bind(all)),
  });
  return {
    name: provider.name,
    methods: provider.methods.map(method),
    refunds: provider.refunds === null ? null : refunds(provider.refunds),
    devices: provider.devices === null ? null : devices(provider.devices),
    questions: provider.questions.map((one) => ({ ...one, ask: call(`question ${one.kind}`, one.ask.bind(one)) })),
    verify: call('verify', provider.verify.bind(provider)),
    ...(provider.health === undefined ? {} : { health: call('health', provider.health.bind(provider)) }),
  };
}
