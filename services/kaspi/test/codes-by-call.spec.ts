import { describe, expect, it } from '@jest/globals';
import type { EgressOutcome, EgressRequest } from '@tolem/egress';
import type { Call, PaymentMethod, Provider, Question } from '@tolem/provider-kit';
import { kaspiConfig } from '../src/config.ts';
import { kaspiProvider } from '../src/provider.ts';
import { BIN, callUnder, TOKEN } from './kaspi-call.ts';

type Heard = Promise<{ readonly is: string }>;

/** A call of ours, the scheme that has it, and what of the bank's it asks for. */
interface OwnCall {
  readonly scheme: 'r2' | 'r3';
  readonly path: string;
  readonly make: (provider: Provider, call: Call) => Heard;
}

const PURCHASE = '16600000017';
const CODE = '16600000031';
const TAKEN = { paymentId: 'pay_1', providerRef: PURCHASE, deviceToken: TOKEN };
const START = {
  paymentId: 'pay_1',
  amountMinor: 149_000,
  currency: 'KZT',
  reference: null,
  deviceToken: TOKEN,
  personal: { phone: '77015550123' },
};
const REFUND = {
  refundId: 'ref_1',
  purchaseRef: PURCHASE,
  amountMinor: 49_000,
  currency: 'KZT',
  customerRef: CODE,
  deviceToken: TOKEN,
};

/** By the words of the table below. */
const CALLS: Readonly<Record<string, OwnCall>> = {
  trade_points: { scheme: 'r3', path: `partner/tradepoints/${BIN}`, make: (provider, call) => provider.verify(call) },
  ping: { scheme: 'r3', path: 'health/ping', make: (provider, call) => there(provider.health)(call) },
  register: {
    scheme: 'r3',
    path: 'device/register',
    make: ({ devices }, call) => there(devices).register(call, { deskId: 'dsk_1', tradePointRef: '41' }),
  },
  delete: {
    scheme: 'r3',
    path: 'device/delete',
    make: ({ devices }, call) => there(devices).delete(call, { token: TOKEN }),
  },
  qr: { scheme: 'r3', path: 'qr/create', make: (provider, call) => method(provider, 'kaspi_qr').start(call, START) },
  link: {
    scheme: 'r3',
    path: 'qr/create-link',
    make: (provider, call) => method(provider, 'kaspi_link').start(call, START),
  },
  status: {
    scheme: 'r3',
    path: `payment/status/${PURCHASE}`,
    make: (provider, call) => method(provider, 'kaspi_qr').check(call, TAKEN),
  },
  paid: {
    scheme: 'r3',
    path: 'payment/details',
    make: (provider, call) => there(method(provider, 'kaspi_qr').verifyPaid)(call, TAKEN),
  },
  refund_qr: { scheme: 'r2', path: 'return/create', make: ({ refunds }, call) => there(refunds).invite(call, REFUND) },
  scanned: {
    scheme: 'r2',
    path: `return/status/${CODE}`,
    make: ({ refunds }, call) => there(refunds).identified(call, REFUND),
  },
  purchases: {
    scheme: 'r2',
    path: 'return/operations',
    make: ({ refunds }, call) => there(refunds).purchases(call, REFUND),
  },
  before: { scheme: 'r3', path: 'payment/details', make: ({ refunds }, call) => there(refunds).note(call, REFUND) },
  return: {
    scheme: 'r3',
    path: 'payment/return',
    make: ({ refunds }, call) => there(refunds).send(call, { ...REFUND, customerRef: null }, null),
  },
  return_r2: {
    scheme: 'r2',
    path: 'payment/return',
    make: ({ refunds }, call) => there(refunds).send(call, REFUND, null),
  },
  after: {
    scheme: 'r3',
    path: 'payment/details',
    make: ({ refunds }, call) => there(refunds).resolve(call, REFUND, { available_minor: 1 }),
  },
  payer: {
    scheme: 'r3',
    path: 'remote/client-info',
    make: (provider, call) => question(provider, 'payer').ask(call, asked({ phone: '77015550123' })),
  },
  invoice: {
    scheme: 'r3',
    path: 'remote/create',
    make: (provider, call) => method(provider, 'kaspi_invoice').start(call, START),
  },
  cancel: {
    scheme: 'r3',
    path: 'remote/cancel',
    make: (provider, call) => there(method(provider, 'kaspi_invoice').cancel)(call, TAKEN),
  },
  emulate: {
    scheme: 'r3',
    path: 'test/payment/scan',
    make: (provider, call) => question(provider, 'emulate').ask(call, asked({ step: 'scan', provider_ref: PURCHASE })),
  },
};

/**
 * Written from the appendix, the lists of each method and the rules about lost answers, not from the tables under test:
 * a question learns nothing from a code, a start that is refused may be said to have failed, and of what moves money only
 * the listed refusals prove that nothing happened; `lost` keeps the doubt. Two questions have no code for a device in
 * their lists, so -1601 may be one.
 */
