import type { Failure } from '@tolem/contracts';
import type { CashierText } from '@tolem/domain';

/** What an administrator can do about failures that do not come from a provider: what is wrong, then what to do. No final stop. */
const TEXTS = {
  no_trade_points: {
    ru: 'У организации нет торговых точек. Создайте торговую точку в приложении провайдера и проверьте подключение ещё раз',
    kk: 'Ұйымның сауда нүктелері жоқ. Провайдер қосымшасында сауда нүктесін ашып, қосылымды қайта тексеріңіз',
    en: "The organization has no trade points. Make one in the provider's app and verify the connection again",
  },
  trade_point_unknown: {
    ru: 'Провайдер не знает торговой точки, указанной для кассы. Перенесите кассу в одну из точек организации и проверьте подключение ещё раз',
    kk: 'Касса үшін көрсетілген сауда нүктесін провайдер білмейді. Кассаны ұйымның сауда нүктелерінің біріне ауыстырып, қосылымды қайта тексеріңіз',
    en: 'The provider does not know the trade point named for the desk. Move the desk to one of the trade points of the organization and verify the connection again',
  },
  provider_unavailable: {
    ru: 'Провайдер не отвечает. Мы спросим его ещё раз сами; если это длится дольше часа, обратитесь в его поддержку',
    kk: 'Провайдер жауап бермейді. Біз одан өзіміз қайта сұраймыз; бұл бір сағаттан ұзаққа созылса, оның қолдау қызметіне хабарласыңыз',
    en: 'The provider does not answer. We ask again by ourselves; if this lasts longer than an hour, contact its support',
  },
  connection_misconfigured: {
    ru: 'Настройки подключения не подходят. Исправьте их и проверьте подключение ещё раз',
    kk: 'Қосылым баптаулары сәйкес келмейді. Оларды түзетіп, қосылымды қайта тексеріңіз',
    en: 'The settings of the connection do not fit. Correct them and verify the connection again',
  },
} as const satisfies Record<string, CashierText>;

const UNEXPLAINED: CashierText = {
  ru: 'Провайдер отказал. Сообщите в его поддержку код и время запроса',
  kk: 'Провайдер бас тартты. Оның қолдау қызметіне кодты және сұрау уақытын хабарлаңыз',
  en: 'The provider refuses. Tell its support the code and the time of the request',
};

const BY_CODE: ReadonlyMap<string, CashierText> = new Map(Object.entries(TEXTS));

/** In our words, where the code is ours. */
export function knownAdminText(code: string): CashierText | undefined {
  return BY_CODE.get(code);
}

/** What an administrator can do: in the words of the provider's service where it has some, else in ours. */
export function adminTextOf(failure: Pick<Failure, 'code' | 'admin_text'>): CashierText {
  return failure.admin_text ?? knownAdminText(failure.code) ?? UNEXPLAINED;
}

/** A failure of the set-up that we find ourselves. */
export function setUpFailure(code: 'no_trade_points' | 'trade_point_unknown'): Failure {
  return { code, provider_code: null, provider_message: null, cashier_key: 'desk_setup', admin_text: TEXTS[code] };
}
