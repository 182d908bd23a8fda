/** Sealing a letter: a slow key from a passphrase, and the text made unreadable with it. */
import { createCipheriv, pbkdf2Sync } from 'node:crypto';
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const makeKey = task('make-key', {
  requires: ['passphrase'],
  provides: 'key',
  execute({ passphrase }: { passphrase: string }, context) {
    context.log.info('slow on purpose');
    return pbkdf2Sync(passphrase, 'salt of this example', 100_000, 32, 'sha256');
  },
});

export const seal = task('seal', {
  requires: ['key', 'text'],
  provides: 'sealed',
  execute({ key, text }: { key: Buffer; text: string }) {
    // One letter only is ever sealed with this key; else this must be another one each time.
    const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
    return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  },
});
