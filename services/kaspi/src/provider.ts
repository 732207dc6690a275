import { type Egress } from '@tolem/egress';
import type { Provider } from '@tolem/provider-kit';
import type { KaspiConfig } from './config.ts';
import { kaspiDevices } from './devices.ts';
import { kaspiQr } from './kaspi-qr.ts';
import { KaspiClient } from './client/kaspi.client.ts';
import { verifyKaspi } from './verify-kaspi.ts';

/**
 * Kaspi QR on one page (Kaspi QR v3.9): a purchase by QR under scheme 3. One client certificate and one static IP serve
 * many organizations, each named by its BIN or IIN in the requests. The bank sends no webhooks and cannot cancel an
 * unpaid code: we ask at the interval that it gives, until the code's life is over and once more after that.
 */
export function kaspiProvider(egress: Pick<Egress, 'request'>, config: KaspiConfig, requestId: () => string): Provider {
  const client = new KaspiClient({
    egress,
    requestId,
    timeouts: {
      connectTimeoutMs: config.connectTimeoutMs,
      readTimeoutMs: config.readTimeoutMs,
      writeTimeoutMs: config.startTimeoutMs,
    },
    statusVersion: config.statusVersion,
  });
  return {
    name: 'kaspi',
    methods: [kaspiQr(client, config.statusMeanings)],
    devices: kaspiDevices(client),
    verify: verifyKaspi(client),
  };
}
