import type { IncomingMessage } from 'node:http';
import { setApiKey } from '../bank/api-keys.ts';
import type { Bank } from '../bank/bank.ts';
import type { AddressList } from '../kaspi/address-list.ts';
import { normalSerial } from '../kaspi/kaspi-door.ts';
import type { SwitchValues, Switches } from '../kaspi/switches.ts';
import type { CertificateDesk } from '../tls/certificate-desk.ts';
import { buyersHand } from './buyers-hand.ts';
import { addressesBody, apiKeyBody, certificateBody, switchesBody } from './control-body.ts';
import { Refusal, jsonBody, oneSentence } from './refusal.ts';

export interface KaspiControl {
  readonly bank: Bank;
  readonly switches: Switches;
  readonly addresses: AddressList;
  readonly certificates: CertificateDesk;
  /** Brings the list of addresses to the doors. */
  readonly applyAddresses: () => void;
  /** Brings the revoked certificates to the doors. */
  readonly applyRevocations: () => Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Everything under `/kaspi` of the control interface: the bank's back office here, the buyers next door. */
export async function kaspiRoute(control: KaspiControl, request: IncomingMessage, path: string): Promise<Answer> {
  const { bank, switches, addresses } = control;
  const call = `${request.method ?? ''} ${path}`;
  switch (call) {
    case 'PUT /kaspi/api_keys': {
      const { key, tax_id: taxId } = await jsonBody(request, apiKeyBody);
      const full = { code: 'too_many_keys', detail: 'The bank remembers no more keys.' };
      if (!setApiKey(bank, key, taxId)) throw new Refusal(409, full);
      return { status: 200, body: { tax_id: taxId } };
    }
    case 'POST /kaspi/certificates':
      return certificate(control, request);
    case 'GET /kaspi/allowed_addresses':
      return { status: 200, body: { addresses: addresses.addresses } };
    case 'PUT /kaspi/allowed_addresses':
      addresses.set((await jsonBody(request, addressesBody)).addresses);
      control.applyAddresses();
      return { status: 200, body: { addresses: addresses.addresses } };
    case 'GET /kaspi/switches':
      return { status: 200, body: shownSwitches(switches.values) };
    case 'PUT /kaspi/switches':
      return changeSwitches(switches, request);
  }
  const serial = /^DELETE \/kaspi\/certificates\/([0-9a-f:]{1,60})$/i.exec(call)?.[1];
  if (serial === undefined) return buyersHand(bank, request, path);
  if (!bank.state.revoked.has(normalSerial(serial))) bank.record({ t: 'revoked', serial: normalSerial(serial) });
  await control.applyRevocations();
  return { status: 200, body: { serial: normalSerial(serial), revoked: true } };
}

async function certificate({ certificates }: KaspiControl, request: IncomingMessage): Promise<Answer> {
  const { csr, tax_id: taxId, days, not_before: notBeforeMs } = await jsonBody(request, certificateBody);
  const issued = await certificates.issue({
    ...(csr === undefined ? {} : { csr }),
    ...(taxId === undefined ? {} : { taxId }),
    ...(days === undefined ? {} : { days }),
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
  });
  if (!issued.ok) {
    throw new Refusal(422, { code: 'csr_refused', detail: oneSentence(issued.flaws), errors: issued.flaws });
  }
  const { certificate: text, privateKey, root, intermediate, serial, notBefore, notAfter } = issued.issued;
  const key = privateKey === null ? {} : { private_key: privateKey };
  const dates = { not_before: notBefore, not_after: notAfter };
  return {
    status: 201,
    body: { certificate: text, ...key, root, intermediate, serial, tax_id: taxId ?? null, ...dates },
  };
}

async function changeSwitches(switches: Switches, request: IncomingMessage): Promise<Answer> {
  const changes = await jsonBody(request, switchesBody);
  const { request_id_required: requestIdRequired, expired_invoice_status: expiredInvoiceStatus } = changes;
  const punish = changes.punish_polling;
  switches.set({
    ...(requestIdRequired === undefined ? {} : { requestIdRequired }),
    ...(expiredInvoiceStatus === undefined ? {} : { expiredInvoiceStatus }),
    ...(punish === undefined
      ? {}
      : { punishPolling: punish && { equalPauses: punish.equal_pauses, tolerance: punish.tolerance } }),
  });
  return { status: 200, body: shownSwitches(switches.values) };
}

function shownSwitches({ requestIdRequired, expiredInvoiceStatus, punishPolling }: SwitchValues): unknown {
  return {
    request_id_required: requestIdRequired,
    expired_invoice_status: expiredInvoiceStatus,
    punish_polling: punishPolling && {
      equal_pauses: punishPolling.equalPauses,
      tolerance: punishPolling.tolerance,
    },
  };
}
