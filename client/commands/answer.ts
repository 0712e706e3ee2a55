import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Command } from 'commander';
import { decide, hold, resume } from '../../workflows/runbook/messages';
import type { DecisionMessage } from '../../workflows/runbook/messages';
import { openAsks } from '../../workflows/runbook/state';
import type { Ask, RunState, Verdict } from '../../workflows/runbook/state';
import { readState } from '../ask-run';
import { CommandError, EXIT } from '../command-error';
import type { Session } from '../connection';
import { findRun } from '../find-run';
import { addCommand, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { isOpenToOthers, readKey, signDecision } from '../signing-key';
import { actorName } from '../start-run';

interface AnswerOptions {
  readonly json?: boolean;
  readonly as?: string;
  readonly note?: string;
  readonly plan?: string;
  readonly key?: string;
}

interface HoldOptions {
  readonly json?: boolean;
  readonly as?: string;
  readonly reason?: string;
}

const MEANING: Readonly<Record<Verdict, string>> = {
  approve: 'agree to what a run asks; the approval holds for the plan of this hash only',
  deny: 'refuse what a run asks: what was done is undone',
  retry: 'try a failed step again',
  skip: 'go on without a failed step; needs --note, and the run ends DEGRADED at best',
  abort: 'give up: undo what was done, or hand over past a point of no return',
};

/** `approve`, `deny`, `retry`, `skip`, `abort`: update `decide`. */
export function registerAnswers(program: Command, host: Host): void {
  for (const verdict of Object.keys(MEANING) as Verdict[]) {
    const needsNote = verdict === 'skip' || verdict === 'deny';
    const command = addCommand(
      program,
      `${verdict} <run> [ask]`,
      MEANING[verdict],
      `runbooks ${verdict} bitbucket-prod --as ada${needsNote ? " --note 'why'" : ''}`,
      `runbooks ${verdict} bitbucket-prod --as ada${needsNote ? " --note 'why'" : ''} --key ~/.config/runbooks/ada.key`,
    )
      .option('--as <name>', 'who answers, a person of the estate; default RUNBOOKS_ACTOR or the user name')
      .option(
        '--key <file>',
        'sign with this private key (runbooks key create); default RUNBOOKS_KEY where a signature is asked for',
      );
    if (needsNote) command.requiredOption('--note <text>', 'why; kept in the report');
    else command.option('--note <text>', 'why; kept in the report');
    if (verdict === 'approve')
      command.option('--plan <hash>', 'hash of the plan as you read it; default: the present one');
    command.action((run: string, ask: string | undefined, options: AnswerOptions) =>
      performConnected(host, options, (session) => answer(session, host, verdict, { run, ask, options })),
    );
  }
}

async function answer(
  session: Session,
  host: Host,
  verdict: Verdict,
  given: { readonly run: string; readonly ask: string | undefined; readonly options: AnswerOptions },
): Promise<number> {
  const { options } = given;
  const workflowId = await findRun(session, given.run);
  const state = await readState(session, workflowId);
  const ask = chooseAsk(state, given.ask, verdict);
  const actor = actorName(options.as, host.environment);
  const planHash = verdict === 'approve' ? (options.plan ?? ask.planHash) : null;
  const unsigned: DecisionMessage = {
    ask: ask.id,
    verdict,
    actor,
    ...(options.note === undefined ? {} : { note: options.note }),
    ...(planHash === null ? {} : { planHash }),
  };
  const message = await sign(host, state, ask, unsigned, options);
  const stands = await ofOpenRun(workflowId, () =>
    session.call('sending the decision', () =>
      session.client.workflow.getHandle(workflowId).executeUpdate(decide, {
        args: [message],
        // Sent again after a lost answer it is the same decision; after the ask was opened anew it is not.
        // Nor is it with another proof, for the first may have been refused.
        updateId: [
          ask.id,
          ask.openedAt,
          planHash ?? '',
          actor,
          verdict,
          message.proof?.slice(-16) ?? '',
        ].join(' '),
      }),
    ),
  );
  if (options.json === true) printJson(host, { workflowId, ...stands });
  else {
    const { bold, yellow } = host.terminal.colors;
    const text = [
      `${bold(`${actor}: ${verdict}`)} of "${ask.title}" (${ask.id})${planHash === null ? '' : `, plan ${planHash}`}` +
        (message.proof === undefined ? '' : ', signed'),
      ...ask.evidence.map((line) => `  ${line}`),
      stands.missing > 0
        ? yellow(`${stands.missing} more needed (${ask.roles.join(' or ') || 'anybody listed'})`)
        : `the run goes on; watch it with: runbooks watch ${workflowId}`,
    ];
    host.terminal.out(`${text.join('\n')}\n`);
  }
  return stands.missing > 0 ? EXIT.waiting : EXIT.done;
}

/** With its proof, where one is asked for or a key is given. @throws CommandError when a key is needed and none is there */
async function sign(
  host: Host,
  { workflowId, runId }: RunState,
  ask: Ask,
  message: DecisionMessage,
  { key: given, json = false }: AnswerOptions,
): Promise<DecisionMessage> {
  const needed = ask.identity === 'signed';
  const file = given ?? (needed ? host.environment['RUNBOOKS_KEY'] : undefined);
  if (file === undefined || file === '') {
    if (!needed || ask.result !== null) return message;
    throw new CommandError(
      `"${ask.id}" takes signed decisions only`,
      'Give your key with --key FILE or RUNBOOKS_KEY. If you have none: `runbooks key create`, and put its public half ' +
        'into the estate (runs that have begun do not know it yet).',
      EXIT.wrongUse,
    );
  }
  const key = readKey(file);
  if (isOpenToOthers(file)) {
    const warning = `others may read ${file}: chmod 600 ${file}`;
    const { colors } = host.terminal;
    host.terminal.err(`${json ? JSON.stringify({ warning }) : `${colors.yellow('warning:')} ${warning}`}\n`);
  }
  return { ...message, proof: await signDecision(key, { ...message, workflowId, runId }) };
}

/** The ask of this id, or the only one that takes the verdict. The run itself judges everything else. */
export function chooseAsk(state: RunState, id: string | undefined, verdict: Verdict): Ask {
  const open = openAsks(state);
  const list = open.map((ask) => ask.id).join(', ');
  if (id !== undefined) {
    const named = state.asks.findLast((ask) => ask.id === id);
    if (named !== undefined) return named;
    throw new CommandError(
      `${state.workflowId} asks nothing called "${id}"`,
      open.length === 0 ? 'It asks nothing at present.' : `Open: ${list}.`,
    );
  }
  if (open.length === 0) {
    throw new CommandError(
      `${state.workflowId} asks nothing at present (${state.outcome ?? state.phase})`,
      `Look at it with: runbooks show ${state.workflowId}`,
    );
  }
  const [only, ...others] = open.filter((ask) => ask.verdicts.includes(verdict));
  if (only !== undefined && others.length === 0) return only;
  throw new CommandError(
    only === undefined
      ? `nothing that ${state.workflowId} asks takes ${verdict}`
      : `${state.workflowId} asks more than one thing`,
    `Open: ${open.map((ask) => `${ask.id} (${ask.verdicts.join(', ')})`).join('; ')}. Name the one that you mean.`,
    EXIT.wrongUse,
  );
}

/** `hold` and `resume`. */
export function registerHold(program: Command, host: Host): void {
  const definitions = [
    [
      'hold',
      hold,
      'stop a run before its next step; it still answers',
      "runbooks hold bitbucket-prod --reason 'network team looks'",
    ],
    ['resume', resume, 'let a held run go on', 'runbooks resume bitbucket-prod'],
  ] as const;
  for (const [name, update, description, example] of definitions) {
    addCommand(program, `${name} <run>`, description, example)
      .option('--as <name>', 'who says so; default RUNBOOKS_ACTOR or the user name')
      .option('--reason <text>', 'why; shown to everybody')
      .action((run: string, options: HoldOptions) =>
        performConnected(host, options, async (session) => {
          const workflowId = await findRun(session, run);
          const actor = actorName(options.as, host.environment);
          const message = { actor, ...(options.reason === undefined ? {} : { reason: options.reason }) };
          const held = await ofOpenRun(workflowId, () =>
            session.call(`sending ${name}`, () =>
              session.client.workflow.getHandle(workflowId).executeUpdate(update, { args: [message] }),
            ),
          );
          if (options.json === true) printJson(host, { workflowId, held });
          else {
            const now = held === null ? 'goes on' : `is held by ${held.actor} before its next step`;
            host.terminal.out(`${workflowId} ${now}\n`);
          }
          return EXIT.done;
        }),
      );
  }
}

/** Like `updating`, where the run may have ended meanwhile. */
async function ofOpenRun<T>(workflowId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await updating(work);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandError(`${workflowId} has ended already`, `See how: runbooks show ${workflowId}`);
  }
}

/** A refused update in the run's own words, which say what to do. */
export async function updating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      throw new CommandError(`not accepted: ${error.cause?.message ?? error.message}`);
    }
    throw error;
  }
}