const TABLE = `
code       trade_points ping    register    delete      qr      link    status      paid        refund_qr
-999       down         down    unreachable unreachable lost    lost    unreachable unreachable lost
-99000006  down         down    unreachable unreachable lost    lost    unreachable unreachable lost
-1501      refused      refused refused     deleted     device  device  unreachable device      device
-1502      refused      refused refused     deleted     device  device  unreachable device      device
-1601      refused      refused refused     refused     refused refused unreachable device      refused
ANY_OTHER  refused      refused refused     refused     refused refused unreachable unreachable refused

code       scanned     purchases   before      after   return  return_r2 payer       invoice cancel      emulate
-999       unreachable unreachable unreachable unclear lost    lost      unreachable lost    unreachable refused
-99000006  unreachable unreachable unreachable unclear lost    lost      unreachable lost    unreachable refused
-1501      unreachable device      device      device  device  device    device      device  device      refused
-1502      unreachable device      device      device  device  device    device      device  device      refused
-10000     unreachable refused     refused     unclear lost    lost      refused     refused refused     refused
-1503      unreachable refused     refused     unclear lost    lost      refused     refused refused     refused
-14000002  unreachable refused     refused     unclear lost    lost      refused     refused refused     refused
-99000002  unreachable refused     refused     unclear refused refused   refused     refused refused     refused
990000018  unreachable refused     refused     unclear refused refused   refused     refused refused     refused
990000026  unreachable refused     refused     unclear lost    lost      refused     refused refused     refused
990000033  unreachable refused     refused     unclear lost    lost      refused     refused refused     refused
990000028  unreachable refused     refused     unclear lost    lost      refused     refused refused     refused
-1601      unreachable device      device      device  refused refused   refused     lost    refused     refused
-99000001  unreachable refused     refused     unclear refused refused   refused     lost    refused     refused
-99000003  unreachable refused     refused     unclear refused refused   refused     lost    refused     refused
-99000005  unreachable refused     refused     unclear refused refused   refused     lost    refused     refused
-99000011  unreachable refused     refused     unclear refused refused   refused     lost    refused     refused
-99000020  unreachable refused     refused     unclear refused refused   refused     lost    refused     refused
ANY_OTHER  unreachable refused     refused     unclear lost    lost      refused     lost    refused     refused
`;

/** Every code of the appendix and of the method lists but success, and some that nobody lists. */
const CODES = [
  ...'-999 -99000006 -1501 -1502 -10000 -1503 -14000002 -99000002 990000018 990000026 990000033 990000028'.split(' '),
  ...'-1601 -99000001 -99000003 -99000005 -99000011 -99000020'.split(' '),
  ...'-1401 -1404 99000010 990000029 990000031 990000032 -77777 9223372036854775807'.split(' '),
];
const SHORT: Readonly<Record<string, string>> = { device: 'device_unknown' };

const CASES = TABLE.trim()
  .split(/\n\n/)
  .flatMap((part) => {
    const [head = [], ...rows] = part.split('\n').map((line) => line.trim().split(/\s+/));
    const byCode = new Map(rows.map(([code, ...cells]) => [code ?? '', cells]));
    return head.slice(1).flatMap((name, column) =>
      CODES.map((code) => {
        const word = (byCode.get(code) ?? byCode.get('ANY_OTHER'))?.[column] ?? '';
        return [name, code, SHORT[word] ?? word] as const;
      }),
    );
  });

describe('what each call makes of each StatusCode', () => {
  it.each(CASES)('%s, %s: %s', async (name, code, expected) => {
    const { heard, paths } = await hear(name, `{"StatusCode":${code},"Message":"слова банка"}`);
    expect(heard.is).toBe(expected);
    const { scheme, path } = there(CALLS[name]);
    expect(paths).toEqual([`/${scheme}/v01/${path}`]);
  });

  it('the table speaks of every call and of every code', () => {
    expect([...new Set(CASES.map(([name]) => name))].sort()).toEqual(Object.keys(CALLS).sort());
    expect(CASES).toHaveLength(Object.keys(CALLS).length * CODES.length);
  });
});

async function hear(name: string, body: string): Promise<{ heard: { readonly is: string }; paths: string[] }> {
  const paths: string[] = [];
  const request = ({ path }: EgressRequest): Promise<EgressOutcome> => {
    paths.push(path);
    return Promise.resolve({ kind: 'answered', status: 200, headers: {}, body, ms: 1 });
  };
  const config = kaspiConfig.load({
    TOLEM_KASPI_DATABASE_URL: 'postgres://nobody@127.0.0.1/nothing',
    TOLEM_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  });
  const { scheme, make } = there(CALLS[name]);
  return {
    heard: await make(
      kaspiProvider({ request }, config, () => 'drawn'),
      callUnder(scheme),
    ),
    paths,
  };
}

function there<T>(wanted: T | null | undefined): T {
  if (wanted === undefined || wanted === null) throw new Error('the provider does not have this');
  return wanted;
}

function method(provider: Provider, type: string): PaymentMethod {
  return there(provider.methods.find((one) => one.type === type));
}

function question(provider: Provider, kind: string): Question {
  return there(provider.questions?.find((one) => one.kind === kind));
}

function asked(args: Readonly<Record<string, string>>) {
  return { deviceToken: TOKEN, args };
}
