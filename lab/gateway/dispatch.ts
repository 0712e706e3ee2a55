import type { Emulator } from './emulator';
import type { AwsCall, AwsReply, Handler, Overlay } from './overlay';

/**
 * Sends a call through every handler of its operation, the last added first, and in the end to the emulator: what a
 * handler forwards goes to the next one.
 */
export function dispatch(
  overlays: readonly Overlay[],
  emulator: Pick<Emulator, 'forward'>,
  call: AwsCall,
): Promise<AwsReply> {
  const handlers = overlays
    .filter((overlay) => overlay.service === call.service)
    .filter((overlay) => overlay.apiVersion === undefined || overlay.apiVersion === call.parameters.Version)
    .map((overlay) => overlay.handlers[call.action])
    .filter((handler): handler is Handler => handler !== undefined);
  return run(handlers, emulator, call);
}

function run(
  handlers: readonly Handler[],
  emulator: Pick<Emulator, 'forward'>,
  call: AwsCall,
  replaced?: Readonly<Record<string, unknown>>,
): Promise<AwsReply> {
  const handler = handlers.at(-1);
  if (handler === undefined) return emulator.forward(call, replaced);
  const seen = replaced === undefined ? call : { ...call, parameters: replaced };
  return handler(seen, (parameters) => run(handlers.slice(0, -1), emulator, seen, parameters ?? replaced));
}
