import { randomBytes } from 'node:crypto';
import { serveFiles, type FileServer } from '../support/file-server.ts';
import { named } from '../support/long-text.ts';
import { roomPosts } from '../support/room-posts.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** Files that cannot be posted and become links. */
let stack: Stack;
let files: FileServer;
let posts: ReturnType<typeof roomPosts>;
beforeAll(async () => {
  stack = await startStack({ env: { CARILLON_FILES_MAX: '100kB', CARILLON_FILES_TYPES_REFUSED: 'application/x-sh' } });
  files = await serveFiles(randomBytes(50_000));
  posts = roomPosts(stack);
  await posts.connect(['matrix', 'slack', 'webex', 'zoom'].map(named));
}, 120_000);
afterAll(async () => {
  files?.stop();
  await stack?.close();
});

describe('an upload that the platform refuses', () => {
  const refusals = [
    ['matrix', 'too large', '/media/v3/upload', 413, { errcode: 'M_TOO_LARGE', error: 'Upload too large' }],
    ['matrix', 'over its quota', '/media/v3/upload', 403, { errcode: 'M_FORBIDDEN', error: 'Quota exceeded' }],
    ['matrix', 'of a proxy', '/media/v3/upload', 415, 'unsupported media type'],
    ['slack', 'without the scope', 'files.getUploadURLExternal', 200, { ok: false, error: 'missing_scope' }],
    ['slack', 'too large', '/upload/v1/', 413, 'too large'],
    ['slack', 'at the end', 'files.completeUploadExternal', 200, { ok: false, error: 'invalid_arguments' }],
    ['zoom', 'for its type', '/file/v2/', 400, { code: 5403, message: 'File type is not supported.' }],
    ['zoom', 'at the end', '/messages', 400, { code: 5403, message: 'File does not exist.' }],
    ['webex', 'too large', '/messages', 413, { message: 'Payload too large.', errors: [], trackingId: 'T_1' }],
    ['webex', 'for its type', '/messages', 415, { message: 'Unsupported.', errors: [], trackingId: 'T_2' }],
  ] as const;
  it.each(refusals.map((one, index) => ({ one, index })))(
    '$one.0 refuses an upload ($one.1): the file is linked, the delivery says why, and the next message follows',
    async ({ one: [name, , path, status, body], index }) => {
      const room = await posts.room(named(name), `refused-${index}`);
      const file = `refused-${index}.png`;
      // Webex and Zoom get text and files at the same path. Only a request that names the file must be refused.
      const match = path === '/messages' ? { match: name === 'zoom' ? 'file_ids' : file } : {};
      await stack.fault(name, { path, ...match, status, body, times: 1 });
      const content = { text: 'look at this', attachments: [{ url: files.url(file) }] };
      const conversation = `refused-${index}`;
      const { id } = await stack.post({ content, conversation, destinations: [room.id] });
      const next = await stack.post({ text: 'and then', conversation, destinations: [room.id] });
      expect(await posts.delivery(id)).toMatchObject({
        state: 'delivered',
        parts: { total: 2, arrived: 2 },
        degraded: [{ code: 'file_linked', message: expect.stringMatching(/refused the file \([a-z0-9_]+\)/) }],
      });
      expect(await posts.delivery(next.id)).toMatchObject({ state: 'delivered' });
      const [words, link, later] = await room.read();
      expect(words?.markup).toContain('look at this');
      expect(link).toMatchObject({ markup: expect.stringContaining(file), files: [] });
      expect(later?.markup).toContain('and then');
    },
    60_000,
  );
});

describe('a file that cannot be downloaded', () => {
  const misses = [
    ['gone.png', 'http_404'],
    ['ill.png', 'http_503'],
    ['later.png', 'throttled'],
    ['large.png', 'file_too_large'],
    ['install.sh', 'file_type_refused'],
    ['empty.png', 'file_empty'],
  ] as const;
  beforeAll(() => {
    files.answer('gone.png', (response) => response.writeHead(404).end());
    files.answer('ill.png', (response) => response.writeHead(503).end());
    files.answer('later.png', (response) => response.writeHead(429, { 'retry-after': '60' }).end());
    files.answer('large.png', (response) =>
      response.writeHead(200, { 'content-type': 'image/png' }).end(randomBytes(150_000)),
    );
    files.answer('install.sh', (response) => response.writeHead(200, { 'content-type': 'application/x-sh' }).end('rm'));
    files.answer('empty.png', (response) => response.writeHead(200, { 'content-type': 'image/png' }).end());
  });

  it('a file that cannot be downloaded is soon linked in the text, and the delivery says why', async () => {
    const all = [
      ...misses.map(([name, code]) => ({ name, code, url: files.url(name) })),
      { name: 'inside.png', code: 'egress_denied', url: 'http://10.0.0.1/inside.png' },
    ];
    const begin = performance.now();
    const sent = [];
    for (const { name, code, url } of all) {
      const rooms = [];
      for (const platform of ['matrix', 'slack'].map(named)) rooms.push(await posts.room(platform, `no-${code}`));
      const content = { text: 'look at this', attachments: [{ url }] };
      const { id } = await stack.post({ content, destinations: rooms.map((room) => room.id) });
      sent.push({ id, name, code, rooms });
    }
    for (const { id, name, code, rooms } of sent)
      for (const room of rooms) {
        expect(await posts.delivery(id, room.id)).toMatchObject({ state: 'delivered', degraded: [{ code }] });
        const shown = await room.read();
        expect(shown).toMatchObject([{ files: [] }]);
        expect(shown[0]?.markup).toContain('look at this');
        expect(shown[0]?.markup).toContain(name);
      }
    // Four tries of the failing file take 7 s. The file with a Retry-After of a minute is not tried again.
    expect(performance.now() - begin).toBeLessThan(30_000);
    expect(files.asked('ill.png')).toBe(4);
    expect(files.asked('later.png')).toBe(1);
  }, 60_000);

  it('a file that cannot be downloaded does not keep back the other files of the message', async () => {
    const room = await posts.room(named('matrix'), 'mixed');
    const attachments = ['gone.png', 'there.png'].map((name) => ({ url: files.url(name) }));
    const { id } = await stack.post({ content: { text: 'two', attachments }, destinations: [room.id] });
    expect(await posts.delivery(id)).toMatchObject({ state: 'delivered', degraded: [{ code: 'http_404' }] });
    const [words, file] = await room.read();
    expect(words?.markup).toContain('gone.png');
    expect(words?.markup).not.toContain('there.png');
    expect(file?.files).toMatchObject([{ name: 'there.png' }]);
  }, 60_000);
});
