import { toBuffer, toString } from 'qrcode';

/** Pixels of one side. */
export const MIN_QR_SIZE = 64;
export const MAX_QR_SIZE = 1_024;
export const DEFAULT_QR_SIZE = 320;

/** Level M: readable from a scratched screen, and still coarse enough for an old till's printer. */
const LOOKS = { errorCorrectionLevel: 'M', margin: 4 } as const;

export function qrSvg(content: string, size: number): Promise<string> {
  return toString(content, { ...LOOKS, type: 'svg', width: size });
}

export function qrPng(content: string, size: number): Promise<Buffer> {
  return toBuffer(content, { ...LOOKS, type: 'png', width: size });
}
