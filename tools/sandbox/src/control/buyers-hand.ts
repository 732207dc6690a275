import type { IncomingMessage } from 'node:http';
import { minorToDecimal } from '@tolem/domain';
import type { Bank } from '../bank/bank.ts';
import { DEFAULT_BUYER } from '../bank/bank-state.ts';
import type { Purchase } from '../bank/purchase.ts';
import { refundPurchase } from '../bank/refund-purchase.ts';
import { statusText } from '../bank/status-code.ts';
import { TIMER_RULE, looksLikeTimer } from '../kaspi/timer-polling.ts';
import { buyerBody, returnBody } from './control-body.ts';
import type { Answer } from './kaspi-route.ts';
import { Refusal, jsonBody, optionalJsonBody } from './refusal.ts';

const STEP = /^POST \/kaspi\/payments\/(\d{1,15})\/(scan|confirm|scanerror|confirmerror)$/;
const INVOICE_STEP = /^POST \/kaspi\/invoices\/(\d{1,15})\/(pay|reject)$/;
const INVOICE = /^GET \/kaspi\/invoices\/(\d{1,15})$/;
const CASHIER = /^POST \/kaspi\/payments\/(\d{1,15})\/(return|no_partial_refund)$/;
const RETURN_SCAN = /^POST \/kaspi\/returns\/(\d{1,15})\/scan$/;

type Step = 'scan' | 'confirm' | 'scanerror' | 'confirmerror' | 'pay' | 'reject';

/** What buyers do in their app, and what a cashier does in the bank's own. */
export async function buyersHand(bank: Bank, request: IncomingMessage, path: string): Promise<Answer> {
  const call = `${request.method ?? ''} ${path}`;
  const step = STEP.exec(call) ?? INVOICE_STEP.exec(call);
  if (step !== null) return takeStep(bank, known(bank, step[1]), step[2] as Step, request);
  const cashier = CASHIER.exec(call);
  if (cashier?.[2] === 'return') return giveBack(bank, known(bank, cashier[1]), request);
  if (cashier !== null) return forbidParts(bank, known(bank, cashier[1]));
  const scan = RETURN_SCAN.exec(call);
  if (scan !== null) return scanReturn(bank, Number(scan[1]), request);
  const invoice = INVOICE.exec(call);
  if (invoice !== null) return shownInvoice(known(bank, invoice[1]));
  throw new Refusal(404, { code: 'not_found', detail: `There is no ${call} here.` });
}

async function takeStep(bank: Bank, purchase: Purchase, step: Step, request: IncomingMessage): Promise<Answer> {
  const { buyer } = await optionalJsonBody(request, buyerBody);
  if (!bank.takeStep(purchase, step, buyer)) {
    const { status, deadAtMs } = purchase.life;
    const detail = `${step} is not possible in ${status}${deadAtMs === null ? '' : ' after the automatic cancel'}.`;
    throw new Refusal(409, { code: 'wrong_status', detail });
  }
  return { status: 200, body: { id: String(purchase.id), status: purchase.life.status } };
}

async function giveBack(bank: Bank, purchase: Purchase, request: IncomingMessage): Promise<Answer> {
  const { amount } = await jsonBody(request, returnBody);
  const outcome = refundPurchase(bank, purchase, amount, 'cashier_app');
  if (!outcome.ok) {
    const { code } = outcome;
    throw new Refusal(409, { code: 'refused', detail: statusText(code), status_code: code });
  }
  const available = minorToDecimal(purchase.amountMinor - purchase.refundedMinor);
  return { status: 200, body: { id: String(outcome.refund.id), payment_id: String(purchase.id), available } };
}

function forbidParts(bank: Bank, purchase: Purchase): Answer {
  if (!purchase.fullRefundOnly) bank.record({ t: 'full_refund_only', id: purchase.id });
  return { status: 200, body: { id: String(purchase.id), no_partial_refund: true } };
}

async function scanReturn(bank: Bank, id: number, request: IncomingMessage): Promise<Answer> {
  const { buyer = DEFAULT_BUYER } = await optionalJsonBody(request, buyerBody);
  const code = bank.refundDesk.code(id);
  if (code === undefined) throw new Refusal(404, { code: 'not_found', detail: `The bank knows no refund code ${id}.` });
  if (!bank.refundDesk.scan(code, buyer)) {
    throw new Refusal(409, { code: 'wrong_status', detail: `scan is not possible in ${code.status} or too late.` });
  }
  return { status: 200, body: { id: String(id), status: code.status, buyer } };
}

function shownInvoice(purchase: Purchase): Answer {
  const { id, invoice, life, questionsAtMs } = purchase;
  if (invoice === null) throw new Refusal(404, { code: 'not_found', detail: `Purchase ${id} is no invoice.` });
  return {
    status: 200,
    body: {
      id: String(id),
      status: life.status,
      phone_ends: invoice.phoneEnds,
      comment: invoice.comment,
      questions: questionsAtMs.map((atMs) => new Date(atMs).toISOString()),
      by_timer: looksLikeTimer(questionsAtMs, TIMER_RULE),
    },
  };
}

function known(bank: Bank, id: string | undefined): Purchase {
  const purchase = bank.purchase(Number(id));
  if (purchase !== undefined) return purchase;
  throw new Refusal(404, { code: 'not_found', detail: `The bank knows no purchase ${id ?? ''}.` });
}
