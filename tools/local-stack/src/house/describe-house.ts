import type { Onboarded } from '../onboarding/onboard.ts';
import type { LocalJson, StackJson } from '../tolem-folder/local-json.ts';
import type { SandboxReady } from './sandbox.ts';

/** What `.tolem/local.json` says of a house on one machine; `stack` where its services are processes of their own. */
export function describeHouse(
  gatewayUrl: string,
  operatorKey: string,
  chain: Onboarded,
  sandbox: SandboxReady,
  stack?: StackJson,
): LocalJson {
  return {
    mode: stack === undefined ? 'embedded' : 'distributed',
    gateway: gatewayUrl,
    docs: `${gatewayUrl}/docs`,
    operator_key: operatorKey,
    tenant: chain.tenant,
    api_key: chain.apiKey,
    organization: chain.organization,
    desk: chain.desk,
    certificate: chain.certificate,
    ru: null,
    sandbox: {
      control: sandbox.control,
      kaspi: { ...sandbox.kaspi },
      smartpay: sandbox.smartpay ?? null,
      koshelek: sandbox.koshelek ?? null,
      smart_cashier: sandbox.smart_cashier ?? null,
      tls: { ca: sandbox.tls.ca, cert: sandbox.tls.cert, key: sandbox.tls.key },
    },
    ...(stack === undefined ? {} : { stack }),
  };
}
