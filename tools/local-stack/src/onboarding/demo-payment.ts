import { PlainFailure } from '../terminal/plain-failure.ts';
import type { Progress } from '../terminal/progress.ts';
import type { StartCommand } from '../tolem-folder/start-lock.ts';
import type { Onboarded } from './onboard.ts';
import { DEMO_AMOUNT_MINOR, payDemo } from './pay-demo.ts';

/** The payment that a start ends with. @throws PlainFailure when it was not paid. */
export async function demoPayment(
  gatewayUrl: string,
  chain: Onboarded,
  shown: { progress: Progress; signal: AbortSignal; command: StartCommand },
): Promise<void> {
  const { progress, signal, command } = shown;
  progress.line();
  const outcome = await payDemo({
    gatewayUrl,
    apiKey: chain.apiKey,
    organization: chain.organization,
    desk: chain.desk,
    tradePoint: chain.tradePoint,
    amountMinor: DEMO_AMOUNT_MINOR,
    line: (text) => progress.line(text),
    isTerminal: progress.isTerminal,
    signal,
  });
  if (outcome.status === 'succeeded') return;
  throw new PlainFailure(
    `The demo payment ${outcome.payment} ended as ${outcome.status} ("${command} -- --no-demo" serves without it).`,
  );
}
