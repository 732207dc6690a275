import { z } from 'zod';
import type { Bank } from '../bank/bank.ts';
import type { LedgerSubject } from '../bank/ledger-row.ts';
import type { CallName, ShapeFault } from '../faults/fault.ts';
import type { ClientInfoLimit } from './client-info-limit.ts';
import { UnreadableRequest } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import { REQUEST_FIELDS } from './request-fields.ts';
import type { FieldsOf, RequestField } from './request-fields.ts';
import { SCHEME_NAMES } from './schemes.ts';
import type { SchemeName } from './schemes.ts';
import type { SwitchValues } from './switches.ts';

export type StatusVersion = 'v01' | 'v02' | 'v04';

export type BadManners =
  'polls_too_early' | 'invoice_polls' | 'invoice_polls_by_timer' | 'invoice_polls_punished' | 'client_info_over_limit';

export interface MethodContext {
  readonly bank: Bank;
  readonly scheme: SchemeName;
  /** Whose organization: of the key, of the certificate, or named by the request. Null where r3 names none. */
  readonly bin: string | null;
  /** When the request's headers had arrived, epoch milliseconds of the bank's clock. */
  readonly arrivedAtMs: number;
  readonly version: StatusVersion;
  /** False when a fault keeps the answer from being seen at once, or at all. */
  readonly seen: boolean;
  readonly shapes: ReadonlySet<ShapeFault>;
  readonly switches: SwitchValues;
  readonly clientInfoLimit: ClientInfoLimit;
  /** Counts what the health page shows of bad manners. */
  readonly count: (what: BadManners) => void;
}

export interface KaspiReply {
  readonly code: number;
  /** Instead of the official text; null leaves `Message` out. */
  readonly message?: string | null;
  readonly data?: unknown;
  /** The emulators answer with a lower-case `message`. */
  readonly emulator?: boolean;
  /** `cut`: the connection ends without an answer. `silence`: it stays open without a byte. */
  readonly transport?: 'cut' | 'silence';
  /** The rows of the books that the call concerns, the main one first. */
  readonly about?: readonly (LedgerSubject | undefined)[];
  /** The status that the answer carries. */
  readonly status?: string;
}

export interface KaspiMethod {
  readonly name: CallName;
  readonly verb: 'GET' | 'POST';
  readonly answer: (parameters: Parameters, context: MethodContext) => KaspiReply;
}

interface Definition<N extends CallName> {
  readonly name: N;
  readonly verb: 'GET' | 'POST';
  readonly run: (parameters: FieldsOf<N>, context: MethodContext) => KaspiReply;
}

/**
 * ASSUMPTION: a missing, unreadable or unknown parameter is HTTP 400 with a lower-case `message` (seen in a public
 * SDK only); being strict here finds mistakes of clients before the bank does. So is a parameter of another scheme.
 */
export function defineMethod<N extends CallName>(definition: Definition<N>): KaspiMethod {
  const { name, verb, run } = definition;
  const forms = formsOf(name);
  return {
    name,
    verb,
    answer: (parameters, context) => {
      const read = forms[context.scheme].safeParse(parameters);
      if (!read.success) {
        const [issue] = read.error.issues;
        const field = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue?.path.join('.');
        throw new UnreadableRequest(`The parameter ${field ?? '?'} is missing, unknown or cannot be read.`);
      }
      const named = read.data['organizationbin'];
      const bin = typeof named === 'string' ? named : context.bin;
      return run(read.data as FieldsOf<N>, { ...context, bin });
    },
  };
}

function formsOf(name: CallName): Record<SchemeName, z.ZodType<Record<string, unknown>>> {
  const fields = Object.entries<RequestField>(REQUEST_FIELDS[name]);
  const [r1, r2, r3] = SCHEME_NAMES.map((scheme) =>
    z.strictObject(
      Object.fromEntries(
        fields.filter(([, field]) => field.schemes.includes(scheme)).map(([key, { type }]) => [key, type]),
      ),
    ),
  );
  if (r1 === undefined || r2 === undefined || r3 === undefined) throw new Error('There are three schemes.');
  return { r1, r2, r3 };
}
