import { isCancel, select } from '@clack/prompts';
import type { Session } from '../../client/connection';
import { follow } from '../../client/follow';
import { changes } from '../../client/render/changes';
import type { Terminal } from '../../client/terminal';
import { decide } from '../../workflows/runbook/messages';
import type { DecisionMessage } from '../../workflows/runbook/messages';
import { openAsks } from '../../workflows/runbook/state';
import type { Ask, RunState, Verdict } from '../../workflows/runbook/state';

export interface LeadOptions {
  readonly yes: boolean;
  readonly people: readonly { readonly name: string; readonly roles: readonly string[] }[];
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Follows the run to its end, printing what happens, and gets everything answered that it asks. */
export async function lead(session: Session, workflowId: string, options: LeadOptions): Promise<void> {
  const { terminal, signal } = options;
  let before: RunState | undefined;
  for (;;) {
    const { state, closed } = await follow(session, workflowId, {
      everyMs: 250,
      untilAsked: true,
      onLook: (state) => {
        signal.throwIfAborted();
        if (state === undefined) return;
        for (const line of changes(before, state, new Date().toISOString())) terminal.out(`${line}\n`);
        before = state;
      },
    });
    if (closed !== undefined || state === undefined) return;
    for (const ask of openAsks(state)) await answer(session, workflowId, state, ask, options);
  }
}

async function answer(
  session: Session,
  workflowId: string,
  state: RunState,
  ask: Ask,
  options: LeadOptions,
): Promise<void> {
  const able = options.people.filter(
    (person) =>
      person.name !== state.requestedBy &&
      (ask.roles.length === 0 || ask.roles.some((role) => person.roles.includes(role))) &&
      !ask.decisions.some((decision) => decision.actor === person.name),
  );
  const missing = ask.needed - ask.decisions.length;
  for (const person of able.slice(0, missing)) {
    const verdict = options.yes ? confident(ask) : await askAtKeyboard(ask, person.name);
    const message: DecisionMessage = {
      ask: ask.id,
      verdict,
      actor: person.name,
      note: options.yes ? 'decided by --yes' : 'decided at the keyboard',
      ...(verdict === 'approve' && ask.planHash !== null ? { planHash: ask.planHash } : {}),
    };
    await session.call('sending the decision', () =>
      session.client.workflow.getHandle(workflowId).executeUpdate(decide, { args: [message] }),
    );
    if (verdict !== 'approve') return;
  }
}

/** Without anybody at the keyboard a failed step is tried no further: the demo must end and say so. */
function confident(ask: Ask): Verdict {
  return ask.verdicts.includes('approve') ? 'approve' : (ask.verdicts.at(-1) ?? 'abort');
}

async function askAtKeyboard(ask: Ask, name: string): Promise<Verdict> {
  const chosen = await select<Verdict>({
    message: `${ask.title}: what does ${name} say?`,
    options: ask.verdicts.map((verdict) => ({ value: verdict, label: verdict })),
  });
  return isCancel(chosen) ? (ask.verdicts.includes('deny') ? 'deny' : 'abort') : chosen;
}
