import { request } from 'node:http';

/** One question to a node: GET `path`; healthy is HTTP 200 within the time limit (real milliseconds). */
export function checkHealth(target: {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
}): Promise<boolean> {
  return new Promise((resolve) => {
    const { address, port, path, timeoutMs } = target;
    const asked = request({ host: address, port, path, agent: false }, (response) => {
      response.resume();
      response.once('end', () => finish(response.statusCode === 200));
      response.once('error', () => finish(false));
    });
    const timer = setTimeout(() => finish(false), timeoutMs);
    const finish = (healthy: boolean): void => {
      clearTimeout(timer);
      asked.destroy();
      resolve(healthy);
    };
    asked.once('error', () => finish(false));
    asked.end();
  });
}
