import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Auth, GatewayRequest, KeyAuth, OperatorAuth } from './auth.ts';
import type { Scope } from './scopes.ts';

/** Who may call a route. A route without a rule is closed to everybody. */
export type AccessRule =
  | { readonly who: 'anybody' }
  | { readonly who: 'operator' }
  | { readonly who: 'key'; readonly scopes: readonly Scope[] }
  | { readonly who: 'operator_or_key'; readonly scopes: readonly Scope[] };

export const ACCESS_RULE = 'tolem:access-rule';

const rule = (value: AccessRule): MethodDecorator & ClassDecorator => SetMetadata(ACCESS_RULE, value);

/** A tenant's key with at least one of these scopes. */
export function Requires(...scopes: readonly Scope[]): MethodDecorator & ClassDecorator {
  return rule({ who: 'key', scopes });
}

/** The operator's key only. */
export function OperatorOnly(): MethodDecorator & ClassDecorator {
  return rule({ who: 'operator' });
}

/** The operator, or a tenant's key with at least one of these scopes. */
export function OperatorOr(...scopes: readonly Scope[]): MethodDecorator & ClassDecorator {
  return rule({ who: 'operator_or_key', scopes });
}

/** No key needed. */
export function Public(): MethodDecorator & ClassDecorator {
  return rule({ who: 'anybody' });
}

function authOf(context: ExecutionContext): Auth {
  const { auth } = context.switchToHttp().getRequest<GatewayRequest>();
  if (auth === undefined) throw new Error('a public route has no caller');
  return auth;
}

/** The caller, whoever it is. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Auth => authOf(context));

/** The calling key, on routes that only keys reach. */
export const CallerKey = createParamDecorator((_: unknown, context: ExecutionContext): KeyAuth => {
  const auth = authOf(context);
  if (auth.kind !== 'key') throw new Error('this route is not closed to the operator');
  return auth;
});

/** The operator, on routes that only the operator reaches. */
export const CallerOperator = createParamDecorator((_: unknown, context: ExecutionContext): OperatorAuth => {
  const auth = authOf(context);
  if (auth.kind !== 'operator') throw new Error('this route is not closed to keys');
  return auth;
});
