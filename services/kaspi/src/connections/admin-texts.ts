/**
 * What an administrator can do about a StatusCode of the bank, in Russian, Kazakh and English: what is wrong, then what to
 * do. No final stop. The words are ours; the bank's own sentence stands in codes.ts.
 */

export interface AdminText {
  readonly ru: string;
  readonly kk: string;
  readonly en: string;
}

/** For a code that the document lists without an explanation, or not at all. */
export const UNEXPLAINED: AdminText = {
  ru: 'Документация банка не объясняет этот код. Сообщите в поддержку Kaspi Pay код, текст ответа и время запроса',
  kk: 'Банк құжаттамасында бұл код түсіндірілмеген. Kaspi Pay қолдау қызметіне кодты, жауап мәтінін және сұрау уақытын хабарлаңыз',
  en: "The bank's documentation does not explain this code. Tell Kaspi Pay support the code, its message and the time of the request",
};

/** The same where the code belongs to invoices to a phone only. */
const UNEXPLAINED_INVOICE: AdminText = {
  ru: 'Банк ответил на запрос о счёте кодом без объяснения. Проверьте номер телефона покупателя; если код повторяется, сообщите его в поддержку Kaspi Pay',
  kk: 'Банк шот туралы сұрауға түсіндірмесі жоқ кодпен жауап берді. Сатып алушының телефон нөмірін тексеріңіз; код қайталанса, оны Kaspi Pay қолдау қызметіне хабарлаңыз',
  en: "The bank answered a request about an invoice with a code that it does not explain. Check the buyer's phone number; if the code comes again, tell it to Kaspi Pay support",
};

/** The bank cannot do it now, and we ask again. */
export const SERVICE_AWAY: AdminText = {
  ru: 'Сервис банка временно недоступен. Подождите несколько минут; если это продолжается, обратитесь в поддержку Kaspi Pay',
  kk: 'Банк қызметі уақытша қолжетімсіз. Бірнеше минут күтіңіз; жалғаса берсе, Kaspi Pay қолдау қызметіне хабарласыңыз',
  en: "The bank's service is temporarily unavailable. Wait a few minutes; if it goes on, contact Kaspi Pay support",
};

