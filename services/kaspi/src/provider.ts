import { type Egress } from '@tolem/egress';
import type { Provider } from '@tolem/provider-kit';
import { kaspiCertificates } from './certificates/kaspi-certificates.ts';
import type { KaspiConfig } from './config.ts';
import { kaspiDevices } from './connections/devices.ts';
import { emulatorQuestion } from './purchases/emulator.ts';
import { kaspiInvoice } from './purchases/kaspi-invoice.ts';
import { kaspiLink } from './purchases/kaspi-link.ts';
import { kaspiQr } from './purchases/kaspi-qr.ts';
import { kaspiRefunds } from './refunds/kaspi-refunds.ts';
import { KaspiClient } from './client/kaspi.client.ts';
import { payerQuestion } from './purchases/payer.ts';
import { pingKaspi, verifyKaspi } from './connections/verify-kaspi.ts';

/**
 * Kaspi QR on one page (Kaspi QR v3.9): purchases by QR and by link, invoices to a phone, and refunds. What a connection
 * can do of it is decided by its scheme (client/schemes.ts). The bank sends no webhooks and cannot cancel an unpaid code:
 * we ask at the interval that it gives, until the code's life is over and once more after that; about invoices we ask
 * only when a person does.
 */
export function kaspiProvider(egress: Pick<Egress, 'request'>, config: KaspiConfig, requestId: () => string): Provider {
  const client = new KaspiClient({
    egress,
    requestId,
    timeouts: {
      connectTimeoutMs: config.connectTimeoutMs,
      readTimeoutMs: config.readTimeoutMs,
      startTimeoutMs: config.startTimeoutMs,
      writeTimeoutMs: config.writeTimeoutMs,
    },
    statusVersion: config.statusVersion,
    codes: config.codeMeanings,
  });
  return {
    name: 'kaspi',
    methods: [
      kaspiQr(client, config.statusMeanings),
      kaspiLink(client, config.statusMeanings),
      kaspiInvoice(client, config.statusMeanings),
    ],
    refunds: kaspiRefunds(client, { statuses: config.returnStatusMeanings, mayRepeat: config.repeatRefunds }),
    devices: kaspiDevices(client),
    questions: [payerQuestion(client), emulatorQuestion(client)],
    certificates: kaspiCertificates(client),
    verify: verifyKaspi(client),
    health: pingKaspi(client),
  };
}
