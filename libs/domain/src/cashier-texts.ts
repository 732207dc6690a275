/**
 * What a cashier reads, in Russian, Kazakh and English. Short imperatives: what happened, then what to do. No final stop.
 * `{name}` is filled from the parameters; a part in square brackets disappears when its parameter is not given.
 */

export interface CashierText {
  ru: string;
  kk: string;
  en: string;
}

const TEXTS = {
  show_qr: {
    ru: 'Покажите QR покупателю',
    kk: 'QR-кодты сатып алушыға көрсетіңіз',
    en: 'Show the QR to the buyer',
  },
  show_link: {
    ru: 'Отправьте ссылку покупателю',
    kk: 'Сілтемені сатып алушыға жіберіңіз',
    en: 'Send the link to the buyer',
  },
  enter_amount: {
    ru: 'Введите сумму',
    kk: 'Соманы енгізіңіз',
    en: 'Enter the amount',
  },
  confirm_in_app: {
    ru: 'Попросите покупателя подтвердить оплату в приложении банка',
    kk: 'Сатып алушыдан төлемді банк қосымшасында растауын сұраңыз',
    en: "Ask the buyer to confirm the payment in the bank's app",
  },
  wait: {
    ru: 'Подождите. Не начинайте другую оплату',
    kk: 'Күте тұрыңыз. Басқа төлем бастамаңыз',
    en: 'Wait. Do not start another payment',
  },
  paid: {
    ru: 'Оплачено. Отдайте товар',
    kk: 'Төленді. Тауарды беріңіз',
    en: 'Paid. Hand over the goods',
  },
  paid_late: {
    ru: 'Деньги пришли с опозданием. Не отдавайте товар, позовите администратора',
    kk: 'Ақша кешігіп түсті. Тауарды бермеңіз, әкімшіні шақырыңыз',
    en: 'The money came late. Do not hand over the goods, call the administrator',
  },
  declined: {
    ru: 'Оплата отклонена. Предложите оплатить ещё раз или другим способом',
    kk: 'Төлем қабылданбады. Қайта төлеуді немесе басқа тәсілді ұсыныңыз',
    en: 'The payment was declined. Offer to pay again or another way',
  },
  expired: {
    ru: 'Время оплаты вышло, деньги не поступили. Начните новую оплату',
    kk: 'Төлем уақыты бітті, ақша түскен жоқ. Жаңа төлем бастаңыз',
    en: 'The time to pay is over, no money came. Start a new payment',
  },
  canceled: {
    ru: 'Оплата отменена. Можно начать новую',
    kk: 'Төлем тоқтатылды. Жаңасын бастауға болады',
    en: 'The payment is canceled. You may start a new one',
  },
  failed: {
    ru: 'Оплата не прошла. Начните новую оплату или предложите другой способ',
    kk: 'Төлем өтпеді. Жаңа төлем бастаңыз немесе басқа тәсілді ұсыныңыз',
    en: 'The payment failed. Start a new payment or offer another way to pay',
  },
  unknown_ask_admin: {
    ru: 'Неизвестно, оплачено ли. Не отдавайте товар, не начинайте другую оплату, позовите администратора',
    kk: 'Төленген-төленбегені белгісіз. Тауарды бермеңіз, басқа төлем бастамаңыз, әкімшіні шақырыңыз',
    en: 'It is not known whether this is paid. Keep the goods, do not start another payment, call the administrator',
  },
  cancel_pending: {
    ru: 'Отмена запрошена, но покупатель ещё может оплатить. Подождите, не начинайте другую оплату',
    kk: 'Тоқтату сұралды, бірақ сатып алушы әлі төлей алады. Күте тұрыңыз, басқа төлем бастамаңыз',
    en: 'Cancel is requested, but the buyer may still pay. Wait, do not start another payment',
  },
  not_started: {
    ru: 'Оплата не началась, деньги не списаны. Начните новую оплату',
    kk: 'Төлем басталмады, ақша шегерілген жоқ. Жаңа төлем бастаңыз',
    en: 'The payment did not start, no money was taken. Start a new payment',
  },
  provider_overloaded: {
    ru: 'Система оплаты перегружена. Подождите минуту и попробуйте ещё раз',
    kk: 'Төлем жүйесі шамадан тыс жүктелген. Бір минут күтіп, қайта көріңіз',
    en: 'The payment system is overloaded. Wait a minute and try again',
  },
  desk_setup: {
    ru: 'Касса не настроена для этой оплаты. Попросите администратора проверить устройство и торговую точку',
    kk: 'Касса бұл төлемге бапталмаған. Әкімшіден құрылғы мен сауда нүктесін тексеруін сұраңыз',
    en: 'This desk is not set up for this payment. Ask the administrator to check the device and the trade point',
  },
  wrong_amount: {
    ru: 'Сумма неверна. Проверьте сумму и начните новую оплату',
    kk: 'Сома қате. Соманы тексеріп, жаңа төлем бастаңыз',
    en: 'The amount is wrong. Check it and start a new payment',
  },
  no_payment_methods: {
    ru: 'Банк не даёт здесь ни одного способа оплаты. Предложите другой способ и сообщите администратору',
    kk: 'Банк мұнда бірде-бір төлем тәсілін ұсынбайды. Басқа тәсілді ұсынып, әкімшіге хабарлаңыз',
    en: 'The bank offers no way to pay here. Offer another way and tell the administrator',
  },
  provider_unavailable: {
    ru: 'Банк не отвечает. Попробуйте позже или предложите другой способ',
    kk: 'Банк жауап бермейді. Кейінірек қайта көріңіз немесе басқа тәсілді ұсыныңыз',
    en: 'The bank does not answer. Try again later or offer another way to pay',
  },
  limit_exceeded: {
    ru: 'Сумма больше разрешённой[ ({max})]. Проверьте сумму',
    kk: 'Сома рұқсат етілгеннен асады[ ({max})]. Соманы тексеріңіз',
    en: 'The amount is above the limit[ ({max})]. Check the amount',
  },
  reference_locked: {
    ru: 'По этой покупке[ ({reference})] оплата уже идёт или прошла. Не начинайте другую, посмотрите её состояние',
    kk: 'Осы сатып алу бойынша[ ({reference})] төлем жүріп жатыр немесе өтті. Басқасын бастамаңыз, оның күйін қараңыз',
    en: 'This sale[ ({reference})] is already being paid or is paid. Do not start another payment, look at that one',
  },
  invoice_sent: {
    ru: 'Счёт отправлен. Попросите покупателя оплатить его в приложении банка',
    kk: 'Шот жіберілді. Сатып алушыдан оны банк қосымшасында төлеуін сұраңыз',
    en: "The invoice is sent. Ask the buyer to pay it in the bank's app",
  },
  invoice_unknown: {
    ru: 'Неизвестно, пришёл ли счёт покупателю. Спросите покупателя, есть ли у него счёт с этим кодом, и позовите администратора',
    kk: 'Шоттың сатып алушыға жеткені белгісіз. Сатып алушыдан осы коды бар шоты бар-жоғын сұрап, әкімшіні шақырыңыз',
    en: 'It is not known whether the buyer got the invoice. Ask the buyer for an invoice with this code and call the administrator',
  },
  phone_unknown: {
    ru: 'По этому номеру покупатель не найден. Проверьте номер телефона',
    kk: 'Бұл нөмір бойынша сатып алушы табылмады. Телефон нөмірін тексеріңіз',
    en: 'No buyer was found under this number. Check the phone number',
  },
  refund_wait: {
    ru: 'Возврат выполняется. Подождите, не начинайте другой возврат',
    kk: 'Қайтару орындалып жатыр. Күте тұрыңыз, басқа қайтару бастамаңыз',
    en: 'The refund is being carried out. Wait, do not start another refund',
  },
  refund_show_qr: {
    ru: 'Покажите QR возврата покупателю',
    kk: 'Қайтару QR-кодын сатып алушыға көрсетіңіз',
    en: 'Show the refund QR to the buyer',
  },
  refund_choose: {
    ru: 'Выберите покупку для возврата',
    kk: 'Қайтарылатын сатып алуды таңдаңыз',
    en: 'Choose the purchase to refund',
  },
  refunded: {
    ru: 'Деньги возвращены',
    kk: 'Ақша қайтарылды',
    en: 'The money is returned',
  },
  refund_failed: {
    ru: 'Возврат не выполнен, деньги не возвращены. Попробуйте ещё раз или позовите администратора',
    kk: 'Қайтару орындалмады, ақша қайтарылған жоқ. Қайта көріңіз немесе әкімшіні шақырыңыз',
    en: 'The refund was not carried out, no money was returned. Try again or call the administrator',
  },
  refund_canceled: {
    ru: 'Возврат отменён, деньги не возвращены',
    kk: 'Қайтару тоқтатылды, ақша қайтарылған жоқ',
    en: 'The refund is canceled, no money was returned',
  },
  refund_expired: {
    ru: 'Время вышло: покупатель не отсканировал QR возврата. Начните возврат заново',
    kk: 'Уақыт бітті: сатып алушы қайтару QR-кодын сканерлемеді. Қайтаруды қайта бастаңыз',
    en: 'The time is over: the buyer did not scan the refund QR. Start the refund again',
  },
  refund_unknown: {
    ru: 'Неизвестно, вернулись ли деньги. Не повторяйте возврат, позовите администратора',
    kk: 'Ақшаның қайтқан-қайтпағаны белгісіз. Қайтаруды қайталамаңыз, әкімшіні шақырыңыз',
    en: 'It is not known whether the money was returned. Do not refund again, call the administrator',
  },
  refund_by_hand: {
    ru: 'Верните деньги в приложении банка: возврат, покупатель сканирует код, выбор покупки, сумма. Затем отметьте возврат в кассе',
    kk: 'Ақшаны банк қосымшасында қайтарыңыз: қайтару, сатып алушы кодты сканерлейді, сатып алу, сома. Содан кейін кассада белгілеңіз',
    en: "Return the money in the bank's app: refund, the buyer scans the code, choose the purchase, the sum. Then record it at the desk",
  },
  refund_too_much: {
    ru: 'Сумма возврата больше остатка по покупке. Проверьте сумму',
    kk: 'Қайтару сомасы сатып алудың қалған сомасынан көп. Соманы тексеріңіз',
    en: 'The refund is more than what is left of the purchase. Check the amount',
  },
  refund_only_whole: {
    ru: 'Эту покупку можно вернуть только целиком. Верните всю сумму',
    kk: 'Бұл сатып алуды тек толық қайтаруға болады. Бүкіл соманы қайтарыңыз',
    en: 'This purchase can only be refunded in full. Refund all of it',
  },
  refund_other_trade_point: {
    ru: 'Покупка сделана в другой торговой точке. Вернуть её можно только там',
    kk: 'Сатып алу басқа сауда нүктесінде жасалған. Оны тек сол жерде қайтаруға болады',
    en: 'The purchase was made in another trade point. It can be refunded only there',
  },
  refund_not_possible: {
    ru: 'Эту покупку вернуть нельзя: банк не находит её или она не оплачена. Позовите администратора',
    kk: 'Бұл сатып алуды қайтару мүмкін емес: банк оны таппайды немесе ол төленбеген. Әкімшіні шақырыңыз',
    en: 'This purchase cannot be refunded: the bank does not find it or it is not paid. Call the administrator',
  },
} as const satisfies Record<string, CashierText>;

export type CashierKey = keyof typeof TEXTS;

export const CASHIER_KEYS = Object.keys(TEXTS) as CashierKey[];

/** The text in all three languages. Parameters: `limit_exceeded {max}`, `reference_locked {reference}`, both optional. */
export function cashierText(key: CashierKey, params: Readonly<Record<string, string>> = {}): CashierText {
  const { ru, kk, en } = TEXTS[key];
  return { ru: fill(ru, params), kk: fill(kk, params), en: fill(en, params) };
}

/** One pass, so that a bracket or brace inside a parameter's value stays what it is. */
function fill(template: string, params: Readonly<Record<string, string>>): string {
  return template.replace(/\[([^\]{]*)\{(\w+)\}([^\]]*)\]/g, (_part, before: string, name: string, after: string) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    return value === undefined ? '' : before + value + after;
  });
}
