import { systemClock } from '@tolem/domain';
import { ApiClient } from '../onboarding/api.ts';
import type { Output } from '../terminal/output.ts';
import { Story } from '../terminal/story.ts';
import type { LocalJson } from '../tolem-folder/local-json.ts';
import { BankControl, displayRow } from './bank-control.ts';

/** What a demo plays with: the house as a chain's server sees it, and the bank from behind. */
export interface DemoStage {
  local: LocalJson;
  chain: ApiClient;
  bank: BankControl;
  story: Story;
  isTerminal: boolean;
  signal: AbortSignal;
}

export interface Demo {
  /** For people, in one line. */
  summary: string;
  /** Whether `--amount` says what the sale is about. */
  takesAmount: boolean;
  /** Tells its story; false where it ended otherwise than it should. @throws PlainFailure where it cannot go on */
  play(stage: DemoStage, amountMinor: number): Promise<boolean>;
}

export function openStage(local: LocalJson, output: Output, signal: AbortSignal): DemoStage {
  return {
    local,
    chain: new ApiClient(local.gateway, local.api_key, signal),
    bank: new BankControl(local.sandbox.control),
    story: new Story((text) => output.write(`${text}\n`), systemClock),
    isTerminal: output.isTerminal,
    signal,
  };
}

/** What the bank's books say at the end. */
export async function tellLedger({ bank, story }: DemoStage, ids: readonly string[]): Promise<void> {
  story.line("The bank's books");
  for (const row of await bank.ledgerOf(ids)) story.line(`    ${displayRow(row)}`);
}
