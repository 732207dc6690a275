import type { SchemeName } from '../kaspi/schemes.ts';
import { faultFits, parseFault } from './fault.ts';
import type { CallName, ShapeFault, TransportFault } from './fault.ts';

const MAX_RULES = 100;

export interface FaultMatch {
  readonly amount?: number | undefined;
  readonly bin?: string | undefined;
  readonly id?: string | undefined;
  readonly scheme?: SchemeName | undefined;
}

export interface FaultRule {
  readonly provider: 'kaspi';
  readonly call: CallName | '*';
  readonly fault: string;
  /** How often it still happens; null means until the faults are removed. */
  times: number | null;
  readonly match?: FaultMatch | undefined;
}

/** What a call is about, for rules with a match. The amount is in tenge. */
export interface FaultSubject {
  readonly amount: number | undefined;
  readonly bin: string | undefined;
  readonly id: string | undefined;
  readonly scheme: SchemeName;
}

export interface ChosenFaults {
  readonly transport: TransportFault | undefined;
  readonly shapes: ReadonlySet<ShapeFault>;
}

const NONE: ChosenFaults = { transport: undefined, shapes: new Set() };

/** The switchboard: rules in the order they were put; of the transport faults only the first that fits is used. */
export class FaultBoard {
  private rules: FaultRule[] = [];
  used = 0;

  get list(): readonly FaultRule[] {
    return this.rules;
  }

  /** False when the board is full. */
  put(rule: FaultRule): boolean {
    if (this.rules.length >= MAX_RULES) return false;
    this.rules.push(rule);
    return true;
  }

  clear(): void {
    this.rules = [];
  }

  choose(call: CallName, subject: () => FaultSubject): ChosenFaults {
    if (this.rules.length === 0) return NONE;
    const about = subject();
    const shapes = new Set<ShapeFault>();
    let transport: TransportFault | undefined;
    for (const rule of this.rules) {
      const fault = parseFault(rule.fault);
      if (fault === undefined || !faultFits(fault, call) || !ruleMatches(rule, call, about)) continue;
      if (fault.type === 'transport' && transport !== undefined) continue;
      if (fault.type === 'transport') transport = fault.transport;
      else shapes.add(fault.shape);
      this.used += 1;
      if (rule.times !== null) rule.times -= 1;
    }
    this.rules = this.rules.filter((rule) => rule.times === null || rule.times > 0);
    return { transport, shapes };
  }
}

function ruleMatches(rule: FaultRule, call: CallName, about: FaultSubject): boolean {
  if (rule.call !== '*' && rule.call !== call) return false;
  const { amount, bin, id, scheme } = rule.match ?? {};
  return (
    (amount === undefined || amount === about.amount) &&
    (bin === undefined || bin === about.bin) &&
    (id === undefined || id === about.id) &&
    (scheme === undefined || scheme === about.scheme)
  );
}
