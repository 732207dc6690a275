import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { createLogger, inSpan, startTracing } from './index.ts';
import type { Tracing, TracingOptions } from './index.ts';

interface OtlpTraces {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: { name: string; traceId: string }[] }[];
  }[];
}

/** A collector of OTLP over HTTP that keeps what it is sent. */
class FakeCollector {
  readonly bodies: OtlpTraces[] = [];
  readonly paths: string[] = [];
  open = 0;
  #answer: ((answer: ServerResponse) => void) | undefined;
  readonly #server: Server = createServer((request, answer) => void this.#take(request, answer));

  /** Instead of taking the spans, do this with the request. */
  misbehave(answer: ((answer: ServerResponse) => void) | undefined): void {
    this.#answer = answer;
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  names(): string[] {
    return this.bodies
      .flatMap((body) => body.resourceSpans)
      .flatMap((resource) => resource.scopeSpans)
      .flatMap((scope) => scope.spans)
      .map((span) => span.name);
  }

  async #take(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    this.open += 1;
    if (this.#answer !== undefined) return this.#answer(answer);
    this.paths.push(request.url ?? '');
    this.bodies.push(JSON.parse(Buffer.concat(parts).toString()) as OtlpTraces);
    answer.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }
}

let tracing: Tracing | undefined;
let collector: FakeCollector | undefined;
afterEach(async () => {
  await tracing?.stop();
  await collector?.close();
  tracing = undefined;
  collector = undefined;
});

function start(port: number, options: Partial<TracingOptions> = {}): Tracing {
  tracing = startTracing({
    service: 'kaspi',
    otlpUrl: `http://127.0.0.1:${port}`,
    exportEveryMs: 20,
    exportTimeoutMs: 200,
    stopTimeoutMs: 300,
    ...options,
  });
  return tracing;
}

async function spans(count: number, prefix: string): Promise<void> {
  for (let n = 0; n < count; n += 1) await inSpan(`${prefix} ${n}`, {}, () => undefined);
}

async function freePort(): Promise<number> {
  const probe = new FakeCollector();
  const port = await probe.listen();
  await probe.close();
  return port;
}

describe('a collector', () => {
  it('gets the spans with the name of the service, also those of the last moment', async () => {
    collector = new FakeCollector();
    const { stop } = start(await collector.listen());
    await spans(3, 'early');
    await waitFor('the first spans', () => collector?.names().length === 3);
    await spans(700, 'late');
    await stop();
    expect(collector.names()).toHaveLength(703);
    expect(new Set(collector.paths)).toEqual(new Set(['/v1/traces']));
    const [name] =
      collector.bodies[0]?.resourceSpans[0]?.resource.attributes.filter(({ key }) => key === 'service.name') ?? [];
    expect(name?.value.stringValue).toBe('kaspi');
  });

  it('that is away breaks nothing; when it is back it gets what is new, never more than the queue had kept', async () => {
    const port = await freePort();
    const lines: string[] = [];
    const logger = createLogger({ service: 'x', level: 'info', stream: { write: (line) => void lines.push(line) } });
    const messages = (): string[] => lines.map((line) => (JSON.parse(line) as { message: string }).message);
    start(port, { maxQueuedSpans: 50, logger });
    await spans(2_000, 'lost');
    await waitFor('the warning', () => messages().length === 1);
    await spans(2_000, 'lost');
    collector = new FakeCollector();
    await collector.listen(port);
    await waitFor('new spans', async () => {
      await spans(1, 'seen');
      return collector?.names().some((name) => name.startsWith('seen')) === true;
    });
    const kept = collector.names().filter((name) => name.startsWith('lost')).length;
    expect(kept).toBeLessThanOrEqual(100);
    expect(messages()).toEqual(['spans do not reach the collector', 'spans reach the collector again']);
  });

  it.each([
    ['never answers', (): void => undefined],
    ['hangs up', (answer: ServerResponse): void => void answer.destroy()],
    ['refuses', (answer: ServerResponse): void => void answer.writeHead(400).end('no')],
    ['is overloaded', (answer: ServerResponse): void => void answer.writeHead(503, { 'retry-after': '3600' }).end()],
    ['answers nonsense', (answer: ServerResponse): void => void answer.writeHead(200).end('<html>')],
  ])('that %s neither disturbs the work nor holds up the end', async (_, misbehaviour) => {
    collector = new FakeCollector();
    collector.misbehave(misbehaviour);
    // Each batch may try for longer than the end may take.
    const { stop } = start(await collector.listen(), { exportTimeoutMs: 12_000 });
    await spans(600, 'x');
    await waitFor('a request', () => (collector?.open ?? 0) > 0);
    expect(await inSpan('still', {}, () => 'works')).toBe('works');
    const startedMs = performance.now();
    await stop();
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it.each(['collector:4318', 'ftp://collector', 'grpc://user:5ecr3t@collector:4317', ''])(
    'is refused where the address is no HTTP one: %p',
    (otlpUrl) => {
      let message = '';
      try {
        tracing = startTracing({ service: 'x', otlpUrl });
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain('http://');
      expect(message).not.toContain('5ecr3t');
    },
  );

  it('is asked under the path that was given', async () => {
    collector = new FakeCollector();
    const port = await collector.listen();
    const { stop } = start(port, { otlpUrl: `http://127.0.0.1:${port}/otlp/v1/traces?tenant=1` });
    await spans(1, 'x');
    await stop();
    expect(collector.paths).toEqual(['/otlp/v1/traces?tenant=1']);
  });
});
