import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A push that the service has acknowledged. */
export interface AcknowledgedPush {
  readonly repository: string;
  readonly commit: string;
  /** When the acknowledgement came, ISO 8601, real time. */
  readonly at: string;
}

export class PushesFile {
  constructor(private readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
  }

  /** Synchronous: an acknowledged push must be in the file before anything else happens to this process. */
  append(push: AcknowledgedPush): void {
    appendFileSync(this.path, `${JSON.stringify(push)}\n`);
  }

  read(): readonly AcknowledgedPush[] {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch {
      return [];
    }
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AcknowledgedPush);
  }
}
