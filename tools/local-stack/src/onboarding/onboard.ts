import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { ApiClient, ApiRefusal } from './api.ts';
import { type OnboardingState, readState, writeState } from './state.ts';

/** A constructed number with a right control digit; the sandbox knows every such number. */
export const DEMO_TAX_ID = '260360000051';
export const DEMO_DESK = 'desk-01';
/** 2 000 000 ₸, so that the sandbox's scripted amounts just above 1 000 000 ₸ pass. */
const DEMO_MAX_AMOUNT_MINOR = 200_000_000;
const VERIFY_TIMEOUT_MS = 30_000;
const VERIFY_INTERVAL_MS = 200;

export interface OnboardingInput {
  gatewayUrl: string;
  operatorKey: string;
  stateFile: string;
  /** What a broken state file tells a person to do. */
  remedy?: string;
  /** Paths of PEM files: the sandbox's CA and the client certificate with its key. */
  tls: { ca: string; cert: string; key: string };
  /** Where the sandbox plays each scheme. */
  kaspiUrls: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  onProgress?: (step: string) => void;
}

export interface Onboarded {
  tenant: string;
  apiKey: string;
  organization: string;
  certificate: string;
  connection: string;
  tradePoint: string;
  desk: string;
  /** False when everything was found as an earlier start had left it. */
  fresh: boolean;
}

const withId = z.looseObject({ id: z.string() });
const tenantAnswer = z.looseObject({ id: z.string(), api_key: z.looseObject({ secret: z.string().nullable() }) });
const connectionAnswer = z.looseObject({ id: z.string(), status: z.string() });
const tradePointsAnswer = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });
const anything = z.unknown();

/**
 * Makes the demo tenant and its organization over the public API, the way an operator and a chain would, once: each
 * step's outcome is written down at once, and every idempotency key derives from the state file's seed, so that an
 * onboarding cut in the middle goes on where it stopped.
 */
export async function onboard(input: OnboardingInput): Promise<Onboarded> {
  const pem = await readPems(input.tls);
  const fingerprint = createHash('sha256').update(pem.cert).update(JSON.stringify(input.kaspiUrls)).digest('hex');
  const known = await readState(input.stateFile, input.remedy ?? 'remove it and run again');
  if (known !== undefined && known.bankFingerprint === fingerprint && (await stillKnown(input, known))) {
    const whole = wholeState(known);
    if (whole !== undefined) return { ...whole, fresh: false };
    return new Onboarding(input, known).run(pem);
  }
  return new Onboarding(input, { version: 1, seed: randomUUID(), bankFingerprint: fingerprint }).run(pem);
}

async function readPems(tls: OnboardingInput['tls']): Promise<OnboardingInput['tls']> {
  const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map((path) => readFile(path, 'utf8')));
  return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
}

function wholeState(state: OnboardingState): Omit<Onboarded, 'fresh'> | undefined {
  const { tenant, apiKey, organization, certificate, connection, tradePoint } = state;
  if (tenant === undefined || apiKey === undefined || organization === undefined) return undefined;
  if (certificate === undefined || connection === undefined || tradePoint === undefined) return undefined;
  return { tenant, apiKey, organization, certificate, connection, tradePoint, desk: DEMO_DESK };
}

/** The state file may be older than the database (restored, emptied); then the onboarding starts from the beginning. */
async function stillKnown(input: OnboardingInput, state: OnboardingState): Promise<boolean> {
  if (state.apiKey === undefined) return true;
  const path = state.connection === undefined ? '/v1/organizations?limit=1' : `/v1/connections/${state.connection}`;
  try {
    await new ApiClient(input.gatewayUrl, state.apiKey, input.signal).call({ method: 'GET', path, answer: anything });
    return true;
  } catch (error) {
    if (error instanceof ApiRefusal && (error.status === 401 || error.status === 404)) return false;
    throw error;
  }
}

class Onboarding {
  private readonly input: OnboardingInput;
  private readonly operator: ApiClient;
  private state: OnboardingState;

  constructor(input: OnboardingInput, state: OnboardingState) {
    this.input = input;
    this.state = state;
    this.operator = new ApiClient(input.gatewayUrl, input.operatorKey, input.signal);
  }

  async run(pem: OnboardingInput['tls']): Promise<Onboarded> {
    await this.keep({});
    const { tenant, apiKey } = await this.makeTenant();
    const chain = new ApiClient(this.input.gatewayUrl, apiKey, this.input.signal);
    const certificate = await this.importCertificate(pem);
    await this.operator.call({
      method: 'PUT',
      path: `/v1/certificates/${certificate}/grants/${tenant}`,
      body: { tax_ids: [DEMO_TAX_ID] },
      answer: anything,
    });
    const organization = await this.makeOrganization(chain);
    const connection = await this.connect(chain, organization, certificate);
    await this.verified(chain, connection);
    const tradePoint = await this.firstTradePoint(chain, organization);
    await this.registerDesk(chain, organization, tradePoint);
    await this.keep({ tradePoint });
    return { tenant, apiKey, organization, certificate, connection, tradePoint, desk: DEMO_DESK, fresh: true };
  }

  private say(step: string): void {
    this.input.onProgress?.(step);
  }

  private async keep(news: Partial<OnboardingState>): Promise<void> {
    this.state = { ...this.state, ...news };
    await writeState(this.input.stateFile, this.state);
  }

