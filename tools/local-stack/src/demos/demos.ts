import type { Demo } from './demo-stage.ts';
import { kaspiCertificate } from './kaspi-certificate.ts';
import { kaspiInvoice } from './kaspi-invoice.ts';
import { kaspiLink } from './kaspi-link.ts';
import { kaspiQr } from './kaspi-qr.ts';
import { kaspiRefundR2 } from './kaspi-refund-r2.ts';
import { kaspiRefundR3 } from './kaspi-refund-r3.ts';

/** By the name that people type. */
export const DEMOS = {
  kaspi_qr: kaspiQr,
  kaspi_link: kaspiLink,
  kaspi_invoice: kaspiInvoice,
  kaspi_refund_r2: kaspiRefundR2,
  kaspi_refund_r3: kaspiRefundR3,
  kaspi_certificate: kaspiCertificate,
} as const satisfies Record<string, Demo>;

export type DemoName = keyof typeof DEMOS;

export const isDemoName = (name: string): name is DemoName => Object.hasOwn(DEMOS, name);
