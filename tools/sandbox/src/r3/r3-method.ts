import type { z } from 'zod';
import type { Bank } from '../bank/bank.ts';
import type { Purchase, Refund } from '../bank/purchase.ts';
import type { CallName, ShapeFault } from '../faults/fault.ts';
import { UnreadableRequest } from './parameters.ts';
import type { Parameters } from './parameters.ts';

export type StatusVersion = 'v01' | 'v02' | 'v04';

export interface R3Context {
  readonly bank: Bank;
  /** When the request's headers had arrived, epoch milliseconds of the bank's clock. */
  readonly arrivedAtMs: number;
  readonly version: StatusVersion;
  /** False when a fault keeps the answer from being seen at once, or at all. */
  readonly seen: boolean;
  readonly shapes: ReadonlySet<ShapeFault>;
  /** Counts a status question that came far too early. */
  readonly tooEarly: () => void;
}

export interface R3Reply {
  readonly code: number;
  /** Instead of the official text; null leaves `Message` out. */
  readonly message?: string | null;
  readonly data?: unknown;
  /** The emulators answer with a lower-case `message`. */
  readonly emulator?: boolean;
  /** `cut`: the connection ends without an answer. `silence`: it stays open without a byte. */
  readonly transport?: 'cut' | 'silence';
  readonly purchase?: Purchase | undefined;
  readonly refund?: Refund | undefined;
  /** The status that the answer carries. */
  readonly status?: string;
}

export interface R3Method {
  readonly name: CallName;
  readonly verb: 'GET' | 'POST';
  readonly answer: (parameters: Parameters, context: R3Context) => R3Reply;
}

interface Definition<T> {
  readonly name: CallName;
  readonly verb: 'GET' | 'POST';
  /** Over lower-case names. */
  readonly parameters: z.ZodType<T>;
  readonly run: (parameters: T, context: R3Context) => R3Reply;
}

/**
 * ASSUMPTION: a missing, unreadable or unknown parameter is HTTP 400 with a lower-case `message` (seen in a public
 * SDK only); being strict here finds mistakes of clients before the bank does.
 */
export function defineMethod<T>(definition: Definition<T>): R3Method {
  return {
    name: definition.name,
    verb: definition.verb,
    answer: (parameters, context) => {
      const read = definition.parameters.safeParse(parameters);
      if (!read.success) {
        const [issue] = read.error.issues;
        const field = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue?.path.join('.');
        throw new UnreadableRequest(`The parameter ${field ?? '?'} is missing, unknown or cannot be read.`);
      }
      return definition.run(read.data, context);
    },
  };
}
