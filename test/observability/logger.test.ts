import { createLogger } from '../../src/observability/logger.ts';

const logged = (line: object): string => {
  let text = '';
  createLogger('info', { write: (chunk) => void (text += chunk) }).info(line, 'line');
  return text;
};

test.each([
  { authorization: 'Bearer s3cret' },
  { headers: { authorization: 'Bearer s3cret' } },
  { req: { headers: { authorization: 'Bearer s3cret' } } },
  { body: { text: 's3cret' } },
  { request: { body: { text: 's3cret' } } },
])('logs %j without the secret value in it', (line) => {
  expect(logged(line)).not.toContain('s3cret');
});

test('logs the name, message, code, stack and causes of an error, and no other fields', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const err = Object.assign(new Error('no way', { cause }), {
    code: '23505',
    detail: 'Key (id)=(s3cret)',
    parameters: ['s3cret'],
  });
  const text = logged({ err });
  expect(text).not.toContain('s3cret');
  expect(JSON.parse(text).err).toMatchObject({
    message: 'no way',
    code: '23505',
    cause: { message: 'refused', code: 'ECONNREFUSED' },
  });
});
