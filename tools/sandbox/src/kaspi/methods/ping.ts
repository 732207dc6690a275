import { STATUS_CODE } from '../../bank/status-code.ts';
import { defineMethod } from '../kaspi-method.ts';

/** Kaspi QR v3.9 §5.1 (kaspi-qr.md §12.1). */
export const ping = defineMethod({
  name: 'health/ping',
  verb: 'GET',
  run: () => ({ code: STATUS_CODE.ok }),
});
