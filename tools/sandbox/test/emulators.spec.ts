import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { builtInApiKey } from '../src/index.ts';
import { OTHER_BIN, RunningBank } from './running-bank.ts';

const STEPS = ['scan', 'confirm', 'scanerror', 'confirmerror'] as const;
type Step = (typeof STEPS)[number];

/** Where a purchase stands after some steps, and what each further step makes of it; a step that is not named does not fit. */
const STANDS: readonly {
  readonly after: readonly Step[];
  readonly status: string;
  readonly next: Partial<Record<Step, string>>;
}[] = [
  { after: [], status: 'QrTokenCreated', next: { scan: 'Wait', scanerror: 'Error' } },
  { after: ['scan'], status: 'Wait', next: { confirm: 'Processed', confirmerror: 'Error' } },
  { after: ['scan', 'confirm'], status: 'Processed', next: {} },
  { after: ['scan', 'confirmerror'], status: 'Error', next: {} },
  { after: ['scanerror'], status: 'Error', next: {} },
];
const CASES = STANDS.flatMap(({ after, status, next }) =>
  STEPS.map((step) => ({ after, status, step, becomes: next[step] })),
);

describe('the emulators of the test contour', () => {
  let bank: RunningBank;
  let token: string;

  beforeAll(async () => {
    bank = await RunningBank.start();
  });
  afterAll(() => bank.remove());
  beforeEach(async () => {
    await bank.control('POST', '/reset');
    await bank.control('PUT', '/autopilot', { kaspi: null });
    token = await bank.register();
  });

  const emulate = async (step: Step, id: number, more: Parameters<RunningBank['answer']>[1] = {}): Promise<unknown> =>
    JSON.parse((await bank.answer(`/v01/test/payment/${step}`, { body: { qrPaymentId: String(id) }, ...more })).text);

  it.each(CASES)('$step of a purchase that is $status makes it $becomes, or is -999 and nothing', async (one) => {
    const id = await bank.created(token, 1490);
    for (const before of one.after) expect(await emulate(before, id)).toMatchObject({ StatusCode: 0 });
    expect(await bank.status(id)).toBe(one.status);
    expect(await emulate(one.step, id)).toMatchObject({ StatusCode: one.becomes === undefined ? -999 : 0 });
    expect(await bank.status(id)).toBe(one.becomes ?? one.status);
  });

  it.each(STEPS)('%s does not bring back a purchase whose time is over', async (step) => {
    const id = await bank.created(token, 1490);
    bank.clock.advance(31_000);
    expect(await emulate(step, id)).toMatchObject({ StatusCode: -999 });
    expect(await bank.status(id)).toBe('QrTokenCreated');
  });

  it.each(STEPS)('%s moves no purchase of another organization, where the caller is one', async (step) => {
    const id = await bank.created(token, 1490);
    const stranger = { scheme: 'r1', headers: { 'api-key': builtInApiKey(OTHER_BIN) } } as const;
    expect(await emulate(step, id, stranger)).toMatchObject({ StatusCode: -999 });
    expect(await bank.status(id)).toBe('QrTokenCreated');
  });
});
