import type { z } from 'zod';

/** How an organization proves itself to a provider under one scheme of it. */
export interface SchemeDescriptor {
  readonly name: string;
  /**
   * `shared_certificate`: one certificate of the operator serves many organizations; each tenant is granted the tax
   * ids that it may act for.
   */
  readonly credential: 'shared_certificate';
}

/** What a payment method of the public API needs and allows. */
export interface MethodDescriptor {
  readonly type: string;
  /** Fields of `method` beside `type`, as the public API accepts them. */
  readonly fields: z.ZodRawShape;
  readonly amount: 'required' | 'optional';
  /** Time from creation to the last moment at which the start may be sent. */
  readonly startWithinMs: number;
  /** Largest amount the provider takes, in minor units. */
  readonly maxAmountMinor: number;
}

export interface ProviderDescriptor {
  readonly name: string;
  /** As people write it. */
  readonly title: string;
  readonly country: 'KZ' | 'RU';
  readonly currency: 'KZT' | 'RUB';
  readonly schemes: readonly SchemeDescriptor[];
  readonly methods: readonly MethodDescriptor[];
  /** True where a desk must stand in one of the trade points that the provider lists. */
  readonly tradePoints: boolean;
}

/**
 * Every provider that this installation can speak: the one place beside a provider's own folder (and the chart's
 * values) that names it. The gateway reads what it needs to know of a provider from here and knows none by name.
 */
export const PROVIDERS: readonly ProviderDescriptor[] = [
  {
    name: 'kaspi',
    title: 'Kaspi QR',
    country: 'KZ',
    currency: 'KZT',
    schemes: [{ name: 'r3', credential: 'shared_certificate' }],
    methods: [
      {
        type: 'kaspi_qr',
        fields: {},
        amount: 'required',
        startWithinMs: 20_000,
        // ASSUMPTION: the bank names no largest amount; this keeps tenge with two decimals exact in a double.
        maxAmountMinor: 100_000_000_000,
      },
    ],
    tradePoints: true,
  },
];

export function providerNamed(name: string): ProviderDescriptor | undefined {
  return PROVIDERS.find((provider) => provider.name === name);
}

/** The provider that carries out a payment method, with the method's description. */
export function methodNamed(type: string): { provider: ProviderDescriptor; method: MethodDescriptor } | undefined {
  for (const provider of PROVIDERS) {
    const method = provider.methods.find((candidate) => candidate.type === type);
    if (method !== undefined) return { provider, method };
  }
  return undefined;
}