  private key(of: string): string {
    return `${this.state.seed}-${of}`;
  }

  private async makeTenant(): Promise<{ tenant: string; apiKey: string }> {
    if (this.state.tenant !== undefined && this.state.apiKey !== undefined) {
      return { tenant: this.state.tenant, apiKey: this.state.apiKey };
    }
    this.say('demo tenant');
    const ask = (): Promise<z.output<typeof tenantAnswer>> =>
      this.operator.call({
        method: 'POST',
        path: '/v1/tenants',
        body: { name: 'Demo chain' },
        idempotencyKey: this.key('tenant'),
        answer: tenantAnswer,
      });
    let made = await ask();
    if (made.api_key.secret === null) {
      // An earlier start made this tenant and was cut before it wrote the secret down, which is shown only once.
      await this.keep({ seed: randomUUID() });
      made = await ask();
    }
    if (made.api_key.secret === null) throw new PlainFailure('The gateway made a tenant without showing its key.');
    await this.keep({ tenant: made.id, apiKey: made.api_key.secret });
    return { tenant: made.id, apiKey: made.api_key.secret };
  }

  private async importCertificate(pem: OnboardingInput['tls']): Promise<string> {
    if (this.state.certificate !== undefined) return this.state.certificate;
    this.say('shared certificate of the sandbox bank');
    const { id } = await this.operator.call({
      method: 'POST',
      path: '/v1/certificates',
      body: {
        provider: 'kaspi',
        scheme: 'r3',
        name: 'Sandbox r3',
        certificate: pem.cert,
        private_key: pem.key,
        ca: pem.ca,
      },
      idempotencyKey: this.key('certificate'),
      answer: withId,
    });
    await this.keep({ certificate: id });
    return id;
  }

  private async makeOrganization(chain: ApiClient): Promise<string> {
    if (this.state.organization !== undefined) return this.state.organization;
    this.say(`organization ${DEMO_TAX_ID}`);
    const { id } = await chain.call({
      method: 'POST',
      path: '/v1/organizations',
      body: { country: 'KZ', tax_id: DEMO_TAX_ID, name: 'Demo shop', max_amount: DEMO_MAX_AMOUNT_MINOR },
      idempotencyKey: this.key('organization'),
      answer: withId,
    });
    await this.keep({ organization: id });
    return id;
  }

  private async connect(chain: ApiClient, organization: string, certificate: string): Promise<string> {
    if (this.state.connection !== undefined) return this.state.connection;
    this.say('connection to the bank');
    const { id } = await chain.call({
      method: 'POST',
      path: `/v1/organizations/${organization}/connections`,
      body: { provider: 'kaspi', scheme: 'r3', certificate },
      idempotencyKey: this.key('connection'),
      answer: withId,
    });
    await this.keep({ connection: id });
    return id;
  }

  private async verified(chain: ApiClient, connection: string): Promise<void> {
    this.say('waiting until the bank has confirmed the connection');
    const deadline = performance.now() + VERIFY_TIMEOUT_MS;
    for (;;) {
      const answer = await chain.call({
        method: 'GET',
        path: `/v1/connections/${connection}`,
        answer: connectionAnswer,
      });
      if (answer.status === 'verified') return;
      if (answer.status === 'failed') {
        throw new PlainFailure(`The connection to the sandbox bank was not verified: ${reasonIn(answer)}.`);
      }
      if (performance.now() > deadline) {
        throw new PlainFailure(
          `The connection to the sandbox bank was not verified within ${VERIFY_TIMEOUT_MS / 1000} s (status ${answer.status}).`,
        );
      }
      await pause(VERIFY_INTERVAL_MS, undefined, this.input.signal === undefined ? {} : { signal: this.input.signal });
    }
  }

  private async firstTradePoint(chain: ApiClient, organization: string): Promise<string> {
    this.say('trade points');
    const id = (await tradePointsOf(chain, organization))[0];
    if (id === undefined) throw new PlainFailure('The sandbox bank lists no trade point for the demo organization.');
    return id;
  }

  private async registerDesk(chain: ApiClient, organization: string, tradePoint: string): Promise<void> {
    this.say(`cash desk ${DEMO_DESK}`);
    try {
      await chain.call({
        method: 'POST',
        path: '/v1/desks',
        body: { organization, desk: DEMO_DESK, trade_point: tradePoint },
        idempotencyKey: this.key('desk'),
        answer: anything,
      });
    } catch (error) {
      // A gateway without this call registers the desk with the first payment that names its trade point.
      if (!(error instanceof ApiRefusal && (error.status === 404 || error.status === 405))) throw error;
    }
  }
}

/** Ids of an organization's trade points, as the API lists them. */
export async function tradePointsOf(chain: ApiClient, organization: string): Promise<string[]> {
  const path = `/v1/organizations/${organization}/trade_points`;
  return (await chain.call({ method: 'GET', path, answer: tradePointsAnswer })).data.map(({ id }) => id);
}

/** Whatever the connection says about its state, under whichever of its names. */
function reasonIn(connection: Record<string, unknown>): string {
  const said = connection['status_reason'] ?? connection['reason'] ?? connection['detail'] ?? connection;
  return typeof said === 'string' ? said : JSON.stringify(said);
}
