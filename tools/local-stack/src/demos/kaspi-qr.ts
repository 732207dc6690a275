import { payDemo } from '../onboarding/pay-demo.ts';
import { type Demo, tellLedger } from './demo-stage.ts';

export const kaspiQr: Demo = {
  summary: 'Kaspi QR: the buyer scans a QR code and confirms in the bank’s application',
  takesAmount: true,

  async play(stage, amountMinor) {
    const { local, story, isTerminal, signal } = stage;
    const outcome = await payDemo({
      ...{ gatewayUrl: local.gateway, apiKey: local.api_key },
      ...{ organization: local.organization, desk: local.desk, amountMinor },
      line: (text) => story.line(text),
      ...{ isTerminal, signal },
    });
    await tellLedger(stage, [outcome.payment]);
    return outcome.status === 'succeeded';
  },
};
