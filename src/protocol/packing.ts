/**
 * Requests as they cross: short lists, not objects, whose property names would cost more than what they say. Terms, and the
 * empty list of arguments, are the same object in all requests of a batch that share them, and cross once.
 */
import type { Take } from '../flow/symbols.ts';
import type { Value } from './codec.ts';
import type { PackedArguments, PackedRequest, PreparedArgument, WorkRequest } from './messages.ts';

const NO_ARGUMENTS: PackedArguments = [];

export function pack(request: WorkRequest): PackedRequest {
  const { terms, atom, attempt } = request;
  const args = packArguments(request.args);
  return request.action === 'execute'
    ? [terms, atom, attempt, args]
    : [terms, atom, attempt, args, request.executed, request.failures];
}

export function unpack([terms, atom, attempt, packed, executed, failures]: PackedRequest): WorkRequest {
  const common = { terms, atom, attempt, args: unpackArguments(packed) };
  return executed === undefined || failures === undefined
    ? { action: 'execute', ...common }
    : { action: 'revert', ...common, executed, failures };
}

function packArguments(args: readonly PreparedArgument[]): PackedArguments {
  if (args.length === 0) return NO_ARGUMENTS;
  const packed: (string | Value | Take)[] = [];
  for (const { name, value, take } of args) packed.push(name, value, take);
  return packed;
}

function unpackArguments(packed: PackedArguments): readonly PreparedArgument[] {
  const args: PreparedArgument[] = [];
  for (let at = 0; at < packed.length; at += 3) {
    args.push({ name: packed[at] as string, value: packed[at + 1] as Value, take: packed[at + 2] as Take });
  }
  return args;
}
