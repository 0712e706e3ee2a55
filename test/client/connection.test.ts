import { once } from 'node:events';
import { constants, createServer } from 'node:http2';
import type { Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connect } from '../../client/connection';
import type { Session } from '../../client/connection';

/** An empty message of gRPC: not compressed, no bytes. */
const NOTHING = Buffer.alloc(5);

let server: Http2Server;
let session: Session;

beforeEach(async () => {
  server = createServer();
  server.on('stream', (stream, headers) => {
    if (!String(headers[':path']).endsWith('/GetSystemInfo')) return stream.close(constants.NGHTTP2_CANCEL);
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { endStream: false, waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(NOTHING);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  session = await connect({ TEMPORAL_ADDRESS: `127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterEach(async () => {
  await session.close();
  server.close();
});

test('a call that the server lets go of at the deadline is told as unanswered, with the remedy', async () => {
  const { client, namespace } = session;
  const asked = session.call('the run', () =>
    client.connection.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId: 'r' },
    }),
  );
  await expect(asked).rejects.toMatchObject({
    message: 'no answer in time: the run',
    remedy: expect.stringContaining('`runbooks doctor` tells'),
  });
});
