/** Answers of the bank with their official texts (Kaspi QR v3.9, Appendix 3; kaspi-qr.md §10). */
export const STATUS_CODE = {
  ok: 0,
  unavailable: -999,
  noCredential: -10000,
  deviceNotFound: -1501,
  deviceInactive: -1502,
  deviceInAnotherTradePoint: -1503,
  purchaseNotFound: -1601,
  noTradePoints: -14000002,
  noSuchPurchase: -99000001,
  tradePointNotFound: -99000002,
  otherTradePoint: -99000003,
  refundTooBig: -99000005,
  refundFailed: -99000006,
  wrongPurchaseStatus: -99000011,
  noPartialRefund: -99000020,
  noSuchPayer: 990000031,
  cannotInvoicePayer: 99000010,
  badPhoneNumber: 990000032,
  wrongAmount: 990000028,
  noPaymentMethods: 990000033,
} as const;

/** ASSUMPTION: the wording is the bank's (noted in production), the code it comes with is not known. */
export const NOT_REGISTERED_TEXT = 'Организация не зарегистрирована в Kaspi Pay';

const TEXTS: ReadonlyMap<number, string> = new Map([
  [0, 'OK'],
  [-999, 'Сервис временно недоступен'],
  [-10000, 'Отсутствует сертификат клиента'],
  [-1501, 'Устройство с заданным идентификатором не найдено'],
  [-1502, 'Устройство не активно (отключено или удалено)'],
  [-1503, 'Устройство уже добавлено в другую торговую точку'],
  [-1601, 'Покупка не найдена'],
  [-14000002, 'Отсутствуют торговые точки, необходимо создать торговую точку в приложении Kaspi Pay'],
  [-99000001, 'Покупка с заданным идентификатором не найдена'],
  [-99000002, 'Торговая точка не найдена'],
  [-99000003, 'Торговая точка покупки не соответствует текущему устройству'],
  [-99000005, 'Сумма возврата не может превышать сумму покупки'],
  [-99000006, 'Ошибка возврата, необходимо попробовать еще раз и при повторении ошибки обратиться в банк'],
  [-99000011, 'Невозможно вернуть покупку (несоответствующий статус покупки)'],
  [-99000020, 'Частичный возврат невозможен'],
  [990000018, 'Торговая точка отключена'],
  [990000026, 'Торговая точка не принимает оплату с QR'],
  [990000028, 'Указана неверная сумма операции'],
  [990000033, 'Нет доступных методов оплаты'],
]);

/** The official text of a code; a code without a text (all of them occur only by fault) says so itself. */
export function statusText(code: number): string {
  return TEXTS.get(code) ?? `StatusCode ${code}`;
}
