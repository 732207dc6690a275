import { afterEach, describe, expect, it } from '@jest/globals';
import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { createLogger, currentTraceparent, inSpan, startTracing } from './index.ts';
import type { ActiveSpan } from './index.ts';
import { onlySpan, OUTSIDE, recordSpans, stopRecording, TRACE } from '../test/recorded-spans.ts';

afterEach(stopRecording);

/** All that leaves the process with a span. */
function wire(spans: ReadableSpan[]): string {
  return JSON.stringify(
    spans.map(({ name, attributes, events, status, resource, links }) => {
      return { name, attributes, events, status, links, resource: resource.attributes };
    }),
  );
}

const nothing = (): void => undefined;

describe('one payment is one trace', () => {
  it('from the request over the message and the call of the provider to the wake-up, with the text passed along', async () => {
    const spans = await recordSpans();
    const mailbox: (string | undefined)[] = [];
    await inSpan('POST /v1/payments', { kind: 'server', parent: OUTSIDE }, async () => {
      await inSpan('payments.create', {}, async () => {
        await Promise.resolve();
        await inSpan('outbox.publish', { kind: 'producer' }, () => void mailbox.push(currentTraceparent()));
      });
    });
    // Another process, another time: nothing but the text of the message connects the two.
    await inSpan('bus.deliver create-qr', { kind: 'consumer', parent: mailbox[0] }, async () => {
      await new Promise((next) => setImmediate(next));
      await inSpan('kaspi.create-qr', { kind: 'client' }, () => void mailbox.push(currentTraceparent()));
    });
    await inSpan('till.wake-up', { kind: 'consumer', parent: mailbox[1] }, nothing);

    const ended = spans();
    expect(new Set(ended.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE]));
    const nameOf = new Map(ended.map((span) => [span.spanContext().spanId, span.name]));
    const parents = ended.map((span) => [span.name, nameOf.get(span.parentSpanContext?.spanId ?? '') ?? 'outside']);
    expect(Object.fromEntries(parents)).toEqual({
      'POST /v1/payments': 'outside',
      'payments.create': 'POST /v1/payments',
      'outbox.publish': 'payments.create',
      'bus.deliver create-qr': 'outbox.publish',
      'kaspi.create-qr': 'bus.deliver create-qr',
      'till.wake-up': 'kaspi.create-qr',
    });
  });

  it('payments that run at the same time do not mix', async () => {
    const spans = await recordSpans();
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        inSpan(`request ${n}`, {}, async () => {
          for (let hop = 0; hop < n % 5; hop += 1) await new Promise((next) => setImmediate(next));
          await inSpan(`step ${n}`, {}, nothing);
        }),
      ),
    );
    const byTrace = Object.values(Object.groupBy(spans(), (span) => span.spanContext().traceId));
    expect(byTrace).toHaveLength(20);
    for (const pair of byTrace) {
      const names = pair?.map((span) => span.name.split(' ')[1]);
      expect(new Set(names).size).toBe(1);
      expect(names).toHaveLength(2);
    }
  });

  it('the parent of a message outranks the span around its delivery', async () => {
    const spans = await recordSpans();
    await inSpan('loop', {}, () => inSpan('message', { kind: 'consumer', parent: OUTSIDE }, nothing));
    expect(spans().map((span) => [span.name, span.spanContext().traceId === TRACE])).toEqual([
      ['message', true],
      ['loop', false],
    ]);
  });

  it('a log line inside a span carries the trace, one outside does not, and a field of that name stays', async () => {
    await recordSpans();
    const lines: string[] = [];
    const logger = createLogger({ service: 'x', level: 'info', stream: { write: (line) => void lines.push(line) } });
    logger.info({}, 'before');
    await inSpan('request', { parent: OUTSIDE }, () => {
      logger.info({}, 'inside');
      logger.info({ trace_id: 'own' }, 'named');
    });
    expect(lines.map((line) => (JSON.parse(line) as { trace_id?: string }).trace_id)).toEqual([
      undefined,
      TRACE,
      'own',
    ]);
  });
});