/** By the canonical spelling of the code; success has none. */
export const ADMIN_TEXTS: ReadonlyMap<string, AdminText> = new Map<string, AdminText>([
  ['-999', SERVICE_AWAY],
  [
    '-10000',
    {
      ru: 'Банк не видит сертификат или ключ API. Укажите в подключении действующий сертификат или ключ, выданный для этой организации',
      kk: 'Банк сертификатты немесе API кілтін көрмейді. Қосылымда осы ұйымға берілген жарамды сертификатты немесе кілтті көрсетіңіз',
      en: 'The bank sees neither a certificate nor an API key. Give the connection a valid one that was issued for this organization',
    },
  ],
  [
    '-1501',
    {
      ru: 'Банк не знает устройство этой кассы. Зарегистрируйте кассу заново и проверьте, что БИН/ИИН организации указан верно',
      kk: 'Банк бұл кассаның құрылғысын танымайды. Кассаны қайта тіркеп, ұйымның БСН/ЖСН дұрыс көрсетілгенін тексеріңіз',
      en: "The bank does not know this desk's device. Register the desk again and check that the organization's BIN/IIN is right",
    },
  ],
  [
    '-1502',
    {
      ru: 'Устройство этой кассы отключено или удалено в банке. Зарегистрируйте кассу заново',
      kk: 'Бұл кассаның құрылғысы банкте өшірілген немесе жойылған. Кассаны қайта тіркеңіз',
      en: "This desk's device is switched off or deleted at the bank. Register the desk again",
    },
  ],
  [
    '-1503',
    {
      ru: 'Устройство уже закреплено за другой торговой точкой. Удалите его там или зарегистрируйте кассу под другим именем',
      kk: 'Құрылғы басқа сауда нүктесіне бекітілген. Оны сол жерден жойыңыз немесе кассаны басқа атаумен тіркеңіз',
      en: 'The device already belongs to another trade point. Delete it there or register the desk under another name',
    },
  ],
  [
    '-1601',
    {
      ru: 'Банк не находит покупку. Проверьте её номер и организацию; возврат возможен только для оплаченной покупки',
      kk: 'Банк сатып алуды таппады. Оның нөмірі мен ұйымды тексеріңіз; қайтару тек төленген сатып алу үшін мүмкін',
      en: 'The bank does not find the purchase. Check its number and the organization; only a paid purchase can be refunded',
    },
  ],
  [
    '-14000002',
    {
      ru: 'У организации нет торговых точек. Создайте торговую точку в приложении Kaspi Pay и проверьте подключение снова',
      kk: 'Ұйымда сауда нүктелері жоқ. Kaspi Pay қосымшасында сауда нүктесін құрып, қосылымды қайта тексеріңіз',
      en: 'The organization has no trade points. Create one in the Kaspi Pay app and verify the connection again',
    },
  ],
  [
    '-99000001',
    {
      ru: 'Банк не находит покупку с этим номером. Сверьте номер с чеком или с историей в приложении Kaspi Pay',
      kk: 'Банк бұл нөмірлі сатып алуды таппады. Нөмірді чекпен немесе Kaspi Pay қосымшасындағы тарихпен салыстырыңыз',
      en: 'The bank does not find a purchase with this number. Compare it with the receipt or with the history in the Kaspi Pay app',
    },
  ],
  [
    '-99000002',
    {
      ru: 'Торговая точка не найдена. Обновите список торговых точек, выберите для кассы существующую и проверьте БИН/ИИН организации',
      kk: 'Сауда нүктесі табылмады. Сауда нүктелерінің тізімін жаңартып, касса үшін бар нүктені таңдаңыз және ұйымның БСН/ЖСН тексеріңіз',
      en: "The trade point is not found. Reload the list of trade points, choose an existing one for the desk and check the organization's BIN/IIN",
    },
  ],
  [
    '-99000003',
    {
      ru: 'Покупка сделана в другой торговой точке. Сделайте возврат с кассы той торговой точки, где она была оплачена',
      kk: 'Сатып алу басқа сауда нүктесінде жасалған. Қайтаруды ол төленген сауда нүктесінің кассасынан жасаңыз',
      en: 'The purchase was made in another trade point. Refund it from a desk of the trade point where it was paid',
    },
  ],
  [
    '-99000005',
    {
      ru: 'Сумма возврата больше, чем осталось по покупке. Проверьте прежние возвраты и уменьшите сумму',
      kk: 'Қайтару сомасы сатып алу бойынша қалған сомадан артық. Бұрынғы қайтаруларды тексеріп, соманы азайтыңыз',
      en: 'The refund exceeds what is left of the purchase. Check earlier refunds and lower the amount',
    },
  ],
  [
    '-99000006',
    {
      ru: 'Банк сообщил об ошибке возврата; прошёл ли он, ещё неизвестно. Не возвращайте другим способом до проверки; если ошибка повторяется, обратитесь в банк',
      kk: 'Банк қайтару қатесін хабарлады; оның өткен-өтпегені әлі белгісіз. Тексеру біткенше басқа тәсілмен қайтармаңыз; қате қайталанса, банкке хабарласыңыз',
      en: 'The bank reports a refund error; whether the money went back is not known yet. Do not refund another way before it is checked; if the error comes again, contact the bank',
    },
  ],
  [
    '-99000011',
    {
      ru: 'Эту покупку сейчас вернуть нельзя: она не оплачена или уже возвращена. Проверьте её в приложении Kaspi Pay',
      kk: 'Бұл сатып алуды қазір қайтару мүмкін емес: ол төленбеген немесе қайтарылып қойған. Оны Kaspi Pay қосымшасында тексеріңіз',
      en: 'This purchase cannot be refunded now: it is not paid or already refunded. Check it in the Kaspi Pay app',
    },
  ],
  [
    '-99000020',
    {
      ru: 'Частичный возврат этой покупки невозможен. Верните её целиком',
      kk: 'Бұл сатып алуды ішінара қайтару мүмкін емес. Оны толығымен қайтарыңыз',
      en: 'This purchase cannot be refunded in part. Refund the whole of it',
    },
  ],
  [
    '990000018',
    {
      ru: 'Торговая точка отключена. Включите её в приложении Kaspi Pay или выберите для кассы другую',
      kk: 'Сауда нүктесі өшірілген. Оны Kaspi Pay қосымшасында қосыңыз немесе касса үшін басқасын таңдаңыз',
      en: 'The trade point is switched off. Switch it on in the Kaspi Pay app or choose another one for the desk',
    },
  ],
  [
    '990000026',
    {
      ru: 'Торговая точка не принимает оплату по QR. Попросите банк включить её или выберите для кассы другую точку',
      kk: 'Сауда нүктесі QR арқылы төлем қабылдамайды. Банктен оны қосуды сұраңыз немесе касса үшін басқа нүктені таңдаңыз',
      en: 'The trade point does not take QR payments. Ask the bank to allow them or choose another trade point for the desk',
    },
  ],
  [
    '990000028',
    {
      ru: 'Банк не принимает такую сумму. Проверьте сумму и ограничения организации в Kaspi Pay',
      kk: 'Банк мұндай соманы қабылдамайды. Соманы және ұйымның Kaspi Pay жүйесіндегі шектеулерін тексеріңіз',
      en: "The bank does not take this amount. Check the amount and the organization's limits in Kaspi Pay",
    },
  ],
  [
    '990000033',
    {
      ru: 'У организации нет доступных способов оплаты. Подключите их в приложении Kaspi Pay или обратитесь в банк',
      kk: 'Ұйымда қолжетімді төлем тәсілдері жоқ. Оларды Kaspi Pay қосымшасында қосыңыз немесе банкке хабарласыңыз',
      en: 'The organization has no payment method available. Enable one in the Kaspi Pay app or contact the bank',
    },
  ],
  ...['-1401', '-1404', '99000010', '990000029', '990000031', '990000032'].map((code): [string, AdminText] => [
    code,
    UNEXPLAINED_INVOICE,
  ]),
]);
