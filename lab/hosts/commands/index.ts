import { blkid, findmnt, lsblk } from './block-devices';
import type { Command } from './command';
import { exportfs } from './exportfs';
import { fsfreeze, mount, mountpoint, sync, umount } from './mount';
import { systemctl } from './systemctl';

/** Programs that need a kernel or an init system; the lab answers for these, by name. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  blkid,
  exportfs,
  findmnt,
  fsfreeze,
  lsblk,
  mount,
  mountpoint,
  sync,
  systemctl,
  umount,
};
