import { describe, expect, it } from '@jest/globals';
import { providerNamed, type SchemeDescriptor } from '@tolem/contracts';
import type { EgressOutcome } from '@tolem/egress';
import { callUnder } from '../test/kaspi-call.ts';
import { KASPI_SCHEME_NAMES, KASPI_SCHEMES, type KaspiScheme } from './client/schemes.ts';
import type { KaspiMethod } from './client/methods.ts';
import { kaspiConfig } from './config.ts';
import { kaspiProvider } from './provider.ts';

const ENVIRONMENT = {
  TOLEM_KASPI_DATABASE_URL: 'postgres://nobody@127.0.0.1/nothing',
  TOLEM_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
};

/** A provider whose bank answers everything with this body. */
function providerHearing(body: string, environment: Readonly<Record<string, string>> = {}) {
  const request = (): Promise<EgressOutcome> =>
    Promise.resolve({ kind: 'answered', status: 200, headers: {}, body, ms: 1 });
  return kaspiProvider({ request }, kaspiConfig.load({ ...ENVIRONMENT, ...environment }), () => 'drawn');
}

const provider = providerHearing('');
const promised = providerNamed('kaspi');
const CREDENTIALS: Readonly<Record<KaspiScheme['credential'], SchemeDescriptor['credential']>> = {
  api_key: 'api_key',
  client_certificate: 'own_certificate',
  shared_certificate: 'shared_certificate',
};
/** What begins a payment by each method, and answers each question. */
const BEGINS: Readonly<Record<string, KaspiMethod>> = {
  kaspi_qr: 'qr/create',
  kaspi_link: 'qr/create-link',
  kaspi_invoice: 'remote/create',
  payer: 'remote/client-info',
};

describe('what the public API promises of Kaspi and what this service does under', () => {
  it('every scheme: the same ones', () => {
    expect(promised?.schemes.map(({ name }) => name).sort()).toEqual([...KASPI_SCHEME_NAMES].sort());
  });

  it.each(KASPI_SCHEME_NAMES)('%s: credential, refunds, methods and questions', (name) => {
    const scheme = KASPI_SCHEMES[name];
    const offered = promised?.schemes.find((one) => one.name === name);
    expect(offered?.credential).toBe(CREDENTIALS[scheme.credential]);
    expect(offered?.refund).toBe(provider.refunds?.wayOf(callUnder(name).access));
    const can = (kinds: readonly string[]) =>
      kinds.filter((kind) => scheme.methods.some((method) => method === BEGINS[kind]));
    expect([...(offered?.methods ?? [])].sort()).toEqual(can(provider.methods.map(({ type }) => type)).sort());
    expect(offered?.questions ?? []).toEqual(can(['payer']));
    expect(offered?.methods.includes('kaspi_invoice')).toBe(scheme.invoices);
  });

  it('any: the same methods, and the same ones may be played by the test contour and asked about only on request', () => {
    expect(provider.methods.map(({ type }) => type).sort()).toEqual(promised?.methods.map(({ type }) => type).sort());
    const cancels = provider.methods.filter(({ giveUp }) => giveUp !== undefined).map(({ type }) => type);
    expect(promised?.methods.filter(({ refreshOnly }) => refreshOnly === true).map(({ type }) => type)).toEqual(
      cancels,
    );
    expect(provider.questions.map(({ kind }) => kind)).toEqual(['payer', 'emulate']);
  });
});

describe('what configuration says', () => {
  const refund = {
    refundId: 'ref_1',
    purchaseRef: '16600000017',
    amountMinor: 100,
    currency: 'KZT',
    deviceToken: '7f0c1d7e-1111-4222-8333-944445555666',
    customerRef: null,
  };

  it.each([
    [undefined, 'lost'],
    ['temporary', 'lost'],
    ['request', 'refused'],
  ])('of a code reaches what is made of a return of money: %s, %s', async (meaning, is) => {
    const told =
      meaning === undefined ? undefined : { TOLEM_KASPI_CODE_MEANINGS: JSON.stringify({ '-77777': meaning }) };
    const { refunds } = providerHearing('{"StatusCode":-77777,"Message":"новый код"}', told);
    expect(await refunds?.send(callUnder('r3'), refund, null)).toMatchObject({
      is,
      failure: { provider_code: '-77777', provider_message: 'новый код' },
    });
  });

  it('of a refund code’s word reaches what is made of it', async () => {
    const heard = '{"StatusCode":0,"Data":{"Status":"CustomerKnown"}}';
    const told = { TOLEM_KASPI_RETURN_STATUS_MEANINGS: '{"CustomerKnown":"identified"}' };
    const asked = { customerRef: '16600000031' };
    expect(await providerHearing(heard).refunds?.identified(callUnder('r2'), asked)).toEqual({ is: 'pending' });
    expect(await providerHearing(heard, told).refunds?.identified(callUnder('r2'), asked)).toEqual({
      is: 'identified',
    });
  });

  it('of repeats reaches the refunds', () => {
    const { access } = callUnder('r3');
    expect(providerHearing('').refunds?.afterNotPerformed(access)).toBe('repeat_once');
    const never = providerHearing('', { TOLEM_KASPI_REPEAT_REFUNDS: 'false' });
    expect(never.refunds?.afterNotPerformed(access)).toBe('refuse');
  });
});
