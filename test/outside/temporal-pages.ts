import { chromium } from 'playwright-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { ensureChromium } from '../../lab/install/chromium';
import { until } from '../support/until';

/** Starts a browser that makes no request of its own. */
export async function startBrowser(): Promise<Browser> {
  const quiet = ['background-networking', 'component-update', 'sync', 'gpu', 'quic'];
  return chromium.launch({
    executablePath: await ensureChromium((line) => console.error(line)),
    headless: true,
    args: ['--no-sandbox', '--no-first-run', ...quiet.map((name) => `--disable-${name}`)],
  });
}

/** Text of "Current Details", and what its code blocks hold. */
export interface Details {
  readonly text: string;
  readonly codes: readonly string[];
}

/** Temporal's Web UI as an operator uses it: found by roles and texts, filled in by keyboard. */
export class TemporalPages {
  private constructor(
    private readonly page: Page,
    private readonly namespace: string,
  ) {}

  /** @param ui base URL of the Web UI */
  static async open(browser: Browser, ui: string): Promise<TemporalPages> {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    page.setDefaultTimeout(20_000);
    return new TemporalPages(page, `${ui}/namespaces/default/workflows`);
  }

  /** Fills the form in and sends it; returns when the server has taken the run. */
  async start(type: string, workflowId: string, taskQueue: string, input: string): Promise<void> {
    const { page } = this;
    const query = new URLSearchParams({ taskQueue, workflowType: type, workflowId });
    await page.goto(`${this.namespace}/start-workflow?${query.toString()}`);
    await page.getByText('Task Queue is Active').waitFor();
    await this.type(page.getByRole('main'), input);
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: 'Start Workflow' }).click();
    const { ok, status } = await answer.then(async (got) => ({ ok: got.ok(), status: await got.text() }));
    if (!ok) throw new Error(`the form was refused: ${status}`);
  }

  /** Loads the page of a run and answers what "Current Details" says, rendered. */
  async details(workflowId: string): Promise<Details> {
    const { page } = this;
    await page.goto(`${this.namespace}/${encodeURIComponent(workflowId)}`);
    await page.getByRole('tab', { name: 'User Metadata' }).click();
    await page.getByRole('heading', { name: 'Current Details' }).waitFor();
    const frame = page.frameLocator('iframe');
    await frame.getByRole('heading').first().waitFor();
    return {
      text: await frame.locator('body').innerText(),
      codes: await frame.locator('pre').allInnerTexts(),
    };
  }

  /** Sends an update from the run's page that is open. Answers null when it was taken, else what the form says. */
  async update(name: string, data: string): Promise<string | null> {
    const { page } = this;
    await page.getByRole('button', { name: 'More Actions' }).click();
    await page.getByRole('menuitem', { name: 'Send an Update' }).click();
    const form = page.getByRole('dialog', { name: 'Send an Update' });
    await form.getByRole('button', { name: 'Select an Update' }).click();
    await form.getByRole('option', { name }).first().click();
    await this.type(form, data);
    await form.getByRole('button', { name: 'Submit' }).click();
    const refused = form.getByRole('alert');
    const answer = await until('an answer to the update', async () => {
      if ((await refused.count()) > 0) return { refusal: await refused.first().innerText() };
      return (await form.count()) === 0 ? { refusal: null } : undefined;
    });
    if (answer.refusal !== null) await form.getByRole('button', { name: 'Cancel' }).last().click();
    return answer.refusal;
  }

  /** Cells of the row of one run in the list, with columns for these search attributes. */
  async listed(query: string, workflowId: string, attributes: readonly string[]): Promise<readonly string[]> {
    const { page } = this;
    await page.goto(`${this.namespace}?query=${encodeURIComponent(query)}`);
    await page.getByTestId('workflows-summary-table-configuration-button').click();
    for (const attribute of attributes)
      await page.getByRole('button', { name: `Add ${attribute} column`, exact: true }).click();
    await page.getByRole('button', { name: 'Close Workflows Table configuration' }).click();
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: workflowId }) });
    return row.getByRole('cell').allInnerTexts();
  }

  /** Into the editor of a form. It formats the text when it is left, which moves the buttons: leave it before the click. */
  private async type(form: Locator, text: string): Promise<void> {
    const editor = form.locator('[contenteditable="true"]').first();
    await editor.click();
    await this.page.keyboard.insertText(text);
    await editor.blur();
  }
}
