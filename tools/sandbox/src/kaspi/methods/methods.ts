import type { CallName } from '../../faults/fault.ts';
import type { KaspiMethod } from '../kaspi-method.ts';
import { deviceDelete } from './device-delete.ts';
import { deviceRegister } from './device-register.ts';
import { emulators } from './emulators.ts';
import { paymentDetails } from './payment-details.ts';
import { paymentReturn } from './payment-return.ts';
import { paymentStatus } from './payment-status.ts';
import { ping } from './ping.ts';
import { qrCreate, qrCreateLink } from './qr-create.ts';
import { clientInfo, remoteCancel, remoteCreate } from './remote.ts';
import { returnCreate } from './return-create.ts';
import { returnOperations } from './return-operations.ts';
import { returnStatus } from './return-status.ts';
import { tradePoints } from './trade-points.ts';

/** All methods of the bank; what a scheme has of them stands in schemes.ts. */
export const METHODS: Readonly<Record<CallName, KaspiMethod>> = {
  'partner/tradepoints': tradePoints,
  'device/register': deviceRegister,
  'device/delete': deviceDelete,
  'qr/create': qrCreate,
  'qr/create-link': qrCreateLink,
  'payment/status': paymentStatus,
  'payment/details': paymentDetails,
  'payment/return': paymentReturn,
  'return/create': returnCreate,
  'return/status': returnStatus,
  'return/operations': returnOperations,
  'remote/client-info': clientInfo,
  'remote/create': remoteCreate,
  'remote/cancel': remoteCancel,
  'health/ping': ping,
  ...emulators,
};