describe('a span', () => {
  it('gives what its work gives and ends, whether the work waits or not', async () => {
    const spans = await recordSpans();
    expect(await inSpan('now', {}, () => 1)).toBe(1);
    expect(await inSpan('later', {}, () => Promise.resolve(2))).toBe(2);
    expect(spans().map((span) => [span.name, span.ended, span.status.code])).toEqual([
      ['now', true, SpanStatusCode.UNSET],
      ['later', true, SpanStatusCode.UNSET],
    ]);
  });

  it.each([
    [
      'thrown',
      (error: Error): never => {
        throw error;
      },
    ],
    ['rejected', (error: Error): Promise<never> => Promise.reject(error)],
  ])('an error that is %s is recorded and reaches the caller as it was', async (_, fail) => {
    const spans = await recordSpans();
    const error = Object.assign(new TypeError('no connection', { cause: new Error('refused') }), {
      code: 'PROVIDER_DOWN',
    });
    await expect(inSpan('call', {}, () => fail(error))).rejects.toBe(error);
    const span = onlySpan(spans());
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no connection' });
    expect(span.attributes['error.type']).toBe('PROVIDER_DOWN');
    expect(span.events).toEqual([
      expect.objectContaining({
        name: 'exception',
        attributes: expect.objectContaining({
          'exception.type': 'TypeError',
          'exception.message': 'no connection',
          'exception.stacktrace': expect.stringContaining('tracing.spec'),
          'exception.cause': expect.stringContaining('refused'),
        }),
      }),
    ]);
  });

  it('survives whatever is thrown', async () => {
    const spans = await recordSpans();
    for (const thrown of ['text', undefined, null, 7, { code: 42 }, Symbol('x'), []]) {
      await expect(inSpan('odd', {}, () => Promise.reject(thrown))).rejects.toBe(thrown);
    }
    expect(spans().map((span) => span.status.code)).toEqual(Array(7).fill(SpanStatusCode.ERROR));
    expect(spans()[4]?.attributes['error.type']).toBe('42');
  });

  it('carries attributes, events and failures that nobody threw, and is deaf after its end', async () => {
    const spans = await recordSpans();
    let late: ActiveSpan | undefined;
    await inSpan(
      'call',
      { kind: 'client', attributes: { provider: 'kaspi', attempt: 2, retried: true, none: undefined } },
      (span) => {
        late = span;
        span.set({ amountMinor: 149_000 });
        span.event('withdrawn', { afterMs: 12 });
        span.failed('no answer');
      },
    );
    late?.set({ afterwards: true });
    late?.event('afterwards');
    late?.failed('afterwards');
    const span = onlySpan(spans());
    expect(span.attributes).toEqual({ provider: 'kaspi', attempt: 2, retried: true, amountMinor: 149_000 });
    expect(span.events).toEqual([expect.objectContaining({ name: 'withdrawn', attributes: { afterMs: 12 } })]);
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no answer' });
    expect(span.resource.attributes['service.name']).toBe('gateway');
  });

  it('is bounded: texts, attributes and events beyond the limits are cut', async () => {
    const spans = await recordSpans();
    await inSpan('n'.repeat(10_000), { attributes: { text: 'x'.repeat(100_000) } }, (span) => {
      for (let n = 0; n < 1_000; n += 1) {
        span.set({ [`key${n}`]: n });
        span.event(`event ${n}`);
      }
    });
    const span = onlySpan(spans());
    expect(span.name).toHaveLength(200);
    expect(String(span.attributes.text)).toHaveLength(4_096);
    expect(Object.keys(span.attributes)).toHaveLength(64);
    expect(span.events).toHaveLength(32);
  });
});

