import { finalStates } from '../../../src/domain/delivery.ts';
import { stepDeliveries } from '../../../src/store/jobs/job-deliveries.ts';
import { endJob, findJob } from '../../../src/store/jobs/jobs.ts';
import { failOnce } from '../ledger-steps.ts';
import { makeKey, makeTenant } from '../key-holder.ts';
import { errorsOf, makeDestinations, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await makeDestinations(api, ['orders', 'ops']);
});
afterAll(() => api.close());
beforeEach(() => {
  api.runs.isAway = false;
  api.runs.isSilent = false;
  api.runs.jobs.length = 0;
});

const retry = (body: unknown, headers = {}) => api.call('POST', '/v1/deliveries/retry', { body, headers });
const replay = (id: string, body?: unknown, headers = {}) =>
  api.call('POST', `/v1/messages/${id}/replay`, { ...(body === undefined ? {} : { body }), headers });
const post = async (body: object) => (await api.call('POST', '/v1/messages', { body: { text: 'hi', ...body } })).body;

describe('a bulk operation', () => {
  it('is stored as a job, then started, and can be read', async () => {
    const filter = { state: ['parked'], destination: 'orders', reason: 'http_500', since: '2026-01-01T00:00:00Z' };
    const { status, body, headers } = await retry({ filter, rate: 20, reason: 'orders is back' });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/jobs/${body.id}`);
    expect(body).toEqual({
      id: expect.stringMatching(/^job_/),
      kind: 'retry',
      state: 'running',
      filter,
      rate: 20,
      counts: { matched: null, done: 0, changed: 0, failed: 0 },
      failures: {},
      requestedBy: 'admin',
      reason: 'orders is back',
      workflowId: `job:${body.id}`,
      createdAt: expect.stringMatching(/Z$/),
      startedAt: null,
      endedAt: null,
    });
    expect(api.runs.jobs).toEqual([body.id]);
    expect((await api.call('GET', `/v1/jobs/${body.id}`)).body).toEqual(body);
  });

  it('shows its progress in the job', async () => {
    const [{ id: delivery }] = (await post({ destinations: ['ops'] })).deliveries;
    await failOnce(api.sql, delivery, 'parked');
    const { id } = (await retry({ filter: { destination: 'ops' } })).body;
    const row = await findJob(api.sql, 'default', id);
    if (row === undefined) throw new Error('it is gone');
    await stepDeliveries(api.sql, row);
    expect((await api.call('GET', `/v1/jobs/${id}`)).body).toMatchObject({
      state: 'done',
      counts: { done: 1, changed: 1, failed: 0 },
      endedAt: expect.stringMatching(/Z$/),
    });
    expect((await api.call('GET', `/v1/deliveries/${delivery}`)).body.state).toBe('queued');
  });

  it.each(['isAway', 'isSilent'] as const)('gets a 202 and logs the failed start while Temporal %s', async (how) => {
    api.runs[how] = true;
    const { status, body } = await retry({ all: true });
    expect(status).toBe(202);
    expect(api.log.join('')).toContain(`"job":"${body.id}","err"`);
  });

  it('creates one job for a repeated idempotency key', async () => {
    const key = { 'idempotency-key': 'job-1' };
    const first = await retry({ filter: { destination: 'orders' } }, key);
    expect((await retry({ filter: { destination: 'orders' } }, key)).body.id).toBe(first.body.id);
    expect(api.runs.jobs).toEqual([first.body.id]);
    expect(await retry({ filter: { destination: 'ops' } }, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict', id: first.body.id },
    });
  });

  it.each([
    ['retry', {}, ['/filter required']],
    ['retry', { filter: {} }, ['/filter required']],
    ['cancel', { filter: {}, all: false }, ['/filter required']],
    ['retry', { filter: { destination: 'orders' }, all: true }, ['/all invalid_value']],
    ['retry', { filter: { state: ['delivered'] } }, ['/filter/state/0 invalid_value']],
    ['cancel', { filter: { state: ['delivered'] } }, ['/filter/state/0 invalid_value']],
    ['retry', { filter: { status: 'parked' } }, ['/filter/status unknown_field']],
    ['retry', { filter: { since: '0000-01-01T00:00:00Z' } }, ['/filter/since invalid_value']],
    ['retry', { all: true, rate: 0 }, ['/rate invalid_value']],
    ['retry', { all: true, rate: 201 }, ['/rate invalid_value']],
    ['retry', { all: true, destinations: ['orders'] }, ['/destinations unknown_field']],
  ])('answers 422 to a bulk %s with %j', async (kind, body, errors) => {
    const answer = await api.call('POST', `/v1/deliveries/${kind}`, { body });
    expect([answer.status, errorsOf(answer)]).toEqual([422, errors]);
    expect(api.runs.jobs).toEqual([]);
  });

  it('answers 400 when it has no body', async () => {
    for (const path of ['deliveries/retry', 'deliveries/cancel', 'messages/replay'])
      expect(await api.call('POST', `/v1/${path}`)).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
  });

  it('accepts every state that is not final as a filter for a cancel, and refuses final ones', async () => {
    const { status } = await api.call('POST', '/v1/deliveries/cancel', {
      body: { filter: { state: ['queued', 'waiting', 'sending', 'retrying', 'parked', 'uncertain'] } },
    });
    expect(status).toBe(202);
    for (const state of finalStates)
      expect((await api.call('POST', '/v1/deliveries/cancel', { body: { filter: { state: [state] } } })).status).toBe(
        422,
      );
  });
});

describe('the list of jobs', () => {
  it('shows jobs from the newest to the oldest, in pages and filtered by state', async () => {
    await makeTenant(api, 'lister');
    const { call } = await makeKey(api, ['deliveries:operate'], 'lister');
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1)
      ids.unshift((await call('POST', '/v1/deliveries/retry', { body: { all: true } })).body.id);
    await endJob(api.sql, 'lister', ids[0] ?? '', 'failed', { code: 'internal', message: 'no' });
    const first = (await call('GET', '/v1/jobs?limit=2')).body;
    const second = (await call('GET', `/v1/jobs?limit=2&cursor=${first.nextCursor}`)).body;
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeNull();
    const { data } = (await call('GET', '/v1/jobs?state=failed&state=done')).body;
    expect(data).toMatchObject([{ id: ids[0], state: 'failed', error: { code: 'internal' } }]);
  });

  it('shows a job that can be cancelled only once', async () => {
    const { id } = (await retry({ all: true })).body;
    expect(await api.call('POST', `/v1/jobs/${id}/cancel`)).toMatchObject({
      status: 202,
      body: { state: 'cancelled' },
    });
    expect(await api.call('POST', `/v1/jobs/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'not_cancellable', detail: expect.stringContaining('cancelled') },
    });
  });

  it('answers 404 for jobs that do not exist', async () => {
    for (const id of ['x', 'job_01m821ja90eskaf0f8jas8zfxd']) {
      expect((await api.call('GET', `/v1/jobs/${id}`)).status).toBe(404);
      expect((await api.call('POST', `/v1/jobs/${id}/cancel`)).status).toBe(404);
    }
  });
});

