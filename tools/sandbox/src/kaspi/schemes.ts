import type { CallName } from '../faults/fault.ts';

/** The bank's three ways in (Kaspi QR v3.9 §2 to §4; kaspi-qr.md §1, §4) as data: who may call, and what. */
export const SCHEME_NAMES = ['r1', 'r2', 'r3'] as const;
export type SchemeName = (typeof SCHEME_NAMES)[number];

export interface Scheme {
  /** How the bank knows who calls: a header, or a client certificate at the door. */
  readonly credential: 'api_key' | 'organization_certificate' | 'partner_certificate';
  /** The bank's own port in the test contour. */
  readonly port: number;
  readonly methods: ReadonlySet<CallName>;
}

const EVERYWHERE: readonly CallName[] = [
  'partner/tradepoints',
  'device/register',
  'device/delete',
  'qr/create',
  'qr/create-link',
  'payment/status',
  'health/ping',
  'test/payment/scan',
  'test/payment/confirm',
  'test/payment/scanerror',
  'test/payment/confirmerror',
];

export const SCHEMES: Readonly<Record<SchemeName, Scheme>> = {
  r1: { credential: 'api_key', port: 8543, methods: new Set(EVERYWHERE) },
  r2: {
    credential: 'organization_certificate',
    port: 8544,
    methods: new Set([
      ...EVERYWHERE,
      'return/create',
      'return/status',
      'return/operations',
      'payment/details',
      'payment/return',
    ]),
  },
  r3: {
    credential: 'partner_certificate',
    port: 8545,
    methods: new Set([
      ...EVERYWHERE,
      'payment/details',
      'payment/return',
      'remote/client-info',
      'remote/create',
      'remote/cancel',
    ]),
  },
};
