import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { onlySpan, OUTSIDE, recordSpans, stopRecording, TRACE } from '../test/recorded-spans.ts';
import { currentTraceId, currentTraceparent, inSpan, startTracing } from './index.ts';

afterEach(stopRecording);

const nothing = (): void => undefined;

describe('a traceparent', () => {
  it.each([
    '',
    'x',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    `00-${TRACE}-0000000000000000-01`,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-01-more`,
    `01-${TRACE}-00f067aa0ba902b7-01-${'x'.repeat(1_000_000)}`,
  ])('that is none is ignored: %.60s', async (parent) => {
    const spans = await recordSpans();
    await inSpan('request', { kind: 'server', parent }, nothing);
    expect(onlySpan(spans()).parentSpanContext).toBeUndefined();
    expect(onlySpan(spans()).spanContext().traceId).not.toBe(TRACE);
  });

  it('of a later version and with flags that we do not know is understood', async () => {
    const spans = await recordSpans();
    await inSpan('message', { kind: 'consumer', parent: `cc-${TRACE}-00f067aa0ba902b7-03-more` }, () => {
      expect(currentTraceparent()).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    });
    expect(onlySpan(spans()).parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
  });

  it('of any text breaks nothing', async () => {
    const spans = await recordSpans();
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f-]{0,60}$/));
    await fc.assert(
      fc.asyncProperty(texts, async (parent) => {
        const own = await inSpan('request', { parent }, () => currentTraceparent());
        expect(own).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      }),
    );
    expect(spans().length).toBeGreaterThan(0);
  });

  it('is there inside spans only', async () => {
    await recordSpans();
    expect(currentTraceparent()).toBeUndefined();
    await inSpan('request', { parent: OUTSIDE }, () => {
      expect(currentTraceparent()).toMatch(new RegExp(`^00-${TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
      expect(currentTraceId()).toBe(TRACE);
    });
    expect(currentTraceparent()).toBeUndefined();
  });
});

describe('which traces are recorded', () => {
  const unsampled = `00-${TRACE}-00f067aa0ba902b7-00`;

  it('a message follows the span that sent it, so that a trace is whole or absent', async () => {
    const spans = await recordSpans({ sampleRatio: 1 });
    const inside = await inSpan('message', { kind: 'consumer', parent: unsampled }, () => currentTraceparent());
    expect(inside).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    expect(spans()).toEqual([]);
    const more = await recordSpans({ sampleRatio: 0 });
    await inSpan('message', { kind: 'consumer', parent: OUTSIDE }, nothing);
    expect(more()).toHaveLength(1);
  });

  it('who calls from outside neither makes us record nor hides from us', async () => {
    const all = await recordSpans({ sampleRatio: 1 });
    await inSpan('request', { kind: 'server', parent: unsampled }, nothing);
    expect(all()).toHaveLength(1);
    const none = await recordSpans({ sampleRatio: 0 });
    await inSpan('request', { kind: 'server', parent: OUTSIDE }, () => inSpan('step', {}, nothing));
    expect(none()).toEqual([]);
  });

  it('the ratio is kept, and what is inside a trace shares its fate', async () => {
    const spans = await recordSpans({ sampleRatio: 0.25 });
    for (let n = 0; n < 400; n += 1) await inSpan('request', { kind: 'server' }, () => inSpan('step', {}, nothing));
    const requests = spans().filter((span) => span.name === 'request').length;
    expect(requests).toBeGreaterThan(50);
    expect(requests).toBeLessThan(160);
    expect(spans()).toHaveLength(2 * requests);
  });

  it.each([-0.1, 1.1, Number.NaN])('a ratio of %p is refused', (sampleRatio) => {
    expect(() => startTracing({ service: 'x', sampleRatio })).toThrow(RangeError);
  });
});
