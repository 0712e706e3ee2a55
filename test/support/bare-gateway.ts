import type { VirtualClock } from '../../lab/clock/virtual-clock';
import { Gateway } from '../../lab/gateway/gateway';
import type { Overlay } from '../../lab/gateway/overlay';

/** Nobody listens there. */
const NO_EMULATOR = 'http://127.0.0.1:9';

/** A gateway without an emulator behind it, on a free port: AWS is what the overlays answer. */
export function startBareGateway(clock: VirtualClock, overlays: readonly Overlay[] = []): Promise<Gateway> {
  return Gateway.start({ address: '127.0.0.1', port: 0, emulatorUrl: NO_EMULATOR, clock, overlays });
}
