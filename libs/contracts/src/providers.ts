import { z } from 'zod';

/** How an organization proves itself to a provider under one scheme of it. */
export interface SchemeDescriptor {
  readonly name: string;
  /**
   * `api_key`: a secret text of the organization. `own_certificate`: a client certificate of the organization.
   * `shared_certificate`: one certificate of the operator serves many organizations; each tenant is granted the tax
   * ids that it may act for.
   */
  readonly credential: 'api_key' | 'own_certificate' | 'shared_certificate';
  /**
   * How money goes back: `at_once`, without the buyer; `with_buyer`, who shows himself by scanning a code and may also
   * pick the purchase; `by_hand`, in an app of the provider, after which the refund is recorded here.
   */
  readonly refund: 'at_once' | 'with_buyer' | 'by_hand';
  /** Types of the payment methods that work under it. */
  readonly methods: readonly string[];
  /** Kinds of questions that can be asked about buyers under it; absent: none. What depends on the method stands there. */
  readonly questions?: readonly string[];
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
  /**
   * Names of text fields that are personal: sealed where they are stored and on the way to the provider's service, and
   * shown by their last two characters only.
   */
  readonly sealed?: readonly string[];
  /** Nobody asks the provider by the clock: news comes when it is asked for, so tills are not told to ask again soon. */
  readonly refreshOnly?: boolean;
  /**
   * Names of fields that tell a buyer: while a payment of the same ones, desk and amount is `unknown`, no other is
   * started, because the buyer may hold that one.
   */
  readonly oneInDoubt?: readonly string[];
  /** The provider's test contour can play the buyer for it (question `emulate`). */
  readonly emulated?: boolean;
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

// ASSUMPTION: the bank names no largest amount; this keeps tenge with two decimals exact in a double.
const KASPI_MAX_AMOUNT_MINOR = 100_000_000_000;

/**
 * A phone of Kazakhstan in any of the forms that people write: `+77011234567`, `77011234567`, `87011234567`. Kept as 11
 * digits that begin with 7, so that one phone has one form.
 * ASSUMPTION: the bank takes that form. Its document shows 11 digits with a leading 8 (Kaspi QR v3.9 §4.9), clients in
 * production send a leading 7.
 */
export const phoneField = z
  .string()
  .regex(/^(\+7|7|8)\d{10}$/, 'must be a phone as +7XXXXXXXXXX, 7XXXXXXXXXX or 8XXXXXXXXXX')
  .transform((text) => `7${text.slice(-10)}`);

const commentField = z
  .string()
  .min(1)
  .max(100)
  .refine(
    (text) => text.isWellFormed() && !/\p{Cc}/u.test(text),
    'must be well-formed text without control characters',
  );

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
    schemes: [
      {
        name: 'r3',
        credential: 'shared_certificate',
        refund: 'at_once',
        methods: ['kaspi_qr', 'kaspi_link', 'kaspi_invoice'],
        questions: ['payer'],
      },
      { name: 'r2', credential: 'own_certificate', refund: 'with_buyer', methods: ['kaspi_qr', 'kaspi_link'] },
      { name: 'r1', credential: 'api_key', refund: 'by_hand', methods: ['kaspi_qr', 'kaspi_link'] },
    ],
    methods: [
      {
        type: 'kaspi_qr',
        fields: {},
        amount: 'required',
        startWithinMs: 20_000,
        maxAmountMinor: KASPI_MAX_AMOUNT_MINOR,
        emulated: true,
      },
      {
        type: 'kaspi_link',
        fields: {},
        amount: 'required',
        startWithinMs: 20_000,
        maxAmountMinor: KASPI_MAX_AMOUNT_MINOR,
        emulated: true,
      },
      {
        type: 'kaspi_invoice',
        fields: {
          phone: phoneField.describe("The buyer's phone: `+7XXXXXXXXXX`, `7XXXXXXXXXX` or `8XXXXXXXXXX`."),
          comment: commentField.optional().describe('What the buyer reads on the invoice, at most 100 characters.'),
        },
        amount: 'required',
        startWithinMs: 60_000,
        maxAmountMinor: KASPI_MAX_AMOUNT_MINOR,
        sealed: ['phone', 'comment'],
        refreshOnly: true,
        oneInDoubt: ['phone'],
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

/** A scheme of a provider; undefined for one that this release does not know. */
export function schemeNamed(provider: string, name: string): SchemeDescriptor | undefined {
  return providerNamed(provider)?.schemes.find((scheme) => scheme.name === name);
}
