import type { Command } from 'commander';
import { registerAnswers, registerHold } from './commands/answer';
import { registerBackups } from './commands/backups';
import { registerCancel } from './commands/cancel';
import { registerDoctor } from './commands/doctor';
import { registerEstate } from './commands/estate';
import { registerIamPolicy } from './commands/iam-policy';
import { registerKey } from './commands/key';
import { registerLease } from './commands/lease';
import { registerList } from './commands/list';
import { registerLook } from './commands/look';
import { registerPlan } from './commands/plan';
import { registerReport } from './commands/report';
import { registerSchedules } from './commands/schedules';
import { registerSetup } from './commands/setup';
import { registerStart } from './commands/start';
import { processHost } from './host';
import type { Host } from './host';

/** Adds every command that talks to Temporal or reads the estate. */
export function registerClientCommands(program: Command, host: Host = processHost()): void {
  registerSetup(program, host);
  registerDoctor(program, host);
  registerEstate(program, host);
  registerIamPolicy(program, host);
  registerPlan(program, host);
  registerStart(program, host);
  registerList(program, host);
  registerLook(program, host);
  registerAnswers(program, host);
  registerHold(program, host);
  registerCancel(program, host);
  registerKey(program, host);
  registerBackups(program, host);
  registerReport(program, host);
  registerLease(program, host);
  registerSchedules(program, host);
}
