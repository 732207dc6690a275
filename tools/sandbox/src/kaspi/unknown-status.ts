/** A value that no document knows; clients must take it as "still pending". */
export const UNKNOWN_STATUS = 'PaymentInLimbo';
