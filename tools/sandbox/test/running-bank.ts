import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@tolem/domain';
import { builtInApiKey, startSandbox } from '../src/index.ts';
import type { LedgerRow, Sandbox, SandboxOptions } from '../src/index.ts';

export const BIN = '260360000051';
export const OTHER_BIN = '971240001315';
export const API_KEY = builtInApiKey(BIN);
/** 2026-02-11 09:05 in Kazakhstan. */
export const START_MS = Date.UTC(2026, 1, 11, 4, 5);

const DEADLINE_MS = 5000;

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** `pieces`: in how many parts the body came. */
export type Outcome = ({ kind: 'answered'; readonly pieces: number } & Answer) | { kind: 'cut'; code: string };

export type SchemeName = 'r1' | 'r2' | 'r3';

/** PEM texts instead of files. */
export interface Credential {
  readonly cert: string;
  readonly key: string;
}

export interface CallOptions {
  readonly scheme?: SchemeName;
  readonly headers?: Readonly<Record<string, string>>;
  /** With the certificate of this organization (scheme 2), as PEM texts. */
  readonly pem?: Credential;
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly rawBody?: string;
  readonly contentType?: string;
  readonly localAddress?: string;
  readonly credential?: { cert: string; key: string } | null;
  readonly timeoutMs?: number;
}

export interface Envelope {
  readonly StatusCode: number;
  readonly Message?: string;
  readonly Data?: unknown;
}

/** A sandbox on free ports with a clock that the test moves, and a client that holds the partner's certificate. */
export class RunningBank {
  readonly clock: ManualClock;
  readonly problems: unknown[] = [];
  private readonly agents: Agent[] = [];
  private agent: Agent | undefined;
  private running: Sandbox | undefined;

  private constructor(
    readonly folder: string,
    private readonly options: Partial<SandboxOptions>,
    startMs: number,
  ) {
    this.clock = new ManualClock(startMs);
  }

  static async start(options: Partial<SandboxOptions> = {}, startMs = START_MS): Promise<RunningBank> {
    const bank = new RunningBank(mkdtempSync(join(tmpdir(), 'tolem-sandbox-')), options, startMs);
    await bank.open();
    return bank;
  }

  get sandbox(): Sandbox {
    if (this.running === undefined) throw new Error('The sandbox is stopped.');
    return this.running;
  }

  async open(more: Partial<SandboxOptions> = {}): Promise<void> {
    this.running = await startSandbox({
      dataFolder: this.folder,
      controlPort: 0,
      r3Port: 0,
      clock: this.clock,
      silenceCutMs: 80,
      dripMs: 1,
      report: (problem) => this.problems.push(problem),
      ...this.options,
      ...more,
    });
    this.agent = this.newAgent();
  }

  async stop(): Promise<void> {
    for (const agent of this.agents.splice(0)) agent.destroy();
    await this.sandbox.close();
    this.running = undefined;
  }

