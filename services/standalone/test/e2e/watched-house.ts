import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@tolem/testing';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The compiled process, with all that it says: both of its outputs from the first line to the last. */
export class WatchedHouse {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  output = '';

  constructor(environment: Record<string, string>) {
    this.#child = spawn(process.execPath, [MAIN, '--exit-with-parent'], {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const listen = (chunk: Buffer): void => void (this.output += chunk.toString());
    this.#child.stdout?.on('data', listen);
    this.#child.stderr?.on('data', listen);
    // `close` comes when the outputs have been read to their ends.
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** Where it serves; fails with what it said where it does not come up. */
  serving(): Promise<{ readonly url: string; readonly managementPort: number }> {
    return waitFor('the house to serve', () => {
      if (this.#child.exitCode !== null) throw new Error(this.output);
      const line = this.output.split('\n').find((candidate) => candidate.includes('"serving"'));
      return line === undefined ? undefined : (JSON.parse(line) as { url: string; managementPort: number });
    });
  }

  /** The exit code; with a signal it is asked to end first. */
  end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.#child.kill(signal);
    return this.#ended;
  }
}

export interface Collector {
  readonly url: string;
  /** Everything that was sent here, as it came: OTLP over HTTP in JSON. */
  text(): string;
  close(): void;
}

export async function startCollector(): Promise<Collector> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('utf8'));
      response.setHeader('content-type', 'application/json');
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, text: () => bodies.join('\n'), close: () => server.close() };
}

export interface RecordedAnswer {
  /** What was asked, for messages of failed specs. */
  readonly asked: string;
  readonly status: number;
  /** Status, headers and body as they came. */
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** Calls the gateway and keeps every answer. */
export class Recorder {
  readonly answers: RecordedAnswer[] = [];

  constructor(readonly url: string) {}

  /** Texts go as they are, everything else as JSON. */
  async send(
    method: string,
    path: string,
    key: string | undefined,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<RecordedAnswer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    const answer = {
      asked: `${method} ${path.slice(0, 60)}`,
      status: response.status,
      text: `${response.status} ${JSON.stringify([...response.headers])}\n${text}`,
      body: (isJson ? JSON.parse(text) : {}) as Record<string, unknown>,
    };
    this.answers.push(answer);
    return answer;
  }

  /** A call that must work. */
  async must(method: string, path: string, key: string, body?: unknown, headers: Record<string, string> = {}) {
    const answer = await this.send(method, path, key, body, headers);
    if (answer.status >= 300) throw new Error(`${answer.asked} → ${answer.text}`);
    return answer;
  }
}
