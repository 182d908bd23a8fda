/** How well a text can be read on its paper, in three small steps. No task knows where its colors come from. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

/** From '#rrggbb' to three numbers: the positions of the array are three symbols. */
export const split = task('split', {
  requires: ['color'],
  provides: ['red', 'green', 'blue'],
  execute({ color }: { color: string }): [number, number, number] {
    const channel = (at: number) => Number.parseInt(color.slice(at, at + 2), 16);
    return [channel(1), channel(3), channel(5)];
  },
});

/** How bright a color looks, from 0 to 1, as web pages reckon it. */
export const luminance = task('luminance', {
  requires: ['red', 'green', 'blue'],
  provides: 'brightness',
  execute({ red, green, blue }: { red: number; green: number; blue: number }) {
    const light = (channel: number) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue);
  },
});

/** An object gives one symbol for each property that is named, and keeps the others to itself. */
export const compare = task('compare', {
  requires: ['one', 'other', 'least'],
  provides: { ratio: 'ratio', verdict: 'words' },
  execute({ one, other, least }: { one: number; other: number; least: number }) {
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    return { ratio, words: ratio < least ? 'hard to read' : 'easy to read', least };
  },
});