  async remove(): Promise<void> {
    if (this.running !== undefined) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** One call, of scheme 3 unless told; the path counts from `/r3`. Scheme 1 has its key, scheme 2 its certificate. */
  call(path: string, options: CallOptions = {}): Promise<Outcome> {
    const { scheme = 'r3' } = options;
    const { r1Url, r2Url, r3Url, tls } = this.sandbox;
    const url = new URL(`/${scheme}${path}`, { r1: r1Url, r2: r2Url, r3: r3Url }[scheme]);
    const body = options.rawBody ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const owner = scheme === 'r2' ? { cert: tls.organizationCert, key: tls.organizationKey } : undefined;
    const credential = options.credential === undefined ? owner : options.credential;
    const special = credential !== undefined || options.localAddress !== undefined || options.pem !== undefined;
    const agent = special ? this.newAgent(credential, options.pem) : this.agent;
    const headers = scheme === 'r1' ? { 'api-key': API_KEY, ...options.headers } : (options.headers ?? {});
    return new Promise((resolve) => {
      const cut = (problem: Error): void =>
        resolve({ kind: 'cut', code: String(Reflect.get(problem, 'code') ?? problem.name) });
      const request = httpsRequest(
        url,
        {
          agent,
          method: options.method ?? (body === undefined ? 'GET' : 'POST'),
          headers:
            body === undefined ? headers : { 'content-type': options.contentType ?? 'application/json', ...headers },
          signal: AbortSignal.timeout(options.timeoutMs ?? DEADLINE_MS),
          ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', cut);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const type = response.headers['content-type'] ?? '';
            resolve({ kind: 'answered', status: response.statusCode ?? 0, type, text, pieces: chunks.length });
          });
        },
      );
      request.on('error', cut);
      request.end(body);
    });
  }

  async answer(path: string, options: CallOptions = {}): Promise<Answer> {
    const outcome = await this.call(path, options);
    if (outcome.kind === 'cut') throw new Error(`The call to ${path} was cut: ${outcome.code}`);
    return outcome;
  }

  async envelope(path: string, options: CallOptions = {}): Promise<Envelope> {
    const { status, text } = await this.answer(path, options);
    if (status !== 200) throw new Error(`HTTP ${status}: ${text}`);
    return JSON.parse(text) as Envelope;
  }

  async tradePointIds(bin = BIN): Promise<number[]> {
    const { Data } = await this.envelope(`/v01/partner/tradepoints/${bin}`);
    return (Data as { TradePointId: number }[]).map((point) => point.TradePointId);
  }

  async register(deviceId = 'desk-01', bin = BIN, point = 0): Promise<string> {
    const points = await this.tradePointIds(bin);
    const body = { DeviceId: deviceId, TradePointId: points[point], OrganizationBin: bin };
    const { Data } = await this.envelope('/v01/device/register', { body });
    return (Data as { DeviceToken: string }).DeviceToken;
  }

  create(token: string, amount: unknown, externalId = 'S-1', bin = BIN): Promise<Outcome> {
    const body = { OrganizationBin: bin, DeviceToken: token, Amount: amount, ExternalId: externalId };
    return this.call('/v01/qr/create', { body });
  }

  /** Creates a QR that must succeed and returns its id. */
  async created(token: string, amount: unknown, externalId = 'S-1'): Promise<number> {
    const outcome = await this.create(token, amount, externalId);
    if (outcome.kind === 'cut') throw new Error('qr/create was cut');
    return (JSON.parse(outcome.text) as { Data: { QrPaymentId: number } }).Data.QrPaymentId;
  }

  async status(id: number | string, version = 'v01'): Promise<string> {
    const { Data } = await this.envelope(`/${version}/payment/status/${id}`);
    return (Data as { Status: string }).Status;
  }

  /** The data of an answer that must succeed. */
  async data<T extends object>(path: string, options: CallOptions = {}): Promise<T> {
    const { StatusCode, Data } = await this.envelope(path, options);
    if (StatusCode !== 0) throw new Error(`${path} answered ${StatusCode}`);
    return Data as T;
  }

  async code(path: string, options: CallOptions = {}): Promise<number> {
    return (await this.envelope(path, options)).StatusCode;
  }

  /** A device in scheme 1 or 2, whose organization the credential names. */
  async registerOwn(scheme: 'r1' | 'r2', deviceId = 'desk-01', point = 0): Promise<string> {
    const points = await this.data<{ TradePointId: number }[]>('/v01/partner/tradepoints', { scheme });
    const body = { DeviceId: deviceId, TradePointId: points[point]?.TradePointId };
    return (await this.data<{ DeviceToken: string }>('/v01/device/register', { scheme, body })).DeviceToken;
  }

  /** A certificate and key of the bank for an organization. */
  async certificateFor(taxId: string, more: { days?: number; notBeforeMs?: number } = {}): Promise<Credential> {
    const issued = await this.sandbox.issueCertificate({ taxId, ...more });
    if (!issued.ok || issued.issued.privateKey === null) throw new Error('no certificate');
    return { cert: issued.issued.certificate, key: issued.issued.privateKey };
  }

  async control(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const init = { method, signal: AbortSignal.timeout(DEADLINE_MS), headers: { connection: 'close' } };
    const response = await fetch(
      `${this.sandbox.controlUrl}${path}`,
      body === undefined ? init : { ...init, body: JSON.stringify(body) },
    );
    return { status: response.status, body: await response.json() };
  }

  async fault(fault: string, call: string, more: Record<string, unknown> = {}): Promise<void> {
    const { status, body } = await this.control('PUT', '/faults', { provider: 'kaspi', call, fault, ...more });
    if (status !== 200) throw new Error(JSON.stringify(body));
  }

  row(id: number): LedgerRow | undefined {
    return this.sandbox.ledger().find((row) => row.id === String(id));
  }

  private newAgent(credential?: CallOptions['credential'], pem?: Credential): Agent {
    const { tls } = this.sandbox;
    const pair = credential === undefined ? { cert: tls.cert, key: tls.key } : credential;
    const read = pair === null ? {} : { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
    const agent = new Agent({ keepAlive: true, ca: readFileSync(tls.ca), ...(pem ?? read) });
    this.agents.push(agent);
    return agent;
  }
}

/** Waits for a condition, turn by turn of the event loop, with a deadline. */
export async function until(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error('The condition did not come true in time.');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