describe('a replay', () => {
  it('creates a new message that names its original', async () => {
    const { id } = await post({
      destinations: ['orders'],
      labels: { a: 'b' },
      correlationId: 'c',
      sender: { name: 'Ann' },
    });
    const pokes = api.pokes();
    const answer = await replay(id);
    expect(answer).toMatchObject({ status: 202, body: { state: 'accepted', duplicate: false } });
    expect(answer.headers.get('location')).toBe(`/v1/messages/${answer.body.id}`);
    expect(api.pokes()).toBe(pokes + 1);
    expect((await api.call('GET', `/v1/messages/${answer.body.id}`)).body).toMatchObject({
      replayOf: id,
      content: { text: 'hi' },
      sender: { name: 'Ann' },
      labels: { a: 'b' },
      correlationId: 'c',
      deliveries: [{ destination: 'orders', intent: { via: 'replay' } }],
    });
    expect((await api.call('GET', `/v1/messages/${id}`)).body).not.toHaveProperty('replayOf');
  });

  it('sends the newest text of its original', async () => {
    const { id } = await post({ destinations: ['orders'] });
    const { body: edit } = await api.call('PATCH', `/v1/messages/${id}`, { body: { text: 'better' } });
    const { body } = await replay(id);
    expect((await api.call('GET', `/v1/messages/${body.id}`)).body).toMatchObject({ content: { text: 'better' } });
    expect(await replay(edit.id)).toMatchObject({ status: 409, body: { code: 'deleted', id } });
  });

  it('goes to the requested destinations, or stays unrouted like its original', async () => {
    const { id } = await post({});
    expect((await replay(id)).body).toMatchObject({ state: 'unrouted', deliveries: [] });
    const { body } = await replay(id, { destinations: ['ops', 'orders'], reason: 'there are routes now' });
    expect(body.deliveries).toMatchObject([{ destination: 'ops' }, { destination: 'orders' }]);
  });

  it('creates one message for a repeated idempotency key, and answers 409 to another body', async () => {
    const { id } = await post({ destinations: ['orders'] });
    const key = { 'idempotency-key': 'replay-1' };
    const first = (await replay(id, undefined, key)).body;
    expect((await replay(id, { reason: 'again' }, key)).body).toMatchObject({ id: first.id, duplicate: true });
    expect(await replay(id, { destinations: ['ops'] }, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict', id: first.id },
    });
    // The same key on a new message is another key.
    expect((await post({ id: 'replay-1' })).duplicate).toBe(false);
  });

  it('names the destinations of the original that are gone', async () => {
    await makeDestinations(api, ['fleeting']);
    const { id, deliveries } = await post({ destinations: ['orders', 'fleeting'] });
    await api.call('POST', `/v1/deliveries/${deliveries[1].id}/cancel`);
    await api.call('DELETE', '/v1/destinations/fleeting');
    const gone = await replay(id);
    expect(gone).toMatchObject({ status: 422, body: { code: 'unknown_destination' } });
    expect(gone.body.errors[0].message).toContain('"fleeting"');
    expect((await replay(id, { destinations: ['orders'] })).status).toBe(202);
    expect(errorsOf(await replay(id, { destinations: ['orders', 'nowhere'] }))).toEqual([
      '/destinations/1 unknown_destination',
    ]);
  });

  it('answers 409 for a deleted or erased message and 404 for one that does not exist', async () => {
    const { id: deleted } = await post({ destinations: ['orders'] });
    const { body: deletion } = await api.call('DELETE', `/v1/messages/${deleted}`);
    for (const id of [deleted, deletion.id])
      expect(await replay(id)).toMatchObject({ status: 409, body: { code: 'deleted' } });
    const { id: old } = await post({ destinations: ['orders'] });
    await api.sql`update contents set sealed = null, erased_at = now() where message = ${old}`;
    expect(await replay(old)).toMatchObject({ status: 409, body: { code: 'content_erased' } });
    for (const id of ['x', 'msg_01m821ja90eskaf0f8jas8zfxd']) expect((await replay(id)).status).toBe(404);
  });

  it('requires an idempotency key when the tenant does', async () => {
    await makeTenant(api, 'strict', { requireIdempotencyKey: true });
    const { call } = await makeKey(api, ['admin'], 'strict');
    const { id } = (await call('POST', '/v1/messages', { body: { text: 'hi', id: 'k' } })).body;
    const path = `/v1/messages/${id}/replay`;
    expect(errorsOf(await call('POST', path))).toEqual(['Idempotency-Key required']);
    expect((await call('POST', path, { headers: { 'idempotency-key': 'r' } })).status).toBe(202);
  });

  it('runs as a job for many messages, and is refused when a destination is unknown', async () => {
    const body = { filter: { state: ['unrouted'], since: '2026-01-01T00:00:00Z' }, destinations: ['ops'], again: true };
    const answer = await api.call('POST', '/v1/messages/replay', { body });
    expect(answer).toMatchObject({ status: 202, body: { kind: 'replay', ...body } });
    const unknown = await api.call('POST', '/v1/messages/replay', { body: { ...body, destinations: ['ops', 'no'] } });
    expect(errorsOf(unknown)).toEqual(['/destinations/1 unknown_destination']);
    expect(errorsOf(await api.call('POST', '/v1/messages/replay', { body: { destinations: ['ops'] } }))).toEqual([
      '/filter required',
    ]);
  });
});