describe('what is planted never leaves with a span', () => {
  const secretKey = fc.constantFrom(
    'DeviceToken',
    'customer.phone',
    'pass_phrase',
    'http.request.header.authorization',
    'barcode',
    'customerName',
    'qr',
    'x-api-key',
  );
  const secretText = fc.stringMatching(/^[A-Za-z0-9]{0,20}$/).map((noise) => `5ecr3t${noise}`);
  const planted = fc.oneof(
    secretText.map((secret) => `key tlm_live_${secret} refused`),
    secretText.map((secret) => `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`),
    secretText.map((secret) => `Authorization: Bearer ${secret}`),
    secretText.map((secret) => `postgres://tolem:${secret}@db:5432/tolem`),
    fc.tuple(secretKey, secretText).map(([key, secret]) => JSON.stringify({ a: 1, [key]: secret })),
    secretText.map((secret) => `GET /device?deviceToken=${secret}&x=1`),
  );

  it('neither in attributes, names, events, reasons nor in errors and their causes', async () => {
    const spans = await recordSpans();
    await fc.assert(
      fc.asyncProperty(planted, secretKey, secretText, async (text, key, secret) => {
        const error = Object.assign(new Error(text, { cause: new Error(text) }), { code: text, [key]: secret });
        const work = (span: ActiveSpan): never => {
          span.set({ [key]: secret, harmless: text, [text]: 1 });
          span.event(text, { [key]: secret, harmless: text });
          span.failed(text);
          throw error;
        };
        await expect(inSpan(text, { attributes: { [key]: secret, harmless: text } }, work)).rejects.toBe(error);
        const thrown = Promise.reject(Object.assign(new AggregateError([error], text), { details: { [key]: secret } }));
        await expect(inSpan('several', {}, () => thrown)).rejects.toThrow();
        await expect(inSpan('text', {}, () => Promise.reject(text))).rejects.toBe(text);
      }),
      { numRuns: 60 },
    );
    expect(spans().length).toBeGreaterThanOrEqual(180);
    expect(wire(spans())).not.toContain('5ecr3t');
    expect(wire(spans())).toContain('***');
  });

  it('nor phones in free text, however they are written', async () => {
    const spans = await recordSpans();
    for (const phone of [
      '+77011234567',
      '+7 701 123 45 67',
      '+7 (701) 123-45-67',
      '+7\u00a0701\u00a0123\u00a045\u00a067',
      '%2B77011234567',
    ]) {
      await inSpan('call', { attributes: { text: `buyer ${phone} unknown` } }, (span) => span.failed(phone));
    }
    expect(wire(spans())).not.toMatch(/4567|45.67/);
    expect(spans()[0]?.attributes.text).toBe('buyer +*** unknown');
  });
});

describe('without a collector', () => {
  it('only the work runs: no spans, no traceparent, errors as they were', async () => {
    const { stop } = startTracing({ service: 'gateway' });
    const error = new Error('as it was');
    await expect(inSpan('request', { parent: OUTSIDE }, () => Promise.reject(error))).rejects.toBe(error);
    const seen = await inSpan('request', { kind: 'server', parent: OUTSIDE }, (span) => {
      span.set({ token: 'x' });
      span.event('x');
      span.failed('x');
      return currentTraceparent();
    });
    expect(seen).toBeUndefined();
    await stop();
  });
});

describe('stopping', () => {
  it('ends the recording, twice if asked, and leaves room for a new beginning', async () => {
    const spans = await recordSpans();
    expect(() => startTracing({ service: 'second', otlpUrl: 'http://127.0.0.1:1' })).toThrow(TypeError);
    await inSpan('while open', {}, async () => {
      await stopRecording();
      await stopRecording();
    });
    expect(await inSpan('after', {}, () => currentTraceparent())).toBeUndefined();
    expect(spans()).toEqual([]);
    const again = await recordSpans();
    await inSpan('again', {}, nothing);
    expect(again()).toHaveLength(1);
  });
});
